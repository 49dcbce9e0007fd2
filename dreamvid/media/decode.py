"""Decode the main video stream of a film: every frame once, at its exact time, damaged or not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol, cast

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dreamvid.media.probe import CLOCKLESS, exact, open_input, video_stream

TOO_MANY_ERRORS: Final = 200
"""Reading stops after this many consecutive errors."""

SEEK_MARGIN: Final = Fraction(1)
"""Seek this many seconds early, since some formats seek inexactly."""

CUT: Final = Fraction(1)
"""A file shorter than its stated duration by less than this (seconds) counts as complete."""

COARSE: Final = Fraction(1, 5000)
"""Time bases coarser than this round the times of a constant-rate film; this is undone."""

FROM_ZERO: Final = frozenset({"matroska", "asf", "nut"})
"""Formats whose duration counts from time zero, not from the first frame."""

Timed = tuple[Fraction, VideoFrame]


@dataclass(frozen=True)
class Facts:
    """What the container of a source states; `duration` counts from the first frame.

    `counted` is true when `frames` is a count and not an estimate. `has_alpha` is true when the
    film stores transparency outside its frames, where the decoder may ignore it, `some_alpha` when
    frames may be transparent, even if the first is not. `notes` are messages for the user.
    """

    rate: Fraction
    time_base: Fraction
    variable: bool = False
    frames: int | None = None
    counted: bool = False
    duration: Fraction | None = None
    aspect: Fraction = Fraction(1)
    has_audio: bool = False
    has_alpha: bool = False
    some_alpha: bool = False
    clock_zero: Fraction = Fraction(0)
    notes: tuple[str, ...] = ()


@dataclass
class Damage:
    """Damage statistics: numbers of frames `lost` and `corrupted`, and the time of the `first`.

    `skipped` is the number of frames missing from a constant-rate film, in `gaps` gaps, the first
    after time `skip`: damage if other damage was found, otherwise dropped when the film was made.
    `files` are the unreadable images of a sequence.
    `cut` is by how many seconds both video and audio are shorter than the file states.
    """

    lost: int = 0
    corrupted: int = 0
    first: Fraction | None = None
    skipped: int = 0
    gaps: int = 0
    skip: Fraction | None = None
    cut: Fraction = Fraction(0)
    files: list[str] = field(default_factory=list)

    def note(
        self,
        time: Fraction | None,
        *,
        lost: int = 0,
        corrupted: int = 0,
        file: Path | None = None,
    ) -> None:
        """Record damage at a time on the source's clock, None if unknown."""
        if file is not None:
            self.files.append(file.name)
        self.lost += lost
        self.corrupted += corrupted
        if self.first is None:
            self.first = time

    def skip_frames(self, time: Fraction, count: int) -> None:
        """Record `count` frames missing after a time on the source's clock, if any."""
        if count > 0:
            self.skipped += count
            self.gaps += 1
            self.skip = time if self.skip is None else self.skip


class Decoder(Protocol):
    """A source of frames in order of time; times are seconds on the source's own clock."""

    path: Path
    facts: Facts
    damage: Damage

    @property
    def first_time(self) -> Fraction:
        """The time of the very first frame."""

    def frames(self, since: Fraction | None = None) -> Iterator[Timed]:
        """Yield (time, frame) from the first frame at or after `since`."""

    def close(self) -> None:
        """Close the files."""


