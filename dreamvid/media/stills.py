"""Read an image sequence as a film: a numbered pattern, or a folder in natural order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import av.error
from av.video.frame import VideoFrame

from dreamvid.errors import UnreadableInput
from dreamvid.image import load_image
from dreamvid.media.decode import Damage, Facts, Timed
from dreamvid.media.probe import open_input, reason
from dreamvid.media.row import check_headers, folder_rows, listed, sequence_files
from dreamvid.media.source import STILL_SUFFIXES

DEFAULT_RATE: Final = Fraction(24)
"""Default rate of an image sequence, in images per second."""


class StillsDecoder:
    """The images of a folder or a pattern, in order, at a constant rate.

    Numbers missing from a pattern leave a gap and count as lost frames.
    Raises UnreadableInput if there are no images, or if their sizes differ.
    """

    def __init__(self, path: Path, rate: Fraction | None = None) -> None:
        self.path = path
        self.damage = Damage()
        self._files = sequence_files(path)
        if not self._files:
            raise UnreadableInput(
                "no images found", where=path, remedy=f"give {', '.join(sorted(STILL_SUFFIXES))}"
            )
        some_alpha = check_headers(list(self._files.values()), path)
        rate = rate or DEFAULT_RATE
        count = max(self._files) + 1
        self.facts = Facts(
            rate=rate,
            time_base=Fraction(1, rate.numerator),
            frames=count,
            counted=True,
            duration=count / rate,
            some_alpha=some_alpha,
            notes=_notes(path, self._files.values()) if path.is_dir() else (),
        )
        self._size: tuple[int, int] | None = None

    @property
    def first_time(self) -> Fraction:
        """The time of the first image: 0."""
        return Fraction(0)

    def frames(self, since: Fraction | None = None) -> Iterator[Timed]:
        """Yield (time, frame) from the first frame at or after `since`."""
        rate = self.facts.rate
        first = 0 if since is None else -int(-since * rate // 1)
        for slot in range(first, max(self._files) + 1):
            file, time = self._files.get(slot), slot / rate
            frame = None if file is None else self._load(file)
            if frame is None:
                self.damage.note(time, lost=1, file=file)
            else:
                yield time, frame

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _load(self, file: Path) -> VideoFrame | None:
        try:
            frame = load_still(file)
        except UnreadableInput:
            return None
        size = (frame.width, frame.height)
        self._size = self._size or size
        if size != self._size:
            first = "x".join(map(str, self._size))
            raise UnreadableInput(  # the headers agreed: it was replaced meanwhile
                f"the image is {size[0]}x{size[1]} now, the first one {first}",
                where=file,
                remedy="resize all images to one size",
            )
        return frame


def load_still(file: Path) -> VideoFrame:
    """Decode the first image of a file.

    Raises UnreadableInput if there is none.
    """
    # Not by imageio: it loses colour tags and 16-bit colour, and does not read EXR and DPX.
    with open_input(file) as container:
        try:
            frame = next(container.decode(video=0), None)
        except (av.error.FFmpegError, IndexError) as error:
            raise UnreadableInput(f"not a readable image ({reason(error)})", where=file) from error
    if frame is None:
        raise UnreadableInput("not a readable image", where=file)
    return frame


def decode_error(path: Path) -> UnreadableInput:
    """Return the error for a file of which no frame can be decoded; Pillow may still read it."""
    if not path.is_file() or path.suffix.lower() not in STILL_SUFFIXES:
        return UnreadableInput("no frame can be decoded", where=path, remedy="export it again")
    try:
        load_image(path)
    except UnreadableInput as error:
        return error
    kind = path.suffix[1:].upper()
    return UnreadableInput(
        f"this {kind} cannot be read as a film (animated, or an unusual variant)",
        where=path,
        remedy="give a PNG, or an animated GIF or APNG",
    )


def _notes(folder: Path, files: Iterable[Path]) -> tuple[str, ...]:
    """Return notes on images of a folder that are left out, and on missing ones."""
    others = [other.name for other in folder_rows(folder)[1]]
    are = "other images are" if len(others) > 1 else "other image is"
    left = (f"{len(others)} {are} left out: {listed(others)}",) if others else ()
    return left + _gaps(files)


def _gaps(files: Iterable[Path]) -> tuple[str, ...]:
    """Return a note on missing numbers, for files in natural order numbered one by one."""
    hits = [hit for file in files if (hit := re.fullmatch(r"(.*?)(\d+)\D*", file.stem))]
    pairs = [(int(a[2]), int(b[2])) for a, b in pairwise(hits) if a[1] == b[1]]
    gaps = [(a + 1, b - a - 1) for a, b in pairs if b - a > 1]
    if not gaps or 2 * len(gaps) >= len(pairs):  # the latter: timestamps, or every second image
        return ()
    missing = sum(count for _, count in gaps)
    are = "images are" if missing > 1 else "image is"
    return (f"{missing} {are} missing, the first number {gaps[0][0]}: the gap is skipped",)
