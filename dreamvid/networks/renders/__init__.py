"""Renders: the formula-made pictures that the embedded network learns from.

    label -> painter(rng, size) -> RGB, coverage      one class, one function on shared brushes
    render_layers -> Bank -> Compositor -> batches    layers on cluttered backgrounds, soft labels
    sheet -> a contact sheet

Nothing here has seen a photograph; numpy and OpenCV draw everything.
"""

from __future__ import annotations

from .layers import Bank, classes, labels, render, render_layers

__all__ = ["Bank", "classes", "labels", "render", "render_layers"]
