"""What many processes cannot dream is refused."""

from __future__ import annotations

import pytest

from dreamvid.errors import UsageError
from dreamvid.farm.check import check_shared
from dreamvid.settings.models import VideoSettings


def test_films_whose_shots_depend_on_each_other_are_refused() -> None:
    check_shared(VideoSettings())
    for tables, said in (
        ({"motion": {"loop": True}}, "loop: a loop is dreamed by one process; leave out"),
        ({"output": {"max_flash": 3}}, "max_flash: flashes are counted across cuts"),
    ):
        with pytest.raises(UsageError, match=said):
            check_shared(VideoSettings.checked(tables))
