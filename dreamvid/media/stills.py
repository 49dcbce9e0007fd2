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
from dreamvid.media.source import NUMBER, STILL_SUFFIXES

DEFAULT_RATE: Final = Fraction(24)
"""Default rate of an image sequence, in images per second."""


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key for natural order: frame 2, frame 10, frame 100."""
    pieces = re.split(r"(\d+)", name.lower())
    return tuple((0, int(p)) if p.isdecimal() else (1, p) for p in pieces if p)


class StillsDecoder:
    """The images of a folder or a pattern, in order, at a constant rate.

    Numbers missing from a pattern leave a gap and count as lost frames.
    Raises UnreadableInput if there are no images.
    """

    def __init__(self, path: Path, rate: Fraction | None = None) -> None:
        self.path = path
        self.damage = Damage()
        self._files = sequence_files(path)
        if not self._files:
            raise UnreadableInput(
                "no images found", where=path, remedy=f"give {', '.join(sorted(STILL_SUFFIXES))}"
            )
        rate = rate or DEFAULT_RATE
        count = max(self._files) + 1
        self.facts = Facts(
            rate=rate,
            time_base=Fraction(1, rate.numerator),
            frames=count,
            counted=True,
            duration=count / rate,
            notes=_gaps(self._files.values()) if path.is_dir() else (),
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
                self.damage.note(time, lost=1)
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
            raise UnreadableInput(
                f"the image is {size[0]}x{size[1]}, the first one {first}",
                where=file,
                remedy="resize all images to one size",
            )
        return frame


def load_still(file: Path) -> VideoFrame:
    """Decode the first image of a file.

    Raises UnreadableInput if there is none.
    """
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


def sequence_files(path: Path) -> dict[int, Path]:
    """The images of a folder or a pattern, by frame index; there may be gaps."""
    return _folder(path) if path.is_dir() else _pattern(path)


def _folder(path: Path) -> dict[int, Path]:
    names = [
        entry
        for entry in path.iterdir()
        if entry.suffix.lower() in STILL_SUFFIXES and not entry.name.startswith(".")
    ]
    return dict(enumerate(sorted(names, key=lambda entry: natural_key(entry.name))))


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


def _pattern(path: Path) -> dict[int, Path]:
    """Map frame index (counted from the first number found) to file."""
    if not path.parent.is_dir():
        return {}
    match = NUMBER.search(path.name)
    assert match is not None
    width = int(match[1] or 1)
    head, tail = path.name[: match.start()], path.name[match.end() :]
    head, tail = head.replace("%%", "%"), tail.replace("%%", "%")
    named = re.compile(re.escape(head) + rf"(\d{{{width},}})" + re.escape(tail))
    found = {
        int(hit[1]): entry
        for entry in path.parent.iterdir()
        if (hit := named.fullmatch(entry.name)) and (len(hit[1]) == width or hit[1][0] != "0")
    }
    first = min(found, default=0)
    return {number - first: entry for number, entry in found.items()}
