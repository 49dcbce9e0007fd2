"""The dose for raising a class in a picture, so that it becomes one whole thing.

An ascent that keeps everything it has ever added ends in an adversarial pattern. Here each
iteration removes a small share of the residual, which leaves what the gradients of many jittered
and resized views agree on (the transforms are those of Olah et al. 2017, "Feature Visualization").
"""

from __future__ import annotations

from dreamvid.dream.dreamer import Dose

STEP, FADE, SWAY, NOISE = 0.03, 0.04, 0.2, 0.12
"""Step, share of the residual removed, the log of the largest factor of resizing, and the noise."""
LAST = 0.5
"""Share of the step on the largest octave, where little is left to change."""
BROAD = 0.5
"""`detail` of the gradient's shape: broad forms first; their detail follows by itself."""
COARSEST = 0.65
"""Shorter side of the smallest octave, as a share of the network's `view`: a whole thing fits."""


def patient(iterations: int, octaves: int, scale: float, step: float = STEP) -> Dose:
    """The dose for a class: `iterations` on the largest octave, and as much time on each other.

    `scale` is the ratio of neighbouring octaves: smaller ones get more iterations and longer steps.
    """
    rounds = [round(iterations * scale ** (2 * k)) for k in range(octaves)]
    shares = [LAST + (1 - LAST) * k / max(1, octaves - 1) for k in range(octaves)]
    return Dose(tuple(rounds[::-1]), step, tuple(shares[::-1]), fade=FADE, sway=SWAY, noise=NOISE)
