"""The full-dose reference: a frame dreamed independently."""

from __future__ import annotations

import torch

from dreamvid.dream.beings import Places
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Gauge
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory, Reference
from dreamvid.sequence.tone import sharpness, tone_of
from dreamvid.sequence.tuning import CarryTuning


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
        places = self._dream.places(source) if self._dream.dose.step else ()
        dreamed, reference = self.measure(source, places)
        return Memory(
            dreamed=dreamed,
            source=source,
            fresh=torch.zeros_like(source[:1]),
            gauge=Gauge(),
            reference=reference,
            tone=tone_of(dreamed),
            shot=shot,
            places=places,
        )

    def measure(self, source: torch.Tensor, places: Places) -> tuple[torch.Tensor, Reference]:
        """Dream on an image with the full dose and measure its effect."""
        dose = self._dream.dose
        dreamed = self._dream.ascend(source, dose, gauge=Gauge(), places=places)
        spread = max(1e-6, float((dreamed - source).square().mean().sqrt()))
        edges = sharpness(dreamed) ** 2 - sharpness(source) ** 2
        if not self._measured or dose.step == 0:
            return dreamed, Reference(spread, None, edges)
        return dreamed, Reference(spread, self._dream.rate(dreamed, source), edges)
