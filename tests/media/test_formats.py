"""Names, limits and qualities of codecs, and an ffmpeg that does not work."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from dreamvid.errors import MissingDependency, UsageError
from dreamvid.media import formats
from dreamvid.media.codecs import CODECS
from dreamvid.media.formats import (
    check_alpha,
    check_crf,
    check_size,
    encoders,
    ffmpeg_path,
    part_codec,
    suited,
    usual_codec,
)


@pytest.mark.parametrize(
    ("name", "codec", "part"),
    [
        ("a.mp4", "h264", "h264"),
        ("a.gif", "h264", "gif"),
        ("a_%05d.PNG", "h264", "png"),
        ("a_%05d.png", "png16", "png16"),
        ("a.png", "apng", "apng"),
        ("a.webp", "prores", "webp"),
        ("a.mkv", "nonsense", "nonsense"),
    ],
)
def test_the_name_of_images_chooses_their_format(name: str, codec: str, part: str) -> None:
    assert part_codec(Path(name), codec) == part


@pytest.mark.parametrize(
    ("name", "codec"), [("a.webm", "webm"), ("a.WEBM", "webm"), ("a.mp4", "h264"), ("a", "h264")]
)
def test_the_usual_codec_follows_the_name(name: str, codec: str) -> None:
    assert usual_codec(Path(name)) == codec


@pytest.mark.parametrize(
    ("codec", "asked", "crf"),
    [("h264", None, 17), ("h264", 0, 0), ("h264", 51, 51), ("av1", 63, 63), ("prores", None, None)],
)
def test_a_quality_within_the_range_is_taken(
    codec: str, asked: float | None, crf: float | None
) -> None:
    assert check_crf(CODECS[codec], asked) == crf


@pytest.mark.parametrize(
    ("codec", "asked", "told"),
    [
        ("h264", 51.5, "51.5 is outside 0..51; lower is better"),
        ("h264", -1, "outside 0..51"),
        ("av1", 64, "outside 0..63"),
        ("prores", 20, "prores has no crf setting; omit it, or use h264, h265, av1, webm"),
    ],
)
def test_a_quality_out_of_range_is_refused(codec: str, asked: float, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        check_crf(CODECS[codec], asked)


@pytest.mark.parametrize("name", CODECS)
def test_the_limits_of_a_codec_are_within_it_and_one_beyond_is_not(name: str) -> None:
    codec = CODECS[name]
    for size in (codec.smallest, codec.largest):
        check_size(codec, size)
    wide, high = codec.largest
    for size in ((wide + 1, high), (wide, high + 1), (0, high)):
        with pytest.raises(UsageError, match=f"too (small|large) for {name}"):
            check_size(codec, size)


@pytest.mark.parametrize("name", CODECS)
def test_transparency_is_refused_by_those_without(name: str) -> None:
    if CODECS[name].alpha:
        check_alpha(CODECS[name])
    else:
        with pytest.raises(UsageError, match=f"{name} does not support transparency; use "):
            check_alpha(CODECS[name])


def test_every_alternative_is_a_codec_and_another_one() -> None:
    for name, codec in CODECS.items():
        assert codec.near and name not in codec.near
        assert set(codec.near) <= CODECS.keys()


@pytest.mark.parametrize("name", CODECS)
def test_only_frames_without_times_are_shown_at_a_constant_rate(name: str) -> None:
    assert CODECS[name].even == (name in {"hap", "hap-q", "hap-alpha", "png", "png16", "exr"})


@pytest.fixture
def fresh() -> object:
    """Forget what ffmpeg can do, before and after."""
    encoders.cache_clear()
    yield
    encoders.cache_clear()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (subprocess.TimeoutExpired("ffmpeg", 60), "timed out after 60 seconds"),
        (subprocess.CalledProcessError(1, "ffmpeg"), "returned non-zero exit status 1"),
        (SimpleNamespace(stdout=""), "it printed nothing"),
    ],
)
def test_an_ffmpeg_that_does_not_work_is_named_with_the_remedy(
    own: bool, result: object, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> object:
        if isinstance(result, BaseException):
            raise result
        return result

    path = ffmpeg_path()
    if own:
        monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", path)
    else:
        monkeypatch.delenv("IMAGEIO_FFMPEG_EXE", raising=False)
        monkeypatch.setattr(formats, "ffmpeg_path", lambda: path)
    monkeypatch.setattr(formats.subprocess, "run", run)
    with pytest.raises(MissingDependency) as caught:
        encoders()
    told = str(caught.value)
    assert told.startswith(f"ffmpeg: {path} is not an ffmpeg that works (") and reason in told
    assert ("set IMAGEIO_FFMPEG_EXE" in told) == own
    assert ("pip install" in told) != own


def test_without_any_ffmpeg_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(formats.imageio_ffmpeg, "get_ffmpeg_exe", none)
    with pytest.raises(MissingDependency, match="ffmpeg was not found; pip install imageio-ffmpeg"):
        ffmpeg_path()


def test_what_ffmpeg_lists_is_read_by_name() -> None:
    assert {"libx264", "ffv1", "png", "gif"} <= encoders()
    assert {"scale", "palettegen", "setparams"} <= formats.filters()
    assert not {"=", "V....."} & encoders()


@pytest.mark.parametrize(
    ("path", "codec", "fits"),
    [
        ("a/clip.mp4", None, "a/clip.mp4"),
        ("clip.MOV", None, "clip.MOV"),
        ("clip.avi", None, "clip.mp4"),
        ("clip.mp4", "hap", "clip.mov"),
        ("clip.mp4", "png", "clip_%05d.png"),
        ("clip.png", None, "clip.mp4"),
        ("clip.mp4", "nonsense", "clip.mp4"),
    ],
)
def test_a_name_gets_a_suffix_that_its_codec_can_use(
    path: str, codec: str | None, fits: str
) -> None:
    assert suited(Path(path), codec) == Path(fits)


def test_a_codec_of_a_card_is_offered_only_where_a_card_encodes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formats, "encoders", lambda: frozenset({"h264_nvenc", "libx264"}))
    monkeypatch.setattr(formats, "card_encodes", lambda encoder: False)
    says = "codec: no NVIDIA card here encodes h264-nvenc .* use h264"
    with pytest.raises(MissingDependency, match=says):
        formats.codec_named("h264-nvenc")
    assert "h264-nvenc" not in formats.available_codecs()
    monkeypatch.setattr(formats, "card_encodes", lambda encoder: True)
    assert formats.codec_named("h264-nvenc").quality == "-cq"
    assert "h264-nvenc" in formats.available_codecs()
    with pytest.raises(MissingDependency, match="this ffmpeg cannot encode av1-nvenc"):
        formats.codec_named("av1-nvenc")


def test_whether_a_card_encodes_is_tried_once_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tried: list[str] = []

    def ask(*question: str) -> str:
        tried.append(question[question.index("-c:v") + 1])
        raise MissingDependency("no device")

    monkeypatch.setattr(formats, "_ask_ffmpeg", ask)
    monkeypatch.setattr("sys.platform", "linux")
    formats.card_encodes.cache_clear()
    monkeypatch.setattr(formats, "NVIDIA_DEVICES", (str(tmp_path / "none"),))
    assert not formats.card_encodes("h264_nvenc") and not tried
    monkeypatch.setattr(formats, "NVIDIA_DEVICES", (str(tmp_path),))
    assert not formats.card_encodes("hevc_nvenc") and tried == ["hevc_nvenc"]
    monkeypatch.setattr(formats, "_ask_ffmpeg", lambda *question: "0, 0")
    assert formats.card_encodes("av1_nvenc")
    formats.card_encodes.cache_clear()
