"""Convert a finished lossless film to images: an animation, or a numbered file per frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import DreamvidError
from dreamvid.files import settle
from dreamvid.media.child import FfmpegChild, run_ffmpeg
from dreamvid.media.curves import to_linear
from dreamvid.media.formats import tracks_alpha_mode
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.probe import file_url

GIF_RATE: Final = 50
"""Highest frame rate of a GIF: viewers play delays below 2/100 s as 10/100 s."""

LEAST_DELAY: Final = 2
"""Shortest delay of a GIF that viewers honour, in 1/100 s."""

WIDE: Final = frozenset({"linear", "log100", "log316", "smpte2084", "smpte428", "arib-std-b67"})
"""Transfer curves that differ widely from sRGB."""


@dataclass(frozen=True)
class Footage:
    """Properties of the film that is converted to images.

    `source` gives its rate and colours. `times` are the start times of its frames in seconds after
    the first one, `end` is the end time of the last. `alpha` is true if it has transparency.
    """

    source: FilmInfo
    times: Sequence[Fraction]
    end: Fraction
    alpha: bool


def write_pictures(film: Path, target: Output, footage: Footage) -> tuple[int, tuple[str, ...]]:
    """Convert the film at `film` to the image format of the target.

    Works in the folder of `film` and renames at the end. Returns the number of frames in the
    file or files, and notes for the user.
    Raises DreamvidError or DiskFull if the encoder fails or an image is missing.
    """
    pictures = target.format.pictures
    assert pictures is not None
    notes: tuple[str, ...] = (
        (f"{target.format.name} cannot hold audio",) if footage.source.has_audio else ()
    )
    if pictures.numbered:
        return len(footage.times), notes + _write_numbered(film, target, footage)
    frames, draft = len(footage.times), film.with_name("draft")
    if target.format.name == "gif":
        frames = _write_gif(film, draft, target, footage)
        if frames < len(footage.times):
            of = f"{frames} of {len(footage.times)} frames are"
            notes += (f"{of} in the file: a GIF plays at most {GIF_RATE} per second",)
    elif target.format.name == "apng":
        _write_apng(film, draft, target, footage)
    else:
        _write_webp(film, draft, target, footage)
    settle(draft, target.path)
    return frames, notes


def _write_numbered(film: Path, target: Output, footage: Footage) -> tuple[str, ...]:
    """Write the images of a numbered sequence, and delete those of an older one."""
    notes: tuple[str, ...] = ()
    folder, wanted = film.with_name("frames"), len(footage.times)
    folder.mkdir()
    if target.format.name == "exr":
        notes = _write_exr(film, folder, target, footage)
    else:
        _write_png(film, folder, target, footage)
    made = sorted(folder.iterdir())
    if len(made) != wanted:
        raise DreamvidError(f"only {len(made)} of {wanted} images were written", where=target.path)
    older = {file.name for file in target.files()}
    for file in made:
        settle(file, target.folder / file.name)
    for name in older - {file.name for file in made}:  # leftovers would lengthen the sequence
        (target.folder / name).unlink()
    return notes


def _encode(film: Path, options: list[str], draft: Path, target: Output) -> None:
    """Run ffmpeg on the film, keeping every frame once and at its own time."""
    timed = ("-enc_time_base", "demux", "-fps_mode", "passthrough")
    arguments = [*_input(film), *options, *timed, file_url(draft)]
    run_ffmpeg(arguments, where=target.path)


def _input(film: Path) -> list[str]:
    return ["-protocol_whitelist", "file,pipe", "-format_whitelist", "nut", "-i", file_url(film)]


def _write_gif(film: Path, draft: Path, target: Output, footage: Footage) -> int:
    """Write a GIF; returns the number of its frames."""
    # Two passes: one graph with palettegen and paletteuse would hold the whole film in memory.
    palette = film.with_name(
        "palette.nut"
    )  # the image2 muxer would read a % in the path as a number
    reserved = f"palettegen=stats_mode=full:reserve_transparent={int(footage.alpha)}"
    run_ffmpeg(
        [*_input(film), "-vf", reserved, "-c:v", "png", file_url(palette)], where=target.path
    )
    chosen, kept = _honoured(footage)
    # The frame times do not give the last delay: it lasts to the end, in 1/100 s.
    last = min(max(2, _hundredths(footage.end) - _hundredths(kept[-1])), 65535)
    # imageio would reduce the colours of every frame for itself, which flickers.
    graph = f"[0:v]select={chosen}[v];[v][1:v]paletteuse=dither=sierra2_4a"
    loop = str(_loop_count(footage.source.path))
    options = ["-i", file_url(palette), "-filter_complex", graph, "-loop", loop]
    _encode(film, [*options, "-final_delay", str(last), "-f", "gif"], draft, target)
    _count(draft, len(kept), target)
    return len(kept)


def _honoured(footage: Footage) -> tuple[str, list[Fraction]]:
    """The frames of a GIF whose delays viewers honour: as an ffmpeg expression, and their times.

    At a constant rate they are evenly spaced; otherwise all that are far enough from the last one.
    """
    rate = footage.source.rate
    if not footage.source.variable:
        every = max(1, -int(-rate // GIF_RATE))
        return rf"not(mod(n\,{every}))", list(footage.times[::every])
    kept: list[Fraction] = []
    for time in footage.times:
        if not kept or _hundredths(time) - _hundredths(kept[-1]) >= LEAST_DELAY:
            kept.append(time)
    now, last = r"floor(t*100+0.5)", r"floor(prev_selected_t*100+0.5)"
    return rf"isnan(prev_selected_t)+gte({now}-{last}\,{LEAST_DELAY})", kept


def _loop_count(source: Path | None) -> int:
    """How often a GIF made from a source repeats, in ffmpeg's words: 0 always, -1 never.

    As often as the source, if that is a GIF; PyAV does not tell.
    """
    if source is None or source.suffix.lower() != ".gif" or not source.is_file():
        return 0
    import imageio.v3 as iio

    return int(iio.immeta(source, plugin="pillow", index=0).get("loop", -1))


def _hundredths(time: Fraction) -> int:
    return int(time * 100 + Fraction(1, 2))


def _write_apng(film: Path, draft: Path, target: Output, footage: Footage) -> None:
    last = footage.end - footage.times[-1]
    options = ["-vf", _png_tags(footage), "-pix_fmt", _png_pixels(target, footage)]
    options += ["-c:v", "apng", "-pred", "mixed", "-plays", "0"]
    _encode(film, [*options, "-final_delay", str(last), "-f", "apng"], draft, target)
    _count(draft, len(footage.times), target)


def _write_webp(film: Path, draft: Path, target: Output, footage: Footage) -> None:
    options = ["-pix_fmt", "bgra", "-c:v", "libwebp_anim", "-quality", "90", "-loop", "0"]
    _encode(film, [*options, "-f", "webp"], draft, target)
    set_last_delay(draft, round(footage.end * 1000))


def set_last_delay(webp: Path, length: int) -> None:
    """Set the last delay of an animated WebP so that it lasts `length` milliseconds in total.

    The encoder has no such option. A file without animation (one frame, or identical frames) is
    left unchanged.
    """
    with webp.open("r+b") as file:
        place, total, last, size = None, 0, 0, webp.stat().st_size
        file.seek(12)
        while file.tell() + 24 <= size:  # RIFF chunks: name, length, data, padded to even length
            name, data = file.read(4), int.from_bytes(file.read(4), "little")
            start = file.tell()
            if name == b"ANMF":
                file.seek(start + 12)
                place, last = start + 12, int.from_bytes(file.read(3), "little")
                total += last
            file.seek(start + data + data % 2)
        if place is not None:
            file.seek(place)
            file.write(min(max(1, length - total + last), 2**24 - 1).to_bytes(3, "little"))


def _write_png(film: Path, folder: Path, target: Output, footage: Footage) -> None:
    options = ["-vf", _png_tags(footage), "-pix_fmt", _png_pixels(target, footage), "-c:v", "png"]
    _encode(film, [*options, "-f", "image2"], _numbered(folder, target), target)


def _png_pixels(target: Output, footage: Footage) -> str:
    if target.format.is_deep(footage.source.bits):
        return "rgba64be" if footage.alpha else "rgb48be"
    return "rgba" if footage.alpha else "rgb24"


def _png_tags(footage: Footage) -> str:
    """Tag images as sRGB if the film's transfer curve is displayed like sRGB, as most are.

    An image tagged with a camera curve looks different from the film in some viewers.
    """
    colour = footage.source.colour
    transfer = colour.transfer if colour.transfer in WIDE else "iec61966-2-1"
    return f"setparams=color_primaries={colour.primaries}:color_trc={transfer}"


def _numbered(folder: Path, target: Output) -> Path:
    return Path(str(folder).replace("%", "%%")) / target.path.name


def _write_exr(film: Path, folder: Path, target: Output, footage: Footage) -> tuple[str, ...]:
    """Write half floats in linear light with premultiplied alpha, as OpenEXR specifies."""
    child: FfmpegChild | None = None
    try:
        with av.open(file_url(film)) as container:
            for frame in container.decode(video=0):
                planes = _light(frame.to_ndarray(format="rgba64le" if footage.alpha else "rgb48le"))
                child = child or _exr_child(planes, folder, target)
                child.write(planes)
        if child is not None:
            child.finish()
    finally:
        if child is not None:
            child.kill()
    transfer = footage.source.transfer
    odd = f"linearised with the sRGB curve, but the film uses {transfer}"
    return (odd,) if transfer in WIDE else ()


def _light(array: NDArray[Any]) -> NDArray[np.float32]:
    """Convert [H, W, 3 or 4] to planes G, B, R and A, premultiplied."""
    planes = to_linear(np.ascontiguousarray(array[..., (1, 2, 0)].transpose(2, 0, 1)))
    if array.shape[2] == 3:
        return planes
    alpha = (array[..., 3] / np.float32(65535))[None]
    return np.concatenate([planes * alpha, alpha])


def _exr_child(planes: NDArray[np.float32], folder: Path, target: Output) -> FfmpegChild:
    alpha = len(planes) == 4
    marked = ["-vf", "setparams=alpha_mode=premultiplied"] if alpha and tracks_alpha_mode() else []
    pixels = "gbrapf32le" if alpha else "gbrpf32le"
    arguments = [
        *("-protocol_whitelist", "file,pipe", "-f", "rawvideo", "-pix_fmt", pixels),
        *("-video_size", f"{planes.shape[2]}x{planes.shape[1]}", "-i", "pipe:0"),
        *(*marked, "-c:v", "exr", "-format", "half", "-compression", "zip16"),
        *("-fps_mode", "passthrough", "-f", "image2", file_url(_numbered(folder, target))),
    ]
    return FfmpegChild(arguments, where=target.path, frame_bytes=planes.nbytes)


def _count(draft: Path, frames: int, target: Output) -> None:
    """Raise DreamvidError unless an animation has exactly `frames` frames."""
    with av.open(file_url(draft)) as container:
        found = sum(1 for packet in container.demux(video=0) if packet.size)
    if found != frames:
        raise DreamvidError(f"the file holds only {found} of {frames} frames", where=target.path)
