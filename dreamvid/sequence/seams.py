"""Seams: where a shot is split, the dream of one piece is led to that of the next.

Some frames before a piece are dreamed to warm it up. In the last of them the dream before the seam
is replaced, pixel by pixel and while dreaming goes on, by that of the warm-up, as at the end of a
Lap. So a piece depends on no other one, and every frame is dreamed, not a mixture of two.

The memories of a warm-up lie in a folder beside the parts: whoever needs them first, for the piece
or for the one before it, makes them.
"""

from __future__ import annotations

import bisect
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import torch

from dreamvid.errors import writing
from dreamvid.files import sha256
from dreamvid.sequence.digests import digests_of
from dreamvid.sequence.folder import listed_frames, part_at
from dreamvid.sequence.lap import order_of, replaced, slim
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.owners import locked
from dreamvid.sequence.plan import Shot

Warm = Callable[[Shot], AbstractContextManager[Iterator[Memory]]]
"""Dreams the warm-up of a piece: the memories after its frames, in order."""

DIGESTS = "digests.json"


class Seams:
    """The seams between `shots`, whose warm-ups lie in a folder; `warm` dreams those that do not.

    `device` is that of the dream.
    """

    def __init__(
        self, folder: Path, shots: Sequence[Shot], warm: Warm, *, device: torch.device
    ) -> None:
        self._folder, self._warm, self._device = folder, warm, device
        self._shots = [shot for shot in shots if shot.warm]
        self._firsts = [shot.first for shot in self._shots]
        self._starts = {after.first: before.first for before, after in pairwise(shots)}
        self._now: tuple[Shot, list[Memory]] | None = None
        self._when: torch.Tensor | None = None

    def is_break(self, index: int) -> bool:
        """Whether a piece begins with a frame: a part ends before it."""
        place = bisect.bisect_left(self._firsts, index)
        return self._firsts[place : place + 1] == [index]

    def before(self, index: int, memory: Memory | None) -> Memory | None:
        """The memory to dream a frame with, given that after the frame before it, None if none.

        The first frame of a piece gets that of its warm-up.
        """
        place = bisect.bisect_left(self._firsts, index)
        if place == len(self._shots):
            return memory
        shot = self._shots[place]
        passed = index - (shot.first - shot.fade)
        if index == shot.first:
            start = self._memories(shot)[-1]
            return start if memory is None else replace(start, shot=memory.shot)
        if memory is None or passed <= 0:
            return memory
        if self._when is None:
            self._when = order_of(memory.dreamed.shape[1:])
        other = self._memories(shot)[passed - 1]
        return replaced(memory, other, passed / max(1, shot.fade - 1), self._when)

    def after(self, index: int, memory: Memory) -> Memory:
        """The memory after a frame: what was dreamed."""
        return memory

    def tidy(self, elsewhere: Collection[int]) -> None:
        """Delete the warm-ups that are no longer needed here.

        `elsewhere` are the first frames of pieces that are complete, whose parts may not be here.
        """
        for place in self._needless(elsewhere):
            with locked(place.with_suffix(".lock")):
                shutil.rmtree(place, ignore_errors=True)

    def _memories(self, shot: Shot) -> list[Memory]:
        """The memories after the last `fade` frames before a piece."""
        if self._now is None or self._now[0] != shot:
            place = self._folder / f"seam-{shot.first:09d}"
            with locked(place.with_suffix(".lock")):
                if not _is_intact(place):
                    for needless in self._needless():
                        shutil.rmtree(needless, ignore_errors=True)
                    self._make(shot, place)
                files = sorted(place.glob("*.memory"))
                self._now = shot, [Memory.load(file, device=self._device) for file in files]
        return self._now[1]

    def _make(self, shot: Shot, place: Path) -> None:
        """Dream a warm-up and save its memories; all but the last without what is not needed."""
        with (
            writing(self._folder),
            tempfile.TemporaryDirectory(dir=self._folder) as draft,
            self._warm(shot) as memories,
        ):
            for number, memory in enumerate(memories, 1):
                left = number - (shot.warm - shot.fade)
                if left > 0:
                    kept = memory if number == shot.warm else slim(memory)
                    kept.save(Path(draft) / f"{left:03d}.memory")
            found = {file.name: sha256(file) for file in sorted(Path(draft).iterdir())}
            (Path(draft) / DIGESTS).write_text(json.dumps(found))
            shutil.rmtree(place, ignore_errors=True)
            os.mkdir(place)
            for name in (*found, DIGESTS):
                os.replace(Path(draft) / name, place / name)

    def _needless(self, elsewhere: Collection[int] = ()) -> Iterator[Path]:
        """The warm-ups of which both pieces have what they take."""
        for shot in self._shots:
            place, first = self._folder / f"seam-{shot.first:09d}", self._starts[shot.first]
            begun = digests_of(part_at(self._folder, shot.first)).exists()
            if not (begun or shot.first in elsewhere):
                continue
            led = listed_frames(self._folder, first, shot.first) == shot.first - first
            if place.is_dir() and (led or first in elsewhere):
                yield place


def _is_intact(place: Path) -> bool:
    """Whether the memories of a warm-up are as they were written."""
    try:
        found = json.loads((place / DIGESTS).read_text("utf-8"))
        return all(sha256(place / name) == digest for name, digest in found.items())
    except (OSError, ValueError, AttributeError):
        return False
