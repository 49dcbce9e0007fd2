"""Previews: what a camera will do, without a network."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tiny import read, texture

from dreamvid.commands import shared
from dreamvid.commands.preview import preview_motion
from dreamvid.errors import OutputExists, UsageError
from dreamvid.motion.camera import Camera
from dreamvid.sequence.endless import endless as seen_by
from dreamvid.settings.models import ZoomSettings
from dreamvid.settings.tables import NetworkSettings

QUICK = {"octaves": 2, "iterations": 2}
SMALL = {"size": "64x48", "fps": 6, "seconds": 1}
CPU = NetworkSettings(device="cpu", precision="fp32")


def zoom_settings(**tables: dict[str, Any]) -> ZoomSettings:
    return ZoomSettings.checked({"dream": QUICK, "clip": SMALL} | tables)


def test_the_preview_needs_no_network(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "load_network", None)
    preview_motion(picture, tmp_path / "p.mp4", zoom_settings(camera={"zoom": 2, "rotate": 9}))
    assert len(read(tmp_path / "p.mp4")) == 6
    with pytest.raises(OutputExists):
        preview_motion(picture, tmp_path / "p.mp4", zoom_settings())


def test_the_preview_is_written_as_the_zoom_would_be(picture: Path, tmp_path: Path) -> None:
    output = {"codec": "webm", "crf": 40, "repeat_to": 2}
    preview_motion(picture, tmp_path / "p.webm", zoom_settings(output=output))
    with av.open(str(tmp_path / "p.webm")) as film:
        assert film.streams.video[0].codec_context.name == "vp9"
    assert len(read(tmp_path / "p.webm")) == 12
    clear = zoom_settings(output={"codec": "prores", "alpha": "dream"})
    with pytest.raises(UsageError, match="alpha: a zoom has no source film"):
        preview_motion(picture, tmp_path / "p.mov", clear)


def test_the_preview_moves_as_the_camera_does() -> None:
    array = texture()
    camera = Camera({"pan_x": 8 / 64}, fps=Fraction(1), width=64, height=48)
    first, second, third = seen_by(array, camera.matrix, 3)
    assert np.array_equal(first, array)
    assert np.abs(second[:, 8:].astype(int) - array[:, :-8]).max() <= 1
    assert np.abs(third[:, 16:].astype(int) - array[:, :-16]).max() <= 1


@pytest.mark.parametrize("zoom", [1.9, 1 / 1.9])
def test_the_preview_never_ends(zoom: float) -> None:
    camera = Camera({"zoom": zoom, "rotate": 20}, fps=Fraction(1), width=64, height=48)
    frames = list(seen_by(texture(), camera.matrix, 150))
    sharp = [np.diff(frame.astype(float), axis=1).std() for frame in frames]
    assert min(sharp[100:]) > 0.5 * np.median(sharp[:20])


def test_what_is_stretched_without_end_is_reported() -> None:
    camera = Camera({"shear_x": 9, "shear_y": 9}, fps=Fraction(1), width=64, height=48)
    with pytest.raises(UsageError, match="at frame 3 the image is stretched too far"):
        list(seen_by(texture(), camera.matrix, 30))
