"""Derive from the first frame of a film how to convert its frames, and the resulting FilmInfo."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from av.sidedata.sidedata import SideData, Type
from av.video.frame import VideoFrame

from dreamvid.media.decode import Decoder, Timed
from dreamvid.media.graph import LINEAR, LINEAR_ALPHA, Look
from dreamvid.media.info import MATRICES, PRIMARIES, REC709, TRANSFERS, UNKNOWN, Colour, FilmInfo

UPRIGHT: Final = {
    (-1, 0, 0, 1): ("hflip",),
    (1, 0, 0, -1): ("vflip",),
    (-1, 0, 0, -1): ("hflip", "vflip"),
    (0, 1, -1, 0): ("transpose=clock",),
    (0, -1, 1, 0): ("transpose=cclock",),
    (0, 1, 1, 0): ("transpose=cclock_flip",),
    (0, -1, -1, 0): ("transpose=clock_flip",),
}
"""The filters that apply a display matrix, by the signs of its four rotation entries."""

TURNED: Final = {-90: UPRIGHT[0, 1, -1, 0], 90: UPRIGHT[0, -1, 1, 0], -180: UPRIGHT[-1, 0, 0, -1]}
"""The same by counter-clockwise degrees, if PyAV does not expose the matrix."""


USUAL: Final = {
    "bt709": ("bt709", "bt709"),
    "smpte170m": ("smpte170m", "smpte170m"),
    "bt470bg": ("bt470bg", "smpte170m"),
}
"""The primaries and the transfer curve of films that tell only their matrix."""


@dataclass(frozen=True)
class Treatment:
    """How to convert the frames of a film, the resulting FilmInfo, and warnings for the user.

    `assumed` are the colour tags that the film lacks, in words; empty if it has all. `transparent`
    is true if the frames show transparency.
    """

    look: Look
    info: FilmInfo
    warnings: tuple[str, ...]
    assumed: str
    transparent: bool

    def trimmed(self, until: Fraction | None, frames: int | None, *, started: bool) -> FilmInfo:
        """Return the info of the film trimmed at the start, at `until`, or to `frames`."""
        info = self.info
        if started:
            info = replace(info, origin=info.start)
        duration, count = info.duration, info.frames
        if until is not None:
            duration = until if duration is None else min(until, duration)
        if duration is not None and (started or until is not None):
            estimate = max(1, -int(-duration * info.rate // 1))
            count = estimate if count is None else min(estimate, count)
        if frames is not None:
            count = frames if count is None else min(frames, count)
            length = frames / info.rate
            duration = length if duration is None else min(duration, length)
        cut = until is not None or frames is not None
        return replace(info, duration=duration, frames=count, cut_out=cut)


def inspect(
    decoder: Decoder,
    head: Timed,
    *,
    width: int | None,
    height: int | None,
    on_black: bool = True,
) -> Treatment:
    """Plan the conversion to upright RGB from the first frame kept.

    Unless `on_black`, the alpha channel of floating-point frames is read as well. Frames with alpha
    are not scaled: the arbitrary colours of clear pixels would bleed into their neighbours.
    """
    time, frame = head
    facts, turn = decoder.facts, upright(frame)
    sideways = any(step.startswith("transpose") for step in turn)
    size = _size(frame, facts.aspect, sideways, width, height)
    colour, bits = _colour(frame), max(c.bits for c in frame.format.components)
    alpha = facts.some_alpha or _stores_alpha(frame)
    deep = "" if bits <= 8 else _deep_format(frame, bits, alpha=alpha, on_black=on_black)
    alpha = alpha and deep != LINEAR
    scaled = size[::-1] if sideways else size
    look = Look(
        width=frame.width if alpha else scaled[0],
        height=frame.height if alpha else scaled[1],
        matrix=colour.working_matrix(frame.height),
        full_range=bool(colour.full_range),
        turn=turn,
        deinterlace=bool(frame.interlaced_frame),
        deep=deep,
        alpha=alpha,
    )
    passed = time - decoder.first_time
    info = FilmInfo(
        path=decoder.path,
        width=size[0],
        height=size[1],
        rate=facts.rate,
        time_base=facts.time_base,
        variable=facts.variable,
        frames=facts.frames,
        duration=None if facts.duration is None else max(Fraction(0), facts.duration - passed),
        start=time,
        origin=facts.clock_zero,
        bits=10 if bits > 8 else 8,
        colour=_written(frame, colour),
        has_audio=facts.has_audio,
        has_alpha=facts.has_alpha or facts.some_alpha or has_alpha(frame),
    )
    transparent = facts.some_alpha or _stores_alpha(frame)
    notes = _warnings(frame, info, turn, facts.aspect, transparent)
    return Treatment(look, info, notes, _assumed(frame, colour), transparent and info.has_alpha)


def upright(frame: VideoFrame) -> tuple[str, ...]:
    """Return the filters that rotate a frame as its file specifies."""
    data = side_data(frame).get(Type.DISPLAYMATRIX)
    if data is None:
        return TURNED.get(frame.rotation, ())
    a, b, _, c, d = struct.unpack("=9i", bytes(data))[:5]
    largest = max(abs(a), abs(b), 1)
    signs = tuple(round(value / largest) for value in (a, b, c, d))
    return UPRIGHT.get(signs, ())


def side_data(frame: VideoFrame) -> Mapping[Type, SideData]:
    """Side data of a frame; empty if PyAV does not know a type, such as EXIF in PyAV 18."""
    try:
        return frame.side_data  # type: ignore[return-value]
    except ValueError:
        return {}


def has_alpha(frame: VideoFrame) -> bool:
    """Whether a frame has an alpha channel; in a palette, whether any pixel is transparent."""
    if frame.format.name in ("bgra", "pal8"):  # what every GIF, and many a PNG, is decoded to
        return bool(frame.to_ndarray(format="rgba")[..., 3].min() < 255)
    return _stores_alpha(frame)


def _stores_alpha(frame: VideoFrame) -> bool:
    components = frame.format.components
    return frame.format.name == "pal8" or any(component.is_alpha for component in components)


def _warnings(
    frame: VideoFrame, info: FilmInfo, turn: tuple[str, ...], aspect: Fraction, transparent: bool
) -> tuple[str, ...]:
    beside = side_data(frame)
    light = (Type.MASTERING_DISPLAY_METADATA, Type.CONTENT_LIGHT_LEVEL)
    notes = (
        (frame.interlaced_frame, "interlaced: deinterlaced with bwdif"),
        (info.has_alpha and not transparent, "the alpha channel is dropped"),
        (
            any(map(beside.get, light)),
            "HDR10 mastering display and light level metadata is dropped",
        ),
        (bool(turn), "rotated as the file specifies"),
        (
            aspect != 1,
            f"pixels of {aspect.numerator}:{aspect.denominator} were converted to square pixels",
        ),
    )
    return tuple(text for holds, text in notes if holds)


def _deep_format(frame: VideoFrame, bits: int, *, alpha: bool, on_black: bool) -> str:
    if bits > 16 or "f16" in frame.format.name:
        return LINEAR_ALPHA if alpha and not on_black else LINEAR
    if frame.format.is_rgb or frame.format.name.startswith(("gray", "ya", "xyz")):
        return "rgba64le" if alpha else "rgb48le"
    return (
        f"yuv{'a' if alpha else ''}444p{next(depth for depth in (10, 12, 16) if bits <= depth)}le"
    )


def _colour(frame: VideoFrame) -> Colour:
    """Read how the frame's values are to be understood."""
    full = frame.color_range == 2 or frame.format.name.startswith("yuvj")
    return Colour(
        matrix=MATRICES.get(int(frame.colorspace), UNKNOWN),
        primaries=PRIMARIES.get(int(frame.color_primaries), UNKNOWN),
        transfer=TRANSFERS.get(int(frame.color_trc), UNKNOWN),
        full_range=True if full else (False if frame.color_range == 1 else None),
    )


