"""The child that opens films, pictures and sound for the studio: with limits, and no torch.

`python -m dreamvid.studio.media_child`: the server itself decodes nothing.
"""

from __future__ import annotations

import functools
import os
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dreamvid.errors import UnreadableInput
from dreamvid.image import eight_bits, jpeg, read_picture
from dreamvid.media.reader import VideoReader
from dreamvid.media.source import is_still
from dreamvid.studio.channel import Order, Reply, bounded, serve

MEMORY: Final = 6144
"""Megabytes of address space: a picture of MAX_PIXELS and its copies fit."""
PLAY_LINES, PLAY_WIDTH = 720, 1280
"""Largest size of the preview of a film that a browser cannot play."""
BLOCK: Final = 25
"""Frames from one message of the search for cuts to the next."""


FORMATS: Final = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "TIFF", "PPM", "GIF")
"""The formats that Pillow may open: others run programs, refer to files, or are hardly tested."""


def info(order: Order, reply: Reply) -> None:
    """What a file is: size, and for films the rate, frames and duration; sound alone too."""
    path = Path(order["path"])
    if order["kind"] == "sound":
        reply.send("info", **_sound(path))
    elif is_still(path):
        height, width = read_picture(path).shape[:2]
        reply.send("info", kind="picture", width=width, height=height, frames=1)
    else:
        reply.send("info", **_film(path))


def frame(order: Order, reply: Reply) -> None:
    """One frame of a film, or a picture, as a JPEG of at most so many pixels across."""
    array = read_frame(Path(order["path"]), int(order["frame"]), int(order["width"]))
    reply.send("picture", jpeg(array, order.get("quality", 85), all_colours=True))


def wave(order: Order, reply: Reply) -> None:
    """The least and greatest sample of each column of a picture of the sound."""
    from dreamvid.media.audio import waveform

    path = Path(order["path"])
    seconds = order["seconds"] or _sound(path)["duration"]
    least, greatest = waveform(path, float(seconds), int(order["columns"]))
    peaks = [np.rint(100 * side).astype(int).tolist() for side in (least, greatest)]
    reply.send("wave", seconds=seconds, least=peaks[0], greatest=peaks[1])


def shots(order: Order, reply: Reply) -> None:
    """The frames at which shots begin, as they are found."""
    from dreamvid.motion.shots import CutDetector

    with VideoReader(order["path"], width=256) as film:
        found, detector = [0], CutDetector()
        for count, seen in enumerate(film, 1):
            reply.check()
            if detector.is_cut(seen.array):
                found.append(seen.index)
            if count % BLOCK == 0:
                reply.send("shots", starts=found, looked=count, frames=film.info.frames)
                found = []
    reply.send("shots", starts=found, looked=count, frames=count)


def play(order: Order, reply: Reply) -> None:
    """Write an MP4 of a film that browsers play, with its sound, whole or not at all."""
    from dreamvid.media.writer import VideoWriter

    target, draft = Path(order["target"]), Path(order["target"]).with_suffix(".draft.mp4")
    with VideoReader(order["path"]) as film:
        width, height = _within(film.info.width, film.info.height)
    try:
        with (
            VideoReader(order["path"], width=width, height=height) as film,
            VideoWriter(draft, like=film.info, codec="h264", overwrite=True) as out,
        ):
            for seen in film:
                reply.check()
                out.write(eight_bits(seen.array), seen.time)
                if seen.index % BLOCK == 0:
                    reply.send("made", done=seen.index, frames=film.info.frames)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def read_frame(path: Path, number: int, width: int) -> NDArray[np.uint8]:
    """A frame of a film, or a picture, as an array [h, w, 3] at most `width` pixels wide."""
    import cv2

    if is_still(path):
        array = eight_bits(read_picture(path))
    else:
        stat = path.stat()
        rate, full = _rate_and_width(path, stat.st_mtime_ns, stat.st_size)
        start = Fraction(number) / rate or None
        with VideoReader(path, start=start, frames=1, width=min(width, full)) as film:
            array = eight_bits(next(film).array)
    if array.shape[1] > width:
        size = width, max(1, round(array.shape[0] * width / array.shape[1]))
        array = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA))
    return array


@functools.lru_cache(maxsize=64)
def _rate_and_width(path: Path, changed: int, size: int) -> tuple[Fraction, int]:
    """The rate and the width of a film, as long as it does not change."""
    with VideoReader(path) as film:
        return film.info.rate, film.info.width


def allow_formats() -> None:
    """Let Pillow open only FORMATS in this process."""
    Image.init()
    Image.ID[:] = [name for name in Image.ID if name in FORMATS]


def _film(path: Path) -> dict[str, Any]:
    with VideoReader(path) as film:
        known = film.info
    duration = None if known.duration is None else float(known.duration)
    frames = known.frames or (None if duration is None else round(duration * float(known.rate)))
    return {
        "kind": "film",
        "width": known.width,
        "height": known.height,
        "rate": str(known.rate),
        "fps": float(known.rate),
        "frames": frames,
        "duration": duration,
        "variable": known.variable,
        "sound": known.has_audio,
        "alpha": known.has_alpha,
    }


def _sound(path: Path) -> dict[str, Any]:
    from dreamvid.media.probe import AUDIO_FORMATS, open_input

    with open_input(path, formats=AUDIO_FORMATS) as container:
        if not container.streams.audio:
            raise UnreadableInput("has no sound", where=path.name, remedy="give another file")
        seconds = None if container.duration is None else container.duration / 1e6
    return {"kind": "sound", "duration": seconds}


def _within(width: int, height: int) -> tuple[int, int]:
    share = min(1.0, PLAY_WIDTH / width, PLAY_LINES / height)
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


if __name__ == "__main__":
    bounded(MEMORY)
    allow_formats()
    serve({"info": info, "frame": frame, "wave": wave, "shots": shots, "play": play})
