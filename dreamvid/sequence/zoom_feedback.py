"""Zoom feedback: each frame starts from the previous dreamed frame, moved by the camera.

The dose follows the distance that the image moves, not the number of frames: a zoom looks alike at
24, 30 and 60 frames per second, and new shapes keep emerging at any speed. The objective is held at
that of the first dream: under repeated enlargement, the dreams of most networks otherwise fade to
stripes with low activations.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

from dreamvid.device.numbers import chosen
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.octaves import blur_wide
from dreamvid.motion.estimate import Motion
from dreamvid.motion.flow import Flow, squared_lengths
from dreamvid.motion.warp import warp
from dreamvid.sequence.film_carry import check_stability, with_aim
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.tone import damp_finest, hold_tone
from dreamvid.sequence.tracking import track_places
from dreamvid.sequence.tuning import ZoomTuning


class ZoomFeedback:
    """Dream the frames of a camera path; the first frame is dreamed by FilmCarry.

    `stability` 0..1: 0.9 adds the standard amount, 0 three times as much, 1 nothing. Raises
    UsageError outside that range.
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
        """Move the previous dreamed frame, dream on it, and restore its tone."""
        assert isinstance(frame.motion, Motion), "the motion of a camera is exact"
        assert previous is not None, "a zoom begins with an image"
        tuning, gauge, flow = self._tuning, previous.gauge.copy(), frame.motion.backward
        mask = torch.from_numpy(frame.motion.mask)[None].to(self._dream.device, non_blocking=True)
        fresh = torch.maximum(1 - mask, tuning.ageing * warp(previous.fresh, flow)).clamp_(0, 1)
        start = damp_finest(warp(previous.dreamed, flow))
        if frame.ground is not None:  # clouds in the surrounding colours
            contrast = tuning.ground * sum(previous.tone.spread) / 3
            ground = contrast * frame.ground.to(self._dream.device)
            start = torch.lerp(blur_wide(start) + ground, start, mask)
        start = start.clamp_(0, 1)
        places = self._dream.places(start, track_places(previous.places, frame.motion))
        aim = previous.aim  # the number of iterations is the host's to know
        moved = mean_displacement(flow) * (aim if isinstance(aim, float) else previous.known_aim)
        dose = feedback_dose(self._dream.dose, self._stability, moved, tuning)
        dreamed = self._dream.ascend(
            start,
            dose,
            gauge=gauge,
            weight=1 + (tuning.fresh - 1) * fresh,
            first_shift=previous.age * sum(dose.iterations),
            places=places,
        )
        now = replace(
            previous,
            dreamed=hold_tone(dreamed, previous.tone),
            fresh=fresh,
            gauge=gauge,
            age=previous.age + 1,
            places=places,
        )
        return self._controlled(now)

    def _controlled(self, now: Memory) -> Memory:
        """Control the dose so that the objective stays at that of the first dream.

        Objectives with negative values are not controlled.
        """
        tuning, height = self._tuning, now.reference.height
        if height is None or now.age % tuning.control_every:
            return now
        if isinstance(height, (int, float)) and height <= 0:
            return now
        wanted, measured = tuning.surplus * height, self._dream.measured(now.dreamed)
        aim = tuning.strength(now.aim, wanted=wanted, measured=measured)
        return with_aim(now, chosen(height, aim, now.aim))


def mean_displacement(flow: Flow) -> float:
    """The mean displacement of a flow [H, W, 2], in image heights."""
    return float(np.sqrt(squared_lengths(flow)).mean()) / len(flow)


def feedback_dose(full: Dose, stability: float, moved: float, tuning: ZoomTuning) -> Dose:
    """The dose for a frame that the camera has moved by `moved` image heights."""
    doses = tuning.dose * math.sqrt(10 * (1 - stability)) * max(tuning.least, moved)
    steps = doses * max(full.iterations)
    iterations = max(1, math.ceil(steps / tuning.longest))
    step, octaves = full.step * steps / iterations, len(full.iterations)
    return Dose((iterations,) * octaves, step, fade=full.fade, smooth=full.smooth, looks=1)