class FilmDecoder:
    """The decoded frames of a film's main video stream, with their exact times."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage = Damage()
        self._open()
        self.facts = self._read_facts()
        self._steady = self._base > COARSE and not (
            self.facts.variable or self.facts.time_base.denominator % self.facts.rate.numerator
        )
        self._last: Fraction | None = None

    def _open(self) -> None:
        self._container = open_input(self.path)
        try:
            self._stream: VideoStream = video_stream(self._container, self.path)
        except BaseException:
            self._container.close()
            raise
        self._stream.thread_type = "SLICE"  # frame threads conceal damage non-deterministically
        self._base = exact(self._stream.time_base) or Fraction(1, 90000)

    @property
    def first_time(self) -> Fraction:
        """The time of the stream's first frame, as stated by the container."""
        return (self._stream.start_time or 0) * self._base

    def frames(self, since: Fraction | None = None) -> Iterator[Timed]:
        """Yield (time, frame) in order of time, from the first frame at or after `since`."""
        if since is None:
            yield from self._decoded()
            return
        if since > self.first_time + SEEK_MARGIN and self._seek(since - SEEK_MARGIN):
            frames = self._decoded()
            head = next(frames, None)
            if head is not None and head[0] <= since:
                yield from self._after(since, head, frames)
                return
            self._rewind()
        frames = self._decoded()
        head = next(frames, None)
        if head is not None:
            yield from self._after(since, head, frames)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _seek(self, time: Fraction) -> bool:
        try:
            self._container.seek(int(time / self._base), stream=self._stream)
        except av.error.FFmpegError:
            self._rewind()
            return False
        self._last = None
        return True

    def _rewind(self) -> None:
        self.close()
        self._open()
        self._last = None
        self.damage = Damage()

    def _after(self, since: Fraction, head: Timed, frames: Iterator[Timed]) -> Iterator[Timed]:
        following: Timed | None = head
        while following is not None and following[0] < since:
            following = next(frames, None)
            self.damage = Damage()  # damage before the requested range does not matter
        if following is not None:
            yield following
            yield from frames

    def _decoded(self) -> Iterator[Timed]:
        for packet in self._packets():
            if (
                not packet.size and packet.pts is not None
            ):  # an empty packet repeats the previous frame; it is not the end
                continue
            try:
                frames = packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self.damage.note(self._clock(packet.pts), lost=1)
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self.damage.note(self._clock(frame.pts), corrupted=1)
                yield self._time(frame), frame

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        streams = self._stream, *self._container.streams.audio
        packets = self._container.demux(*streams)
        errors, heard = 0, Fraction(0)
        while errors < TOO_MANY_ERRORS:
            try:
                packet = next(packets)
            except StopIteration:
                self._note_cut(heard)
                return
            except (
                av.error.FFmpegError,
                IndexError,
            ):  # a stream that starts in the middle of the file
                errors += 1
                packets = self._container.demux(*streams)
                continue
            errors = 0
            if isinstance(packet.stream, VideoStream):
                yield cast("Packet[VideoStream]", packet)
            elif packet.pts is not None:
                heard = packet.pts * packet.time_base
        self.damage.note(None)

    def _note_cut(self, heard: Fraction) -> None:
        """Record by how much a file is shorter than stated; its audio ended at `heard`."""
        told = self._container.duration
        if (
            told is not None and self.facts.duration is None
        ):  # otherwise the video duration is known
            missing = Fraction(told, 1_000_000) - max(heard, self._last or Fraction(0))
            self.damage.cut = missing if missing > CUT else Fraction(0)

    def _clock(self, pts: int | None) -> Fraction | None:
        return self._last if pts is None else pts * self._base

    def _time(self, frame: VideoFrame) -> Fraction:
        """Return the time of a frame; if missing or out of order, just after the last one."""
        last, facts = self._last, self.facts
        if frame.pts is not None:
            time = self._unrounded(frame.pts * self._base)
        elif last is None:
            time = self.first_time
        else:
            time = last + max(1, round(1 / (facts.rate * self._base))) * self._base
        if last is not None and time <= last:
            time = last + self._base
        if last is not None and not facts.variable:
            self.damage.skip_frames(last, round((time - last) * facts.rate) - 1)
        self._last = time
        return time

    def _unrounded(self, time: Fraction) -> Fraction:
        """Undo the rounding of a coarse time base, as long as the film keeps its rate."""
        if not self._steady:
            return time
        exact = round((time - self.first_time) * self.facts.rate) / self.facts.rate
        if abs(exact + self.first_time - time) > self._base * Fraction(6, 10):
            self._steady = False
            return time
        return exact + self.first_time

    def _read_facts(self) -> Facts:
        stream, container = self._stream, self._container
        kinds = set(container.format.name.split(","))
        rate = _rate(stream)
        index = [e for e in stream.index_entries if not e.is_discard] if "mp4" in kinds else []
        variable = exact(stream.average_rate) not in (None, rate)
        if index:
            stamps = sorted(entry.timestamp for entry in index)
            gaps = {b - a for a, b in pairwise(stamps[:-1])}
            variable = bool(gaps) and max(gaps) - min(gaps) > 1
        fine = Fraction(1, math.lcm(self._base.denominator, rate.numerator))
        exact_base = fine if self._base > COARSE and fine.denominator < 10**8 else self._base
        duration = _duration(stream, container.duration, bool(container.streams.audio))
        unseen = self._unseen(kinds, rate)
        if duration is not None and duration > unseen:
            duration -= unseen
        counted = _counted(stream, kinds)
        frames = counted or (0 if duration is None else round(duration * rate))
        return Facts(
            rate=rate,
            time_base=exact_base if not variable else self._base,
            variable=variable,
            frames=frames or None,
            counted=bool(counted),
            duration=duration,
            aspect=exact(stream.sample_aspect_ratio) or Fraction(1),
            has_audio=bool(container.streams.audio),
            has_alpha=stream.metadata.get("alpha_mode") == "1",
            some_alpha=_may_be_transparent(stream),
            clock_zero=self._clock_zero() if kinds & CLOCKLESS else Fraction(0),
        )

    def _unseen(self, kinds: set[str], rate: Fraction) -> Fraction:
        """How much of the duration stated by the container lies before the first frame."""
        if kinds & FROM_ZERO:
            return self.first_time
        # FLV counts from the first decoding time, two frames earlier when frames are reordered.
        reordered = "flv" in kinds and self._stream.codec_context.has_b_frames
        return 2 / rate if reordered else Fraction(0)

    def _clock_zero(self) -> Fraction:
        """The start time of a film that was cut from a running clock."""
        starts = [
            stream.start_time * base
            for stream in self._container.streams
            if stream.type in ("video", "audio")
            and stream.start_time is not None
            and (base := exact(stream.time_base)) is not None
        ]
        return min(starts, default=Fraction(0))


