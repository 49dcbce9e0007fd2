"""The state of a finished film, and the parts that are laid out from it."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from tiny import known_frames, moved, tiny_dreamer

from dreamvid.dream.dreamer import Dose
from dreamvid.files import write_whole
from dreamvid.media import state
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.output import Output
from dreamvid.media.parts import PartTable
from dreamvid.media.state import FilmState, state_of
from dreamvid.media.writer import PartWriter
from dreamvid.sequence.digests import has_memory, is_intact, memory_of, write_digests
from dreamvid.sequence.lengthen import drop_state, lay_out, write_parts, write_state
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.render import render_with_memory

LENGTH = 3
LIKE = FilmInfo.plain(64, 48, Fraction(25), 8)
RECORD = "[made]\n"


@pytest.fixture
def film(tmp_path: Path) -> tuple[Output, list[Path]]:
    """A film of 8 frames and its parts: two whole ones, and two frames."""
    dream = tiny_dreamer(octaves=1).with_dose(Dose((1,), 0.01), 1.4, None)
    memories = [memory for _, memory in render_with_memory(
        known_frames(moved(8)), dream, stability=0.9)]  # fmt: skip
    parts = []
    (tmp_path / "parts").mkdir()
    for number, first in enumerate(range(0, 8, LENGTH)):
        part = tmp_path / "parts" / f"part-{number:06d}.film"
        frames = memories[first : first + LENGTH]
        with PartWriter(part, like=LIKE) as out:
            for n, memory in enumerate(frames, first):
                out.write(memory.dreamed, Fraction(n, 25))
        frames[-1].save(memory_of(part))
        write_digests(part)
        parts.append(part)
    output = Output(tmp_path / "film.mp4")
    assemble(parts, output.path, source=LIKE)
    return output, parts


def test_the_state_is_that_after_the_last_whole_part(
    film: tuple[Output, list[Path]], tmp_path: Path
) -> None:
    output, parts = film
    assert write_state(output, parts, LENGTH) == ""
    found = FilmState.read(output.path)
    assert found.frames == 6 and sorted(found.table.ranks) == [0, 1, 2, 3, 4, 5]
    assert list(found.table.ticks) == [0, 1, 2, 3, 4, 5]
    (tmp_path / "kept.memory").write_bytes(found.memory)
    cpu = torch.device("cpu")
    kept = Memory.load(tmp_path / "kept.memory", device=cpu)
    meant = Memory.load(memory_of(parts[1]), device=cpu)
    assert torch.equal(kept.dreamed, meant.dreamed) and kept.age == meant.age
    assert not kept.source.any()
    assert sorted(path.name for path in parts[0].parent.iterdir()) == sorted(
        path.name for part in parts for path in part.parent.glob(f"{part.stem}.*")
    ), "nothing else is left"


def test_an_older_memory_serves_and_none_gives_no_state(film: tuple[Output, list[Path]]) -> None:
    output, parts = film
    memory_of(parts[1]).unlink()
    assert write_state(output, parts, LENGTH) == ""
    assert FilmState.read(output.path).frames == 3
    assert write_state(output, parts[:1], LENGTH + 1) == ""
    assert not state_of(output.path).exists(), "that of before is not its own"


def test_films_that_are_pictures_have_no_state(film: tuple[Output, list[Path]]) -> None:
    output, parts = film
    gif = Output(output.path.with_suffix(".gif"))
    assert write_state(gif, parts, LENGTH) == ""
    assert not state_of(gif.path).exists()


def test_a_state_can_be_dropped(film: tuple[Output, list[Path]]) -> None:
    output, parts = film
    write_state(output, parts, LENGTH)
    assert drop_state(output, parts, LENGTH) == "" and not state_of(output.path).exists()
    assert drop_state(output, parts, LENGTH) == ""


def test_a_state_that_cannot_be_written_is_a_note(
    film: tuple[Output, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(state, "write_whole", full)
    note = write_state(*film, LENGTH)
    assert note == "the state to lengthen it cannot be written (No space left on device)"


def test_parts_are_laid_out_once(film: tuple[Output, list[Path]], tmp_path: Path) -> None:
    output, parts = film
    write_state(output, parts, LENGTH)
    begun, folder = FilmState.read(output.path), tmp_path / "longer"
    lay_out(begun, folder, RECORD)
    part = folder / "part-000000000.film"
    assert is_intact(part) and has_memory(part)
    assert (folder / "job.toml").read_text() == RECORD
    assert len(PartTable.load(part).ticks) == 6
    again = tmp_path / "again.mp4"
    shutil.copytree(folder, tmp_path / "all")
    last = tmp_path / "all" / "part-000000006.film"
    for old, new in ((parts[2], last), (PartTable.place(parts[2]), PartTable.place(last))):
        shutil.copy(old, new)
    assemble([tmp_path / "all" / part.name, last], again, source=LIKE)
    assert again.read_bytes() == output.path.read_bytes()
    before = part.stat().st_mtime_ns
    lay_out(begun, folder, RECORD)
    assert part.stat().st_mtime_ns == before


def test_what_was_laid_out_in_part_is_laid_out_again(
    film: tuple[Output, list[Path]], tmp_path: Path
) -> None:
    output, parts = film
    write_state(output, parts, LENGTH)
    begun, folder = FilmState.read(output.path), tmp_path / "longer"
    lay_out(begun, folder, RECORD)
    part = folder / "part-000000000.film"
    part.write_bytes(part.read_bytes()[:-1])
    lay_out(begun, folder, RECORD)
    assert is_intact(part)


def test_another_job_is_left_unless_it_is_to_be_replaced(
    film: tuple[Output, list[Path]], tmp_path: Path
) -> None:
    output, parts = film
    write_state(output, parts, LENGTH)
    begun, folder = FilmState.read(output.path), tmp_path / "longer"
    folder.mkdir()
    write_whole(folder / "job.toml", b"[other]\n")
    lay_out(begun, folder, RECORD)
    assert [path.name for path in folder.iterdir()] == ["job.toml"]
    lay_out(begun, folder, RECORD, overwrite=True)
    assert (folder / "job.toml").read_text() == RECORD and has_memory(
        folder / "part-000000000.film"
    )


def test_the_parts_of_a_film_are_told_for_stretches(film: tuple[Output, list[Path]]) -> None:
    output, parts = film
    assert write_parts(output, parts, LENGTH) == ""
    found = FilmState.read(output.path)
    assert (found.frames, found.starts, found.memory) == (8, (0, 3, 6), b"")
    assert write_state(output, parts, LENGTH) == ""
    assert FilmState.read(output.path).starts == (0,), "a zoom needs none"
    gif = Output(output.path.with_suffix(".gif"))
    assert write_parts(gif, parts, LENGTH) == "no state is kept of .gif files"
    assert not state_of(gif.path).exists()
