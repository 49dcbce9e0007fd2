"""Dream a film part by part, so that it can be interrupted and resumed without changes.

Finished parts, and the memory after each, are kept in a folder beside the output until it is
complete. The same job, run again, resumes after the last finished part and gives the same bytes.
"""

from __future__ import annotations

import itertools
import math
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import DreamvidError, Interrupted, OutputExists, UnreadableInput, writing
from dreamvid.files import write_whole
from dreamvid.image import with_alpha
from dreamvid.media.formats import part_codec
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.output import Output
from dreamvid.media.parts import PartTable
from dreamvid.media.writer import PartWriter
from dreamvid.sequence.digests import (
    digests_of,
    has_memory,
    is_intact,
    memory_of,
    write_digests,
)
from dreamvid.sequence.dream_size import at_full_size
from dreamvid.sequence.flash_guard import FlashGuard
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.lap import Lap
from dreamvid.sequence.matte import masked, matte
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.sequence.render import DreamerAt, render_with_memory
from dreamvid.sequence.unchanged import Row
from dreamvid.settings.toml import UNREADABLE, differing

PART_FRAMES = 120
PART_SIZE = 640 * 360
"""A part ends at a cut, or after PART_FRAMES frames of PART_SIZE pixels; fewer if they are larger.

An interruption loses at most one part: half a minute of dreaming at this size, minutes at 4K.
"""


ELSEWHERE = r"(?m)^source_absolute = .*\n"
"""The line of a record that changes when the folder of the film is moved."""

PICTURES = "pictures.txt"
"""The file, beside the parts, that lists the pictures of a row."""

KEPT_EVERY = 8
"""One memory in this many parts is kept, so that damage to an early part does not cost them all."""


def folder_of(output: Path) -> Path:
    """The folder of the parts of an output."""
    return output.with_name(f".{output.name}.parts")


