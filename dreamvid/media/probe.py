"""Open a film safely: only self-contained formats, only local files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from dreamvid.errors import UnreadableInput
from dreamvid.media.source import check_file

FORMATS: Final = (
    "3gp,aiff,apng,asf,avi,dv,flv,gif,h264,hevc,image2,ivf,jpeg_pipe,jpegxl_anim,m4v,matroska,"
    "mj2,mov,mp4,mpeg,mpegts,mpegvideo,mxf,nut,obu,ogg,png_pipe,rm,webm,webp_anim,webp_pipe,"
    "wtv,yuv4mpegpipe,av1,vob,m2ts,gif_pipe,bmp_pipe,tiff_pipe,ppm_pipe,webp,exr_pipe,dpx_pipe"
)
"""Formats that contain the video themselves. Playlists and scripts (concat, hls, dash, imf ...) are
excluded: they reference other files, so a renamed playlist would read its neighbours."""

AUDIO_FORMATS: Final = FORMATS + ",wav,w64,mp3,flac,aac,ac3,eac3,caf,au,amr,opus,wv,ape,tta,oga"
"""Formats opened for their audio: films, and audio-only formats."""

CLOCKLESS: Final = frozenset({"mpegts", "mpeg", "vob", "wtv", "rtp"})
"""Formats recorded from a running broadcast clock, whose zero is arbitrary."""


def file_url(path: Path) -> str:
    """Return a URL of a file that ffmpeg cannot mistake for an option, protocol or pattern."""
    return f"file:{path}"


def open_leniently(path: Path, options: dict[str, str] | None = None) -> InputContainer:
    """Open a file for reading; undecodable bytes in its metadata are replaced.

    PyAV 19 and newer does so by default and no longer has the option.
    """
    needs_option = int(av.__version__.partition(".")[0]) < 19
    lenient: dict[str, Any] = {"metadata_errors": "replace"} if needs_option else {}
    opened: InputContainer = av.open(file_url(path), "r", container_options=options, **lenient)
    return opened


def exact(number: Any) -> Fraction | None:
    """A number from PyAV as a Fraction; None if unset (0 in PyAV 19)."""
    return Fraction(number) if number else None


def open_input(path: Path, *, formats: str = FORMATS) -> InputContainer:
    """Open a film, allowing only the given formats and the file protocol.

    Raises UnreadableInput if it is missing, empty, or in none of the formats.
    """
    check_file(path)
    try:
        return open_leniently(path, {"format_whitelist": formats, "protocol_whitelist": "file"})
    except PermissionError:
        raise UnreadableInput("no permission to read the file", where=path) from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if _is_quicktime(path):
            raise UnreadableInput(
                "the file is truncated: its index (moov) is missing",
                where=path,
                remedy="copy or export it again",
            ) from error
        raise UnreadableInput(
            f"not a readable film ({reason(error)})",
            where=path,
            remedy="check that it plays in a player, or export it again",
        ) from error


def _is_quicktime(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(8)[4:] in (b"ftyp", b"moov", b"mdat", b"wide")


def reason(error: BaseException) -> str:
    """Return a short description of an ffmpeg error."""
    log = getattr(error, "log", None)
    message = log[2].strip() if log else ""
    return message or (getattr(error, "strerror", None) or str(error) or type(error).__name__)


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """Select the main video stream of a film, never a cover image.

    Raises UnreadableInput if there is none.
    """
    cover = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [s for s in container.streams.video if not s.disposition & cover]
    if not streams:
        kinds = sorted({s.type for s in container.streams})
        found = f" (only {' and '.join(kinds)})" if kinds else ""
        raise UnreadableInput(
            f"no video track{found}", where=path, remedy="give a file with a video track"
        )
    first: VideoStream = next(
        (s for s in streams if s.disposition & Disposition.default), streams[0]
    )
    return first
