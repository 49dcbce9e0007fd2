"""The full-dose reference: a frame dreamed independently."""

from __future__ import annotations

import torch

from dreamvid.device.numbers import Number, exact_mean, larger, number
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Gauge
from dreamvid.dream.views import Places
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory, Reference
from dreamvid.sequence.tone import sharpness, tone_of
from dreamvid.sequence.tuning import CarryTuning

LEAST = 0.005
"""The smallest share of the frame that a mask must show for the dream to be judged in it."""


class FullDoseReference:
    """Dream frames independently, and measure strength and sharpness of the result.

    Without `measured`, the objective, which only carried frames need, is not computed.
    """

    def __init__(self, dream: Dreamer, tuning: CarryTuning, *, measured: bool = True) -> None:
        self._dream, self._tuning, self._measured = dream, tuning, measured

    def begin(self, frame: Frame, *, shot: int) -> Memory:
        """Dream the first frame of a shot."""
        assert frame.image is not None, "a shot begins with an image"
        source = frame.image.to(self._dream.device)
        places = self._dream.places(source, shown=frame.shown) if self._dream.dose.step else ()
        gauge = Gauge()
        dreamed, reference = self.measure(source, places, frame.shown, gauge)
        return Memory(
            dreamed=dreamed,
            source=source,
            fresh=torch.zeros_like(source[:1]),
            gauge=Gauge(noted=gauge.noted),
            reference=reference,
            tone=tone_of(dreamed),
            shot=shot,
            places=places,
        )

    def measure(
        self, source: torch.Tensor, places: Places, shown: torch.Tensor | None, gauge: Gauge
    ) -> tuple[torch.Tensor, Reference]:
        """Dream on an image with the full dose and measure its effect where it is `shown`."""
        dose = self._dream.dose
        dreamed = self._dream.ascend(source, dose, gauge=gauge, places=places)
        if shown is not None and not share_of(shown):
            shown = None  # nothing to measure yet: the whole frame must do
        change = (dreamed - source).square().mean(dim=0, keepdim=True)
        mean = change.mean() if shown is None else (shown * change).mean() / shown.mean()
        spread = larger(1e-6, number(mean.sqrt()))
        edges = sharpness(dreamed, shown) ** 2 - sharpness(source, shown) ** 2
        if not self._measured or dose.step == 0:
            return dreamed, Reference(spread, None, edges)
        return dreamed, Reference(spread, rate_shown(self._dream, dreamed, source, shown), edges)


def share_of(shown: torch.Tensor) -> float:
    """The share of the frame that a mask [1, H, W] shows; 0 if it is too small to judge by."""
    share = exact_mean(shown)
    return share if share >= LEAST else 0.0


def rate_shown(
    dream: Dreamer, dreamed: torch.Tensor, source: torch.Tensor, shown: torch.Tensor | None
) -> Number:
    """The objective at a dreamed frame; in a mask, that of a frame that is all like the inside.

    The objective is a mean over the frame. What a dream adds to it inside a mask is therefore
    divided by the share of the frame that the mask shows, so that it does not depend on that share.
    """
    if shown is None:
        return dream.measured(dreamed, source)
    bare, share = dream.measured(source, source), share_of(shown)
    added = dream.measured(torch.lerp(source, dreamed, shown), source) - bare
    return bare + added / share if share else bare
