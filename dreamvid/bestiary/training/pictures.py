"""Training on user images: a folder per class, or one folder without classes.

Without classes every image is a class of its own, recognised by its crops (Dosovitskiy et al. 2014,
"Exemplar networks"): features are learned without labels. For gradient alignment, crops are
blended with other backgrounds: see `aligned`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import DreamvidError, UnreadableInput, no_such_folder
from dreamvid.image import load_image, to_array
from dreamvid.renders import Batch, Exposure, developed, framed, render_backgrounds

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm"}
FEWEST = 8
ROOM = 2 << 30
"""Memory limit for all images in bytes; many images are stored at a smaller size."""
LARGEST, SMALLEST = 256, 96
"""Limits of the shorter side, in pixels, to which images are reduced."""
ZOOM = (-1.3, 0.05)
"""Range of the log of the share of an image that a crop shows."""
LIGHT = Exposure(saturation=(0.8, 1.4), contrast=(0.85, 1.2), brightness=0.08, noise=0.02)
"""Colour augmentation of crops, small enough to preserve the colours of the images."""
BACKGROUNDS = 96
"""Number of rendered background scenes."""
OWN, PLAIN = 0.35, 0.15
"""Probability that a background is another crop, or one colour; otherwise it is a scene."""

Skipped = Callable[[Path, str], None]


@dataclass(frozen=True)
class PictureSet:
    """Images in memory: uint8 [H, W, 3] RGB, with the class index of each into `labels`."""

    pictures: tuple[NDArray[np.uint8], ...]
    classes: tuple[int, ...]
    labels: tuple[str, ...]

    def composer(self, *, size: int, seed: int) -> _Crops:
        """Random crops with rotation, mirroring and colour augmentation; classes are balanced."""
        return _Crops(self, size, seed)


class _Crops:
    def __init__(self, source: PictureSet, size: int, seed: int) -> None:
        self._source, self._size, self._rng = source, size, np.random.default_rng(seed)
        self._scenes = render_backgrounds(BACKGROUNDS, seed=seed)
        classes = np.array(source.classes)
        self._members = [np.flatnonzero(classes == k) for k in range(len(source.labels))]

    def batch(self, count: int) -> Batch:
        """Make a batch of `count` crops."""
        size = self._size
        crops = np.empty((count, size, size, 3), np.uint8)
        grounds = np.empty_like(crops)
        targets = np.zeros((count, len(self._members)), np.float32)
        for k in range(count):
            label, crop = self._crop()
            crops[k], grounds[k] = developed([crop, self._ground()], self._rng, LIGHT)
            targets[k, label] = 1
        return Batch(crops, targets, grounds)

    def _crop(self) -> tuple[int, NDArray[np.float32]]:
        label = int(self._rng.integers(len(self._members)))
        picture = self._source.pictures[self._rng.choice(self._members[label])]
        return label, self._framed(picture)

    def _framed(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        seen = framed(
            picture, self._rng, size=self._size, zoom=ZOOM, turn=0.15, wander=0.3, tiled=True
        )  # fmt: skip
        made: NDArray[np.float32] = seen.astype(np.float32)
        return made

    def _ground(self) -> NDArray[np.float32]:
        """A random background: a crop, a scene or one colour, with random blur and contrast."""
        rng, kind = self._rng, self._rng.random()
        if kind < PLAIN:
            return np.full((self._size, self._size, 3), 255 * rng.random(3), np.float32)
        if kind < PLAIN + OWN:
            _, ground = self._crop()
        else:
            ground = self._framed(self._scenes[rng.integers(BACKGROUNDS)])
        if rng.random() < 0.5:
            ground = cv2.GaussianBlur(ground, (0, 0), rng.uniform(0.8, 5)).astype(np.float32)
        keep = np.float32(rng.uniform(0.3, 1))
        mixed: NDArray[np.float32] = keep * ground + (1 - keep) * ground.mean((0, 1))
        return mixed


def read_pictures(
    folder: Path, *, sheet: Path | None = None, skipped: Skipped = lambda path, why: None
) -> PictureSet:
    """Read all images in a folder; sub-folders that contain images are the classes.

    The contact `sheet` of the training itself is excluded. Unreadable files are skipped and passed
    to `skipped`. Raises UnreadableInput if the folder is missing or has fewer than 8 images.
    """
    if not folder.is_dir():
        raise no_such_folder(folder)
    children = [child for child in sorted(folder.iterdir()) if child.is_dir()]
    by_class = {child.name: _files(child, sheet) for child in children}
    by_class = {name: files for name, files in by_class.items() if files}
    named = by_class or {path.name: [path] for path in _files(folder, sheet)}
    side = _side(sum(map(len, named.values())))
    pictures: list[NDArray[np.uint8]] = []
    classes: list[str] = []
    for name, files in named.items():
        for path in files:
            try:
                pictures.append(_reduced(path, side))
                classes.append(name)
            except DreamvidError as error:
                skipped(path, error.what)
    if len(pictures) < FEWEST:
        raise UnreadableInput(
            f"only {len(pictures)} images can be read, which is too few to train on",
            where=folder,
            remedy=f"give at least {FEWEST}, preferably 100 or more",
        )
    labels = tuple(dict.fromkeys(classes))
    return PictureSet(tuple(pictures), tuple(map(labels.index, classes)), labels)


def _files(folder: Path, sheet: Path | None) -> list[Path]:
    files = (p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
    return sorted(p for p in files if sheet is None or not _same(p, sheet))


def _same(path: Path, sheet: Path) -> bool:
    return path.name == sheet.name and path.parent.samefile(sheet.parent)


def _side(count: int) -> int:
    """The shorter side at which `count` images of 3:2 fit in `ROOM`."""
    fitting = (ROOM / (max(1, count) * 3 * 1.5)) ** 0.5
    return int(min(LARGEST, max(SMALLEST, fitting)))


def _reduced(path: Path, side: int) -> NDArray[np.uint8]:
    array: NDArray[Any] = to_array(load_image(path))
    scale = side / min(array.shape[:2])
    if scale < 1:
        array = cv2.resize(array, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(array, np.uint8)
