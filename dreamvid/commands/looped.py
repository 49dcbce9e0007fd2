"""Films that loop: what is dreamed before the first frame, and the seam of the result."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from dreamvid.commands.preflight import open_film
from dreamvid.dream.octaves import Size
from dreamvid.errors import UnreadableInput
from dreamvid.loops.closing import SeamMeter, loops_already, stands_still, thumbnails
from dreamvid.media.reader import SourceFrame, VideoReader
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.job import Job
from dreamvid.sequence.lap import Lap
from dreamvid.sequence.plan import most_led
from dreamvid.sequence.progress import OnProgress, Progress
from dreamvid.sequence.regions import Regions
from dreamvid.sequence.render import render_with_memory
from dreamvid.settings.models import VideoSettings

Timely = AbstractContextManager[Iterator[Frame]]
"""Frames whose motion is estimated when it suits the device."""

Moving = Callable[[Iterable[SourceFrame], int], Timely]
"""Estimates the motion of source frames, of which those before an index are left out."""


FADE, WARM = 1, 2
"""Seconds over which the dream is led back, and seconds that are dreamed before the first frame."""


@dataclass(frozen=True)
class LoopedFilm:
    """A film that is read from its end on into its start.

    It has `count` frames, of which the `last` leads to the first, if it `closes`. The dream begins
    `warm` frames before the first, and is led back over the last `fade`.
    """

    source: Path
    settings: VideoSettings
    count: int
    last: SourceFrame
    closes: bool
    warm: int
    fade: int
    keep_alpha: bool

    @classmethod
    def look(
        cls, source: Path, settings: VideoSettings, size: Size, *, keep_alpha: bool = False
    ) -> LoopedFilm:
        """Read the whole film once; it will be dreamed at a size (height, width)."""
        frames: deque[SourceFrame] = deque(maxlen=1)
        with open_film(source, settings, keep_alpha=keep_alpha) as film:
            rate = film.info.rate
            small = thumbnails(frame.array for frame in _last_kept(film, frames))
        count = len(small)
        most = most_led(size[0] * size[1] * len(settings.regions))
        fade = max(1, min(round(rate * FADE), count // 3, most))
        warm = min(count, max(fade, round(rate * WARM)))
        last = replace(frames[0], index=-1)
        closes = loops_already(small) or stands_still(small)
        return cls(source, settings, count, last, closes, warm, fade, keep_alpha)

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say of the film: that it does not loop."""
        if self.closes:
            return ()
        remedy = f"join it first: dreamvid loop {self.source} --kind film"
        return (f"the film does not loop, its last frame does not lead to its first; {remedy}",)

    def dream(
        self,
        job: Job,
        film: VideoReader,
        target: Path,
        moving: Moving,
        dreams: Regions,
        stability: Callable[[int], float],
        on_progress: OnProgress,
    ) -> tuple[str, ...]:
        """Dream the film from before its first frame to its last; returns notes on the seam.

        What is before is dreamed on every resume as well, and always gives the same.
        """
        first = f"the last {self.warm} frames are dreamed first, to lead into the first one"
        lap, count = Lap(self.count, self.fade), self.count
        dreams_at, stability_at = dreams.repeating(count), lambda n: stability(n % count)
        try:
            for text in (*self.notes, first):
                on_progress(Progress("note", text=text))
            with moving(self.approach(), -self.warm) as frames:
                for frame, memory in render_with_memory(frames, dreams_at, stability=stability_at):
                    lap.keep(frame.index, memory)
                    done = frame.index + self.warm + 1
                    on_progress(Progress("lead-in", done, self.warm, "lead-in"))
        except BaseException:
            job.leave()
            raise
        with moving(self.entered(film), job.done) as frames:
            job.run(frames, dreams_at, stability=stability_at, lead=lap, on_progress=on_progress)
        return (*self.notes, *seam_of(target, count))

    def approach(self) -> Iterator[SourceFrame]:
        """The frames before the first one, which are the last `warm`; they end with index -1."""
        with open_film(self.source, self.settings, keep_alpha=self.keep_alpha) as film:
            for frame in itertools.islice(film, self.count - self.warm, self.count):
                yield replace(frame, index=frame.index - self.count)

    def entered(self, film: VideoReader) -> Iterator[SourceFrame]:
        """The frames of the film after its last one, so that the first has motion as well."""
        yield self.last
        yield from film


def _last_kept(film: VideoReader, last: deque[SourceFrame]) -> Iterator[SourceFrame]:
    """Yield the frames of a film, each of them appended to `last` first."""
    for frame in film:
        last.append(frame)
        yield frame
    if not last:
        raise UnreadableInput("no frame can be decoded", where=film.info.path)


def seam_of(path: Path, count: int) -> tuple[str, ...]:
    """Describe the seam of a film whose first `count` frames are a loop, if it can be read."""
    meter = SeamMeter()
    try:
        with VideoReader(path, frames=count) as film:
            for frame in film:
                meter.look(frame.array)
    except UnreadableInput:  # an animated WebP
        return ()
    return (meter.describe(),)
