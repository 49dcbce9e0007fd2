"""Joining: only a film whose shots are all there, and otherwise it says which are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from farm_kit import FRAMES, names, request_for

from dreamvid.commands.result import Result
from dreamvid.errors import DreamvidError, UnreadableInput
from dreamvid.farm.joining import join_film
from dreamvid.farm.left import Left
from dreamvid.farm.share import dream_part
from dreamvid.farm.work import Worker
from dreamvid.sequence.folder import folder_of
from dreamvid.sequence.progress import ignore


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (Left(6, (4,)), "shot 4 of 6 missing; whoever dreams the last one joins the film"),
        (
            Left(9, (1, 2, 3, 5, 8, 9), (3,)),
            "shots 1-3, 5, 8-9 of 9 missing; another process dreams shot 3; "
            "whoever dreams the last one joins the film",
        ),
        (Left(6), "all shots are dreamed, and another process joins them"),
    ],
)
def test_what_is_left_is_said(left: Left, said: str) -> None:
    assert left.text == said


def test_shots_that_are_all_there_are_joined(
    shots: Path, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.mp4"
    with monkeypatch.context() as patch:  # as if it was killed before it could join
        patch.setattr(Worker, "join", lambda self: Left())
        assert dream_part(request_for(shots, path), 1, 1, ignore) == Left()
    assert not path.exists()
    result = join_film(request_for(shots, path))
    assert isinstance(result, Result) and result.frames == FRAMES
    assert path.read_bytes() == whole
    assert names(tmp_path) == ["out.mp4", "out.mp4.dreamvid.toml"]


def test_missing_shots_are_named_and_nothing_is_lost(shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    dream_part(request_for(shots, path), 2, 3, ignore)
    before = names(folder_of(path))
    with pytest.raises(DreamvidError, match=r"out\.mp4: shots 1, 3-4, 6 of 6 missing; repeat"):
        join_film(request_for(shots, path))
    assert names(folder_of(path)) == before


def test_without_a_plan_there_is_nothing_to_join(shots: Path, tmp_path: Path) -> None:
    said = "no shots to join; dream it with --workers or --part"
    with pytest.raises(UnreadableInput, match=said):
        join_film(request_for(shots, tmp_path / "out.mp4"))
