"""Training on renders: a bank of layers, composited anew for every batch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dreamvid.bestiary.training.stream import Composer
from dreamvid.errors import writing
from dreamvid.networks.weights import Counted
from dreamvid.renders import Bank, Compositor, Mixture, labels, render_layers

SIDE = 128
"""Side of a render in pixels."""
LARGE = Mixture(full=0.25, second=0.35, zoom=(-0.6, 0.35))
"""More objects than textures, and large ones, so that dreams are full of them."""


@dataclass(frozen=True)
class Renders:
    """Renders from a bank in a folder, written by `draw_bank`."""

    folder: Path
    mixture: Mixture = LARGE

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all renders, such as 'fox/side'."""
        return labels()

    def composer(self, *, size: int, seed: int) -> Composer:
        """A composer of objects on cluttered backgrounds."""
        layers = np.load(self.folder / "layers.npy", mmap_mode="r")
        bank = Bank(layers, np.load(self.folder / "labels.npy"))
        return Compositor(bank, size=size, seed=seed, mixture=self.mixture)


def draw_bank(
    folder: Path, count: int, *, seed: int = 0, drawn: Counted = lambda done, total: None
) -> None:
    """Draw `count` renders into a folder, on all cores, unless they already exist.

    `drawn(done, total)` reports progress.
    """
    layers, finished = folder / "layers.npy", folder / "labels.npy"
    if finished.exists():
        return
    with writing(layers):
        room = np.lib.format.open_memmap(layers, "w+", np.uint8, (count, SIDE, SIDE, 4))
        bank = render_layers(
            count, size=SIDE, seed=seed, workers=os.cpu_count() or 1, into=room, drawn=drawn
        )
        room.flush()
        np.save(finished, bank.labels)
