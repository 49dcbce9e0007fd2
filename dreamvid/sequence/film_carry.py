"""Film carry: what a frame takes over from the dream before it, and how much is added to it.

D = dreamed - source is the residual, W the warp by the backward flow of the source, m the mask:

    start_t = source_t + keep * (m + stale (1 - m)) * (1 - renewal lost) * W(D_{t-1})

`lost` is where m is 0 or the flow has torn the ground apart. Of this, wide tints fade a little and
places that are stronger than the full dose leaves them are damped. The source is first steadied,
S'_t = S_t + steady m (W S'_{t-1} - S_t). Where the warp cannot be trusted most of the residual is
kept all the same: it is dream, not picture, and the ascent soon turns it into something that fits,
where a bare hole would show. Then a little is added: longer steps where the residual is weaker than
the full dose leaves it, shorter ones where it is stronger, so that the film is evenly dreamed.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.octaves import blur_wide
from dreamvid.errors import UsageError
from dreamvid.motion.warp import BRIEF, CRISP, torn, warp
from dreamvid.sequence.bearings import carried
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.reference import FullDoseReference
from dreamvid.sequence.tone import sharpness
from dreamvid.sequence.tuning import CarryTuning


class FilmCarry:
    """Dreams frame after frame of a film, each starting from what the one before has left.

    `stability` 0..1: 0 dreams every frame for itself with the full dose; towards 1 more is kept,
    and less is added. UsageError outside of that.
    """

    def __init__(
        self,
        dream: Dreamer,
        stability: float,
        tuning: CarryTuning = CarryTuning(),  # noqa: B008
    ) -> None:
        check_stability(stability)
        self._dream, self._stability, self._tuning = dream, stability, tuning
        self._alone = stability == 0 or dream.dose.step == 0
        self._reference = FullDoseReference(dream, tuning, measured=not self._alone)

    def __call__(self, frame: Frame, previous: Memory | None) -> Memory:
        """Dream the next frame."""
        if previous is None:
            return self._reference.begin(frame, shot=1)
        if frame.motion is None:
            return self._reference.begin(frame, shot=previous.shot + 1)
        if self._alone:
            return self._reference.begin(frame, shot=previous.shot)
        return self._carried_frame(frame, previous)

    def _carried_frame(self, frame: Frame, previous: Memory) -> Memory:
        """Carry the residual over, and add a little where it is weak or fresh."""
        assert frame.motion is not None
        tuning, gauge = self._tuning, previous.gauge.copy()
        source, residual, fresh = self._carried(frame, previous)
        places = self._dream.places(source, carried(previous.places, frame.motion))
        held, weight = self._evened(residual, previous.reference.spread * max(1, previous.aim))
        pace = min(1, previous.aim) ** tuning.pace_power
        dose = carried_dose(self._dream.dose, self._stability, tuning)
        dreamed = self._dream.ascend(
            (source + held).clamp_(0, 1),
            dose,
            gauge=gauge,
            weight=weight * (pace + (tuning.fresh - pace) * fresh),
            crisp=previous.crisp - 1,
            turn=previous.age * sum(dose.iterations),
            places=places,
        )
        now = replace(
            previous,
            dreamed=dreamed,
            source=source,
            fresh=fresh,
            gauge=gauge,
            age=previous.age + 1,
            places=places,
        )
        return self._controlled(now)

    def _carried(
        self, frame: Frame, previous: Memory
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Take over from the frame before: the steadied source, the residual, what is fresh."""
        assert frame.motion is not None and frame.image is not None
        tuning, device, flow = self._tuning, self._dream.device, frame.motion.backward
        mask, streaks = (
            torch.from_numpy(plane)[None].to(device) for plane in (frame.motion.mask, torn(flow))
        )
        left = torch.cat((previous.dreamed - previous.source, previous.source, previous.fresh))
        carried = warp(left, flow, lanczos=(*[CRISP] * 3, *[BRIEF] * 4))
        residual, steady, fresh = carried[:3], carried[3:6], carried[6:]
        source = frame.image.to(device)
        source = source + tuning.steady * mask * (steady - source)
        lost = torch.maximum(1 - mask, streaks)
        fresh = torch.maximum(lost, tuning.ageing * fresh).clamp_(0, 1)
        share = 1 - (1 - self._stability) ** tuning.keep_power
        trust = tuning.stale + (1 - tuning.stale) * mask
        return source, share * trust * (1 - tuning.renewal * lost) * residual, fresh

    def _evened(self, residual: torch.Tensor, spread: float) -> tuple[torch.Tensor, torch.Tensor]:
        """The residual with strong ground damped, and by how much steps are longer at each place.

        Strong ground is left alone rather than cut down and built up again in every frame.
        """
        tuning = self._tuning
        tint = blur_wide(residual)
        local = blur_wide((residual - tint).square().mean(dim=0, keepdim=True)).sqrt_()
        want = spread / (local + tuning.floor * spread)
        held = (residual - tuning.fade * tint) * want.clamp(max=1).pow(tuning.damp_power)
        weak, strong = want.pow(tuning.weak_power), want.pow(tuning.strong_power)
        return held, torch.where(want > 1, weak, strong).clamp_(tuning.least, tuning.most)

    def _controlled(self, now: Memory) -> Memory:
        """Lead strength and sharpness towards those of the full dose.

        A film that stands still is dreamed on for longer than one frame ever is, and overcooks;
        one that moves loses some of what it gained. Objectives below zero are left alone.
        """
        tuning = self._tuning
        if now.age % tuning.measure_every == 0:
            now = replace(now, reference=self._reference.at(now))
        height = now.reference.height
        if height is not None and height > 0:
            measured = now.gauge.heights[-1]
            aim = tuning.strength(now.aim, wanted=tuning.surplus * height, measured=measured)
            now = replace(now, aim=aim)
        if now.age % tuning.sharpen_every:
            return now
        wanted = math.sqrt(max(0.0, sharpness(now.source) ** 2 + now.reference.edges))
        measured = max(1e-6, sharpness(now.dreamed))
        return replace(now, crisp=tuning.sharpness(now.crisp, wanted=wanted, measured=measured))


def carried_dose(full: Dose, stability: float, tuning: CarryTuning) -> Dose:
    """What is added to a carried frame, where the full dose makes a frame for itself.

    Large shapes are carried well: smaller octaves need less work the more is kept.
    """
    few = max(1, round(full.iterations[-1] * (1 - tuning.few * stability)))
    half = max(1, few // 2)
    smaller = [half] * (len(full.iterations) - 1)
    return Dose((*smaller, few), full.step * (1 - tuning.shorter * stability), looks=1)


def check_stability(stability: float) -> None:
    """Raise UsageError unless it is 0 to 1."""
    if not 0 <= stability <= 1:
        raise UsageError(f"{stability} is not 0 to 1", where="stability")