def _may_be_transparent(stream: VideoStream) -> bool:
    """Whether the format of the frames has alpha; that of a GIF always has, so it tells nothing."""
    form = stream.codec_context.format
    if form is None or stream.codec_context.name == "gif":
        return False
    return any(component.is_alpha for component in form.components)


def _rate(stream: VideoStream) -> Fraction:
    """Choose the frame rate: the nominal one if the average agrees with it, else the average."""
    nominal = exact(stream.guessed_rate) or exact(stream.base_rate)
    average = exact(stream.average_rate)
    if not average:
        return nominal or Fraction(25)
    if nominal and abs(nominal / average - 1) < Fraction(2, 100):
        return nominal
    return average


def _counted(stream: VideoStream, kinds: set[str]) -> int:
    """Count the frames in the index, or use the header; 0 if there is neither."""
    if kinds.isdisjoint(("avi", "mp4")):
        return 0
    stamps = [entry.timestamp for entry in stream.index_entries if not entry.is_discard]
    # The AVI header also counts empty frames, which repeat the previous one. If it counts more
    # frames than the index, the file is truncated.
    if not stamps or ("avi" in kinds and max(stamps) + 1 < stream.frames):
        return stream.frames
    return len(stamps)


def _duration(stream: VideoStream, whole: int | None, has_audio: bool) -> Fraction | None:
    """Find the duration of the video; `whole` is the container's duration in microseconds."""
    base = exact(stream.time_base)
    of_all = stream.container.format.name == "asf"  # its streams all state the duration of the file
    if stream.duration is not None and base is not None and not of_all:
        return stream.duration * base
    told = stream.metadata.get("DURATION", "")
    try:
        hours, minutes, seconds = told.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    except ValueError:
        pass
    return None if whole is None or has_audio else Fraction(whole, 1_000_000)
