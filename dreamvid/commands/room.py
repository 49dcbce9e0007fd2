"""How much of the disk a run will take: an estimate from size, codec and number of frames.

The assumptions are the constants of this module. The busiest moment of a run is its end, when the
parts and the finished film are both there. Nothing here imports torch.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Self

from dreamvid.commands.preflight import Clip, Film
from dreamvid.commands.shapes import whole_frames
from dreamvid.errors import DiskFull
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.sequence.folder import KEPT_EVERY, folder_of, part_frames
from dreamvid.sequence.plan import LED_BYTES, Shot
from dreamvid.settings.loops import DreamedLoop, FilmLoop
from dreamvid.settings.models import VideoSettings, ZoomSettings
from dreamvid.settings.values import DREAM_LINES, FULL_SIZE, LARGE_FILM

BITS: Final = {
    "h264": 0.83, "h265": 0.77, "av1": 0.68, "webm": 0.97, "prores": 6.2, "prores4444": 9.2,
    "dnxhr": 3.5, "ffv1": 11.8, "hap": 4.0, "hap-q": 7.7, "hap-alpha": 5.2, "gif": 7.1,
    "apng": 17.3, "webp": 3.2, "png": 17.6, "png16": 20.7, "exr": 36.9,
    "h264-nvenc": 0.83, "h265-nvenc": 0.77, "av1-nvenc": 0.68,
}  # fmt: skip
"""Bits per pixel of a dreamed film of 432x240, samples/valley.mp4, at the default quality.

Those of NVENC were not measured: they are taken to be those of the CPU's encoders.
"""

HALVED = 6.0
"""So many steps of the quality (--crf) halve or double the size of a film."""

DEEPER = 1.4
"""Factor for films of more than 8 bits in a lossless codec."""

SOUND = 24_000
"""Bytes of sound for a second."""

PLANES = 7
"""Planes of float32, at the size of the dream, in the memory that is kept after a part."""

SURE = 0.5
"""A run is refused when even this share of the estimate is not free: films differ."""


@dataclass(frozen=True)
class Room:
    """Bytes on the disk: of the `parts` with their memories, and of the finished `film`.

    `there` are those of the parts of an earlier run that are used again; `free` is the free disk.
    `seams` are those of the warm-ups of split shots, which are gone when the film is joined.
    """

    folder: Path
    parts: int
    film: int
    there: int
    free: int
    seams: int = 0

    @property
    def needed(self) -> int:
        """The bytes that the run will still take: at its end, or while shots are led."""
        return max(0, self.parts + max(self.film, self.seams) - self.there)

    def with_seams(self, request: Film, pieces: Sequence[Shot], *, workers: int) -> Self:
        """The room with the warm-ups of these pieces that lie there at a time.

        Each of the `workers` may have that before its piece; the last one also that after it.
        """
        pixels = dreamed_pixels(request)
        sizes = sorted(seam_bytes(piece, pixels) for piece in pieces if piece.warm)
        return replace(self, seams=sum(sizes[-workers - 1 :]))

    @classmethod
    def of(cls, request: Film | Clip[Any]) -> Self | None:
        """The room that a checked request takes; None if the number of its frames is unknown."""
        like = _like(request)
        frames = _frames_of(like)
        if frames is None:
            return None
        settings, output = request.settings, request.output
        dreams = 1
        if isinstance(settings, VideoSettings):
            dreams = len(settings.regions)
            share = _dream_share((like.width, like.height), settings.film.dream_size)
        else:
            share = 1.0
        kept = 0 if isinstance(settings, FilmLoop | DreamedLoop) else dreams
        folder = output.path.parent
        there = sum(file.stat().st_size for file in folder_of(output.path).glob("part-*"))
        return cls(
            folder,
            parts=film_bytes(output, like, frames, part=True)
            + round(kept * share * memory_bytes((like.width, like.height), frames)),
            film=film_bytes(output, like, frames),
            there=there,
            free=shutil.disk_usage(folder).free,
        )


def check_room(request: Film | Clip[Any], *, force: bool = False) -> None:
    """Raise DiskFull if the disk plainly cannot hold the parts and the film, unless `force`."""
    room = None if force else Room.of(request)
    if room is not None and SURE * room.needed > room.free:
        if isinstance(request, Film):
            request.reader.close()
        raise DiskFull(
            f"the parts and the film need about {said(room.needed)}, {said(room.free)} are free",
            where=room.folder,
            remedy="make room, use another disk or a smaller --size, or --force",
        )


def film_bytes(output: Output, like: FilmInfo, frames: int, *, part: bool = False) -> int:
    """The bytes of a film, or of its parts, which are lossless if the film is pictures."""
    codec = output.format
    lossless = part and codec.pictures is not None
    bits = BITS["ffv1" if lossless else codec.name]
    if not lossless and output.crf is not None and codec.crf is not None:
        bits *= 2 ** ((codec.crf - output.crf) / HALVED)
    if codec.rgb and like.bits > 8:
        bits *= DEEPER
    total = bits / 8 * like.width * like.height * frames
    if lossless:
        total *= 2  # they are joined before they are converted
    seconds = frames / like.rate
    if output.repeat_to is not None and not part:
        total *= max(1, math.ceil(output.repeat_to / seconds))
    elif like.has_audio and not part and codec.pictures is None:
        total += SOUND * float(seconds)
    return round(total)


def memory_bytes(size: tuple[int, int], frames: int) -> int:
    """The bytes of the memories that are kept with the parts of a film of (width, height)."""
    pixels = size[0] * size[1]
    parts = math.ceil(frames / part_frames(size))
    return (min(parts, 2) + max(0, parts - 2) // KEPT_EVERY) * PLANES * 4 * pixels


def seam_bytes(piece: Shot, pixels: int) -> int:
    """The bytes of the warm-up of a piece: dreams to lead to, and the memory to begin with."""
    return ((piece.fade - 1) * LED_BYTES + PLANES * 4) * pixels


def dreamed_pixels(request: Film) -> int:
    """The pixels of a frame at the size of the dream, in all regions together."""
    size, settings = (request.reader.info.width, request.reader.info.height), request.settings
    share = _dream_share(size, settings.film.dream_size)
    return round(len(settings.regions) * share * size[0] * size[1])


def said(size: float) -> str:
    """A number of bytes in words."""
    unit, name = (1e9, "GB") if size >= 1e9 else (1e6, "MB")
    return f"{size / unit:.1f} {name}"


def _like(request: Film | Clip[Any]) -> FilmInfo:
    """What is known of the film that a request will write."""
    if isinstance(request, Film):
        return request.reader.info
    settings, size = request.settings, request.size
    rate, frames = Fraction(30), None
    if isinstance(settings, ZoomSettings):
        rate, frames = settings.clip.fps, settings.clip.frames
    elif isinstance(settings, DreamedLoop):
        rate = settings.clip.fps
        frames = whole_frames(settings.clip.length, rate)
    return FilmInfo.plain(*size, rate, frames)


def _frames_of(like: FilmInfo) -> int | None:
    if like.frames is not None or like.duration is None:
        return like.frames
    return round(like.duration * like.rate)


def _dream_share(size: tuple[int, int], asked: str | None) -> float:
    """The share of the pixels of a film that is dreamed; by default as on a CPU, which is less."""
    width, height = size
    if asked is None:
        large = width * height > LARGE_FILM
        return min(1.0, (DREAM_LINES / min(size)) ** 2) if large else 1.0
    return 1.0 if asked == FULL_SIZE else min(1.0, (int(asked.split("x")[0]) / width) ** 2)
