"""A tiny network of random weights, moving pictures made by formula to dream on, and songs."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from dreamvid.commands import shared
from dreamvid.dream import likeness
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.objectives import Objective
from dreamvid.image import to_image
from dreamvid.media.reader import SourceFrame, VideoReader
from dreamvid.motion.estimate import Motion
from dreamvid.networks import known
from dreamvid.networks.network import Description, Network
from dreamvid.sequence.frames import Frame

HEIGHT, WIDTH = 48, 64


def tiny_network(*, pool: bool = True, seed: int = 0) -> Network:
    """Two convolutions and a classifier: layers one, two, logits; random, but always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = nn.Sequential()
        body.add_module("conv1", nn.Conv2d(3, 8, 5, padding=2))
        body.add_module("one", nn.ReLU())
        if pool:
            body.add_module("pool", nn.MaxPool2d(2))
        body.add_module("conv2", nn.Conv2d(8, 12, 3, padding=1))
        body.add_module("two", nn.ReLU())
        body.add_module("mean", nn.AdaptiveAvgPool2d(1))
        body.add_module("flat", nn.Flatten())
        body.add_module("logits", nn.Linear(12, 5))
    description = Description(
        name="tiny",
        aliases={"textures": "one", "patterns": "one", "parts": "two", "objects": "two"},
        default_layer="two",
        minimum_size=16,
        labels=("ant", "bee", "cat", "dog", "elk"),
        label_layer="logits",
    )
    return Network(body, description)


def with_exemplars(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let labels of any network look like renders, as those of ImageNet do."""
    monkeypatch.setattr(likeness, "is_imagenet", lambda labels: True)


def dream_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tiny network take the place of every network."""
    monkeypatch.setattr(shared, "load_network", lambda *_, **__: tiny_network())
    monkeypatch.setitem(known.STAGES, known.DEFAULT, "one two logits")


def tiny_dreamer(objective: Objective | None = None, **options: Any) -> Dreamer:
    """A Dreamer on the tiny network, quick, on the CPU."""
    chosen = {"octaves": 2, "iterations": 6, "step": 0.03, "device": "cpu", "precision": "fp32"}
    return Dreamer(tiny_network(), objective, **chosen | options)


def texture(seed: int = 0, *, height: int = HEIGHT, width: int = WIDTH, dx: int = 0, dy: int = 0):
    """A colour array [H, W, 3] of uint8 that shows an endless soft texture, moved by (dx, dy)."""
    rng = np.random.default_rng(seed)
    waves, phases = rng.uniform(-0.09, 0.09, (16, 2)), rng.uniform(0, 6.28, (16, 3))
    # The sum of sin(6.28 * (wave_x * x + wave_y * y) + phase), as a product of what x and y give.
    across = np.exp(6.28j * np.outer(waves[:, 0], np.arange(width) - dx))
    down = np.exp(6.28j * np.outer(waves[:, 1], np.arange(height) - dy))
    turned = np.exp(1j * phases).T[:, None, :] * down.T
    plane = (turned @ across).imag.transpose(1, 2, 0)
    return np.rint((127.5 + 20 * plane).clip(0, 255)).astype(np.uint8, order="C")


def moved(frames: int, *, dx: int = 2, dy: int = 1, seed: int = 0) -> list[NDArray[np.uint8]]:
    """Arrays of a texture that moves by (dx, dy) pixels a frame."""
    return [texture(seed, dx=dx * t, dy=dy * t) for t in range(frames)]


def source_frames(arrays: list[NDArray[Any]]) -> list[SourceFrame]:
    """What a reader would give of these arrays at 25 frames a second."""
    return [SourceFrame(t, Fraction(t, 25), array) for t, array in enumerate(arrays)]


def known_frames(
    arrays: list[NDArray[Any]], *, dx: int = 2, dy: int = 1, cuts: tuple[int, ...] = ()
) -> list[Frame]:
    """Frames whose motion is known: (dx, dy) a frame; a shot begins at 0 and at each of `cuts`."""
    height, width = arrays[0].shape[:2]
    backward = np.full((height, width, 2), (-dx, -dy), np.float32)
    mask = np.ones((height, width), np.float32)
    mask[:dy], mask[:, :dx] = 0, 0
    return [
        Frame(
            t,
            Fraction(t, 25),
            to_image(array),
            None if t == 0 or t in cuts else Motion(backward.copy(), mask.copy()),
        )
        for t, array in enumerate(arrays)
    ]


def clicks_from(first: float, path: Path, *, seconds: int = 8) -> Path:
    """Two clicks a second."""
    samples = np.zeros(seconds * 8000, np.int16)
    for start in range(round(first * 8000), len(samples) - 200, 4000):
        samples[start : start + 200] = 20000 * (-1) ** np.arange(200)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(samples.tobytes())
    return path


def read(path: Path) -> list[NDArray[Any]]:
    """The frames of a film."""
    with VideoReader(path) as film:
        return [frame.array for frame in film]
