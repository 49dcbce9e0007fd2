"""What goes beside the picture: sound, subtitles, chapters and metadata of the source."""

from __future__ import annotations

import contextlib
import heapq
import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias, cast

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from dreamvid.errors import DiskFull, DreamvidError
from dreamvid.media.child import run_ffmpeg
from dreamvid.media.info import FilmInfo
from dreamvid.media.probe import SOUNDS, file_url, open_input, video_stream

Stamped: TypeAlias = "tuple[Fraction, Packet[Any]]"

OWN_WORDS: Final = frozenset(
    {
        *("major_brand", "minor_version", "compatible_brands", "encoder", "duration", "rotate"),
        *("bps", "number_of_frames", "number_of_bytes", "vendor_id"),
    }
)
"""Metadata that describes the source file itself and would be wrong in another."""

SPEAKERS: Final = "aformat=channel_layouts=mono|stereo|3.0|quad|5.0|5.1|6.1|7.1"
"""Where speakers may stand for an encoder; sound with others, or that names none, is fitted."""

AAC: Final = ("aac", "-b:a", "256k", "-af", f"{SPEAKERS}|2.1|4.0")

FITTING: Final = {
    ("mp4", "audio"): AAC,
    ("mov", "audio"): AAC,
    ("webm", "audio"): ("libopus", "-b:a", "192k", "-af", SPEAKERS),
    ("matroska", "audio"): ("flac",),
    ("mp4", "subtitle"): ("mov_text",),
    ("mov", "subtitle"): ("mov_text",),
    ("webm", "subtitle"): ("webvtt",),
    ("matroska", "subtitle"): ("subrip",),
}
"""What a track becomes when the container cannot hold it as it is."""

TRIAL: Final = 20
"""So many packets of a track are tried in the container before it is copied."""


