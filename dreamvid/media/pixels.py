"""The filters that convert RGB frames to the pixel format of a codec."""

from __future__ import annotations

from typing import Final

from dreamvid.media.codecs import Codec
from dreamvid.media.formats import filters
from dreamvid.media.info import MATRICES, UNKNOWN, FilmInfo

SUBSAMPLING_FLAGS: Final = "lanczos+accurate_rnd+full_chroma_int"
"""Flags for chroma subsampling; lanczos best inverts the bicubic upsampling of the reader."""


def raw_format(*, deep: bool, alpha: bool) -> str:
    """Return the pixel format in which frames are passed to ffmpeg."""
    return ("rgba64le" if alpha else "rgb48le") if deep else ("rgba" if alpha else "rgb24")


def padded_size(codec: Codec, size: tuple[int, int]) -> tuple[int, int]:
    """Return the smallest (width, height) that the codec supports and that contains `size`."""
    width, height = size
    return _up(width, codec.multiple[0]), _up(height, codec.multiple[1])


def to_codec(
    codec: Codec, like: FilmInfo, size: tuple[int, int], *, alpha: bool = False
) -> list[str]:
    """Return the filters that convert RGB frames of `size`, with or without alpha, for the codec.

    They pad by repeating the right and bottom edge, and tag the frames with the film's colours.
    """
    return [*_padding(size, padded_size(codec, size)), *_colouring(codec, like, alpha=alpha)]


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def _padding(size: tuple[int, int], padded: tuple[int, int]) -> list[str]:
    if size == padded:
        return []
    edge = f"right={padded[0] - size[0]}:bottom={padded[1] - size[1]}"
    return [f"pad={padded[0]}:{padded[1]}", f"fillborders={edge}:mode=smear"]


def _colouring(codec: Codec, like: FilmInfo, *, alpha: bool) -> list[str]:
    """Convert RGB to the codec's pixel format and tag it.

    The matrix is applied by zscale: the RGB to full-range YUV conversion of swscale is half a
    level off in chroma. The tags are set on the frames: ffmpeg 9 ignores the output options.
    """
    pixels, colour = codec.pixel_format(like.bits, alpha=alpha), like.colour
    primaries = f"color_primaries={colour.primaries}:color_trc={colour.transfer}"
    if codec.rgb:
        return [f"format={pixels}", f"setparams={primaries}"]
    matrix = colour.working_matrix(like.height)
    span = "full" if colour.full_range else "limited"
    scale = f"scale=flags={SUBSAMPLING_FLAGS}:in_range={span}:out_range={span}"
    scale += f":in_color_matrix={matrix}:out_color_matrix={matrix}"
    if "zscale" in filters():
        number = next(n for n, name in MATRICES.items() if name == matrix)
        deep = like.bits > 8 or pixels.endswith("10le")
        whole = f"yuv{'a' if alpha else ''}444p{'10le' if deep else ''}"
        steps = [f"zscale=matrix={number}:range={span}:dither=none", f"format={whole}", scale]
    else:
        steps = [scale.partition(":in_range")[0] + f":out_range={span}:out_color_matrix={matrix}"]
    tagged = "" if colour.matrix == UNKNOWN else f"colorspace={colour.matrix}:"
    untagged = "colorspace=unknown:" if not tagged else ""
    kept = "unknown" if colour.full_range is None else span
    return [*steps, f"format={pixels}", f"setparams={tagged or untagged}range={kept}:{primaries}"]
