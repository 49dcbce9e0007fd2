"""Mattes: pictures and films that say by their brightness, or transparency, where to dream."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.image import read_layers
from dreamvid.media.source import check_file, is_sequence, is_still

if TYPE_CHECKING:
    from dreamvid.media.reader import SourceFrame, VideoReader

MARGIN: Final = 0.02
"""The darkest and the brightest share of the levels: compressed mattes are never quite 0 or 1."""

SHAPE: Final = 0.05
"""Allowed difference of the aspect ratios of matte and film, as some codecs round sizes up."""

LOOKED: Final = 64
"""The number of frames of a film that are searched for any that is not black."""

LATE: Final = Fraction(1, 400)
"""Seconds by which a frame may come late: some formats round times to milliseconds."""

Plane = NDArray[np.float32]


def read_matte(path: Path) -> Plane:
    """Read a picture as a matte [H, W], 0..1: its alpha, if it has any, else its brightness.

    Raises UnreadableInput when it is not a readable picture.
    """
    layers = read_layers(path)
    return _matte(layers, layers[..., 3] if layers.shape[2] == 4 else None)


def check_matte(
    path: Path, size: tuple[int, int], *, inverted: bool = False, may_hide: bool = False
) -> None:
    """Raise an error for a matte that cannot be read or has another shape than (width, height).

    Also, unless it `may_hide`, for one that hides everything, of which a long film is not suspected
    if its first frames do.
    """
    hides = 1.0 if inverted else 0.0
    if is_still(path):
        plane = read_matte(path)
        height, width = plane.shape
        shown = may_hide or bool((plane != hides).any())
    else:
        with MatteFilm(path) as film:
            width, height = film.size
            shown = may_hide or film.shows(hides)
    if abs(width * size[1] / (height * size[0]) - 1) > SHAPE:
        raise UsageError(f"a mask of {width}x{height} has another shape than {size[0]}x{size[1]}",
                         where=path, remedy="crop or pad it first")  # fmt: skip
    if not shown:
        colour = "white everywhere, and inverted" if inverted else "black everywhere"
        remedy = "leave ! out" if inverted else "put ! in front, or give another"
        what = f"the mask is {colour}: nothing would be dreamed"
        raise UsageError(what, where=path, remedy=remedy)


class MatteFilm:
    """The frames of a matte film by time: `film(time)` is a plane [H, W], 0..1.

    At every time it is the frame that a player would show; the last one stays for ever. Frames are
    decoded in order; going back opens the film again. An image sequence plays at `rate` images per
    second. Raises UnreadableInput.
    """

    _reader: VideoReader
    _now: SourceFrame
    _next: SourceFrame | None
    _plane: Plane | None

    def __init__(self, path: Path, rate: Fraction | None = None) -> None:
        if not is_sequence(path):
            check_file(path)
            rate = None
        self._path, self._rate = path, rate
        self._open()
        self.size = self._reader.info.width, self._reader.info.height
        self.duration = self._reader.info.duration

    def __call__(self, time: Fraction) -> Plane:
        """The matte at a time in seconds after the first frame."""
        if time < self._now.time - LATE:
            self.close()
            self._open()
        while self._next is not None and self._next.time <= time + LATE:
            self._now, self._plane = self._next, None
            self._next = next(self._reader, None)
        if self._plane is None:
            self._plane = _matte(self._now.array, self._now.alpha)
        return self._plane

    def shows(self, hides: float) -> bool:
        """Whether any frame is not all of one value; true if the first LOOKED ones leave it open.

        Leaves the film at a later frame.
        """
        ahead = () if self._next is None else (self._next,)
        count = 0
        for frame in islice(chain([self._now], ahead, self._reader), LOOKED):
            count += 1
            if bool((_matte(frame.array, frame.alpha) != hides).any()):
                return True
        return count == LOOKED

    def close(self) -> None:
        """Close the film."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> None:
        from dreamvid.media.reader import VideoReader

        self._reader = VideoReader(self._path, rate=self._rate, keep_alpha=True)
        first = next(self._reader, None)
        if first is None:
            self.close()
            raise UnreadableInput("no frame can be decoded", where=self._path)
        self._now, self._next, self._plane = first, next(self._reader, None), None


def _matte(array: NDArray[Any], alpha: NDArray[Any] | None) -> Plane:
    """The alpha [H, W], if there is any, else the brightness of an array [H, W, 3], as a matte.

    Almost black becomes black, and almost white white.
    """
    levels = array.mean(axis=2, dtype=np.float32) if alpha is None else alpha.astype(np.float32)
    plane = levels / np.float32(np.iinfo(array.dtype).max)
    return np.asarray(((plane - MARGIN) / (1 - 2 * MARGIN)).clip(0, 1), np.float32)
