"""The properties of a film."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from fractions import Fraction

import pytest

from dreamvid.media.info import (
    HD_LINES,
    MATRICES,
    PRIMARIES,
    REC709,
    TRANSFERS,
    UNKNOWN,
    Colour,
    FilmInfo,
)


@pytest.mark.parametrize(
    ("matrix", "lines", "working"),
    [
        (UNKNOWN, HD_LINES, "bt709"),
        (UNKNOWN, HD_LINES - 1, "smpte170m"),
        ("bt2020nc", 480, "bt2020nc"),
        ("smpte170m", 2160, "smpte170m"),
    ],
)
def test_a_film_without_a_matrix_is_read_by_its_height(
    matrix: str, lines: int, working: str
) -> None:
    assert Colour(matrix).working_matrix(lines) == working


@pytest.mark.parametrize(("told", "full"), [(None, False), (False, False), (True, True)])
def test_the_range_is_limited_unless_told_otherwise(told: bool | None, full: bool) -> None:
    colour = Colour("bt709", "bt2020", "smpte2084", told)
    info = FilmInfo(None, 64, 48, Fraction(25), Fraction(1, 25), colour=colour)
    assert info.full_range is full
    assert (info.matrix, info.primaries, info.transfer) == ("bt709", "bt2020", "smpte2084")


@pytest.mark.parametrize(
    ("rate", "frames", "duration", "base"),
    [
        (Fraction(24), 48, 2, Fraction(1, 24)),
        (Fraction(24000, 1001), 24, Fraction(1001, 1000), Fraction(1, 24000)),
        (Fraction(25), None, None, Fraction(1, 25)),
    ],
)
def test_a_plain_film_counts_every_frame_exactly(
    rate: Fraction, frames: int | None, duration: object, base: Fraction
) -> None:
    info = FilmInfo.plain(64, 48, rate, frames)
    assert (info.rate, info.frames, info.duration, info.time_base) == (
        rate, frames, duration, base,
    )  # fmt: skip
    assert (1 / rate / info.time_base).denominator == 1
    assert info.path is None and not info.has_audio and not info.variable
    assert info.colour == REC709 and info.start == info.origin == 0 and info.bits == 8


def test_an_info_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        FilmInfo.plain(64, 48, Fraction(25)).width = 3  # type: ignore[misc]


@pytest.mark.parametrize("table", [MATRICES, PRIMARIES, TRANSFERS])
def test_names_of_tags_are_told_once_and_unknown_is_none_of_them(table: dict[int, str]) -> None:
    assert len(set(table.values())) == len(table) and UNKNOWN not in table.values()
    assert all(number not in table for number in (0, 2, 3))  # RGB, unspecified, reserved
