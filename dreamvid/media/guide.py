"""Guides by their paths: pictures, folders of pictures, and films, at each frame of a sequence."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from numpy.typing import NDArray

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.image import read_picture
from dreamvid.media.reader import VideoReader
from dreamvid.media.row import pictures_in
from dreamvid.media.source import is_still
from dreamvid.schedules.schedule import Clock

SMALLEST = 32
"""Shorter side of the smallest guide, in pixels."""

STRETCH = 48
"""Number of frames of a guide film that are read at once."""


class Shown(NamedTuple):
    """A picture that guides: a file, or the frame `number` of a film."""

    path: str
    number: int | None = None


def is_film(path: str) -> bool:
    """Whether a guide is a film or an image sequence, rather than a picture or a folder."""
    return not Path(path).is_dir() and not is_still(Path(path))


def check_guide(path: str) -> None:
    """Raise UnreadableInput for a guide that is missing, too small, or no picture or film."""
    folder = Path(path)
    if is_film(path):
        with VideoReader(path) as film:
            sizes = [(film.info.width, film.info.height)]
    elif not folder.is_dir():
        sizes = [read_picture(path).shape[:2]]
    elif pictures := pictures_in(folder):
        sizes = [read_picture(picture).shape[:2] for picture in pictures]
    else:
        remedy = "give a folder of pictures, a picture or a film"
        raise UnreadableInput("the guide has no pictures in it", where=path, remedy=remedy)
    if (least := min(map(min, sizes))) < SMALLEST:
        remedy = f"use {SMALLEST} pixels or more on each side"
        raise UnreadableInput(f"a guide of {least} pixels is too small", where=path, remedy=remedy)


def shown_at(
    path: str, frame: int, clock: Clock, time: Literal["loop", "stretch"]
) -> tuple[Shown, ...]:
    """The pictures of a guide at a frame of a sequence.

    A single picture shows all of a folder at once; in a sequence each has its share of the time. A
    film runs at its own rate, from the beginning again after its end, or is stretched to the length
    of the sequence. Raises UsageError when that length is needed and unknown.
    """
    if is_film(path):
        rate, count = _length(path)
        place = frame * rate / clock.fps
        if time == "stretch":
            place = Fraction(frame * count, _frames(clock, path))
        return (Shown(path, int(place) % count),)
    if not Path(path).is_dir():
        return (Shown(path),)
    pictures = _pictures(path)
    if clock.frames == 1:
        return pictures
    frames = _frames(clock, path)
    return (pictures[min(frame, frames - 1) * len(pictures) // frames],)


def _frames(clock: Clock, path: str) -> int:
    """The length of the sequence."""
    if clock.frames is None:
        remedy = "give --frames, or a guide that does not need it: a picture, or a film that loops"
        raise UsageError("the length of the film is not known", where=path, remedy=remedy)
    return clock.frames


def read_guide(shown: Shown) -> NDArray[Any]:
    """The picture [H, W, 3] of a guide."""
    if shown.number is None:
        return read_picture(shown.path)
    part, index = divmod(shown.number, STRETCH)
    frames = _stretch(shown.path, part)
    return frames[min(index, len(frames) - 1)]


def forget_guides() -> None:
    """Read guides anew: they may have changed since an earlier run in the same process."""
    for cached in (_pictures, _length, _stretch):
        cached.cache_clear()


@lru_cache(8)
def _pictures(path: str) -> tuple[Shown, ...]:
    """The pictures of a folder, as they were when it was first read."""
    return tuple(Shown(str(picture)) for picture in pictures_in(Path(path)))


@lru_cache(8)
def _length(path: str) -> tuple[Fraction, int]:
    """The rate of a film, and the number of its frames."""
    with VideoReader(path) as film:
        info = film.info
        stated = info.frames or round((info.duration or 0) * info.rate)
        return info.rate, stated or sum(1 for _ in film)


@lru_cache(2)
def _stretch(path: str, part: int) -> tuple[NDArray[Any], ...]:
    """The frames of a part of a film; of its last part if it is shorter than stated."""
    start = part * STRETCH / _length(path)[0]
    with VideoReader(path, start=start, frames=STRETCH) as film:
        return tuple(frame.array for frame in film)