class SideTracks:
    """The tracks of a film's source, ready to be muxed beside a new picture.

    They are copied; one that the container cannot hold is encoded again, and said in `notes`. Times
    are moved by the source's `origin`; what begins before zero, or at `until` or later when that is
    given, is left out. `folder` is for what has to be encoded again. `refused` counts the packets
    that the container did not take.
    """

    def __init__(self, source: FilmInfo, folder: Path, *, until: Fraction | None) -> None:
        self._source, self._folder, self._until = source, folder, until
        self._stack = contextlib.ExitStack()
        self._home: InputContainer | None = None
        self._notes: list[str] = []
        self.refused = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the tracks."""
        refused = (f"damaged audio or subtitles: {self.refused} packets are dropped",)
        return (*dict.fromkeys(self._notes), *(refused if self.refused else ()))

    def clocks(self) -> list[int]:
        """Give the ticks a second of every sound track's clock."""
        if self._home is None:
            return []
        return [s.time_base.denominator for s in self._home.streams.audio if s.time_base]

    def __enter__(self) -> Self:
        if self._source.path is not None and self._source.path.is_file():
            self._home = self._stack.enter_context(open_input(self._source.path, formats=SOUNDS))
        elif self._source.has_audio:
            self._notes.append(f"{self._source.path} no longer exists, so the audio is omitted")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def join(self, out: OutputContainer, container: str) -> Iterator[Stamped]:
        """Add the tracks and words to `out`, and give an iterator over the tracks' packets."""
        if self._home is None:
            return iter(())
        home = self._home
        self._words(home, out)
        copied: dict[int, Stream] = {}
        flows = []
        for stream in (*home.streams.audio, *home.streams.subtitles):
            track = _added(out, stream) if self._goes_into(container, stream.index) else None
            if track is not None:
                copied[stream.index] = _dressed(track, stream)
                continue
            fitted = self._fitted(stream, container)
            track = None if fitted is None else _added(out, fitted)
            if fitted is None or track is None:
                self._notes.append(
                    f"{_called(stream)} cannot be stored in {container} and is omitted"
                )
                continue
            _dressed(track, stream)
            flows.append(
                self._packets(
                    cast(InputContainer, fitted.container), {fitted.index: track}, container
                )
            )
        self._notes += _left_out(home, self._source)
        if copied:
            flows.append(self._packets(home, copied, container))
        return heapq.merge(*flows, key=lambda stamped: stamped[0])

    def _goes_into(self, container: str, index: int) -> bool:
        """Try the beginning of a track in the container, written to nowhere.

        A muxer may take a codec and refuse the track only with its header or its first packets.
        """
        assert self._source.path is not None
        try:
            with (
                open_input(self._source.path, formats=SOUNDS) as home,
                av.open(io.BytesIO(), "w", format=container) as out,
            ):
                track = out.add_stream_from_template(home.streams[index], opaque=True)
                out.start_encoding()
                for _, packet in islice(self._packets(home, {index: track}, container), TRIAL):
                    out.mux_one(packet)
        except (ValueError, av.error.FFmpegError):
            return False
        return True

    def _fitted(self, stream: Stream, container: str) -> Stream | None:
        """Encode a track again so that it fits; None when that cannot be done."""
        codec, *options = FITTING.get((container, stream.type), ("",))
        path = self._folder / f"track{stream.index}"
        letter = stream.type[0]
        try:
            assert self._source.path is not None
            run_ffmpeg(
                [
                    *("-copyts", "-protocol_whitelist", "file,pipe", "-format_whitelist", SOUNDS),
                    *("-i", file_url(self._source.path), "-map", f"0:{stream.index}"),
                    *(f"-c:{letter}", codec, *options, "-f", container, file_url(path)),
                ],
                where=path,
            )
            fitted = self._stack.enter_context(av.open(file_url(path))).streams[0]
        except DiskFull:
            raise
        except (DreamvidError, av.error.FFmpegError, IndexError):
            return None
        self._notes.append(
            f"{_called(stream)} cannot be stored in {container} and is converted to {codec}"
        )
        return fitted

    def _packets(
        self, home: InputContainer, tracks: dict[int, Stream], container: str
    ) -> Iterator[Stamped]:
        # Sound may begin before zero (its encoder's run-in): mp4 can say so, the others would
        # move the picture instead.
        early = self._source.origin == 0 and container in ("mp4", "mov")
        # Matroska's milliseconds may hold several packets; in mp4 each has a time of its own.
        apart = int(container in ("mp4", "mov"))
        last: dict[int, int] = {}
        packets = home.demux(*(home.streams[index] for index in tracks))
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self._notes.append("the audio is damaged and ends early")
                return
            index, base = packet.stream.index, packet.time_base
            stamp = packet.pts if packet.pts is not None else packet.dts
            if not packet.size or stamp is None or not base:
                continue
            shift = round(self._source.origin / base)
            start = decoded = stamp - shift
            if packet.dts is not None:
                decoded = packet.dts - shift
            left = start + (packet.duration or 0)
            if packet.stream.type == "subtitle" and start < 0 < left:  # there as the film begins
                packet.duration, start, decoded = left, 0, 0
            time = start * base
            if (time < 0 and not early) or (self._until is not None and time >= self._until):
                continue
            packet.dts = max(decoded, last.get(index, decoded - apart) + apart)
            packet.pts = max(start, packet.dts)
            last[index] = packet.dts
            if self._until is not None and packet.duration:
                packet.duration = max(1, min(packet.duration, int(self._until / base) - packet.pts))
            packet.stream = tracks[index]
            yield packet.dts * base, packet

    def _words(self, home: InputContainer, out: OutputContainer) -> None:
        """Copy metadata and chapters."""
        out.metadata.update(_kept(home.metadata))
        chapters = []
        for chapter in home.chapters():
            base = chapter["time_base"] or Fraction(1, 1000)
            shift = round(self._source.origin / base)
            start, end = max(0, chapter["start"] - shift), chapter["end"] - shift
            if self._until is not None:
                end = min(end, int(self._until / base))
            if end > start:
                chapter["start"], chapter["end"] = start, end
                chapters.append(chapter)
        if chapters:
            out.set_chapters(chapters)


def _left_out(home: InputContainer, source: FilmInfo) -> list[str]:
    """Name the tracks that are neither the picture itself nor sound nor subtitles."""
    assert source.path is not None
    cover = Disposition.attached_pic | Disposition.timed_thumbnails
    if not any(s.type == "video" and not s.disposition & cover for s in home.streams):
        return []  # a song
    picture = video_stream(home, source.path).index
    told = []
    for stream in home.streams:
        if stream.type == "video" and stream.disposition & cover:
            told.append("the cover image is omitted")
        elif stream.type == "video" and stream.index != picture:
            told.append(f"video track {stream.index} is omitted: only one is dreamed")
        elif stream.type not in ("video", "audio", "subtitle"):
            words = stream.metadata
            name = words.get("filename") or words.get("handler_name") or ""
            told.append(f"{stream.type} track {stream.index} is omitted{name and f' ({name})'}")
    return told


def _added(out: OutputContainer, stream: Stream) -> Stream | None:
    try:
        return out.add_stream_from_template(stream, opaque=True)
    except (ValueError, av.error.FFmpegError):
        return None


def _dressed(track: Stream, stream: Stream) -> Stream:
    track.metadata.update(_kept(stream.metadata))
    track.disposition = stream.disposition
    return track


def _kept(words: dict[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in words.items()
        if key.lower().split("-")[0] not in OWN_WORDS and not key.startswith("_STATISTICS")
    }


def _called(stream: Stream) -> str:
    kind = {"subtitle": "subtitles"}.get(stream.type, stream.type)
    known = stream.codec_context  # None where there is no decoder
    return f"{kind} track {stream.index} ({known.name if known else 'unknown'})"
