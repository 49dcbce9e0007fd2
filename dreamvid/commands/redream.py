"""Dream a stretch of a finished film again, with other settings, and join it into the film.

All other packets are taken from the film as they are. Only the parts in which the stretch begins
and ends are encoded once more, from the film, up to the stretch.
"""

from __future__ import annotations

import itertools
import os
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from dreamvid.commands.planning import reopened
from dreamvid.commands.preflight import Film
from dreamvid.commands.ready import Ready, prepare
from dreamvid.commands.redream_checks import Again
from dreamvid.commands.result import Result
from dreamvid.errors import Interrupted, UnreadableInput, writing
from dreamvid.files import write_whole
from dreamvid.image import to_image
from dreamvid.media.again import part_again
from dreamvid.media.formats import part_codec
from dreamvid.media.reader import SourceFrame, VideoReader
from dreamvid.media.target import exclusive_lock
from dreamvid.media.writer import PartWriter
from dreamvid.sequence.digests import is_intact, memory_of, write_digests
from dreamvid.sequence.folder import part_at
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.job import Job
from dreamvid.sequence.lengthen import write_parts
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.progress import OnProgress, Progress
from dreamvid.sequence.rejoin import Rejoin, fade_of
from dreamvid.sequence.render import make_carry
from dreamvid.sequence.stretch import Stretch
from dreamvid.settings.toml import write_toml


def run_again(request: Film, again: Again, on_progress: OnProgress) -> Result:
    """Dream a stretch of a checked request, join it, and close the source."""
    output = request.output
    with request.reader as film, exclusive_lock(output.path), ExitStack() as films:
        output.check_new()
        ready = prepare(request, films, on_progress)
        ready = replace(ready, record=_record(ready, again), row=None)
        job = ready.job(on_progress, shared=True, keep=write_parts)
        around, stretch = again.around, job.shot(again.first, again.end)
        before = _Old(ready, again, job)
        parts = [*before.copied(0, around[0]), *before.encoded(around[0], again.first)]
        if not stretch.complete:
            _dream(ready, again, stretch, film, before, on_progress)
        parts += stretch.parts
        parts += before.encoded(again.end, around[1])
        parts += before.copied(around[1], again.state.frames)
        job.complete(parts)
        notes = (*film.warnings, *job.notes, *stretch.notes)
        return Result(output.path, job.delivered, tuple(dict.fromkeys(notes)), None)


class _Old:
    """What is taken from the finished film, for the parts of a job."""

    def __init__(self, ready: Ready, again: Again, job: Job) -> None:
        self._ready, self._state, self._folder = ready, again.state, job.folder

    def copied(self, first: int, end: int) -> list[Path]:
        """The part with the packets of these frames, as they are; none if there are no frames."""
        part = part_at(self._folder, first)
        if first < end and not is_intact(part):
            table = self._state.table
            ranks = [rank - first for rank in table.ranks[first:end]]
            piece = replace(table, ticks=table.ticks[first:end], ranks=ranks)
            part_again(self._state.film, part, piece, after=first)
            self._finish(part)
        return [part] if first < end else []

    def encoded(self, first: int, end: int) -> list[Path]:
        """The part with these frames, encoded once more; none if there are no frames."""
        part, output = part_at(self._folder, first), self._ready.request.output
        table = self._state.table
        if first < end and not is_intact(part):
            codec = part_codec(output.path, output.codec)
            with PartWriter(part, like=self._ready.like, codec=codec, crf=output.crf) as out:
                for frame in self.frames(first, end):
                    out.write(frame.array, table.ticks[frame.index] * table.tick)
            self._finish(part)
        return [part] if first < end else []

    def frames(self, first: int, end: int) -> Iterator[SourceFrame]:
        """These frames of the finished film, at the size of its source."""
        times = [tick * self._state.table.tick for tick in self._state.table.ticks[:end]]
        zero, info = times[0], self._ready.like
        start = (times[first - 1] + times[first]) / 2 - zero if first else None
        with VideoReader(self._state.film, start=start, frames=end - first) as film:
            count = 0
            for count, frame in enumerate(film, 1):
                array = frame.array[: info.height, : info.width]  # without what was padded
                yield replace(frame, index=first + count - 1, array=array)
        if count < end - first:
            raise UnreadableInput(f"frame {first + count} is missing", where=self._state.film,
                                  remedy="dream all of it again")  # fmt: skip

    def _finish(self, part: Path) -> None:
        with writing(self._folder):
            write_whole(memory_of(part), b"")  # nothing goes on from here
            write_digests(part)


def _dream(
    ready: Ready,
    again: Again,
    stretch: Stretch,
    film: VideoReader,
    old: _Old,
    on_progress: OnProgress,
) -> None:
    """Dream what is missing of the stretch."""
    first, end = again.first, again.end
    lead = _lead(ready, again, old)

    def told(event: Progress) -> None:
        done, total = event.done - first, end - first
        on_progress(replace(event, done=done, total=total, text=f"frames {again.text}"))

    try:
        sources = lead.watched(film)
        with ready.moving(sources, stretch.done) as moving:
            within = itertools.takewhile(lambda frame: frame.index < end, moving)
            stretch.run(
                within, ready.dreams, stability=ready.stability, lead=lead, on_progress=told
            )
    except KeyboardInterrupt:
        stretch.abort()
        what, remedy = f"frames {again.text} stopped", "repeat the command to resume"
        raise Interrupted(what, where=ready.request.output.path, remedy=remedy) from None
    except BaseException:
        stretch.abort()
        raise
    if not stretch.complete:
        raise UnreadableInput(f"ends before frame {end - 1}", where=ready.request.source,
                              remedy="give the source that the film was dreamed from")  # fmt: skip


def _lead(ready: Ready, again: Again, old: _Old) -> Rejoin:
    """What leads a stretch out of the finished film and back to it."""
    first, end = again.first, again.end
    runs = [(first - 1, first)] if first else []
    if end < again.state.frames and not _is_cut(ready, again):
        runs.append((end - fade_of(first, end), end))
    frames = itertools.chain.from_iterable(old.frames(*run) for run in runs)
    dreamed = {frame.index: frame.array for frame in ready.small(frames)}

    carry = make_carry(ready.dreams, ready.stability)

    def begin(source: SourceFrame) -> Memory:
        (small,) = ready.small([source])
        frame = Frame(source.index, source.time, to_image(small.array), None, full=small.full)
        return carry(frame, None)

    return Rejoin(first, end, dreamed, begin)


def _is_cut(ready: Ready, again: Again) -> bool:
    """Whether a shot begins after the stretch: then also a part begins there."""
    if again.end not in again.state.starts:
        return False
    with reopened(ready) as film:
        sources = itertools.takewhile(lambda frame: frame.index <= again.end, film)
        with ready.moving(sources, again.end) as frames:
            return any(frame.motion is None for frame in frames)


def _record(ready: Ready, again: Again) -> str:
    """The sidecar, which also tells of the film that the stretch is joined into."""
    values = tomllib.loads(ready.record)
    film = again.state.film
    near = os.path.relpath(os.path.realpath(film), os.path.realpath(ready.request.output.folder))
    values["made"] |= {
        "redreamed": again.text,
        "joined_into": Path(near).as_posix(),
        "joined_sha256": again.state.sha256,
    }
    return write_toml(values)
