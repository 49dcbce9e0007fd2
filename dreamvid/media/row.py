"""The images of a sequence: which files belong to it, and whether they have one size."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import av.error

from dreamvid.errors import UnreadableInput
from dreamvid.media.probe import open_input
from dreamvid.media.source import NUMBER, STILL_SUFFIXES

NAMED: Final = 5
"""The largest number of files that a message names."""


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key for natural order: frame 2, frame 10, frame 100."""
    pieces = re.split(r"(\d+)", name.lower())
    return tuple((0, int(p)) if p.isdecimal() else (1, p) for p in pieces if p)


def sequence_files(path: Path) -> dict[int, Path]:
    """The images of a folder or a pattern, by frame index; there may be gaps."""
    return dict(enumerate(folder_rows(path)[0])) if path.is_dir() else _pattern(path)


def pictures_in(folder: Path) -> list[Path]:
    """All images of a folder, in natural order."""
    images = (
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() in STILL_SUFFIXES and not entry.name.startswith(".")
    )
    return sorted(images, key=lambda entry: natural_key(entry.name))


def folder_rows(folder: Path) -> tuple[list[Path], list[Path]]:
    """The images of a folder that form its sequence, and the others, both in natural order.

    Names that differ only in their numbers form a row, as 1.png and 2.png, or depth_1.png and
    depth_2.png. The longest row is the sequence; of equally long ones, that with the shortest
    words. Without any row all images are the sequence.
    """
    rows: dict[str, list[Path]] = {}
    for image in pictures_in(folder):
        rows.setdefault(_words(image), []).append(image)
    if max(map(len, rows.values()), default=0) < 2:
        return list(chain.from_iterable(rows.values())), []
    chosen = max(rows, key=lambda words: (len(rows[words]), -len(words)))
    others = chain.from_iterable(row for words, row in rows.items() if words != chosen)
    return rows[chosen], list(others)


def _words(image: Path) -> str:
    """The name of an image without its numbers."""
    suffix = {".jpeg": ".jpg", ".tiff": ".tif"}.get(image.suffix.lower(), image.suffix.lower())
    return re.sub(r"\d+", "#", image.stem.lower()) + suffix


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
    return {number - first: found[number] for number in sorted(found)}


def check_headers(files: Sequence[Path], where: Path) -> bool:
    """Return whether any of the images has transparency.

    Raises UnreadableInput, naming the files, unless all images have one size. Only headers are
    read. Files without a readable one are left to be reported as damaged.
    """
    found = {file: header for file in files if (header := _header(file)) is not None}
    sizes = {file: header[0] for file, header in found.items()}
    if len(set(sizes.values())) < 2:
        return any(transparent for _, transparent in found.values())
    usual = Counter(sizes.values()).most_common(1)[0][0]
    odd = [f"{file.name} ({w}x{h})" for file, (w, h) in sizes.items() if (w, h) != usual]
    raise UnreadableInput(
        f"{len(odd)} of {len(files)} images are not {usual[0]}x{usual[1]}, the size of most: "
        f"{listed(odd)}",
        where=where,
        remedy="resize or remove them",
    )


def _header(file: Path) -> tuple[tuple[int, int], bool] | None:
    """The (width, height) and transparency stated by the header of an image; None if unreadable.

    Read by Pillow, as imageio decodes the whole image first; by PyAV what Pillow does not know.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as picture:
                return picture.size, picture.has_transparency_data
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        pass
    try:
        with open_input(file) as container:
            video = container.streams.video[0].codec_context
            return ((video.width, video.height), False) if video.width else None
    except (UnreadableInput, av.error.FFmpegError, IndexError):
        return None


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
