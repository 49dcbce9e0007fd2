"""The state of a film: written and read again, and refused when it does not fit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from dreamvid.errors import UnreadableInput
from dreamvid.media.parts import PartTable
from dreamvid.media.state import FilmState, state_of

TABLE = PartTable(Fraction(1, 30), "h264", [0, 1, 2], [0, 2, 1])


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"a film")
    FilmState(path, TABLE, b"memory" * 100).write()
    return path


def test_what_is_written_is_read_again(film: Path) -> None:
    found = FilmState.read(film)
    assert (found.table, found.memory, found.frames) == (TABLE, b"memory" * 100, 3)
    before = state_of(film).read_bytes()
    found.write()
    assert state_of(film).read_bytes() == before
    assert sorted(path.name for path in film.parent.iterdir()) == [
        "film.mp4",
        "film.mp4.dreamvid.state",
    ]


def test_a_film_that_has_changed_or_gone_is_refused(film: Path) -> None:
    film.write_bytes(b"another")
    with pytest.raises(UnreadableInput, match="has changed since it was dreamed"):
        FilmState.read(film)
    film.unlink()
    with pytest.raises(UnreadableInput, match="cannot be read"):
        FilmState.read(film)


def test_a_missing_state_says_when_there_is_one(film: Path) -> None:
    state_of(film).unlink()
    with pytest.raises(UnreadableInput, match=r"has no state.*longer than a part"):
        FilmState.read(film)


def test_a_damaged_state_is_refused(film: Path) -> None:
    whole = state_of(film).read_bytes()
    for damaged in (b"", whole[:-30], whole.replace(b"state.json", b"other.json"), b"x" * 99,
                    whole[:60] + bytes([whole[60] ^ 255]) + whole[61:]):  # fmt: skip
        state_of(film).write_bytes(damaged)
        with pytest.raises(UnreadableInput, match="is damaged, or of another version"):
            FilmState.read(film)
