"""Parts that are made again from a finished film."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from tiny import moved

from dreamvid.errors import UnreadableInput
from dreamvid.media.again import part_again
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.parts import PartTable
from dreamvid.media.writer import PartWriter

LIKE = FilmInfo.plain(64, 48, Fraction(25), 20)


def part_of(path: Path, first: int, count: int, codec: str = "h264") -> Path:
    with PartWriter(path, like=LIKE, codec=codec) as out:
        for n, frame in enumerate(moved(count), first):
            out.write(frame, Fraction(n, 25))
    return path


@pytest.mark.parametrize("codec", ["h264", "h265", "ffv1"])
def test_a_film_of_the_part_made_again_has_the_same_bytes(tmp_path: Path, codec: str) -> None:
    parts = [part_of(tmp_path / "a.film", 0, 12, codec), part_of(tmp_path / "b.film", 12, 8, codec)]
    film = tmp_path / "film.mkv"
    assemble(parts, film, source=LIKE)
    table = PartTable.load(parts[0])
    assert codec == "ffv1" or list(table.ranks) != sorted(table.ranks), "frames are reordered"
    part_again(film, tmp_path / "again.film", table)
    assert PartTable.load(tmp_path / "again.film") == table
    for first in (parts[0], tmp_path / "again.film"):
        assemble([first, parts[1]], tmp_path / f"{first.stem}.mkv", source=LIKE)
    assert (tmp_path / "again.mkv").read_bytes() == film.read_bytes()


def test_a_later_part_is_made_again(tmp_path: Path) -> None:
    parts = [part_of(tmp_path / "a.film", 0, 12), part_of(tmp_path / "b.film", 12, 8)]
    film, table = tmp_path / "film.mp4", PartTable.load(parts[1])
    assemble(parts, film, source=LIKE)
    part_again(film, tmp_path / "again.film", table, after=12)
    assemble([parts[0], tmp_path / "again.film"], tmp_path / "again.mp4", source=LIKE)
    assert (tmp_path / "again.mp4").read_bytes() == film.read_bytes()
    with pytest.raises(UnreadableInput, match="has only 20 frames"):
        part_again(film, tmp_path / "more.film", table, after=13)


def test_a_film_that_is_too_short_or_none_leaves_nothing(tmp_path: Path) -> None:
    part = part_of(tmp_path / "a.film", 0, 5)
    assemble([part], tmp_path / "film.mp4", source=LIKE)
    table = PartTable.load(part)
    longer = replace(table, ticks=[*table.ticks, 5], ranks=[*table.ranks, 5])
    (tmp_path / "none.mp4").write_bytes(b"no film")
    for film, says in (("film.mp4", "has only 5 frames"), ("none.mp4", "cannot be read")):
        with pytest.raises(UnreadableInput, match=says):
            part_again(tmp_path / film, tmp_path / "again.film", longer)
    assert not list(tmp_path.glob("again*"))
