"""The folder of the parts: what of a film lies in it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from dreamvid.media.parts import PartTable
from dreamvid.sequence.digests import digests_of, memory_of, seconds_of, write_digests
from dreamvid.sequence.folder import (
    finished_parts,
    folder_of,
    frames_in,
    intact_parts,
    listed_frames,
    part_at,
    record_in,
)


def add(folder: Path, first: int, frames: int) -> Path:
    """Add a part that looks finished."""
    part = part_at(folder, first)
    part.write_bytes(b"film" * frames)
    memory_of(part).write_bytes(b"memory")
    PartTable(Fraction(1, 25), "h264", list(range(frames)), list(range(frames))).save(part)
    write_digests(part, seconds=2.5)
    return part


def test_parts_are_named_by_their_first_frame(tmp_path: Path) -> None:
    assert part_at(tmp_path, 120).name == "part-000000120.film"
    assert folder_of(tmp_path / "out.mp4").name == ".out.mp4.parts"
    assert record_in(tmp_path) == tmp_path / "job.toml"


def test_parts_follow_each_other(tmp_path: Path) -> None:
    first, second, other = add(tmp_path, 0, 3), add(tmp_path, 3, 2), add(tmp_path, 9, 4)
    assert intact_parts(tmp_path, 0) == [first, second]
    assert intact_parts(tmp_path, 0, 3) == [first]
    assert intact_parts(tmp_path, 9) == [other]
    assert intact_parts(tmp_path, 5) == []
    assert finished_parts(tmp_path) == [first, second, other]
    assert frames_in([first, other]) == 7
    assert seconds_of(first) == 2.5
    counts = [listed_frames(tmp_path, 0, 20), listed_frames(tmp_path, 9, 20)]
    assert counts == [5, 4]
    assert listed_frames(tmp_path, 0, 3) == 3


def test_a_damaged_part_is_not_intact_but_listed(tmp_path: Path) -> None:
    part = add(tmp_path, 0, 3)
    part.write_bytes(b"other")
    assert intact_parts(tmp_path, 0) == finished_parts(tmp_path) == []
    assert listed_frames(tmp_path, 0, 3) == 3


def test_what_was_never_finished_is_not_listed(tmp_path: Path) -> None:
    digests_of(add(tmp_path, 0, 3)).unlink()
    PartTable.place(add(tmp_path, 5, 3)).write_text("{")
    assert listed_frames(tmp_path, 0, 3) == listed_frames(tmp_path, 5, 8) == 0
    assert seconds_of(part_at(tmp_path, 0)) == 0
