"""Copy the audio, subtitles, chapters and metadata of the source beside a new video stream."""

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
from dreamvid.media.probe import AUDIO_FORMATS, file_url, open_input, video_stream

Stamped: TypeAlias = "tuple[Fraction, Packet[Any]]"

FILE_KEYS: Final = frozenset(
    {
        *("major_brand", "minor_version", "compatible_brands", "encoder", "duration", "rotate"),
        *("bps", "number_of_frames", "number_of_bytes", "vendor_id"),
    }
)
"""Metadata keys that describe the source file itself and would be wrong in the output."""

CHANNEL_LAYOUTS: Final = "aformat=channel_layouts=mono|stereo|3.0|quad|5.0|5.1|6.1|7.1"
"""Channel layouts that encoders accept; other or missing layouts are converted to one of them."""

AAC: Final = ("aac", "-b:a", "256k", "-af", f"{CHANNEL_LAYOUTS}|2.1|4.0")

FALLBACK_CODECS: Final = {
    ("mp4", "audio"): AAC,
    ("mov", "audio"): AAC,
    ("webm", "audio"): ("libopus", "-b:a", "192k", "-af", CHANNEL_LAYOUTS),
    ("matroska", "audio"): ("flac",),
    ("mp4", "subtitle"): ("mov_text",),
    ("mov", "subtitle"): ("mov_text",),
    ("webm", "subtitle"): ("webvtt",),
    ("matroska", "subtitle"): ("subrip",),
}
"""The codec that a track is converted to if the container cannot hold it."""

MUTE: Final = {"mp4": ("pcm_", "vorbis")}
"""Audio codecs that a container can hold but that many players do not play in it."""

TRIAL: Final = 20
"""Number of packets muxed as a trial before a track is copied."""


