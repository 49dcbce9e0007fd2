"""Which parts of a row are kept when some of its pictures have changed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from dreamvid.media.parts import PartTable
from dreamvid.sequence.unchanged import Row

RATE = Fraction(24)
ROW = Row({n: f"digest{n}" for n in range(9)}, RATE, Fraction(0), "shared")


def parts_of(folder: Path, *lengths: int) -> list[Path]:
    """Parts of as many frames each, one after another."""
    parts, start = [], 0
    for number, length in enumerate(lengths):
        parts.append(folder / f"part-{number}.film")
        ticks = list(range(start, start + length))
        PartTable(1 / RATE, "ffv1", ticks, list(range(length))).save(parts[-1])
        start += length
    return parts


def changed(*places: int) -> str:
    """The text of the row with other pictures at some places."""
    return replace(ROW, digests=dict(ROW.digests) | {n: "other" for n in places}).text()


@pytest.mark.parametrize(
    ("places", "count"),
    [((), 3), ((0,), 0), ((2,), 0), ((3,), 1), ((5,), 1), ((6,), 2), ((8,), 2), ((8, 1), 0)],
)
def test_parts_before_the_first_changed_picture_are_valid(
    tmp_path: Path, places: tuple[int, ...], count: int
) -> None:
    parts = parts_of(tmp_path, 3, 3, 3)
    assert ROW.valid(parts, changed(*places)) == parts[:count]


def test_a_picture_that_has_come_or_gone_is_a_change(tmp_path: Path) -> None:
    parts = parts_of(tmp_path, 3, 3)
    longer = replace(ROW, digests=dict(ROW.digests) | {9: "new"})
    assert ROW.valid(parts, longer.text()) == longer.valid(parts, ROW.text()) == parts
    gap = replace(ROW, digests={n: d for n, d in ROW.digests.items() if n != 4})
    assert ROW.valid(parts, gap.text()) == gap.valid(parts, ROW.text()) == parts[:1]


def test_frames_are_counted_from_the_first_one_kept(tmp_path: Path) -> None:
    late = replace(ROW, start=3 / RATE)  # its first frame is picture 3
    parts = parts_of(tmp_path, 3, 3)
    assert late.valid(parts, changed(2)) == []
    assert late.valid(parts, changed(5)) == []
    assert late.valid(parts, changed(6)) == parts[:1]


def test_rows_that_differ_as_a_whole_have_no_part_in_common(tmp_path: Path) -> None:
    parts = parts_of(tmp_path, 3)
    assert ROW.valid(parts, replace(ROW, shared="").text()) == []
    assert ROW.valid(parts, "") == []


def test_the_text_has_a_line_for_each_picture() -> None:
    row = Row({0: "aa", 7: "bb"}, RATE, Fraction(0), "kept; 8")
    assert row.text() == "kept; 8\n0 aa\n7 bb"
