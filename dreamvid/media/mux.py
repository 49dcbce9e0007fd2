"""Put a film together: encoded parts end to end, and the source's sound, subtitles and words."""

from __future__ import annotations

import contextlib
import errno
import heapq
import os
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeAlias

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from dreamvid.errors import DiskFull, DreamvidError
from dreamvid.media.formats import CODECS
from dreamvid.media.info import FilmInfo
from dreamvid.media.parts import PartTable
from dreamvid.media.probe import file_url, open_input
from dreamvid.media.target import Target

FORMATS: Final = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".ts": "mpegts",
    ".avi": "avi",
    ".nut": "nut",
}
QUICKTIME: Final = frozenset({"mp4", "mov"})
OWN_WORDS: Final = frozenset(
    {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "rotate"}
)
"""Metadata that describes the source file itself and would be wrong in another."""

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

    Sound, subtitles, chapters and metadata come from the file of `source`, moved to where the picture
    begins and cut where it ends when it was cut. With `complete` False the parts are the beginning
    of the film, and the sound ends with them. The target appears when every frame is in it.
    Returns what a user should know, e.g. that a track did not fit the container.

    Raises OutputExists, UsageError, DiskFull, or DreamvidError when the parts do not fit together.
    """
    tables = [PartTable.load(part) for part in parts]
    place = Target(target, codec=tables[0].codec, source=source.path, overwrite=overwrite)
    handle, name = tempfile.mkstemp(
        prefix=f".{place.path.stem[:40]}-", suffix=place.path.suffix, dir=place.folder
    )
    os.close(handle)
    draft = Path(name)
    try:
        plan = _Film(parts, tables, source, complete=complete)
        notes = plan.write(draft)
        _count(draft, plan.frames)
        os.chmod(draft, 0o666 & ~_umask())
        os.replace(draft, place.path)
    except (av.error.FFmpegError, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise DiskFull("no space left", where=place.folder, remedy="make room") from error
        raise DreamvidError(f"cannot be written ({error})", where=place.path) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
    return notes


class _Film:
    """The plan of one film: its clock, its packets in order, and the tracks beside the picture."""

    def __init__(
        self,
        parts: Sequence[Path],
        tables: Sequence[PartTable],
        source: FilmInfo,
        *,
        complete: bool,
    ) -> None:
        self._parts, self._tables, self._source = parts, tables, source
        self._tick = tables[0].tick
        self._offset = int((source.start - source.origin) / self._tick)
        self._times = [self._offset + tick for table in tables for tick in table.ticks]
        self._step = max(1, round(1 / (source.rate * self._tick)))
        self._delay = max(n - r for t in tables for n, r in enumerate(t.ranks))
        self._cut = source.cut_out or not complete
        self.frames = len(self._times)
        self._notes: list[str] = []

    @property
    def _end(self) -> int:
        """The tick at which the last frame ends: where the source says, or after a usual frame."""
        length, last = self._source.duration, self._times[-1]
        if length is None or self._cut:
            return last + self._step
        return max(
            last + 1,
            self._offset + int(length / self._tick),
        )

    def write(self, path: Path) -> tuple[str, ...]:
        """Write the film to `path` and say what the user should know."""
        kind = FORMATS[path.suffix.lower()]
        options = {"movflags": "+faststart"} if kind in QUICKTIME else {}
        source = self._source
        with contextlib.ExitStack() as stack:
            sides = stack.enter_context(open_input(source.path)) if source.path else None
            out = stack.enter_context(
                av.open(file_url(path), "w", format=kind, container_options=options)
            )
            first = stack.enter_context(av.open(file_url(self._parts[0])))
            picture = out.add_stream_from_template(first.streams.video[0], opaque=True)
            picture.time_base = self._tick
            codec = CODECS[self._tables[0].codec]
            picture.codec_context.codec_tag = codec.tag or first.streams.video[0].codec_tag
            tracks = {} if sides is None else self._tracks(sides, out)
            if sides is not None:
                _words(sides, out, source)
            flows = [self._picture(picture)]
            if sides is not None and tracks:
                flows.append(self._sides(sides, tracks))
            for _, packet in heapq.merge(*flows, key=lambda stamped: stamped[0]):
                out.mux_one(packet)
        return tuple(self._notes)

    def _picture(self, stream: Stream) -> Iterator[Stamped]:
        """Yield the packets of all parts in the order of decoding, with the times of the film."""
        done = 0
        for part, table in zip(self._parts, self._tables, strict=True):
            with av.open(file_url(part)) as container:
                packets = (p for p in container.demux(container.streams.video[0]) if p.size)
                for n, (rank, packet) in enumerate(zip(table.ranks, packets, strict=True)):
                    shown = done + rank
                    pts = self._times[shown]
                    after = self._times[shown + 1] if shown + 1 < self.frames else self._end
                    packet.stream = stream
                    packet.time_base = self._tick
                    packet.pts, packet.dts = pts, self._decoding_time(done + n)
                    packet.duration = after - pts
                    yield packet.dts * self._tick, packet
            done += len(table.ticks)

    def _decoding_time(self, n: int) -> int:
        """When the n-th packet of the film is decoded: never after any frame it is needed for."""
        if n >= self._delay:
            return self._times[n - self._delay]
        return self._times[0] - (self._delay - n) * self._step

    def _tracks(self, sides: InputContainer, out: OutputContainer) -> dict[int, Stream]:
        tracks: dict[int, Stream] = {}
        for stream in (*sides.streams.audio, *sides.streams.subtitles):
            try:
                track = out.add_stream_from_template(stream, opaque=True)
            except (ValueError, av.error.FFmpegError):
                self._notes.append(
                    f"the {stream.type} track ({stream.codec_context.name}) does not fit "
                    f"a .{out.format.name} file and is left out"
                )
                continue
            track.time_base = stream.time_base
            track.metadata.update(stream.metadata)
            track.disposition = stream.disposition
            tracks[stream.index] = track
        return tracks

    def _sides(self, sides: InputContainer, tracks: dict[int, Stream]) -> Iterator[Stamped]:
        origin = self._source.origin
        end = (self._end * self._tick) if self._cut else None
        last: dict[int, int] = {}
        for packet in sides.demux(*(sides.streams[index] for index in tracks)):
            stamp = packet.pts if packet.pts is not None else packet.dts
            if not packet.size or stamp is None:
                continue
            index, base = packet.stream.index, packet.time_base
            shift = round(origin / base)
            time = (stamp - shift) * base
            if (origin and time < 0) or (end is not None and time >= end):
                continue
            packet.pts = stamp - shift
            packet.dts = packet.pts if packet.dts is None else packet.dts - shift
            packet.dts = max(packet.dts, last.get(index, packet.dts - 1) + 1)
            last[index] = packet.dts
            packet.stream = tracks[index]
            yield packet.dts * base, packet


def _words(sides: InputContainer, out: OutputContainer, source: FilmInfo) -> None:
    """Copy metadata and chapters."""
    for key, value in sides.metadata.items():
        if key.lower() not in OWN_WORDS:
            out.metadata[key] = value
    chapters = []
    for chapter in sides.chapters():
        base = chapter["time_base"] or Fraction(1, 1000)
        shift = round(source.origin / base)
        start, end = max(0, chapter["start"] - shift), chapter["end"] - shift
        if end > start:
            chapters.append(chapter | {"start": start, "end": end})
    if chapters:
        out.set_chapters(chapters)  # type: ignore[arg-type]


def _count(path: Path, frames: int) -> None:
    """Raise DreamvidError unless the film at `path` has so many frames."""
    with av.open(file_url(path)) as container:
        stream = container.streams.video[0]
        found = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
    if found != frames:
        raise DreamvidError(f"{found} of {frames} frames arrived", where=path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
