"""Put a film together: its encoded parts end to end, at exact times, with what goes beside them."""

from __future__ import annotations

import contextlib
import errno
import heapq
import math
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, TypeAlias

import av
import av.error
from av.packet import Packet
from av.video.stream import VideoStream

from dreamvid.errors import DiskFull, DreamvidError, UsageError
from dreamvid.media.formats import CODECS, CONTAINERS, is_pictures
from dreamvid.media.info import FilmInfo
from dreamvid.media.parts import PartTable
from dreamvid.media.pictures import write_pictures
from dreamvid.media.probe import file_url
from dreamvid.media.target import Target
from dreamvid.media.tracks import SideTracks

FINEST_CLOCK: Final = 50_000_000
"""Ticks a second that an mp4's film clock may have, so that its 32-bit lengths last a minute."""

Stamped: TypeAlias = "tuple[Fraction, Packet[Any]]"


def assemble(
    parts: Sequence[Path],
    target: str | Path,
    *,
    source: FilmInfo,
    overwrite: bool = False,
    complete: bool = True,
) -> tuple[str, ...]:
    """Put the parts of a film end to end, without encoding them again, and give it its sound.

    Sound, subtitles, chapters and metadata come from the file of `source`, moved to where the
    picture begins and cut where it ends when it was cut. With `complete` False the parts are the
    beginning of the film, and the sound ends with them. Outputs made of pictures (.gif, .webp,
    frame_%05d.png) are encoded here, from lossless parts. The target appears when every frame is in
    it. Returns what a user should know, e.g. that a track did not fit the container.

    Raises OutputExists, UsageError, DiskFull, or DreamvidError when the parts do not fit together.
    """
    if not parts:
        raise UsageError("there is no part to put together", where=target)
    film = _Film(parts, source, complete=complete)
    place = Target(target, codec=film.codec.name, source=source.path, overwrite=overwrite)
    try:
        with place.workshop() as folder:
            if is_pictures(place.path):
                film.write(folder / "film.nut", "nut", None)
                return write_pictures(folder / "film.nut", place, film.frames)
            draft = folder / place.path.name
            with SideTracks(source, folder, until=film.end if film.cut else None) as sides:
                film.write(draft, CONTAINERS[place.path.suffix.lower()], sides)
            _count(draft, film.frames)
            os.replace(draft, place.path)
            return sides.notes
    except (av.error.FFmpegError, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise DiskFull("no space left", where=place.folder, remedy="make room") from error
        raise DreamvidError(f"cannot be written ({error})", where=place.path) from error


class _Film:
    """The plan of one film's picture: its clock, and its packets in order."""

    def __init__(self, parts: Sequence[Path], source: FilmInfo, *, complete: bool) -> None:
        self._parts, self._source = parts, source
        self._tables = [PartTable.load(part) for part in parts]
        first = self._tables[0]
        if any((t.codec, t.tick) != (first.codec, first.tick) for t in self._tables):
            raise DreamvidError("parts of different films", where=parts[0], remedy="start anew")
        self.codec, self._tick = CODECS[first.codec], first.tick
        offset = round((source.start - source.origin) / self._tick)
        self._times = [offset + tick for table in self._tables for tick in table.ticks]
        if any(b <= a for a, b in zip(self._times, self._times[1:], strict=False)):
            raise DreamvidError("the parts are not in order", where=parts[0], remedy="start anew")
        self.frames = len(self._times)
        self.cut = source.cut_out or not complete
        self._step = max(1, round(1 / (source.rate * self._tick)))
        self._end = self._times[-1] + self._step
        if source.duration is not None and not self.cut:
            told = offset + int(source.duration / self._tick)
            self._end = told if told > self._times[-1] else self._end
        self._delay = max(n - r for table in self._tables for n, r in enumerate(table.ranks))

    @property
    def end(self) -> Fraction:
        """The moment at which the last frame ends, in seconds of the finished film."""
        return self._end * self._tick

    def write(self, path: Path, container: str, sides: SideTracks | None) -> None:
        """Write the film to `path`."""
        options = self._quicktime_options(sides) if container in ("mp4", "mov") else {}
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(
                av.open(file_url(path), "w", format=container, container_options=options)
            )
            first = stack.enter_context(av.open(file_url(self._parts[0])))
            template = first.streams.video[0]
            picture = out.add_stream_from_template(template, opaque=True)
            picture.time_base = self._tick
            picture.codec_context.framerate = self._source.rate
            if container in ("mp4", "mov"):
                picture.codec_context.codec_tag = self.codec.tag or template.codec_tag
            flows = [self._packets(picture, bytes(template.codec_context.extradata or b""))]
            if sides is not None:
                flows.append(sides.join(out, container))
            for _, packet in heapq.merge(*flows, key=lambda stamped: stamped[0]):
                out.mux_one(packet)

    def _quicktime_options(self, sides: SideTracks | None) -> dict[str, str]:
        """Set the index first, and a film clock in which every track can begin exactly in time.

        The usual film clock of 1000 ticks a second moves a track that does not begin at zero.
        """
        clocks = [self._tick.denominator, *([] if sides is None else sides.clocks())]
        scale = math.lcm(*clocks)
        scale = scale if scale <= FINEST_CLOCK else self._tick.denominator
        return {"movflags": "+faststart", "movie_timescale": str(scale)}

    def _packets(self, stream: VideoStream, headers: bytes) -> Iterator[Stamped]:
        """Yield the packets of all parts in the order of decoding, with the times of the film."""
        done = 0
        for part, table in zip(self._parts, self._tables, strict=True):
            with av.open(file_url(part)) as container:
                video = container.streams.video[0]
                if bytes(video.codec_context.extradata or b"") != headers:
                    raise DreamvidError("the parts were encoded differently", where=part)
                packets = (packet for packet in container.demux(video) if packet.size)
                for n, (rank, packet) in enumerate(zip_longest(table.ranks, packets)):
                    if rank is None or packet is None:
                        raise DreamvidError("a damaged part", where=part, remedy="render it again")
                    self._stamp(packet, done + n, done + rank)
                    packet.stream = stream
                    yield packet.dts * self._tick, packet  # type: ignore[operator]
            done += len(table.ticks)

    def _stamp(self, packet: Packet[Any], decoded: int, shown: int) -> None:
        """Give the `decoded`-th packet of the film, whose frame is the `shown`-th, its times."""
        after = self._times[shown + 1] if shown + 1 < self.frames else self._end
        packet.time_base = self._tick
        packet.pts = self._times[shown]
        packet.dts = self._decoding_time(decoded)
        packet.duration = after - packet.pts

    def _decoding_time(self, n: int) -> int:
        """When the n-th packet is decoded: in order, and never after its own frame is shown.

        The encoder's own decoding times fit only the part they were made for.
        """
        if n >= self._delay:
            return self._times[n - self._delay]
        return self._times[0] - (self._delay - n) * self._step


def _count(path: Path, frames: int) -> None:
    """Raise DreamvidError unless the film at `path` has so many frames."""
    with av.open(file_url(path)) as container:
        stream = container.streams.video[0]
        found = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
    if found != frames:
        raise DreamvidError(f"only {found} of {frames} frames arrived in the film", where=path)