def _written(frame: VideoFrame, colour: Colour) -> Colour:
    """Return the colour tags of a film made from these frames.

    They are those of the source. What it does not tell is tagged as it was read: players may guess
    otherwise, at another size or from another container. Sources that are not YUV become
    BT.709.
    """
    if not _is_yuv(frame):
        return REC709
    matrix = colour.working_matrix(frame.height)
    primaries, transfer = USUAL.get(matrix, (UNKNOWN, UNKNOWN))
    return Colour(
        matrix=matrix,
        primaries=primaries if colour.primaries == UNKNOWN else colour.primaries,
        transfer=transfer if colour.transfer == UNKNOWN else colour.transfer,
        full_range=bool(colour.full_range),
    )


def _assumed(frame: VideoFrame, colour: Colour) -> str:
    """List the colour tags that a YUV film lacks, with the values that it is read and tagged by."""
    if not _is_yuv(frame):
        return ""
    written = _written(frame, colour)
    tags = [
        f"{name} {getattr(written, name)}"
        for name in ("matrix", "primaries", "transfer")
        if getattr(colour, name) != getattr(written, name)
    ]
    tags += ["limited range"] if colour.full_range is None else []
    return f"not tagged, so assumed: {', '.join(tags)}" if tags else ""


def _is_yuv(frame: VideoFrame) -> bool:
    others = ("gray", "pal", "ya", "mono", "xyz")
    return not (frame.format.is_rgb or frame.format.name.startswith(others))


def _size(
    frame: VideoFrame,
    aspect: Fraction,
    sideways: bool,
    width: int | None,
    height: int | None,
) -> tuple[int, int]:
    """Return the output size: square pixels (by changing the width), rotated, then scaled."""
    shape = Fraction(frame.width, frame.height) * aspect
    own_width, own_height = frame.width, frame.height
    if aspect != 1:
        own_width = _even(frame.height * shape)
    if sideways:
        own_width, own_height, shape = own_height, own_width, 1 / shape
    if width and height:
        return width, height
    if width:
        return width, own_height if width == own_width else _even(width / shape)
    if height:
        return own_width if height == own_height else _even(height * shape), height
    return own_width, own_height


def _even(value: Fraction) -> int:
    return max(2, round(value / 2) * 2)
