"""Find out from a film's first frame what has to be done to it, and what it then is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from av.video.frame import VideoFrame

from dreamvid.media.decode import FilmDecoder
from dreamvid.media.graph import Look
from dreamvid.media.info import MATRICES, PRIMARIES, TRANSFERS, UNKNOWN, Colour, FilmInfo

TURNS = {0: (), 90: ("transpose=cclock",), 180: ("hflip", "vflip"), 270: ("transpose=clock",)}
"""Filters that turn a picture counter-clockwise by so many degrees."""


@dataclass(frozen=True)
class View:
    """What to do to a film's frames, what they then are, and what to tell the user about it."""

    look: Look
    info: FilmInfo
    warnings: tuple[str, ...]

    def trimmed(self, until: Fraction | None, frames: int | None, *, started: bool) -> FilmInfo:
        """Describe the film cut in (`started`), cut at `until` seconds, or after `frames`."""
        info = self.info
        if started:
            info = replace(info, origin=info.start)
        duration, count = info.duration, info.frames
        if until is not None:
            duration = until if duration is None else min(until, duration)
        if duration is not None and (started or until is not None):
            estimate = -int(-duration * info.rate // 1)
            count = estimate if count is None else min(estimate, count)
        if frames is not None:
            count = frames if count is None else min(frames, count)
            length = frames / info.rate
            duration = length if duration is None else min(duration, length)
        cut = until is not None or frames is not None
        return replace(info, duration=duration, frames=count, cut_out=cut)


def inspect(
    decoder: FilmDecoder,
    head: tuple[Fraction, VideoFrame],
    *,
    width: int | None,
    height: int | None,
) -> View:
    """Look at a film's first frame kept and plan its way to an upright RGB picture."""
    time, frame = head
    stream, pixels = decoder.stream, frame.format
    warnings: list[str] = []
    deinterlace = frame.interlaced_frame
    if deinterlace:
        warnings.append("interlaced, so deinterlaced with bwdif")
    alpha = any(c.is_alpha for c in pixels.components)
    if alpha:
        warnings.append("the alpha channel is dropped")
    deep = max((c.bits for c in pixels.components), default=8) > 8
    turn = TURNS.get(round(frame.rotation / 90) * 90 % 360, ())
    if turn:
        warnings.append(f"turned upright by {frame.rotation % 360} degrees")
    sideways = len(turn) == 1
    size = _size(frame, stream.sample_aspect_ratio, sideways, width, height)
    colour = _colour(frame)
    look = Look(
        width=size[1] if sideways else size[0],
        height=size[0] if sideways else size[1],
        matrix=colour.working_matrix(frame.height),
        full_range=bool(colour.full_range),
        turn=turn,
        deinterlace=deinterlace,
        deep=deep,
    )
    length = None if stream.duration is None else stream.duration * decoder.time_base
    rest = None if length is None else max(Fraction(0), length + decoder.first_time - time)
    expected = stream.frames or (None if length is None else round(length * decoder.rate))
    zero = decoder.clock_zero
    info = FilmInfo(
        path=decoder.path,
        width=size[0],
        height=size[1],
        rate=decoder.rate,
        time_base=decoder.time_base,
        variable=stream.average_rate is not None and stream.average_rate != decoder.rate,
        frames=expected or None,
        duration=rest,
        start=time,
        origin=zero,
        bits=10 if deep else 8,
        colour=colour,
        source_lines=frame.height,
        has_audio=bool(decoder.container.streams.audio),
        has_subtitles=bool(decoder.container.streams.subtitles),
        has_alpha=alpha,
    )
    return View(look, info, tuple(warnings))


def _colour(frame: VideoFrame) -> Colour:
    full = frame.color_range == 2 or frame.format.name.startswith("yuvj")
    return Colour(
        matrix=MATRICES.get(int(frame.colorspace), UNKNOWN),
        primaries=PRIMARIES.get(int(frame.color_primaries), UNKNOWN),
        transfer=TRANSFERS.get(int(frame.color_trc), UNKNOWN),
        full_range=True if full else (False if frame.color_range == 1 else None),
    )


def _size(
    frame: VideoFrame,
    aspect: Fraction | None,
    sideways: bool,
    width: int | None,
    height: int | None,
) -> tuple[int, int]:
    """Give the size of the finished picture: pixels squared along the line, turned, then fitted."""
    shape = Fraction(frame.width, frame.height) * (aspect or 1)
    own_width, own_height = frame.width, frame.height
    if aspect and aspect != 1:
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