class SideTracks:
    """The tracks of a film's source, ready to be muxed beside a new video stream.

    They are copied; a track that the container cannot hold is re-encoded and mentioned in `notes`.
    Times are shifted by the source's `origin`; packets that start before zero, or at `until` or
    later, are dropped. `folder` is for re-encoded tracks. `refused` counts the packets that the
    muxer rejected.
    """

    def __init__(self, source: FilmInfo, folder: Path, *, until: Fraction | None) -> None:
        self._source, self._folder, self._until = source, folder, until
        self._stack = contextlib.ExitStack()
        self._input: InputContainer | None = None
        self._notes: list[str] = []
        self.refused = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the user about the tracks."""
        refused = (f"damaged audio or subtitles: {self.refused} packets are dropped",)
        return (*dict.fromkeys(self._notes), *(refused if self.refused else ()))

    def clocks(self) -> list[int]:
        """Return the denominator of the time base of every audio track."""
        if self._input is None:
            return []
        return [s.time_base.denominator for s in self._input.streams.audio if s.time_base]

    def __enter__(self) -> Self:
        if self._source.path is not None and self._source.path.is_file():
            self._input = self._stack.enter_context(
                open_input(self._source.path, formats=AUDIO_FORMATS)
            )
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
        """Add the tracks and metadata to `out`; return an iterator over the tracks' packets."""
        if self._input is None:
            return iter(())
        opened = self._input
        self._copy_metadata(opened, out)
        copied: dict[int, Stream] = {}
        streams = []
        for stream in (*opened.streams.audio, *opened.streams.subtitles):
            plays = not _is_mute(stream, container)
            fits = plays and self._fits_unchanged(container, stream.index)
            track = _added(out, stream) if fits else None
            if track is not None:
                copied[stream.index] = _copy_tags(track, stream)
                continue
            fitted = self._reencoded(stream, container)
            track = None if fitted is None else _added(out, fitted)
            if fitted is None or track is None:
                self._notes.append(
                    f"{_describe(stream)} cannot be stored in {container} and is omitted"
                )
                continue
            _copy_tags(track, stream)
            streams.append(
                self._packets(
                    cast(InputContainer, fitted.container), {fitted.index: track}, container
                )
            )
        self._notes += _omitted_tracks(opened, self._source)
        if copied:
            streams.append(self._packets(opened, copied, container))
        return heapq.merge(*streams, key=lambda stamped: stamped[0])

    def _fits_unchanged(self, container: str, index: int) -> bool:
        """Mux the beginning of a track into a buffer, to see whether the container accepts it.

        A muxer may accept a codec and fail only at the header or the first packets.
        """
        assert self._source.path is not None
        try:
            with (
                open_input(self._source.path, formats=AUDIO_FORMATS) as opened,
                av.open(io.BytesIO(), "w", format=container) as out,
            ):
                track = out.add_stream_from_template(opened.streams[index], opaque=True)
                out.start_encoding()
                for _, packet in islice(self._packets(opened, {index: track}, container), TRIAL):
                    out.mux_one(packet)
        except (ValueError, av.error.FFmpegError):
            return False
        return True

    def _reencoded(self, stream: Stream, container: str) -> Stream | None:
        """Re-encode a track to a codec that the container supports; None if that fails."""
        codec, *options = FALLBACK_CODECS.get((container, stream.type), ("",))
        path = self._folder / f"track{stream.index}"
        letter = stream.type[0]
        try:
            assert self._source.path is not None
            run_ffmpeg(
                [
                    *(
                        "-copyts",
                        "-protocol_whitelist",
                        "file,pipe",
                        "-format_whitelist",
                        AUDIO_FORMATS,
                    ),
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
        mute = _is_mute(stream, container)
        why = (
            f"is mute in {container} in many players"
            if mute
            else f"cannot be stored in {container}"
        )
        self._notes.append(f"{_describe(stream)} {why} and is converted to {codec}")
        return fitted

    def _packets(
        self, opened: InputContainer, tracks: dict[int, Stream], container: str
    ) -> Iterator[Stamped]:
        # Audio may start before zero (encoder priming): mp4 can represent that, other containers
        # would shift the video instead.
        early = self._source.origin == 0 and container in ("mp4", "mov")
        # Several packets may share a millisecond in Matroska; mp4 needs increasing times.
        apart = int(container in ("mp4", "mov"))
        last: dict[int, int] = {}
        packets = opened.demux(*(opened.streams[index] for index in tracks))
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
            if packet.stream.type == "subtitle" and start < 0 < left:  # visible at the start
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

    def _copy_metadata(self, opened: InputContainer, out: OutputContainer) -> None:
        """Copy metadata and chapters."""
        out.metadata.update(_portable(opened.metadata))
        chapters = []
        for chapter in opened.chapters():
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


def _omitted_tracks(opened: InputContainer, source: FilmInfo) -> list[str]:
    """Return notes on the tracks that are not copied."""
    assert source.path is not None
    cover = Disposition.attached_pic | Disposition.timed_thumbnails
    if not any(s.type == "video" and not s.disposition & cover for s in opened.streams):
        return []  # audio only
    picture = video_stream(opened, source.path).index
    notes = []
    for stream in opened.streams:
        if stream.type == "video" and stream.disposition & cover:
            notes.append("the cover image is omitted")
        elif stream.type == "video" and stream.index != picture:
            notes.append(f"video track {stream.index} is omitted: only one is dreamed")
        elif stream.type not in ("video", "audio", "subtitle"):
            words = stream.metadata
            name = words.get("filename") or words.get("handler_name") or ""
            notes.append(f"{stream.type} track {stream.index} is omitted{name and f' ({name})'}")
    return notes


def _added(out: OutputContainer, stream: Stream) -> Stream | None:
    try:
        return out.add_stream_from_template(stream, opaque=True)
    except (ValueError, av.error.FFmpegError):
        return None


def _copy_tags(track: Stream, stream: Stream) -> Stream:
    track.metadata.update(_portable(stream.metadata))
    track.disposition = stream.disposition
    return track


def _portable(words: dict[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in words.items()
        if key.lower().split("-")[0] not in FILE_KEYS and not key.startswith("_STATISTICS")
    }


def _is_mute(stream: Stream, container: str) -> bool:
    known = stream.codec_context
    return known is not None and known.name.startswith(MUTE.get(container, ()))


def _describe(stream: Stream) -> str:
    kind = {"subtitle": "subtitles"}.get(stream.type, stream.type)
    known = stream.codec_context  # None where there is no decoder
    return f"{kind} track {stream.index} ({known.name if known else 'unknown'})"
