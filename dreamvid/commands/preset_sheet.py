"""A contact sheet of the presets, each applied to the same picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from dreamvid.bestiary.atlas import GAP, PAPER, captioned, tiled
from dreamvid.commands.dreams import Dreams
from dreamvid.commands.shared import load_all
from dreamvid.dream.octaves import resize, shrink
from dreamvid.image import to_image
from dreamvid.networks.network import Network
from dreamvid.renders.backgrounds import hills
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.settings import presets
from dreamvid.settings.tables import DreamSettings, NetworkSettings

SIDE, CELL = 512, 256
"""The longest side of a picture in pixels: during the dream, and on the sheet."""

COLUMNS = 4
"""Pictures per row; the source takes two by two cells, so that twelve presets give 4x4 cells."""

LETTERS = 18
"""Height of the names below the pictures, in pixels: readable when the sheet is scaled down."""

EDGE = 16
"""Pixels to crop at the upper left of the landscape, where its clouds are cut off."""


def preset_sheet(
    picture: Tensor | None,
    network: NetworkSettings,
    *,
    on_progress: OnProgress = ignore,
) -> Tensor:
    """Draw all presets on a picture [3, H, W], or on a generated landscape; the source comes first.

    Raises MissingDependency when the weights of the network are missing.
    """
    source = landscape() if picture is None else picture
    small, names, images = shrink(source, SIDE), presets.names(), dict[str, Tensor]()
    loaded = load_all(network, on_progress)
    for done, name in enumerate(names, start=1):
        dream = DreamSettings.checked(presets.preset(name)["dream"], where=name)
        images[name] = shrink(_dreamed(small, loaded, network, dream), CELL)
        on_progress(Progress("presets", done, len(names), "drawing presets"))
    return laid_out(source, images)


def laid_out(source: Tensor, images: Mapping[str, Tensor]) -> Tensor:
    """Lay out images [3, h, w] with their names, row by row, beside the source [3, H, W].

    The source takes the upper left corner, two images high and wide.
    """
    cells = [captioned(image, name, LETTERS) for name, image in images.items()]
    height, width = cells[0].shape[-2:]
    blank = torch.full_like(cells[0], PAPER)
    for row in range(2):
        cells[row * COLUMNS : row * COLUMNS] = [blank, blank]
    sheet = tiled(cells, columns=COLUMNS)
    tall, wide = 2 * height + GAP, 2 * width + GAP
    letters = height - next(iter(images.values())).shape[-2]
    scale = min((tall - letters) / source.shape[-2], wide / source.shape[-1])
    size = round(source.shape[-2] * scale), round(source.shape[-1] * scale)
    corner = captioned(resize(source, size).clamp(0, 1), "source", LETTERS)
    sheet[:, GAP : GAP + corner.shape[-2], GAP : GAP + corner.shape[-1]] = corner
    return sheet


def landscape() -> Tensor:
    """Hills under clouds [3, SIDE, SIDE]."""
    picture = hills(np.random.default_rng(3), SIDE + EDGE)[EDGE:, EDGE:]
    return to_image(np.rint(picture.clip(0, 1) * 255).astype(np.uint8))


def _dreamed(
    picture: Tensor, networks: Sequence[Network], how: NetworkSettings, dream: DreamSettings
) -> Tensor:
    clock = Clock(Fraction(1), 1, dream.seed)
    size = int(picture.shape[1]), int(picture.shape[2])
    return Dreams(networks, how, dream, clock, size=size)(0)(picture).cpu()
