"""Loops that are closed by a fade: films joined at similar frames, and zoom feedback."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from dreamvid.commands.clock import clock_of
from dreamvid.commands.shapes import fade_of
from dreamvid.commands.shared import make_dreams, with_sound
from dreamvid.commands.zoom import FIRST_TIMES, make_camera
from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import DreamvidError
from dreamvid.loops.closing import close_clip, find_join, loops_already, ping_pong, thumbnails
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.motion.camera import Camera
from dreamvid.motion.flow import estimator
from dreamvid.sequence.frames import Frame, clouds
from dreamvid.sequence.lap import Lap
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.progress import OnProgress
from dreamvid.sequence.render import Carry, carry_for
from dreamvid.settings.dials import steady
from dreamvid.settings.loops import FeedbackLoop, FilmLoop
from dreamvid.settings.tables import LengthSettings

Array = NDArray[Any]

LEAD = 2
"""Extra frames to read before the first one: deinterlacing needs its predecessors."""


@dataclass(frozen=True)
class ClosedFilm:
    """The frames of a loop made from a film, and the notes for the user.

    Its last `faded` frames are cross-faded.
    """

    info: FilmInfo
    frames: Iterable[Array]
    count: int
    notes: tuple[str, ...]
    damage: str | None
    faded: int


def close_film(source: Path, settings: FilmLoop) -> ClosedFilm:
    """Find the best join of a film with itself, or play it forward, then backward."""
    clip = Clip(source, settings.clip)
    with clip.open() as film:
        info = film.info
        arrays = clip.look(film) if settings.loop.ping_pong else (frame.array for frame in film)
        small = thumbnails(arrays)
    silent = info.has_audio and settings.sound.audio is None
    notes = (*film.warnings, *(("the film's sound is dropped",) if silent else ()))
    faded = 0
    if settings.loop.ping_pong:
        count = 2 * len(small) - 2
        frames: Iterable[Array] = ping_pong(clip, len(small))
    elif settings.loop.fade is None and settings.clip.seconds is None and loops_already(small):
        count, frames = len(small), clip(0, len(small))
        notes += ("the film loops already and is left whole; --fade joins it nevertheless",)
    else:
        fade = settings.loop.fade or max(2, round(info.rate / 2))
        least = None if settings.clip.seconds is None else round(settings.clip.seconds * info.rate)
        join = find_join(small, fade=fade, least=least)
        faded = join.fade
        count, frames = len(join), close_clip(clip(0, len(small)), join, estimator())
        first, last = (float(n / info.rate) for n in (join.start, join.stop))
        notes += (f"plays {first:.2f} s to {last:.2f} s, cross-faded over {join.fade} frames",)
    rate = info.rate
    like = replace(
        FilmInfo.plain(info.width, info.height, rate, count), colour=info.colour, bits=info.bits
    )
    like = with_sound(like, settings.sound)
    return ClosedFilm(like, frames, count, notes, film.damage, faded)


class Clip:
    """The film of a loop: read once in full, then again in pieces by `clip(start, stop)`."""

    def __init__(self, source: Path, settings: LengthSettings) -> None:
        self._source = source
        self._size = settings.size_for(None) if settings.size else (None, None)
        self._background = settings.background
        self._times: list[Fraction] = []
        self._marks: list[int] = []

    def open(self, start: Fraction | None = None) -> VideoReader:
        """Open the film at `start` seconds."""
        width, height = self._size
        background = self._background
        return VideoReader(
            self._source, start=start, width=width, height=height, background=background
        )

    def look(self, film: VideoReader) -> Iterator[Array]:
        """Yield all frames, and store the checksum and the timestamp of each."""
        for frame in film:
            self._times.append(film.info.start + frame.time)
            self._marks.append(zlib.crc32(frame.array.data))
            yield frame.array

    def __call__(self, start: int, stop: int) -> Iterable[Array]:
        """The frames [start, stop), after `look` has read the whole film.

        In a damaged film, or with jumping timestamps, seeking may find other frames, as the
        checksums show: then the film is read from its start.
        """
        if start:
            found = self._sought(start, stop)
            if [zlib.crc32(frame.data) for frame in found] == self._marks[start:stop]:
                return found
        return itertools.islice(self._all(), start, stop)

    def _sought(self, start: int, stop: int) -> list[Array]:
        lead = max(0, start - LEAD)
        try:
            with self.open(self._times[lead] - self._times[0]) as film:
                first = self._times[start] - film.info.start
                frames = (frame.array for frame in film if frame.time >= first)
                return list(itertools.islice(frames, stop - start))
        except DreamvidError:  # no frame at that time
            return []

    def _all(self) -> Iterator[Array]:
        with self.open() as film:
            for frame in film:
                yield frame.array


def feedback(
    start: torch.Tensor, settings: FeedbackLoop, count: int, noise: bool, on_progress: OnProgress
) -> tuple[Iterator[torch.Tensor], Dreamer]:
    """Dream a zoom of `count` frames that is blended back to its start; also its first Dreamer."""
    clip = settings.clip
    clock = clock_of(settings, clip.fps, count)
    height, width = start.shape[1:]
    camera = make_camera(settings.camera, clock, width, height)
    stability = steady(settings.motion, clock)
    dreams = make_dreams(
        settings.network,
        settings.dream,
        clock,
        size=(height, width),
        times=FIRST_TIMES if noise else 1.0,
        on_progress=on_progress,
    )
    fade = fade_of(settings)

    def carry(frame: Frame, memory: Memory | None) -> Memory:
        # Unlike ScheduledCarry, this keeps the objective of the first frame as the reference.
        return carry_for(frame, dreams(frame.index), stability(frame.index))(frame, memory)

    warm = min(count, max(fade, round(clip.fps)))
    return blended_back(start, camera, carry, count=count, fade=fade, warm=warm), dreams(0)


def blended_back(
    start: torch.Tensor,
    camera: Camera,
    carry: Carry,
    *,
    count: int,
    fade: int,
    warm: int,
) -> Iterator[torch.Tensor]:
    """Yield the `count` frames of a zoom whose motion and dreams have that period.

    The lap begins after `warm` and `fade` frames, and is led back over its last `fade` frames. The
    index of a frame is its phase, 1 to `count`; only the very first one, which gets the full dose,
    is 0.
    """
    memory, lap = carry(Frame(0, Fraction(0), start, None), None), Lap(count, fade)
    phases = [(index - warm - 1) % count + 1 for index in range(warm + count + fade)]
    size = int(start.shape[1]), int(start.shape[2])
    grounds = clouds(size, lambda index: camera.matrix(phases[index]), len(phases))
    for index, ground in enumerate(grounds, 1):
        place, phase = index - warm - fade, phases[index]
        memory = replace(lap.led(place, memory), age=phase)
        frame = Frame(phase, Fraction(index), None, camera(phase), ground)
        memory = carry(frame, memory)
        lap.keep(place, memory)
        if place >= 0:
            yield memory.dreamed
