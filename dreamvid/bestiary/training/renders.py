"""Training on renders: a bank of layers, composited anew for every batch, and one of portraits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dreamvid.bestiary.renders import Bank, Compositor, Mixture, classes, labels, render_layers
from dreamvid.bestiary.renders.layers import labels_of
from dreamvid.bestiary.training.portraits import CANDIDATES, PortraitRenders
from dreamvid.bestiary.training.stream import Composer
from dreamvid.errors import writing
from dreamvid.networks.kinds import telling
from dreamvid.networks.weights import Counted

SIDE = 128
"""Side of a render in pixels."""
LARGE = Mixture(full=0.25, second=0.35, zoom=(-0.6, 0.35))
"""More objects than textures, and large ones, so that dreams are full of them."""
SCENES, SINGLE = "", "portraits-"
"""What the files of the two banks in a folder begin with."""


@dataclass(frozen=True)
class Renders:
    """Renders from a bank in a folder, written by `draw_banks`."""

    folder: Path
    mixture: Mixture = LARGE

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all renders, such as 'fox/side'."""
        return labels()

    def composer(self, *, size: int, seed: int) -> Composer:
        """A composer of objects on cluttered backgrounds."""
        bank = _read(self.folder, SCENES)
        return Compositor(bank, size=size, seed=seed, mixture=self.mixture)

    def portrait_renders(self) -> PortraitRenders:
        """What portraits are made of: the most telling views in natural colours."""
        bank = _read(self.folder, SINGLE)
        return PortraitRenders(bank.layers, bank.labels)


def _read(folder: Path, kind: str) -> Bank:
    layers = np.load(folder / f"{kind}layers.npy", mmap_mode="r")
    return Bank(layers, np.load(folder / f"{kind}labels.npy"))


def telling_views() -> list[str]:
    """The label of each class that shows best what it is."""
    return [telling([labels()[k] for k in labels_of([name])]) for name in classes()]


def draw_banks(
    folder: Path, count: int, *, seed: int = 0, drawn: Counted = lambda done, total: None
) -> None:
    """Draw `count` renders for scenes and half as many for portraits, unless they already exist.

    They are drawn on all cores; `drawn(done, total)` reports the progress of each bank.
    """
    _draw(folder, SCENES, count, seed=seed, drawn=drawn)
    views = telling_views()
    count = max(count // 2, CANDIDATES * len(views))
    _draw(folder, SINGLE, count, seed=seed + 1, drawn=drawn, classes=views, natural=True)


def _draw(folder: Path, kind: str, count: int, *, seed: int, drawn: Counted, **what: Any) -> None:
    layers, finished = folder / f"{kind}layers.npy", folder / f"{kind}labels.npy"
    if finished.exists():
        return
    with writing(layers):
        room = np.lib.format.open_memmap(layers, "w+", np.uint8, (count, SIDE, SIDE, 4))
        workers = os.cpu_count() or 1
        bank = render_layers(
            count, size=SIDE, seed=seed, workers=workers, into=room, drawn=drawn, **what
        )
        room.flush()
        np.save(finished, bank.labels)
