"""Opening films safely: formats, tracks, and reasons in words."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest
from av.error import FFmpegError
from av.stream import Disposition
from media_clips import MOVING, Make, ffmpeg

from dreamvid.errors import UnreadableInput
from dreamvid.media.probe import (
    AUDIO_FORMATS,
    exact,
    open_input,
    open_leniently,
    reason,
    video_stream,
)


def sound(path: Path) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(1600))
    return path


@pytest.mark.parametrize("name", ["-y.mp4", "concat:a.mp4", "a%03d.mp4", "a b'c.mp4"])
def test_a_name_is_no_option_protocol_or_pattern(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make("plain.mp4").rename(name)
    with open_input(Path(name)) as container:
        assert len(container.streams.video) == 1


def test_sound_alone_is_opened_only_where_it_is_asked_for(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav")
    with pytest.raises(UnreadableInput, match=r"a.wav: not a readable film"):
        open_input(path)
    says = r"no video track \(only audio\); give a file"
    with (
        open_input(path, formats=AUDIO_FORMATS) as container,
        pytest.raises(UnreadableInput, match=says),
    ):
        video_stream(container, path)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ffconcat version 1.0\nfile other.mp4\n", "a.mp4"),
        ("#EXTM3U\n#EXTINF:1,\nother.mp4\n#EXT-X-ENDLIST\n", "a.mp4"),
    ],
)
def test_a_file_that_refers_to_others_is_not_opened(
    make: Make, tmp_path: Path, text: str, name: str
) -> None:
    make("other.mp4")
    (tmp_path / name).write_text(text)
    with pytest.raises(UnreadableInput, match="not a readable film"):
        open_input(tmp_path / name)


@pytest.mark.parametrize("box", [b"ftyp", b"mdat", b"wide"])
def test_a_film_without_its_index_is_said_to_be_truncated(tmp_path: Path, box: bytes) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(b"\0\0\0\x20" + box + bytes(200))
    with pytest.raises(UnreadableInput, match=r"a.mov: .*index .moov. is missing; copy or export"):
        open_input(path)


def test_the_default_track_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    small, large = ("-f", "lavfi", "-i", MOVING), ("-f", "lavfi", "-i", MOVING.replace("64", "96"))
    marked = ("-disposition:v:0", "0", "-disposition:v:1", "default")
    ffmpeg(*small, *large, "-map", "0", "-map", "1", *marked, "-frames:v", "2", str(path))
    with open_input(path) as container:
        assert video_stream(container, path).width == 96


@pytest.mark.parametrize("kind", [Disposition.attached_pic, Disposition.timed_thumbnails])
def test_a_cover_is_never_taken(kind: Disposition) -> None:
    tracks = [SimpleNamespace(disposition=kind | Disposition.default, type="video")]
    container: Any = SimpleNamespace(streams=SimpleNamespace(video=tracks))
    tracks.append(SimpleNamespace(disposition=Disposition(0), type="video"))
    assert video_stream(container, Path("a.mp4")) is tracks[1]


def test_metadata_that_is_not_text_is_no_obstacle(make: Make, tmp_path: Path) -> None:
    data = make("a.mkv", "-metadata", "title=TITLE").read_bytes()
    (tmp_path / "b.mkv").write_bytes(data.replace(b"TITLE", b"TI\xff\xfeE"))
    with open_leniently(tmp_path / "b.mkv") as container:
        assert "TI" in container.metadata["title"]


@pytest.mark.parametrize("unset", [None, 0, Fraction(0)])
def test_a_number_that_is_not_set_is_none(unset: object) -> None:
    assert exact(unset) is None
    assert exact(Fraction(30000, 1001)) == Fraction(30000, 1001)


def test_the_reason_is_what_ffmpeg_logged_last() -> None:
    assert reason(FFmpegError(1, "failed", None, (16, "mov", " no atom \n"))) == "no atom"
    assert reason(FFmpegError(1, "failed")) == "failed"
    assert reason(ValueError("odd")) == "odd"
    assert reason(ValueError()) == "ValueError"
    with pytest.raises(av.error.FileNotFoundError) as caught:
        av.open("gone.mp4")
    assert reason(caught.value) == "No such file or directory"
