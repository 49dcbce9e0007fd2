"""Mux a film: concatenate its encoded parts at exact times and add audio and other tracks."""

from __future__ import annotations

import bisect
import contextlib
import errno
import heapq
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from dreamvid.errors import DiskFull, DreamvidError, UsageError
from dreamvid.files import settle
from dreamvid.media.formats import CODECS, CONTAINERS
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.parts import PartTable
from dreamvid.media.pictures import Footage, write_pictures
from dreamvid.media.probe import file_url, reason
from dreamvid.media.tracks import SideTracks

FINEST_CLOCK: Final = 50_000_000
"""Highest movie timescale of an mp4; higher ones overflow its 32-bit durations in a minute."""

Stamped: TypeAlias = "tuple[Fraction, Packet[Any]]"


class Delivered(NamedTuple):
    """What was written: notes for the user, and the number of frames."""

    notes: tuple[str, ...]
    frames: int


def assemble(
    parts: Sequence[Path],
    target: str | Path,
    *,
    source: FilmInfo,
    overwrite: bool = False,
    complete: bool = True,
    repeat_to: Fraction | None = None,
) -> Delivered:
    """Concatenate the parts of a film without re-encoding them, and add the tracks of its source.

    Audio, subtitles, chapters and metadata come from the file of `source`; their times are shifted
    to the start of the video, and they are trimmed if it was. With `complete` False the parts are
    only the beginning of the film, and the audio ends with them. Image outputs (.gif, .webp,
    frame_%05d.png) are encoded here from lossless parts. With `repeat_to` the frames, which must
    have been encoded with `intra`, are repeated without audio, a whole number of times, for at
    least that many seconds. The parts must be on the same file system as the target, which is
    created by a rename once it holds every frame.

    Raises OutputExists, UsageError, DiskFull, or DreamvidError if the parts are inconsistent.
    """
    if not parts:
        raise UsageError("there are no parts to join", where=target)
    film = _Film(parts, source, complete=complete, repeat_to=repeat_to)
    place = Output(Path(target), film.codec.name, overwrite=overwrite, repeat_to=repeat_to)
    place.check(source.path)
    try:
        # In the folder of the parts, which is deleted as a whole, also after a killed run.
        with tempfile.TemporaryDirectory(dir=parts[0].parent) as folder:
            return _deliver(film, Path(folder), place)
    except (av.error.FFmpegError, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise DiskFull(
                "no space left on the disk", where=place.folder, remedy="make room"
            ) from error
        raise DreamvidError(f"cannot be written ({error})", where=place.path) from error


def _deliver(film: _Film, folder: Path, place: Output) -> Delivered:
    """Write a film via the temporary `folder`."""
    if place.format.pictures is not None:
        film.write(folder / "film.nut", "nut", None)
        frames, notes = write_pictures(folder / "film.nut", place, film.footage())
        return Delivered(film.evened_notes() + notes, frames)
    draft = folder / place.path.name
    container = CONTAINERS[place.path.suffix.lower()]
    if film.rounds is not None:
        film.check_room(place.folder)
        film.write(draft, container, None)
        _count(draft, film.frames)
        notes = film.repeated_notes()
    else:
        notes = _write_with_sides(film, draft, container)
    settle(draft, place.path)
    return Delivered(film.evened_notes() + notes, film.frames)


def _write_with_sides(film: _Film, draft: Path, container: str) -> tuple[str, ...]:
    """Write a film with its tracks, or without them if they cannot be written."""
    try:
        with SideTracks(film.source, draft.parent, until=film.end if film.cut else None) as sides:
            film.write(draft, container, sides)
            _count(draft, film.frames)
            return sides.notes
    except (DiskFull, OSError):
        raise
    except Exception as error:  # a bad track must not lose hours of dreaming
        film.write(draft, container, None)
        _count(draft, film.frames)
        return (f"audio and subtitles cannot be written ({reason(error)}) and are omitted",)


class _Film:
    """The video stream of one film: its time base, and its packets in order.

    `rounds` is how many times the frames are played if they are repeated, else None; `frames` is
    the total number of frames.
    """

    def __init__(
        self,
        parts: Sequence[Path],
        source: FilmInfo,
        *,
        complete: bool,
        repeat_to: Fraction | None,
    ) -> None:
        self._parts, self.source = parts, source
        self._tables = [PartTable.load(part) for part in parts]
        first = self._tables[0]
        kind = (first.codec, first.tick, first.alpha)
        if any((table.codec, table.tick, table.alpha) != kind for table in self._tables):
            raise DreamvidError(
                "the parts belong to different films", where=parts[0], remedy="start over with -y"
            )
        self.codec, self._tick, self._alpha = CODECS[first.codec], first.tick, first.alpha
        offset = round((source.start - source.origin) / self._tick)
        self._times = [offset + tick for table in self._tables for tick in table.ticks]
        if any(b <= a for a, b in pairwise(self._times)):
            raise DreamvidError(
                "the parts are not in order", where=parts[0], remedy="start over with -y"
            )
        self.cut = source.cut_out or not complete
        self._shown = [1] * len(self._times)
        if source.variable and self.codec.even:
            offset = self._make_even(offset)
        self._step = max(1, round(1 / (source.rate * self._tick)))
        self._end = self._times[-1] + self._step
        if source.duration is not None and not self.cut:
            end = offset + int(source.duration / self._tick)
            self._end = end if end > self._times[-1] else self._end
        self._delay = max(n - r for table in self._tables for n, r in enumerate(table.ranks))
        self._headers = b""
        self._round = self._end - self._times[0]
        self.rounds: int | None = None
        if repeat_to is not None:
            self.rounds = max(1, math.ceil(repeat_to / (self._round * self._tick)))
        self.frames = len(self._times) * (self.rounds or 1)

    def _make_even(self, offset: int) -> int:
        """Show every frame a whole number of times at a constant rate; returns the new offset.

        Each slot of the new clock shows the frame that is visible in its middle.
        """
        rate, old = self.source.rate, self._tick
        starts = [(tick - self._times[0]) * old for tick in self._times]
        length = self.source.duration if not self.cut else None
        end = max(length or 0, starts[-1] + 1 / rate)
        slots = max(1, round(end * rate))
        middles = [(slot + Fraction(1, 2)) / rate for slot in range(slots)]
        seen = Counter(bisect.bisect_right(starts, middle) - 1 for middle in middles)
        self._shown = [seen[n] for n in range(len(starts))]
        self._tick = Fraction(1, rate.numerator)
        first = round(offset * old / self._tick)
        self._times = [first + slot * rate.denominator for slot in range(slots)]
        return first

    def evened_notes(self) -> tuple[str, ...]:
        """Return a note on frames that were repeated or dropped for a constant rate."""
        repeated = sum(count - 1 for count in self._shown if count > 1)
        dropped = self._shown.count(0)
        if not repeated and not dropped:
            return ()
        at = f"{float(self.source.rate):.5g} fps"
        what = f"{repeated} times a frame is repeated, {dropped} are dropped"
        return (f"the varying rate was made a constant {at} for {self.codec.name}: {what}",)

    @property
    def end(self) -> Fraction:
        """The end time of the last frame, in seconds of the finished film."""
        return (self._end + self._round * ((self.rounds or 1) - 1)) * self._tick

    def footage(self) -> Footage:
        """Describe the film for the image encoders."""
        times = [(tick - self._times[0]) * self._tick for tick in self._times]
        return Footage(self.source, times, end=self._round * self._tick, alpha=self._alpha)

    def check_room(self, folder: Path) -> None:
        """Raise DiskFull if the repeated film does not fit on the disk of `folder`."""
        needed = sum(part.stat().st_size for part in self._parts) * (self.rounds or 1)
        free = shutil.disk_usage(folder).free
        if needed > free:
            raise DiskFull(
                f"the repeated film needs {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free",
                where=folder,
                remedy="make room, or repeat to a shorter duration",
            )

    def repeated_notes(self) -> tuple[str, ...]:
        """Return notes on the number of repeats and the missing audio."""
        length = f"played {self.rounds} times, {float(self.end):g} s"
        return (length, *(("a repeated film has no audio",) if self.source.has_audio else ()))

    def write(self, path: Path, container: str, sides: SideTracks | None) -> None:
        """Write the film to `path`."""
        options = {"fflags": "+bitexact"}  # otherwise Matroska gets random track UIDs
        if container in ("mp4", "mov"):
            options |= self._quicktime_options(sides)
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(
                av.open(file_url(path), "w", format=container, container_options=options)
            )
            first = stack.enter_context(av.open(file_url(self._parts[0])))
            template = first.streams.video[0]
            picture = out.add_stream_from_template(template, opaque=True)
            picture.time_base = self._tick
            picture.codec_context.framerate = self.source.rate
            picture.codec_context.bit_rate = 0  # that of the first part, not of the film
            if container in ("mp4", "mov"):
                picture.codec_context.codec_tag = self.codec.tag or template.codec_tag
            if self._alpha and container in ("webm", "matroska"):
                picture.metadata["alpha_mode"] = "1"  # VP9 stores alpha outside the main stream
            self._headers = bytes(template.codec_context.extradata or b"")
            flows = [self._packets(picture)]
            if sides is not None:
                flows.append(sides.join(out, container))
            out.start_encoding()
            for _, packet in heapq.merge(*flows, key=lambda stamped: stamped[0]):
                try:
                    out.mux_one(packet)
                except av.error.FFmpegError as error:
                    if sides is None or isinstance(error, OSError):
                        raise
                    sides.refused += 1  # a lost video packet would be detected by _count

    def _quicktime_options(self, sides: SideTracks | None) -> dict[str, str]:
        """Put the index first, and choose a movie timescale that is exact for every track.

        With the usual timescale of 1000 a track that does not start at zero would be shifted.
        """
        clocks = [self._tick.denominator, *([] if sides is None else sides.clocks())]
        scale = math.lcm(*clocks)
        scale = scale if scale <= FINEST_CLOCK else self._tick.denominator
        return {"movflags": "+faststart", "movie_timescale": str(scale)}

    def _packets(self, stream: VideoStream) -> Iterator[Stamped]:
        """Yield the packets of all rounds in decoding order, with the times of the film."""
        done = 0
        for _ in range(self.rounds or 1):
            shown = iter(self._shown)
            for part, table in zip(self._parts, self._tables, strict=True):
                with av.open(file_url(part)) as container:
                    for n, (rank, packet) in enumerate(self._ranked(container, part, table)):
                        for _ in range(next(shown)):
                            self._stamp(packet, done, done + rank - n)
                            packet.stream = stream
                            yield packet.dts * self._tick, packet  # type: ignore[operator]
                            done += 1

    def _ranked(
        self, container: InputContainer, part: Path, table: PartTable
    ) -> Iterator[tuple[int, Packet[Any]]]:
        """Yield the packets of a part, each with the rank of its frame; checks that they match."""
        video = container.streams.video[0]
        if _plain(bytes(video.codec_context.extradata or b"")) != _plain(self._headers):
            raise DreamvidError(
                "the parts were encoded with different settings",
                where=part,
                remedy="start over with -y",
            )
        packets = (packet for packet in container.demux(video) if packet.size)
        for rank, packet in zip_longest(table.ranks, packets):
            if rank is None or packet is None:
                raise DreamvidError("the part is damaged", where=part, remedy="render it again")
            if self.rounds is not None and not packet.is_keyframe:
                raise DreamvidError(
                    "not every frame is a keyframe", where=part, remedy="encode it intra-only"
                )
            yield rank, packet

    def _stamp(self, packet: Packet[Any], decoded: int, shown: int) -> None:
        """Set the times of the `decoded`-th packet of the film, whose frame is shown `shown`-th."""
        packet.time_base = self._tick
        packet.pts = self._time(shown)
        packet.dts = self._decoding_time(decoded)
        packet.duration = self._time(shown + 1) - packet.pts
        if decoded == self.frames - 1:  # the duration of an mp4 follows its decoding times
            run_in = self._delay * self._step
            packet.dts = max(packet.dts, packet.pts - run_in)
            packet.duration = max(1, self._time(self.frames) - run_in - packet.dts)

    def _time(self, n: int) -> int:
        """The presentation time of the n-th frame; for n = `frames`, the end of the film."""
        turn, frame = divmod(n, len(self._times))
        return self._times[frame] + turn * self._round

    def _decoding_time(self, n: int) -> int:
        """The decoding time of the n-th packet: increasing, and never after its presentation time.

        The encoder's own decoding times are valid only within one part.
        """
        if n >= self._delay:
            return self._time(n - self._delay)
        return self._times[0] - (self._delay - n) * self._step


def _count(path: Path, frames: int) -> None:
    """Raise DreamvidError unless the film at `path` has exactly `frames` frames."""
    with av.open(file_url(path)) as container:
        stream = container.streams.video[0]
        found = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
    if found != frames:
        raise DreamvidError(f"the film holds only {found} of {frames} frames", where=path)


def _plain(headers: bytes) -> bytes:
    """Codec headers without the flag of H.265 that packets do not repeat them.

    Files differ in it although their packets are equal (ISO/IEC 14496-15, array_completeness).
    """
    hvcc = len(headers) > 23 and headers[0] == 1 and headers[23] & 0x7F == 32  # starts with a VPS
    if not hvcc:
        return headers
    plain, at = bytearray(headers), 23
    for _ in range(headers[22]):
        plain[at] &= 0x7F
        units, at = int.from_bytes(headers[at + 1 : at + 3]), at + 3
        for _ in range(units):
            at += 2 + int.from_bytes(headers[at : at + 2])
    return bytes(plain)
