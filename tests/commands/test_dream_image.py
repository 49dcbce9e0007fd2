"""Pictures with transparency: what is hidden stays hidden, and the transparency is kept or said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import dream_tiny, texture

from dreamvid.commands.image import dream_image
from dreamvid.commands.preflight import check_image, check_loop, check_zoom
from dreamvid.settings.loops import ZoomLoop
from dreamvid.settings.models import ImageSettings, ZoomSettings

DREAM = {"octaves": 1, "iterations": 2}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)


def clear_picture(path: Path, hidden: tuple[int, int, int]) -> Path:
    """A texture whose left half is opaque, then half opaque, then transparent over a colour."""
    rgba = np.dstack([texture(), np.full((48, 64), 255, np.uint8)])
    rgba[:, 32:48, 3] = 128
    rgba[:, 48:] = (*hidden, 0)
    Image.fromarray(rgba).save(path)
    return path


def dreamed(source: Path, target: Path, **dream: object) -> np.ndarray:
    settings = ImageSettings.checked({"dream": DREAM | dream})
    dream_image(source, target, settings, overwrite=True)
    with Image.open(target) as picture:
        return np.asarray(picture).astype(int)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_transparency_is_kept_where_the_format_can(tmp_path: Path, suffix: str) -> None:
    source = clear_picture(tmp_path / "in.png", (255, 0, 255))
    made = dreamed(source, tmp_path / f"out{suffix}")
    alpha = np.repeat([255, 128, 0], [32, 16, 16])
    assert np.array_equal(made[..., 3], np.tile(alpha, (48, 1)))
    assert check_image(source, tmp_path / "new.png", ImageSettings()).summary.startswith(
        f"{source}: 64x48, transparency kept; dreams with "
    )


def test_without_strength_the_visible_picture_is_unchanged(tmp_path: Path) -> None:
    source = clear_picture(tmp_path / "in.png", (255, 0, 255))
    made = dreamed(source, tmp_path / "out.png", strength=0)
    before = np.asarray(Image.open(source)).astype(int)
    assert np.array_equal(made[:, :32], before[:, :32])
    assert np.abs(made[:, 32:48] - before[:, 32:48]).max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_hidden_colours_change_nothing(tmp_path: Path, suffix: str) -> None:
    one, other = (
        dreamed(clear_picture(tmp_path / "in.png", hidden), tmp_path / f"out{suffix}")
        for hidden in ((255, 0, 255), (0, 255, 0))
    )
    assert np.array_equal(one, other)


def test_transparency_that_is_lost_is_said(tmp_path: Path) -> None:
    source = clear_picture(tmp_path / "in.png", (255, 0, 255))
    said = f"{source}: 64x48, transparent areas over black; dreams with "
    assert check_image(source, tmp_path / "out.jpg", ImageSettings()).summary.startswith(said)
    clips = (
        check_zoom(source, tmp_path / "out.mp4", ZoomSettings()),
        check_loop(source, tmp_path / "out.mp4", ZoomLoop()),
    )
    assert all("fps, transparent areas over black; " in clip.summary for clip in clips)
    assert dreamed(source, tmp_path / "out.jpg")[:, 56:].mean() < 60


def test_a_background_takes_the_place_of_transparency(tmp_path: Path) -> None:
    source = clear_picture(tmp_path / "in.png", (255, 0, 255))
    values = {"dream": DREAM | {"strength": 0}, "picture": {"background": "white", "width": 40}}
    settings = ImageSettings.checked(values)
    summary = check_image(source, tmp_path / "out.png", settings).summary
    assert f"{source}: 40x30, transparent areas over white; " in summary
    dream_image(source, tmp_path / "out.png", settings)
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.mode == "RGB" and picture.getpixel((38, 15)) == (255, 255, 255)


def test_a_zoom_starts_from_the_picture_over_the_background(tmp_path: Path) -> None:
    source = clear_picture(tmp_path / "in.png", (255, 0, 255))
    for settings in (ZoomSettings, ZoomLoop):
        wanted = settings.checked({"clip": {"background": "white"}})
        check = check_zoom if settings is ZoomSettings else check_loop
        clip = check(source, tmp_path / "out.mp4", wanted)  # type: ignore[operator]
        assert "fps, transparent areas over white; " in clip.summary
        assert clip.picture[24, 60].tolist() == [255, 255, 255]


def test_an_opaque_picture_with_an_alpha_channel_stays_plain(tmp_path: Path) -> None:
    Image.fromarray(texture()).convert("RGBA").save(tmp_path / "in.png")
    assert dreamed(tmp_path / "in.png", tmp_path / "out.png").shape == (48, 64, 3)


def test_a_large_picture_is_shrunk_for_a_film_and_the_remedy_is_said(tmp_path: Path) -> None:
    Image.new("RGB", (2000, 1000)).save(tmp_path / "in.png")
    Image.new("RGB", (640, 480)).save(tmp_path / "small.png")
    large = check_zoom(tmp_path / "in.png", tmp_path / "out.mp4", ZoomSettings())
    assert large.size == (1280, 640)
    assert ", smaller than the picture (--size changes that)" in large.summary
    small = check_zoom(tmp_path / "small.png", tmp_path / "out.mp4", ZoomSettings())
    asked = ZoomSettings.checked({"clip": {"size": "2000x1000"}})
    full = check_zoom(tmp_path / "in.png", tmp_path / "out.mp4", asked)
    assert (small.size, full.size) == ((640, 480), (2000, 1000))
    assert "--size" not in small.summary + full.summary
