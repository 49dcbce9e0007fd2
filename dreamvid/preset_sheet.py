"""A contact sheet of the presets: each dreamed on one picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from torch import Tensor

from dreamvid import presets
from dreamvid.atlas import tiled
from dreamvid.dream.octaves import shrink
from dreamvid.dreaming import Dreams
from dreamvid.errors import DreamvidError, MissingDependency, UsageError
from dreamvid.image import to_image
from dreamvid.networks.network import Network
from dreamvid.networks.registry import load_network
from dreamvid.networks.renders.backgrounds import hills
from dreamvid.networks.weights import Counted
from dreamvid.schedule import Clock
from dreamvid.settings import DreamSettings, ImageSettings, NetworkSettings, Settings, merge

SIDE, COLUMNS = 256, 4
"""The longest side of each picture, in pixels, and how many stand in a row."""

EDGE = 16
"""Pixels at the upper left of the landscape whose clouds are cut off."""


def preset_sheet(
    picture: Tensor | None,
    network: Mapping[str, Any],
    *,
    fetched: Counted | None = None,
    drawn: Callable[[int, int], None] = lambda done, total: None,
    left_out: Callable[[str, DreamvidError], None] = lambda name, why: None,
) -> Tensor:
    """Draw all presets on a picture [3, H, W], or on a landscape made by formula.

    `network` are settings of the network that win over those of the presets. `left_out` is told
    which presets cannot be drawn with it, or without their weights, and why; that error is raised
    when none can.
    """
    picture = landscape() if picture is None else shrink(picture, SIDE)
    names, images = presets.names(), dict[str, Tensor]()
    models: dict[str, type[Settings]] = {"network": NetworkSettings, "dream": DreamSettings}

    @cache
    def load(how: NetworkSettings) -> Network:
        return load_network(how.model, weights=how.weights, offline=how.offline, progress=fetched)

    for done, name in enumerate(names, start=1):
        values = merge(presets.fitting(presets.preset(name), models), {"network": network})
        settings = ImageSettings.checked(values, where=name)
        try:
            images[name] = _dreamed(picture, settings, load(settings.network))
        except (MissingDependency, UsageError) as error:
            if done == len(names) and not images:
                raise
            left_out(name, error)
        drawn(done, len(names))
    return tiled(list(images.values()), columns=COLUMNS, captions=list(images))


def landscape() -> Tensor:
    """Hills under clouds [3, SIDE, SIDE]."""
    picture = hills(np.random.default_rng(3), SIDE + EDGE)[EDGE:, EDGE:]
    return to_image(np.rint(picture.clip(0, 1) * 255).astype(np.uint8))


def _dreamed(picture: Tensor, settings: ImageSettings, network: Network) -> Tensor:
    clock = Clock(Fraction(1), 1, settings.dream.seed)
    size = int(picture.shape[1]), int(picture.shape[2])
    dream = Dreams(network, settings.network, settings.dream, clock, size=size)(0)
    return dream(picture).cpu()
