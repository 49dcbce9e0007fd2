"""Decode a film's main picture: every frame once, at its exact time, damaged or not."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dreamvid.media.probe import CLOCKLESS, open_input, video_stream

TOO_MANY_ERRORS: Final = 200
"""So many reading errors in a row mean that nothing more will come."""

SEEK_MARGIN: Final = Fraction(1)
"""Seconds to seek early, for formats that find a place only roughly."""


class FilmDecoder:
    """The decoded frames of a film's main video stream, with their exact times.

    Times are seconds on the stream's own clock. `broken` counts frames that were decoded from damaged
    data or not at all, `first_broken` is the time of the first of them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.container = open_input(path)
        self.stream: VideoStream = video_stream(self.container, path)
        self.stream.thread_type = "SLICE"  # frame threads conceal damage differently every time
        self.time_base = self.stream.time_base or Fraction(1, 90000)
        self.rate = _rate(self.stream)
        self.broken = 0
        self.first_broken: Fraction | None = None
        self._last: Fraction | None = None

    @property
    def first_time(self) -> Fraction:
        """The time of the stream's first frame, as the container tells it."""
        return (self.stream.start_time or 0) * self.time_base

    @property
    def clock_zero(self) -> Fraction:
        """The moment of the clock where the film as a whole begins: 0 unless cut from a broadcast."""
        if not CLOCKLESS & set(self.container.format.name.split(",")):
            return Fraction(0)
        starts = [
            s.start_time * s.time_base
            for s in self.container.streams
            if s.type in ("video", "audio") and s.start_time is not None and s.time_base
        ]
        return min(starts, default=Fraction(0))

    def frames(self, since: Fraction | None = None) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Yield (time, frame) in the order of time, from the first frame at or after `since`."""
        if since is not None and since > self.first_time + SEEK_MARGIN:
            self._seek(since - SEEK_MARGIN)
            frames = self._decoded()
            head = next(frames, None)
            if head is not None and head[0] <= since:
                yield from _after(since, head, frames, self)
                return
            self._seek(None)
        frames = self._decoded()
        head = next(frames, None)
        if head is not None:
            yield from _after(since, head, frames, self)

    def close(self) -> None:
        """Let go of the file."""
        self.container.close()

    def _seek(self, time: Fraction | None) -> None:
        at = self.first_time if time is None else time
        try:
            self.container.seek(int(at / self.time_base), stream=self.stream)
        except av.error.FFmpegError:
            if time is not None:
                return
            self.container.close()
            self.container = open_input(self.path)
            self.stream = video_stream(self.container, self.path)
        self._last = None
        self.forget_damage()

    def forget_damage(self) -> None:
        """Count damage from here on."""
        self.broken, self.first_broken = 0, None

    def _decoded(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self._note_broken(packet.pts)
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self._note_broken(frame.pts)
                yield self._time(frame), frame

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        packets = self.container.demux(self.stream)
        errors = 0
        while errors < TOO_MANY_ERRORS:
            try:
                yield next(packets)
                errors = 0
            except StopIteration:
                return
            except av.error.FFmpegError:
                errors += 1
                packets = self.container.demux(self.stream)
        self._note_broken(None)

    def _note_broken(self, pts: int | None) -> None:
        self.broken += 1
        if self.first_broken is None:
            known = None if pts is None else pts * self.time_base
            self.first_broken = known if known is not None else self._last

    def _time(self, frame: VideoFrame) -> Fraction:
        """Give the frame's time; one without, or out of order, comes right after the last one."""
        last = self._last
        if frame.pts is not None:
            time = frame.pts * self.time_base
        else:
            time = self.first_time if last is None else last + self._frame_length()
        if last is not None and time <= last:
            time = last + self.time_base
        self._last = time
        return time

    def _frame_length(self) -> Fraction:
        """The length of a frame, in whole ticks."""
        return max(1, round(1 / (self.rate * self.time_base))) * self.time_base


def _after(
    since: Fraction | None,
    head: tuple[Fraction, VideoFrame],
    frames: Iterator[tuple[Fraction, VideoFrame]],
    decoder: FilmDecoder,
) -> Iterator[tuple[Fraction, VideoFrame]]:
    while since is not None and head[0] < since:
        decoder.forget_damage()
        following = next(frames, None)
        if following is None:
            return
        head = following
    yield head
    yield from frames


def _rate(stream: VideoStream) -> Fraction:
    """Choose the frame rate: the nominal one where the average agrees with it, else the average."""
    nominal, average = stream.guessed_rate or stream.base_rate, stream.average_rate
    if not average:
        return nominal or Fraction(25)
    if nominal and abs(nominal / average - 1) < Fraction(2, 100):
        return nominal
    return average
