"""Film carry: what a frame takes over from the previous dreamed frame, and how much is added.

D = dreamed - source is the residual, W the warp by the backward flow of the source, m the mask:

    start_t = source_t + keep * (m + stale (1 - m)) * (1 - renewal lost) * W(D_{t-1})

`lost` is 1 where m is 0 or the warp stretches its content into streaks. Large-scale tints of the
carried residual fade, and regions stronger than the full dose are damped. The source is first
stabilised: S'_t = S_t + steady m (W S'_{t-1} - S_t). Where the warp cannot be trusted, most of the
residual is kept nevertheless: the ascent soon adapts it, whereas a hole would be visible. Then a
small dose is added, with longer steps where the residual is weaker than that of the full dose and
shorter ones where it is stronger, so that the dream is even over the film.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from dreamvid.device.numbers import Later, Number, chosen, larger, root, smaller
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Gauge
from dreamvid.dream.octaves import blur_wide
from dreamvid.errors import UsageError
from dreamvid.motion.on_device import masks_of
from dreamvid.motion.warp import BRIEF, CRISP, warp
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.reference import FullDoseReference, rate_shown, share_of
from dreamvid.sequence.tone import sharpness
from dreamvid.sequence.tracking import track_places
from dreamvid.sequence.tuning import CarryTuning


class FilmCarry:
    """Dream a film frame by frame, each starting from the carry of the previous one.

    `stability` 0..1: 0 dreams every frame independently with the full dose; towards 1 more is
    carried and less is added. Raises UsageError outside that range.
    """

    def __init__(
        self,
        dream: Dreamer,
        stability: float,
        tuning: CarryTuning = CarryTuning(),  # noqa: B008
    ) -> None:
        check_stability(stability)
        self._dream, self._stability, self._tuning = dream, stability, tuning
        self._independent = stability == 0 or dream.dose.step == 0
        self._reference = FullDoseReference(dream, tuning, measured=not self._independent)

    def __call__(self, frame: Frame, previous: Memory | None) -> Memory:
        """Dream the next frame."""
        if previous is None:
            return self._reference.begin(frame, shot=1)
        if frame.motion is None:
            return self._reference.begin(frame, shot=previous.shot + 1)
        if self._independent:
            return self._reference.begin(frame, shot=previous.shot)
        return self._carried_frame(frame, previous)

    def _carried_frame(self, frame: Frame, previous: Memory) -> Memory:
        """Carry the residual and add a small dose, more where it is weak or fresh."""
        assert frame.motion is not None
        tuning, gauge = self._tuning, previous.gauge.copy()
        source, residual, fresh = self._carried(frame, previous)
        kept = track_places(previous.places, frame.motion)
        places = self._dream.places(source, kept, frame.shown)
        aim = previous.aim
        if previous.age == 0:
            aim = chosen(_controllable(previous), tuning.start, aim)
        above, below = larger(1, aim), smaller(1, aim)
        spread = previous.reference.spread * above**tuning.spread_power
        carried, weight = self._evened(residual, spread)
        pace = above**tuning.push_power * below**tuning.pace_power
        dose = carried_dose(self._dream.dose, self._stability, tuning)
        # The number of iterations is the host's to know: on a device, from an earlier aim.
        if (previous.known_aim if isinstance(aim, torch.Tensor) else aim) > tuning.busy:
            dose = finer(dose)
        dreamed = self._dream.ascend(
            (source + carried).clamp_(0, 1),
            dose,
            gauge=gauge,
            source=source,
            weight=weight * (pace + (tuning.fresh - pace) * fresh),
            crisp=previous.crisp - 1,
            first_shift=previous.age * sum(dose.iterations),
            places=places,
        )
        now = replace(
            previous,
            dreamed=dreamed,
            source=source,
            fresh=fresh,
            gauge=gauge,
            aim=aim,
            age=previous.age + 1,
            places=places,
        )
        return self._controlled(now, frame.shown)

    def _carried(
        self, frame: Frame, previous: Memory
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Warp the state of the previous frame: stabilised source, residual and `fresh`."""
        assert frame.motion is not None and frame.image is not None
        tuning, device, flow = self._tuning, self._dream.device, frame.motion.backward
        mask, streaks = masks_of(frame.motion, device)
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

    def _evened(self, residual: torch.Tensor, spread: Number) -> tuple[torch.Tensor, torch.Tensor]:
        """The residual with strong regions damped, and the step factor of each pixel.

        Strong regions get short steps, rather than being damped and rebuilt in every frame.
        """
        tuning = self._tuning
        tint = blur_wide(residual)
        local = blur_wide((residual - tint).square().mean(dim=0, keepdim=True)).sqrt_()
        want = spread / (local + tuning.floor * spread)
        kept = (residual - tuning.fade * tint) * want.clamp(max=1).pow(tuning.damp_power)
        # `strong_power` is the larger one, so that its power is the smaller one where want < 1.
        factor = torch.minimum(want.pow(tuning.weak_power), want.pow(tuning.strong_power))
        return kept, factor.clamp_(tuning.least, tuning.most)

    def _controlled(self, now: Memory, shown: torch.Tensor | None) -> Memory:
        """Control strength and sharpness, where they are shown, towards those of the full dose.

        In a static film many small doses accumulate beyond the full dose; in a moving one the carry
        loses part of them. Objectives with negative values are not controlled.
        """
        tuning = self._tuning
        if now.age % tuning.measure_every == 0:
            reference = self._reference.measure(now.source, now.places, shown, Gauge())[1]
            now = replace(now, reference=reference)
        if now.age % tuning.control_every or (shown is not None and not share_of(shown)):
            return now
        aim, height = now.aim, _controllable(now)
        if isinstance(height, torch.Tensor) or height:
            measured = rate_shown(self._dream, now.dreamed, now.source, shown)
            aimed = tuning.strength(aim, wanted=tuning.surplus * height, measured=measured)
            aim = chosen(height, aimed, aim)
        wanted = root(larger(0.0, sharpness(now.source, shown) ** 2 + now.reference.edges))
        measured = larger(1e-6, sharpness(now.dreamed, shown))
        crisp = tuning.sharpness(now.crisp, wanted=wanted, measured=measured)
        return replace(with_aim(now, aim), crisp=crisp)


