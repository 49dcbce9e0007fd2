"""The dose of a class: it takes more patience than a layer, for it is to become one whole thing.

An ascent that keeps all it has ever added ends in what fools a network. Here each iteration forgets
a little of what was dreamed, which leaves what the gradients of many jittered and resized views
agree on (the transforms are those of Olah et al. 2017, "Feature Visualization").
"""

from __future__ import annotations

from dreamvid.dream.dreamer import Dose

STEP, FADE, SWAY = 0.022, 0.03, 0.2
"""Step, share forgotten, and the log of how much larger or smaller a picture is seen at most."""
LAST = 0.5
"""Share of the step on the largest octave: by then there is little to change."""
BROAD = 0.5
"""`detail` of the gradient's shape: forms come first, and their detail by itself."""
COARSEST = 0.65
"""Shorter side of the smallest octave, in shares of the network's `view`: there a class is laid
out, and whole things fit into the picture."""


def patient(iterations: int, octaves: int, scale: float, step: float = STEP) -> Dose:
    """The dose for a class: so many iterations on the largest octave, as much time on each other.

    `scale` is the ratio of neighbouring octaves: smaller ones are dreamed on more often, and in
    longer steps.
    """
    rounds = [round(iterations * scale ** (2 * k)) for k in range(octaves)]
    shares = [LAST + (1 - LAST) * k / max(1, octaves - 1) for k in range(octaves)]
    return Dose(tuple(rounds[::-1]), step, tuple(shares[::-1]), fade=FADE, sway=SWAY)
