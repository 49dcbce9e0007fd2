"""Keep the state of a finished film, and lay out its parts again for a longer one.

A longer film that is dreamed at once has the same whole parts; going on from them gives its bytes.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from dreamvid.errors import writing
from dreamvid.files import write_whole
from dreamvid.media.again import part_again
from dreamvid.media.output import Output
from dreamvid.media.parts import PartTable
from dreamvid.media.state import FilmState, state_of
from dreamvid.sequence.digests import has_memory, is_intact, memory_of, write_digests
from dreamvid.sequence.folder import frames_in, part_at, record_in
from dreamvid.sequence.memory import Memory


def write_state(output: Output, parts: Sequence[Path], length: int) -> str:
    """Write the state of a film from its parts, of `length` frames each but for the last.

    Returns a note if it cannot be written: the film is there nevertheless. Films that are pictures
    have none, as their parts cannot be taken from them, and neither have films of less than a part.
    """
    drop_state(output, parts, length)
    whole = list(parts)
    while whole and (len(PartTable.load(whole[-1]).ticks) % length or not has_memory(whole[-1])):
        whole.pop()
    if not whole or output.format.pictures is not None:
        return ""
    # The bounds of its parts are left out: those of a zoom that was lengthened are others.
    return _written(output, whole, [0], _without_source(memory_of(whole[-1])), "lengthen it")


def write_parts(output: Output, parts: Sequence[Path], length: int) -> str:
    """Write the state of a film, from which stretches are dreamed again: its parts, no memory.

    Returns a note if it cannot be written, and for films that are pictures.
    """
    drop_state(output, parts, length)
    if output.format.pictures is not None:
        return f"no state is kept of {output.path.suffix} files"
    *starts, _ = itertools.accumulate((frames_in([part]) for part in parts), initial=0)
    return _written(output, parts, starts, b"", "dream stretches of it again")


def _written(
    output: Output, parts: Sequence[Path], bounds: Sequence[int], memory: bytes, purpose: str
) -> str:
    tables = [PartTable.load(part) for part in parts]
    starts = itertools.accumulate((len(table.ticks) for table in tables), initial=0)
    ranks = [start + rank for start, table in zip(starts, tables, strict=False)
             for rank in table.ranks]  # fmt: skip
    ticks = [tick for table in tables for tick in table.ticks]
    table = replace(tables[0], ticks=ticks, ranks=ranks)
    try:
        FilmState(output.path, table, memory, tuple(bounds)).write()
    except OSError as error:
        return f"the state to {purpose} cannot be written ({error.strerror or error})"
    return ""


def drop_state(output: Output, parts: Sequence[Path], length: int) -> str:
    """Delete the state of an earlier film, in place of writing one."""
    state_of(output.path).unlink(missing_ok=True)
    return ""


def _without_source(path: Path) -> bytes:
    """A memory whose source is black: a zoom has none after its first frame."""
    memory = Memory.load(path, device=torch.device("cpu"))
    with TemporaryDirectory(dir=path.parent) as folder:
        bare = Path(folder) / path.name
        replace(memory, source=torch.zeros_like(memory.source)).save(bare)
        return bare.read_bytes()


def lay_out(state: FilmState, folder: Path, record: str, *, overwrite: bool = False) -> None:
    """Make the parts of a job from a finished film, unless there are some already.

    Those of another job are left, for the job to refuse them, unless `overwrite`. The digests come
    last: what was laid out in part is laid out again.
    """
    part, job = part_at(folder, 0), record_in(folder)
    if job.is_file():
        other = job.read_text("utf-8", errors="replace") != record
        if not overwrite if other else is_intact(part):
            return
    with writing(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write_whole(job, record.encode())
        part_again(state.film, part, state.table)
        write_whole(memory_of(part), state.memory)
        write_digests(part)