def with_aim(memory: Memory, aim: Number) -> Memory:
    """The memory with a new aim, which the host gets to know when it is controlled again."""
    coming = memory.coming_aim
    known = memory.known_aim if coming is None else coming.values()[0]
    later = Later(aim) if isinstance(aim, torch.Tensor) else None
    return replace(memory, aim=aim, known_aim=known, coming_aim=later)


def _controllable(memory: Memory) -> Number:
    """The objective at the full dose where strength can be controlled towards it, else 0."""
    height = memory.reference.height
    return 0.0 if height is None else larger(0.0, height)


def carried_dose(full: Dose, stability: float, tuning: CarryTuning) -> Dose:
    """The dose added to a carried frame, derived from the full dose of an independent frame.

    Large shapes are carried well: small octaves get half of the iterations.
    """
    few = max(1, round(full.iterations[-1] * (1 - tuning.few * stability)))
    half = max(1, few // 2)
    smaller = [half] * (len(full.iterations) - 1)
    step = full.step * (1 - tuning.shorter * stability)
    return Dose((*smaller, few), step, fade=full.fade, smooth=full.smooth, looks=1)


def finer(dose: Dose) -> Dose:
    """The dose with one more iteration on the largest octave, in steps that are shorter to match.

    Gradients of more views agree on more than longer steps of few: the dream is stronger, and
    changes less from frame to frame.
    """
    *smaller, few = dose.iterations
    return replace(dose, iterations=(*smaller, few + 1), step=dose.step * few / (few + 1))


def check_stability(stability: float) -> None:
    """Raise UsageError unless `stability` is in 0..1."""
    if not 0 <= stability <= 1:
        raise UsageError(f"{stability} is out of range", where="stability", remedy="give 0 to 1")
