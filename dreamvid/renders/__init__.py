"""Renders: the formula-made pictures that the embedded network learns from.

    label -> painter(rng, size) -> RGB, coverage      one label, one small function or table row
    render_layers -> Bank -> Compositor -> batches    layers on cluttered backgrounds, soft labels
    sheet -> a contact sheet

Nothing here has seen a photograph; numpy and OpenCV draw everything.
"""

from __future__ import annotations

from .backgrounds import render_background, render_backgrounds
from .compositor import Batch, Compositor, Mixture
from .layers import Bank, classes, families, full_frame, labels, render, render_layers
from .optics import Exposure, developed, framed
from .sheets import sheet

__all__ = [
    "Bank",
    "Batch",
    "Compositor",
    "Exposure",
    "Mixture",
    "classes",
    "developed",
    "families",
    "framed",
    "full_frame",
    "labels",
    "render",
    "render_background",
    "render_backgrounds",
    "render_layers",
    "sheet",
]
