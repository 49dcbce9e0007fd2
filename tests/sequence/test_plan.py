"""The plan: shots that cover the film, and text that says the same when it is read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamvid.sequence.folder import PLAN
from dreamvid.sequence.plan import Plan, Shot

PLAN_OF_THREE = Plan((Shot(0, 5), Shot(5, 8), Shot(8, 20)), "2 frames are missing", ("dark",))


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / PLAN).write_text(PLAN_OF_THREE.text)
    assert Plan.read(tmp_path) == PLAN_OF_THREE


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"shots": [], "damage": null, "warnings": []}', '{"shots": 3}']
)
def test_another_file_is_no_plan(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / PLAN).write_text(text)
    assert Plan.read(tmp_path) is None


def test_it_counts_its_frames() -> None:
    assert PLAN_OF_THREE.frames == 20
    assert [shot.frames for shot in PLAN_OF_THREE.shots] == [5, 3, 12]


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_parts_share_the_shots_out(of: int) -> None:
    shares = [PLAN_OF_THREE.share(part, of) for part in range(1, of + 1)]
    assert sorted(shot for share in shares for shot in share) == list(PLAN_OF_THREE.shots)
    assert PLAN_OF_THREE.share(2, 2) == (Shot(5, 8),)
