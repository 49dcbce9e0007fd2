"""Training pictures: layers on cluttered backgrounds, with soft labels by visible area."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .backgrounds import render_backgrounds
from .layers import Bank, full_frame, labels
from .maths import Array, floats, shifted
from .optics import Exposure, developed, framed


@dataclass(frozen=True)
class Mixture:
    """How training pictures are put together.

    `full` is the chance with which a texture that is drawn by lot is taken, `second` that of a
    second object, `plain` of a background without a label, `zoom` the range of the log of the
    camera's zoom-out, `turn` the deviation of the rotation (radians), `wander` the largest shift
    (share of the frame).
    """

    full: float = 1.0
    second: float = 0.4
    plain: float = 0.6
    zoom: tuple[float, float] = (-0.45, 0.4)
    turn: float = 0.25
    wander: float = 0.22
    exposure: Exposure = field(default_factory=Exposure)


@dataclass(frozen=True)
class Batch:
    """`pictures` uint8 [N, S, S, 3], RGB; `targets` float32 [N, labels], each row summing to 1.

    `grounds`, of the shape of `pictures`, show the same without what the targets name.
    """

    pictures: Array
    targets: Array
    grounds: Array


class Compositor:
    """Yields training pictures from a bank of layers, for ever; seeded."""

    def __init__(
        self, bank: Bank, *, size: int = 112, seed: int = 0, mixture: Mixture | None = None,
        backgrounds: int = 128,
    ) -> None:  # fmt: skip
        self.bank, self.size, self.mixture = bank, size, mixture or Mixture()
        self.rng = np.random.default_rng(seed)
        full = full_frame()[bank.labels]
        self.textures, self.objects = np.flatnonzero(full), np.flatnonzero(~full)
        self.backgrounds = render_backgrounds(backgrounds, size=bank.layers.shape[1], seed=seed)

    def _framed(
        self, layer: Array, zoom: tuple[float, float], wander: float, *, tiled: bool
    ) -> Array:
        return framed(
            layer, self.rng, size=self.size, zoom=zoom, turn=self.mixture.turn, wander=wander,
            tiled=tiled,
        )  # fmt: skip

    def _ground(self) -> Array:
        rng = self.rng
        if len(self.textures) and rng.random() > self.mixture.plain:
            picture = self.bank.layers[rng.choice(self.textures)][..., :3]
        else:
            picture = self.backgrounds[rng.integers(len(self.backgrounds))]
        ground = floats(self._framed(np.ascontiguousarray(picture), (-1.2, 0.1), 0.3, tiled=True))
        if rng.random() < 0.5:
            ground = cv2.GaussianBlur(ground, (0, 0), rng.uniform(0.8, 5))
        keep = np.float32(rng.uniform(0.3, 1))
        flat = 0.3 * rng.random(3) * 255 + 0.7 * ground.mean((0, 1))
        return floats(ground * keep + (1 - keep) * flat)

    def _over(self, ground: Array, layer: Array) -> tuple[Array, Array]:
        alpha = floats(layer[..., 3:]) / 255
        shadow = shifted(alpha, 3, 3) * np.float32(0.4 * self.rng.random())
        return ground * (1 - shadow) * (1 - alpha) + layer[..., :3], alpha[..., 0]

    def _first(self) -> tuple[Array, int, bool]:
        """A layer, its label, and whether it fills the frame."""
        while True:
            first = int(self.rng.integers(len(self.bank.labels)))
            label = int(self.bank.labels[first])
            tiled = bool(full_frame()[label])
            if not tiled or self.mixture.full == 1 or self.rng.random() < self.mixture.full:
                return self.bank.layers[first], label, tiled

    def _scene(self) -> tuple[Array, Array, dict[int, float]]:
        """A picture, its ground, and its labels with their weights."""
        rng, mixture, bank = self.rng, self.mixture, self.bank
        layer, label, tiled = self._first()
        picture = ground = self._ground()
        if tiled:
            picture = np.ascontiguousarray(layer[..., :3])
            picture = floats(self._framed(picture, (-0.6, 0.2), 0.25, tiled=True))
        other, behind = label, np.zeros((self.size, self.size), np.float32)
        if rng.random() < mixture.second and len(self.objects):
            second = int(rng.choice(self.objects))
            other = int(bank.labels[second])
            warped = self._framed(bank.layers[second], (0.0, 0.7), 0.45, tiled=False)
            picture, behind = self._over(picture, warped)
        if tiled:
            area = float((1 - behind).mean()) * 0.6
        else:
            warped = self._framed(layer, mixture.zoom, mixture.wander, tiled=False)
            picture, cover = self._over(picture, warped)
            area, behind = float(cover.mean()), behind * (1 - cover)
        return picture, ground, _shares(label, area, other, float(behind.mean()))

    def batch(self, count: int) -> Batch:
        """Compose `count` pictures and their soft labels."""
        pictures = np.empty((count, self.size, self.size, 3), np.uint8)
        grounds = np.empty_like(pictures)
        targets = np.zeros((count, len(labels())), np.float32)
        for k in range(count):
            picture, ground, shares = self._scene()
            exposure = self.mixture.exposure
            pictures[k], grounds[k] = developed([picture, ground], self.rng, exposure)
            for label, share in shares.items():
                targets[k, label] += share
        return Batch(pictures, targets, grounds)


def _shares(first: int, area: float, other: int, behind: float) -> dict[int, float]:
    """Return the labels' weights: by visible area, the first object never below 0.4."""
    share = min(0.6, behind / (behind + area + 0.02)) if behind > 0.03 else 0.0
    if other == first or share == 0.0:
        return {first: 1.0}
    return {first: 1.0 - share, other: share}
