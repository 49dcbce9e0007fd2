"""Zoom feedback: each frame starts from the dream before it, moved by the camera.

How much is added follows how far the picture moves, not how many frames that takes: a zoom grows
alike at 24, 30 and 60 frames a second, and beings keep growing out of beings at any speed.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.octaves import blur_wide
from dreamvid.motion.flow import Flow, squares
from dreamvid.motion.warp import warp
from dreamvid.sequence.bearings import carried
from dreamvid.sequence.film_carry import check_stability
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.tone import calm_finest, hold_tone
from dreamvid.sequence.tuning import ZoomTuning


class ZoomFeedback:
    """Dreams frame after frame of a camera's path; the first of all is dreamed by FilmCarry.

    `stability` 0..1 says how calm: 0.9 adds the usual amount, 0 three times as much, 1 nothing.
    UsageError outside of that.
    """

    def __init__(
        self,
        dream: Dreamer,
        stability: float,
        tuning: ZoomTuning = ZoomTuning(),  # noqa: B008
    ) -> None:
        check_stability(stability)
        self._dream, self._stability, self._tuning = dream, stability, tuning

    def __call__(self, frame: Frame, previous: Memory | None) -> Memory:
        """Dream on what the camera makes of the frame before, and put its tone back."""
        assert frame.motion is not None and previous is not None, "a zoom begins with an image"
        tuning, gauge, flow = self._tuning, previous.gauge.copy(), frame.motion.backward
        mask = torch.from_numpy(frame.motion.mask)[None].to(self._dream.device)
        fresh = torch.maximum(1 - mask, tuning.ageing * warp(previous.fresh, flow)).clamp_(0, 1)
        start = calm_finest(warp(previous.dreamed, flow))
        if frame.ground is not None:  # clouds in the colours that are around
            contrast = tuning.ground * sum(previous.tone.spread) / 3
            ground = contrast * frame.ground.to(self._dream.device)
            start = torch.lerp(blur_wide(start) + ground, start, mask)
        start = start.clamp_(0, 1)
        places = self._dream.places(start, carried(previous.places, frame.motion))
        dose = feedback_dose(self._dream.dose, self._stability, travel(flow), tuning)
        dreamed = self._dream.ascend(
            start,
            dose,
            gauge=gauge,
            weight=1 + (tuning.fresh - 1) * fresh,
            turn=previous.age * sum(dose.iterations),
            places=places,
        )
        return replace(
            previous,
            dreamed=hold_tone(dreamed, previous.tone),
            fresh=fresh,
            gauge=gauge,
            age=previous.age + 1,
            places=places,
        )


def travel(flow: Flow) -> float:
    """How far a flow [H, W, 2] moves the picture, on average, in its own heights."""
    return float(np.sqrt(squares(flow)).mean()) / len(flow)


def feedback_dose(full: Dose, stability: float, moved: float, tuning: ZoomTuning) -> Dose:
    """What is added to a frame that the camera has moved by so many of its heights."""
    doses = tuning.dose * math.sqrt(10 * (1 - stability)) * max(tuning.least, moved)
    steps = doses * max(full.iterations)
    iterations = max(1, math.ceil(steps / tuning.longest))
    return Dose((iterations,) * len(full.iterations), full.step * steps / iterations, looks=1)
