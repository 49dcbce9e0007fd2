"""Requests checked before any work: what is refused and in which order, sizes, summaries."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dreamvid.commands.preflight import (
    check_beginning,
    check_dream,
    check_image,
    check_loop,
    check_train,
    check_video,
    check_zoom,
    scaled,
)
from dreamvid.errors import DreamvidError, OutputExists, UnreadableInput, UsageError
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.settings.loops import FeedbackLoop, FilmLoop, PanLoop, ZoomLoop
from dreamvid.settings.models import ImageSettings, TrainSettings, VideoSettings, ZoomSettings
from dreamvid.settings.tables import (
    ClipSettings,
    DreamSettings,
    NetworkSettings,
    PictureSettings,
    SizeSettings,
)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "in.mkv"
    with VideoWriter(path, like=FilmInfo.plain(64, 48, Fraction(24)), codec="ffv1") as out:
        for level in range(6):
            out.write(np.full((48, 64, 3), 20 * level, np.uint8))
    return path


def rgba(path: Path) -> Path:
    Image.new("RGBA", (40, 30), (255, 0, 255, 128)).save(path)
    return path


@pytest.mark.parametrize(
    ("wanted", "size"),
    [
        ({}, (400, 300)),
        ({"width": 200}, (200, 150)),
        ({"height": 100}, (133, 100)),
        ({"width": 200, "height": 30}, (200, 30)),
        ({"size": "64x48"}, (64, 48)),
    ],
)
def test_one_given_side_keeps_the_aspect_ratio(
    wanted: dict[str, Any], size: tuple[int, int]
) -> None:
    assert scaled(SizeSettings(**wanted), (400, 300)) == size


def test_no_side_becomes_zero_or_too_large() -> None:
    assert scaled(SizeSettings(width=16), (5000, 10)) == (16, 1)
    with pytest.raises(UsageError, match="160000x16000 is too large"):
        scaled(SizeSettings(height=16000), (400, 40))


def test_a_picture_is_checked_whole(picture: Path, tmp_path: Path) -> None:
    settings = ImageSettings(
        picture=PictureSettings(width=32), dream=DreamSettings(layer=("parts",))
    )
    still = check_image(picture, tmp_path / "out.png", settings)
    assert still.size == (32, 24) and still.picture.shape == (48, 64, 3) and still.alpha is None
    assert still.summary == f"{picture}: 32x24; dreams with efficientnet_lite0, parts"


@pytest.mark.parametrize(
    ("name", "kept", "told"),
    [
        ("out.png", True, "40x30, transparency kept;"),
        ("out.jpg", False, "40x30, transparent areas over black;"),
    ],
)
def test_transparency_is_kept_where_the_output_has_it(
    tmp_path: Path, name: str, kept: bool, told: str
) -> None:
    still = check_image(rgba(tmp_path / "in.png"), tmp_path / name, ImageSettings())
    assert (still.alpha is not None) == kept and told in still.summary


@pytest.mark.parametrize(
    ("name", "dream", "error"),
    [
        ("in.png", {}, UsageError("the output is the source file")),
        ("there.png", {"layer": ("nosuch",)}, OutputExists("already exists")),
        ("no/out.png", {}, UsageError("no such folder")),
        ("out.png", {"strength": "0:(1), 5:(2)"}, UsageError("strength: schedules are not")),
        ("out.png", {"layer": ("parts*(1+t)",)}, UsageError("layer: schedules are not allowed")),
        ("out.png", {"layer": ("nosuch",)}, UsageError("has no layer 'nosuch'")),
        ("out.png", {"label": "nosuch"}, UsageError("unknown label 'nosuch'")),
        ("out.png", {"guide": "gone.png"}, UnreadableInput("gone.png: no such file")),
    ],
)
def test_what_is_wrong_with_a_picture_is_told(
    picture: Path, tmp_path: Path, name: str, dream: dict[str, Any], error: DreamvidError
) -> None:
    (tmp_path / "there.png").touch()
    with pytest.raises(type(error), match=str(error)):
        check_image(picture, tmp_path / name, ImageSettings(dream=DreamSettings(**dream)))


@pytest.mark.parametrize("named", [{"weights": "own.pth"}, {"arch": "vgg16", "model": "own.pth"}])
def test_empty_weights_are_refused_before_torch_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.pth").touch()
    with pytest.raises(UnreadableInput, match=r"own\.pth: the file is empty; copy it again"):
        check_dream(NetworkSettings(**{"model": "vgg16"} | named), DreamSettings())


def test_layers_and_labels_of_own_weights_are_not_checked_yet(tmp_path: Path) -> None:
    weights = tmp_path / "own.pth"
    weights.write_bytes(b"weights")
    network = NetworkSettings(model="vgg16", weights=weights)
    check_dream(network, DreamSettings(layer=("any.7:3*2",)))
    check_dream(network, DreamSettings(label="any"))


@pytest.mark.parametrize(
    "layer", ["parts:3*0.5", " 5c * 2", "creatures:owl, fox*2", "0:(2b), 5:(logits)"]
)
def test_layers_with_channels_weights_and_times_pass(layer: str) -> None:
    check_dream(NetworkSettings(), DreamSettings(layer=(layer,)))


def test_each_layer_of_a_schedule_is_checked() -> None:
    with pytest.raises(UsageError, match="has no layer '9z'"):
        check_dream(NetworkSettings(), DreamSettings(layer=("parts", "0:(2b), 5:(9z*2)")))


def test_a_refused_film_is_closed(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    monkeypatch.setattr("dreamvid.media.reader.VideoReader.close", lambda self: closed.append(True))
    settings = VideoSettings(dream=DreamSettings(strength="0:(1), 2:(-5)"))
    with pytest.raises(UsageError, match="strength"):
        check_video(film, tmp_path / "out.mp4", settings)
    assert closed == [True]


def test_a_film_too_small_for_the_codec_is_refused_before_the_dream(
    film: Path, tmp_path: Path
) -> None:
    settings = VideoSettings.checked({"output": {"codec": "dnxhr"}})
    with pytest.raises(UsageError, match=r"out.mov: 64x48 is too small for dnxhr"):
        check_video(film, tmp_path / "out.mov", settings)
    with pytest.raises(UsageError, match=r"out.mov: 64x48 is too small for dnxhr"):
        check_loop(film, tmp_path / "out.mov", FilmLoop.checked({"output": {"codec": "dnxhr"}}))
    small = {"output": {"codec": "dnxhr"}, "clip": {"size": "64x48", "from_noise": True}}
    for check, kind in ((check_zoom, ZoomSettings), (check_loop, ZoomLoop)):
        with pytest.raises(UsageError, match=r"out.mov: 64x48 is too small for dnxhr"):
            check(None, tmp_path / "out.mov", kind.checked(small))


def test_a_schedule_is_checked_over_the_frames_of_the_clip(tmp_path: Path) -> None:
    late = DreamSettings(octaves="0:(3), 100:(20)")  # above 12 from frame 53
    for seconds, refused in (("1/2", False), ("4", True)):
        clip = ClipSettings.checked({"from_noise": True, "seconds": seconds, "fps": 30})
        try:
            check_zoom(None, tmp_path / "out.mp4", ZoomSettings(clip=clip, dream=late))
        except UsageError as error:
            assert refused and "octaves" in str(error)
        else:
            assert not refused


@pytest.mark.parametrize("settings", [ZoomLoop(), PanLoop(), FeedbackLoop()])
def test_a_loop_without_a_picture_starts_from_noise(settings: Any, tmp_path: Path) -> None:
    request = check_loop(None, tmp_path / "out.mp4", settings)
    assert request.picture is None and request.summary.startswith("noise: ")


def test_a_zoom_or_a_loop_has_no_source_film_for_transparency(tmp_path: Path) -> None:
    alpha = {"output": {"codec": "prores4444", "alpha": "dream"}}
    with pytest.raises(UsageError, match="alpha: a zoom has no source film"):
        check_zoom(None, tmp_path / "out.mov", ZoomSettings.checked(alpha))
    with pytest.raises(UsageError, match="alpha: a loop has no source film"):
        check_loop(None, tmp_path / "out.mov", ZoomLoop.checked(alpha))


def test_a_clip_starts_from_a_picture_or_from_noise_not_both(picture: Path, tmp_path: Path) -> None:
    out, noise = tmp_path / "out.mp4", ClipSettings(from_noise=True)
    pixels, size = check_beginning(picture, out, ClipSettings())
    assert pixels is not None and pixels.shape == (48, 64, 3) and size == (64, 48)
    assert check_beginning(None, out, noise)[0] is None
    for source, clip, says in (
        (None, ClipSettings(), "no picture given"),
        (picture, noise, "not allowed together with a picture"),
    ):
        with pytest.raises(UsageError, match=says):
            check_beginning(source, out, clip)
    Image.new("RGB", (64, 1)).save(tmp_path / "thin.png")
    with pytest.raises(UnreadableInput, match=r"thin.png: the picture is too small"):
        check_beginning(tmp_path / "thin.png", out, ClipSettings())


def test_a_large_picture_is_said_to_be_shrunk(tmp_path: Path) -> None:
    Image.new("RGB", (2000, 1000)).save(tmp_path / "large.png")
    for clip, told in (({}, "1280x640, "), ({"size": "2000x1000"}, "2000x1000, ")):
        settings = ZoomSettings.checked({"clip": clip})
        request = check_zoom(tmp_path / "large.png", tmp_path / "out.mp4", settings)
        assert told in request.summary
        assert ("smaller than the picture" in request.summary) == (not clip)


def test_a_training_needs_a_folder_and_a_name_for_a_network(tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    check_train(None, out, TrainSettings())
    check_train(tmp_path, out, TrainSettings())
    with pytest.raises(UsageError, match=r"out.pth: a network is written as .safetensors"):
        check_train(None, tmp_path / "out.pth", TrainSettings())
    with pytest.raises(DreamvidError, match="gone: no such folder"):
        check_train(tmp_path / "gone", out, TrainSettings())
    out.touch()
    with pytest.raises(OutputExists):
        check_train(None, out, TrainSettings())
    check_train(None, out, TrainSettings(), overwrite=True)
