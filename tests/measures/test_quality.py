"""A film with the default settings is as stable, strong and sharp as it was when it was tuned.

The bounds leave room for the rounding of other machines: bfloat16 stays within them. Wrong
constants of the carry do not: with `surplus` doubled r is 0.028, gain 2.9, hf 0.034, drift 1.19 and
fresh 1.19; with it halved gain is 2.17 and drift 0.92; with stability 0 r is 0.49; with `fresh` 1
or 8 the measure fresh is 1.27 or 1.74; with `keep_power` 0.5, `few` 0, `shorter` 0 or `damp_power`
0, r is 0.18, 0.029, 0.029 or 0.014.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from dreamvid.commands.video import dream_video
from dreamvid.measures.files import measure_films
from dreamvid.measures.film import Measures
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.networks.registry import load_network
from dreamvid.settings.models import VideoSettings
from dreamvid.settings.tables import FilmSettings

WIDTH, HEIGHT, FRAMES = 160, 112, 24


def ground(seed: int, width: int) -> np.ndarray:
    """Noise with structures of three sizes [HEIGHT, width, 3]."""
    rng = np.random.default_rng(seed)
    total = np.full((HEIGHT, width, 3), 128, np.float32)
    for sigma, amount in ((12, 30), (4, 18), (1.2, 9)):
        noise = rng.standard_normal(total.shape).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), sigma)
        total += amount * smooth / smooth.std()
    return total


def write_scene(path: Path) -> None:
    """A camera pans by 2 pixels a frame, and a disc moves the other way by 2.5."""
    wide, near = ground(0, WIDTH + 4 * FRAMES), ground(1, WIDTH)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    like = FilmInfo.plain(WIDTH, HEIGHT, Fraction(24), FRAMES)
    with VideoWriter(path, like=like, codec="ffv1") as film:
        for t in range(FRAMES):
            picture = wide[:, 2 * t : 2 * t + WIDTH].copy()
            disc = (x - 40 - 2.5 * t) ** 2 + (y - HEIGHT / 2) ** 2 < 24**2
            shift = np.array([[1, 0, 2.5 * t], [0, 1, 0]], np.float32)
            moved = cv2.warpAffine(near, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
            picture[disc] = moved[disc]
            film.write(np.rint(picture.clip(0, 255)).astype(np.uint8))


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> Measures:
    folder = tmp_path_factory.mktemp("quality")
    network = {"model": "bestiary", "device": "cpu", "precision": "fp32"}
    settings = VideoSettings.checked({"network": network, "output": {"codec": "ffv1"}})
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        write_scene(folder / "scene.mkv")
        dream_video(folder / "scene.mkv", folder / "dream.mkv", settings)
        judge = load_network("bestiary")
        return measure_films(
            folder / "scene.mkv",
            folder / "dream.mkv",
            film=FilmSettings(),
            judge=judge,
            layer=judge.default_layer,
            device="cpu",
        )
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("r", 0.016, 0.026),
        ("gain", 2.2, 2.55),
        ("hf", 0.027, 0.033),
        ("drift", 0.95, 1.08),
        ("fresh", 1.3, 1.55),
    ],
)
def test_a_dream_with_the_defaults_keeps_its_quality(
    measures: Measures, name: str, low: float, high: float
) -> None:
    assert measures.frames == FRAMES and measures.damage is None
    assert low < getattr(measures, name) < high, measures
