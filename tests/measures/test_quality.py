"""A film with the default settings is as stable, strong and sharp as it was when it was tuned.

The bounds leave room for the rounding of other machines. Constants of the carry that are wrong by a
factor of two break them: with `surplus` doubled `gain` is 4.9 and `r` 0.013, with stability 0 `r`
is 0.4, with `fresh` 1 the measure `fresh` is 0.89.
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
        ("r", 0.005, 0.012),
        ("gain", 3.9, 4.5),
        ("hf", 0.035, 0.043),
        ("drift", 1.1, 1.32),
        ("fresh", 0.92, 1.1),
    ],
)
def test_a_dream_with_the_defaults_keeps_its_quality(
    measures: Measures, name: str, low: float, high: float
) -> None:
    assert measures.frames == FRAMES and measures.damage is None
    assert low < getattr(measures, name) < high, measures
