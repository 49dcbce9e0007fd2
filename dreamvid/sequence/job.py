"""A film dreamed part by part, so that stopping it loses little and changes nothing.

Finished parts, and the memory after each, lie in a folder beside the target until it is complete.
The same job, started again, goes on after the last finished part and gives the same bytes.
"""

from __future__ import annotations

import itertools
import math
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import DreamvidError, Interrupted, OutputExists, UnreadableInput, writing
from dreamvid.files import write_whole
from dreamvid.media.formats import part_codec
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.output import Output
from dreamvid.media.parts import PartTable, is_whole
from dreamvid.media.target import Target
from dreamvid.media.writer import PartWriter
from dreamvid.sequence.dream_size import at_full_size
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.matte import matte
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.render import DreamerAt, remember
from dreamvid.settings.toml import differing

PART_FRAMES = 120
PART_SIZE = 640 * 360
"""A part ends at a cut, or after so many frames of so many pixels; larger ones make it shorter.

It is what a stop can cost: about half a minute of dreaming at this size, some minutes at 4K.
"""


@dataclass(frozen=True)
class Progress:
    """How far a job is: frames done, frames expected (None when unknown), number of the shot."""

    done: int
    total: int | None
    shot: int


class Job:
    """One film to dream.

    `record` is the text of the sidecar; it says all that decides the film's bytes, so parts are
    taken up again only when theirs is the same. Raises UsageError at once when the output cannot
    be written, OutputExists when it is there, or when parts of another record are, which would be
    lost.
    """

    def __init__(self, output: Output, *, like: FilmInfo, record: str) -> None:
        output.check(like.path, (like.width, like.height))
        self._output, self._like, self._record = output, like, record
        self.notes: tuple[str, ...] = ()
        self._folder = output.path.with_name(f".{output.path.name}.parts")
        share = min(1.0, PART_SIZE / (like.width * like.height))
        self._part_frames = max(1, round(PART_FRAMES * math.sqrt(share)))
        self._parts = self._finished()
        with writing(self._folder):
            self._claim()
        self.done = _frames(self._parts)

    def run(
        self,
        frames: Iterable[Frame],
        dream: Dreamer | DreamerAt,
        *,
        stability: float | Callable[[int], float],
        report: Callable[[Progress], None],
    ) -> None:
        """Dream the frames that are left, from the `done`-th on, and put the film together.

        Raises Interrupted, having written what there is under another name, when the user stops
        it; any other error leaves the finished parts to go on from.
        """
        dreamer = dream if isinstance(dream, Dreamer) else dream(self.done)
        last = self._left(dreamer.device)
        stream = remember(frames, dream, stability=stability, memory=last)
        writer: PartWriter | None = None
        try:
            for frame, memory in stream:
                if writer is not None and frame.motion is None:
                    self._finish(writer, last)
                    writer = None
                writer = writer or self._open()
                writer.write(self._shown(frame, memory), frame.time)
                last = memory
                self.done += 1
                report(Progress(self.done, self._like.frames, memory.shot))
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
            self._tidy()
            raise
        self._complete()

    def _left(self, device: torch.device) -> Memory | None:
        """What the last finished part left to the next one."""
        return Memory.load(_memory_of(self._parts[-1]), device=device) if self._parts else None

    def _shown(self, frame: Frame, memory: Memory) -> torch.Tensor:
        """What of a frame is written: the dream, or the dream alone on transparency."""
        dreamed, source = at_full_size(frame, memory)
        return matte(dreamed, source) if self._output.alpha else dreamed

    def _claim(self) -> None:
        """Make the folder of the parts, empty unless it belongs to this very job."""
        job = self._folder / "job.toml"
        begun = job.read_text(encoding="utf-8", errors="replace") if job.is_file() else None
        if begun == self._record:
            return
        if not self._output.overwrite:
            self._spare(begun)
        if begun is not None:
            self.notes = (f"restarted because settings changed: {differing(begun, self._record)}",)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        write_whole(job, self._record.encode())
        self._parts = []

    def _spare(self, begun: str | None) -> None:
        """Raise OutputExists when beginning anew would take away what another job has made."""
        if begun is None and (taken := self._partials()):
            remedy = "use another name, or -y"
            raise OutputExists("already exists", where=taken[0], remedy=remedy)
        if self._parts:
            done, what = _frames(self._parts), differing(begun or "", self._record)
            raise OutputExists(
                f"{done} frames are already dreamed, by a run with other settings ({what})",
                where=self._output.path,
                remedy="use another name to keep them, or -y to start over",
            )

    @property
    def _partial(self) -> Path:
        """Where a run that is stopped puts what there is."""
        path = self._output.path
        return path.with_name(f"{path.stem}.partial{path.suffix}")

    def _partials(self) -> list[Path]:
        """The files there that a run which is stopped would write, and a whole film removes."""
        codec = self._output.codec
        return Target(self._partial, codec=codec, source=None, overwrite=True).files()

    def _tidy(self) -> None:
        """Leave no folder behind that tells nothing: neither where to go on, nor whose this is."""
        if not self._parts and not self._partials():
            shutil.rmtree(self._folder, ignore_errors=True)

    def _finished(self) -> list[Path]:
        """The parts that can be gone on from: whole ones in a row, the last with its memory."""
        begun = (self._part(number) for number in itertools.count())
        parts = list(itertools.takewhile(is_whole, begun))
        while parts and not _remembers(parts[-1]):
            parts.pop()
        if self._part(len(parts) + 1).exists():  # the one before it may have been under way
            self.notes = (
                f"the parts after frame {_frames(parts)} are damaged and are dreamed again",
            )
        return parts

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number:06d}.film"

    def _open(self) -> PartWriter:
        path, output = self._part(len(self._parts)), self._output
        codec = part_codec(output.path, output.codec)  # lossless on the way to pictures
        crf = output.crf if codec == output.codec else None
        intra = output.repeat_to is not None
        return PartWriter(path, like=self._like, codec=codec, crf=crf, intra=intra)

    def _finish(self, writer: PartWriter, memory: Memory | None) -> None:
        """Close a part; only with its memory beside it does it count as finished."""
        assert memory is not None
        writer.close()
        with writing(self._folder):
            memory.save(_memory_of(writer.path))
            if len(self._parts) > 1:  # the last but one is kept, for the last may get damaged
                _memory_of(self._parts[-2]).unlink(missing_ok=True)
        self._parts.append(writer.path)
        self.notes = tuple(dict.fromkeys(self.notes + writer.notes))

    def _complete(self) -> None:
        output = self._output
        if not self._parts:
            raise UnreadableInput("no frame can be decoded", where=self._like.path)
        told = assemble(
            self._parts,
            output.path,
            source=self._like,
            overwrite=output.overwrite,
            repeat_to=output.repeat_to,
        )
        self.notes = tuple(dict.fromkeys(self.notes + told))
        write_record(output.sidecar, self._record)
        for file in self._partials():
            file.unlink()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _interrupted(self, writer: PartWriter | None) -> Interrupted:
        """Put together what there is; the part that was under way is dreamed anew next time."""
        path, partial = self._output.path, self._partial
        parts = list(self._parts)
        kept = f"after frame {_frames(parts)}" if parts else "from the first frame"
        begun = writer if writer is not None and writer.path not in parts else None
        if begun is not None and _closed(begun):
            parts.append(begun.path)
        if not parts:
            self._tidy()
            return Interrupted("stopped before the first frame", where=path)
        assemble(parts, partial, source=self._like, overwrite=True, complete=False)
        return Interrupted(
            f"stopped; {_frames(parts)} frames are in {partial}",
            where=path,
            remedy=f"repeat the command to resume {kept}",
        )


def write_record(path: Path, record: str) -> None:
    """Write a sidecar, which appears complete."""
    with writing(path):
        write_whole(path, record.encode())


def _closed(writer: PartWriter) -> bool:
    """Close a part that was interrupted anywhere, if it can still be closed."""
    try:
        writer.close()
    except DreamvidError:  # no frame yet, or it was ending already
        writer.abort()
        return False
    return True


def _frames(parts: Sequence[Path]) -> int:
    """How many frames are in the parts."""
    return sum(len(PartTable.load(part).ticks) for part in parts)


def _remembers(part: Path) -> bool:
    """Whether what the part leaves to the next one is there and whole."""
    try:
        Memory.load(_memory_of(part), device=torch.device("cpu"))
    except UnreadableInput:
        return False
    return True


def _memory_of(part: Path) -> Path:
    return part.with_suffix(".memory")
