"""The folder in which weights are kept."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from dreamvid.cache import cache_folder


def test_the_folder_that_is_asked_for_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMVID_CACHE", "/chosen")
    assert cache_folder() == Path("/chosen")


def test_without_one_it_lies_in_the_cache_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DREAMVID_CACHE", raising=False)
    assert cache_folder() == Path(platformdirs.user_cache_dir()) / "dreamvid"