class Job:
    """One film to dream.

    `record` is the text of the sidecar. It contains everything that determines the film's bytes, so
    existing parts are reused only if their record is equal, or differs only in pictures of a `row`
    that come later. `most_flashes` limits the flashes of the film within any second. The output has
    been checked; raises OutputExists if there are other parts, which would be lost.
    """

    def __init__(
        self,
        output: Output,
        *,
        like: FilmInfo,
        record: str,
        row: Row | None = None,
        most_flashes: int | None = None,
    ) -> None:
        self._output, self._like, self._record, self._row = output, like, record, row
        self._most_flashes = most_flashes
        self._guard: FlashGuard | None = None
        self.notes: tuple[str, ...] = ()
        self._folder = folder_of(output.path)
        share = min(1.0, PART_SIZE / (like.width * like.height))
        self._part_frames = max(1, round(PART_FRAMES * math.sqrt(share)))
        self._parts = self._finished()
        with writing(self._folder):
            self._claim()
        self.done = _frames(self._parts)
        self.delivered = 0

    def run(
        self,
        frames: Iterable[Frame],
        dream: Dreamer | DreamerAt,
        *,
        stability: float | Callable[[int], float],
        lap: Lap | None = None,
        on_progress: OnProgress = ignore,
    ) -> None:
        """Dream the remaining frames, from index `done` on, and assemble the film.

        A film that loops starts from the memory before its `lap`, and is led back to it. On Ctrl-C
        the frames so far are written under another name and Interrupted is raised. After any other
        error the finished parts remain, so that the job can be resumed.
        """
        dreamer = dream if isinstance(dream, Dreamer) else dream(self.done)
        last = self._last_memory(dreamer.device)
        if last is None and lap is not None:
            last = lap.start
        stream = render_with_memory(frames, dream, stability=stability, memory=last, lap=lap)
        if self._most_flashes is not None:
            self._guard = FlashGuard(self._most_flashes, None if last is None else last.guard)
        writer: PartWriter | None = None
        try:
            for frame, memory in stream:
                if writer is not None and frame.motion is None:
                    self._finish(writer, last)
                    writer = None
                writer = writer or self._open()
                writer.write(self._output_image(frame, memory), frame.time)
                last, self.done = memory, self.done + 1
                text = f"shot {memory.shot}"
                on_progress(Progress("frames", self.done, self._like.frames, text))
                if writer.count == self._part_frames:
                    self._finish(writer, last)
                    writer = None
            if writer is not None:
                self._finish(writer, last)
        except KeyboardInterrupt:
            raise self._interrupted(writer) from None
        except BaseException:
            if writer is not None:
                writer.abort()
            self.leave()
            raise
        self._complete()

    def _last_memory(self, device: torch.device) -> Memory | None:
        """The memory after the last finished part."""
        return Memory.load(memory_of(self._parts[-1]), device=device) if self._parts else None

    def _output_image(self, frame: Frame, memory: Memory) -> torch.Tensor:
        """The image to write: the dreamed frame, or only the dream; with the source's alpha."""
        dreamed, source = at_full_size(frame, memory)
        if self._output.alpha:
            return masked(matte(dreamed, source), frame.alpha)
        if self._guard is not None:
            dreamed = self._guard(dreamed, frame.time)
        return dreamed if frame.alpha is None else with_alpha(dreamed, frame.alpha)

    def _claim(self) -> None:
        """Create the folder of the parts; delete existing parts unless they belong to this job."""
        job = self._folder / "job.toml"
        earlier = job.read_text(encoding="utf-8", errors="replace") if job.is_file() else None
        if earlier is not None and _same(earlier, self._record):
            return
        kept = self._still_valid(earlier)
        if not self._output.overwrite and (len(kept) < len(self._parts) or not kept):
            self._check_replaceable(earlier, kept)
        if earlier is not None:
            changed = differing(earlier, self._record)
            why = changed if changed == UNREADABLE else f"settings changed: {changed}"
            going_on = f"pictures have changed; the first {_frames(kept)} frames are kept"
            self.notes = (going_on if kept else f"restarted because {why}",)
        self._keep_only(kept)
        if self._row is not None:
            write_whole(self._folder / PICTURES, self._row.text().encode())
        write_whole(job, self._record.encode())

    def _still_valid(self, earlier: str | None) -> list[Path]:
        """The existing parts that this job would make again, with the memory to go on from."""
        pictures = self._folder / PICTURES
        if self._row is None or earlier is None or not pictures.is_file():
            return []
        if differing(earlier, self._record) != "source_sha256":
            return []
        valid = self._row.valid(self._parts, pictures.read_text("utf-8", errors="replace"))
        while valid and not has_memory(valid[-1]):
            valid.pop()
        return valid

    def _keep_only(self, parts: list[Path]) -> None:
        """Delete all that is in the folder except these parts, which are the first ones."""
        if not parts:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir()
        first = self._part(len(parts)).stem
        for file in self._folder.glob("part-*"):
            if file.name >= first:
                file.unlink()
        self._parts = parts

    def _check_replaceable(self, earlier: str | None, kept: list[Path]) -> None:
        """Raise OutputExists if going on from `kept` would delete parts of another job."""
        if earlier is None and (taken := self._partials()):
            remedy = "use another name, or -y"
            raise OutputExists("already exists", where=taken[0], remedy=remedy)
        if kept:
            raise OutputExists(
                f"{_frames(self._parts)} frames are already dreamed, but pictures after frame "
                f"{_frames(kept)} have changed",
                where=self._output.path,
                remedy="use another name to keep them, or -y to dream these again",
            )
        if self._parts:
            what = UNREADABLE if earlier is None else differing(earlier, self._record)
            if what != UNREADABLE:
                changed = what.replace("_sha256", " file")
                what = f"by a run with other settings ({changed})"
            raise OutputExists(
                f"{_frames(self._parts)} frames are already dreamed, {what}",
                where=self._output.path,
                remedy="use another name to keep them, or -y to start over",
            )

    @property
    def _partial(self) -> Path:
        """The path of the output of an interrupted run."""
        path = self._output.path
        return path.with_name(f"{path.stem}.partial{path.suffix}")

    def _partials(self) -> list[Path]:
        """Existing output files of an interrupted run; deleted once the film is complete."""
        return replace(self._output, path=self._partial).files()

    def leave(self) -> None:
        """Delete the folder if there is nothing to resume and no partial output to identify."""
        if not self._parts and not self._partials():
            shutil.rmtree(self._folder, ignore_errors=True)

    def _finished(self) -> list[Path]:
        """The consecutive intact parts from the first on, the last one with its memory."""
        numbered = (self._part(number) for number in itertools.count())
        parts = list(itertools.takewhile(is_intact, numbered))
        while parts and not has_memory(parts[-1]):
            parts.pop()
        if digests_of(self._part(len(parts))).exists():  # it was finished once
            self.notes = (
                f"the parts after frame {_frames(parts)} are damaged and are dreamed again",
            )
        return parts

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number:06d}.film"

    def _open(self) -> PartWriter:
        path, output = self._part(len(self._parts)), self._output
        codec = part_codec(output.path, output.codec)  # lossless if the output is images
        crf = output.crf if codec == output.codec else None
        intra = output.repeat_to is not None
        return PartWriter(path, like=self._like, codec=codec, crf=crf, intra=intra)

    def _finish(self, writer: PartWriter, memory: Memory | None) -> None:
        """Close a part and save its memory, without which it does not count as finished."""
        assert memory is not None
        if self._guard is not None:
            memory = replace(memory, guard=self._guard.state)
        writer.close()
        with writing(self._folder):
            memory.save(memory_of(writer.path))
            write_digests(writer.path)
            older = len(self._parts) - 2  # keep the last two: the last one may get damaged
            if older >= 0 and older % KEPT_EVERY:
                memory_of(self._parts[older]).unlink(missing_ok=True)
        self._parts.append(writer.path)
        self.notes = tuple(dict.fromkeys(self.notes + writer.notes))

    def _complete(self) -> None:
        output = self._output
        if not self._parts:
            raise UnreadableInput("no frame can be decoded", where=self._like.path)
        made = assemble(
            self._parts,
            output.path,
            source=self._like,
            overwrite=output.overwrite,
            repeat_to=output.repeat_to,
        )
        self.notes, self.delivered = tuple(dict.fromkeys(self.notes + made.notes)), made.frames
        write_record(output.sidecar, self._record)
        for file in self._partials():
            file.unlink()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _interrupted(self, writer: PartWriter | None) -> Interrupted:
        """Assemble the frames so far; the unfinished part is dreamed again on resume."""
        path, partial = self._output.path, self._partial
        parts = list(self._parts)
        kept = f"after frame {_frames(parts)}" if parts else "from the first frame"
        unfinished = writer if writer is not None and writer.path not in parts else None
        if unfinished is not None and _closed(unfinished):
            parts.append(unfinished.path)
        if not parts:
            self.leave()
            return Interrupted("stopped before the first frame", where=path)
        assemble(parts, partial, source=self._like, overwrite=True, complete=False)
        return Interrupted(
            f"stopped; {_frames(parts)} frames are in {partial}",
            where=path,
            remedy=f"repeat the command to resume {kept}",
        )


def write_record(path: Path, record: str) -> None:
    """Write a sidecar atomically."""
    with writing(path):
        write_whole(path, record.encode())


def _same(earlier: str, record: str) -> bool:
    """Whether two records are equal, wherever their folder lies."""
    return re.sub(ELSEWHERE, "", earlier) == re.sub(ELSEWHERE, "", record)


def _closed(writer: PartWriter) -> bool:
    """Close an interrupted part, if possible."""
    try:
        writer.close()
    except DreamvidError:  # no frame yet, or it was already closing
        writer.abort()
        return False
    return True


def _frames(parts: Sequence[Path]) -> int:
    """The number of frames in the parts."""
    return sum(len(PartTable.load(part).ticks) for part in parts)
