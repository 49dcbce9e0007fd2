"""The carry: what a frame takes over from the dream before it, and how much is added to it.

D = dreamed - source is the residual, W the warp by the backward flow of the source, m the mask:

    start_t = source_t + keep * (m + STALE (1 - m)) * (1 - RENEWAL lost) * W(D_{t-1})

`lost` is where m is 0 or the flow has torn the ground apart. Of this, wide tints fade a little and
places that are stronger than the full dose leaves them are damped. The source is first steadied,
S'_t = S_t + STEADY m (W S'_{t-1} - S_t): its grain, which is drawn anew in every frame, would
flicker through the calmest dream. Where the warp cannot be trusted most of the residual is kept all
the same: it is dream, not picture, and the ascent soon turns it into something that fits, where a
bare hole would show. Then a little is added: longer steps where the residual is weaker than the
full dose leaves it, shorter ones where it is stronger, so that the film is evenly dreamed. Now and
then a frame is also dreamed for itself, to hold the film as strong and as sharp as that.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from dreamvid.dream.dreamer import Dose, Dreamer, Gauge
from dreamvid.dream.octaves import blur_wide
from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.motion.warp import BRIEF, CRISP, torn, warp
from dreamvid.saving import write_whole
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.tone import Tone, calm_finest, hold_tone, sharpness, tone_of

STALE = 0.95
"""Share of the residual that is kept where the warp cannot be trusted."""

FRESH = 2.5
"""How much longer steps are on ground that the mask has just uncovered."""

RENEWAL = 0.1
"""Share of it that is lost besides where the warp cannot be trusted, or tears."""

AGEING = 0.8
"""How much of its freshness such ground keeps from frame to frame."""

GROUND = 0.7
"""Contrast of what a zoom's camera uncovers, as a share of the dream's."""

FADE = 0.05
"""Share of the residual's wide tints that each frame loses: they would veil the film in time."""

STEADY = 0.7
"""Share of the source that is taken over from the frame before, where the warp can be trusted."""

MEASURE_EVERY, EARLY = 20, 3
"""Every so many frames of a shot one is dreamed for itself, with so many iterations on the largest
octave: the height that they find foretells that of the full dose, at two thirds of the passes."""

RENEW_EVERY = 120
"""Every so many frames one is dreamed with the full dose, and everything measured again."""

STEPDROP = 0.6
"""How much shorter steps are at stability 1 than at 0."""

LEAN = 4.0
"""How soon the small octaves get more and the largest less, where strength is led down."""

EAGER, CRISPEST = 4.0, 4.0
"""How fast updates are sharpened where the dream is too soft, and the most."""

SURPLUS = 1.065
"""What carried frames meet before their last update is held so much above the full dose's height.

The update adds 3 % (the embedded network) to 13 % (SqueezeNet) more."""

HOLD, HASTE = 0.4, 1.05
"""How fast strength is led back: the power of the ratio to where it is held, the most at once."""

SHARPEN_EVERY = 3
"""Every so many frames sharpness is led back to where it is held."""

WEAKEST, STRONGEST = 0.4, 1.6
"""How far it may be led."""


class Full(NamedTuple):
    """What the full dose did to a frame: the measure that carried frames are held to.

    `spread` is the root mean square of the residual it left, `edges` how much it raised the
    variance of the Laplacian of luma. `height` is the objective at what it made, None where that
    is not known: at stability 0, or once a dial has been moved. `early` is the objective that its
    EARLY-th iteration on the largest octave met.
    """

    spread: float
    height: float | None
    edges: float
    early: float


@dataclass(frozen=True)
class Memory:
    """What one frame leaves to the next: the only state of a sequence.

    `dreamed` and `source` [3, H, W]; `fresh` [1, H, W], how recently a place was uncovered, 0..1.
    `full` says what the full dose does to a frame; `aim` is the share of its strength that is
    wanted now, `crisp` sharpens the updates. `tone` is that of the shot's first dream, which a zoom
    keeps. `gauge` is that of the carried frames. `age` counts the frames of the shot so far, `shot`
    the shots of the film.
    """

    dreamed: torch.Tensor
    source: torch.Tensor
    fresh: torch.Tensor
    gauge: Gauge
    full: Full
    tone: Tone
    aim: float = 1.0
    crisp: float = 0.0
    age: int = 0
    shot: int = 1

    def save(self, path: Path) -> None:
        """Write it to a file, which appears complete."""
        planes = {name: getattr(self, name).cpu().contiguous().clone() for name in _PLANES}
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        numbers |= {"gauge": self.gauge.sizes, "full": self.full, "tone": self.tone}
        write_whole(path, save(planes, metadata={"numbers": json.dumps(numbers)}))

    @classmethod
    def load(cls, path: Path, *, device: torch.device) -> Self:
        """Read what `save` wrote, onto a device; UnreadableInput when it is damaged."""
        try:
            with safe_open(path, framework="pt") as file:
                planes = {name: file.get_tensor(name).to(device) for name in _PLANES}
                numbers = json.loads(file.metadata()["numbers"])
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise UnreadableInput(
                f"damaged ({error})", where=path, remedy=f"delete {path.parent} to begin anew"
            ) from error
        mean, spread, sharpness = numbers["tone"]
        tone = Tone(tuple(mean), tuple(spread), sharpness)
        gauge, full = Gauge(numbers["gauge"]), Full(*numbers["full"])
        return cls(**planes, **numbers | {"gauge": gauge, "full": full, "tone": tone})


_PLANES = ("dreamed", "source", "fresh")
_NUMBERS = ("aim", "crisp", "age", "shot")


class Carry:
    """Dreams frame after frame, each starting from what the one before has left.

    `stability` 0..1: 0 dreams every frame for itself with the full dose; towards 1 more is kept,
    and less is added. UsageError outside of that.
    """

    def __init__(self, dream: Dreamer, stability: float) -> None:
        if not 0 <= stability <= 1:
            raise UsageError(f"{stability} is not 0 to 1", where="stability")
        full = dream.dose
        self._dream = dream
        self._alone = stability == 0 or full.step == 0
        self._keep = 1 - (1 - stability) ** 1.7
        few = max(1, round(full.iterations[-1] * (1 - 0.89 * stability)))
        # Large shapes are carried well: what is smaller than the next octave needs work only where
        # less is kept, and the smallest none.
        half = max(1, few // 2)
        far = round(half * min(1, 2 * (1 - stability)))
        between = len(full.iterations) - 2  # the smallest octave and the largest
        smaller = [max(1, far)] * (between - 1) + [half] * min(1, between)
        self._dose = Dose((*smaller, few), full.step * (1 - STEPDROP * stability))
        self._far = min(1, far)

    def __call__(self, frame: Frame, previous: Memory | None) -> Memory:
        """Dream the next frame."""
        if previous is None:
            return self._begin(frame, shot=1)
        if frame.motion is None:
            return self._begin(frame, shot=previous.shot + 1)
        if frame.image is None:
            return self._feed_back(frame, previous)
        if self._alone:
            return self._begin(frame, shot=previous.shot)
        return self._go_on(frame, previous)

    def _begin(self, frame: Frame, *, shot: int) -> Memory:
        """Dream a frame for itself, and note how strong the full dose is."""
        source = self._source(frame)
        dreamed, full = self._in_full(source)
        return Memory(
            dreamed=dreamed,
            source=source,
            fresh=torch.zeros_like(source[:1]),
            gauge=Gauge(),
            full=full,
            tone=tone_of(dreamed),
            shot=shot,
        )

    def _in_full(self, source: torch.Tensor) -> tuple[torch.Tensor, Full]:
        """Dream on an image with the full dose, and measure what it did."""
        gauge, dose = Gauge(), self._dream.dose
        dreamed = self._dream.ascend(source, dose, gauge=gauge)
        spread = max(1e-6, float((dreamed - source).square().mean().sqrt()))
        edges = sharpness(dreamed) ** 2 - sharpness(source) ** 2
        if self._alone:
            return dreamed, Full(spread, None, edges, 0.0)
        largest = gauge.heights[-dose.iterations[-1] :]
        return dreamed, Full(spread, self._dream.rate(dreamed), edges, largest[:EARLY][-1])

    def _measured(self, full: Full, source: torch.Tensor, age: int) -> Full:
        """What the full dose does by now: measured, or foretold from how it begins."""
        if age % RENEW_EVERY == 0 or full.height is None:
            return self._in_full(source)[1]
        if full.height <= 0 or full.early <= 0:
            return full
        gauge, dose = Gauge(), self._dream.dose
        iterations = (*dose.iterations[:-1], min(EARLY, dose.iterations[-1]))
        self._dream.ascend(source, replace(dose, iterations=iterations), gauge=gauge)
        early = gauge.heights[-1]
        return full._replace(height=full.height * early / full.early, early=early)

    def _go_on(self, frame: Frame, previous: Memory) -> Memory:
        """Carry the residual over, and add a little where it is weak or fresh."""
        gauge = previous.gauge.copy()
        source, residual, fresh = self._carried(frame, previous)
        tint = blur_wide(residual)
        local = blur_wide((residual - tint).square().mean(dim=0, keepdim=True)).sqrt_()
        spread = previous.full.spread * previous.aim
        want = spread / (local + 0.02 * spread)
        held = (residual - FADE * tint) * want.clamp(max=1).sqrt()
        # Strong ground is left alone rather than cut down and built up again in every frame.
        weight = torch.where(want > 1, want.square(), want.pow(4)).clamp_(0.02, 6)
        dreamed = self._dream.ascend(
            (source + held).clamp_(0, 1),
            self._balanced(previous.aim),
            gauge=gauge,
            weight=weight * (1 + (FRESH - 1) * fresh),
            crisp=previous.crisp,
            turn=self._turn(previous),
        )
        now = replace(
            previous,
            dreamed=dreamed,
            source=source,
            fresh=fresh,
            gauge=gauge,
            age=previous.age + 1,
        )
        if now.age % MEASURE_EVERY == 0:
            now = replace(now, full=self._measured(now.full, source, now.age))
        now = replace(now, aim=self._aim(now))
        return now if now.age % SHARPEN_EVERY else replace(now, crisp=_crispness(now))

    def _feed_back(self, frame: Frame, previous: Memory) -> Memory:
        """Dream on what the camera makes of the frame before, and put its tone back."""
        assert frame.motion is not None
        gauge, flow = previous.gauge.copy(), frame.motion.backward
        mask = torch.from_numpy(frame.motion.mask)[None].to(self._dream.device)
        fresh = torch.maximum(1 - mask, AGEING * warp(previous.fresh, flow)).clamp_(0, 1)
        start = calm_finest(warp(previous.dreamed, flow))
        if frame.ground is not None:  # clouds in the colours that are around
            ground = GROUND * sum(previous.tone.spread) / 3 * frame.ground.to(self._dream.device)
            start = torch.lerp(blur_wide(start) + ground, start, mask)
        dreamed = self._dream.ascend(
            start.clamp_(0, 1),
            self._dose,
            gauge=gauge,
            weight=1 + (FRESH - 1) * fresh,
            turn=self._turn(previous),
        )
        return replace(
            previous,
            dreamed=hold_tone(dreamed, previous.tone),
            fresh=fresh,
            gauge=gauge,
            age=previous.age + 1,
        )

    def _carried(
        self, frame: Frame, previous: Memory
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Take over from the frame before: the steadied source, the residual, what is fresh."""
        assert frame.motion is not None
        flow = frame.motion.backward
        mask, streaks = (
            torch.from_numpy(plane)[None].to(self._dream.device)
            for plane in (frame.motion.mask, torn(flow))
        )
        left = torch.cat((previous.dreamed - previous.source, previous.source, previous.fresh))
        carried = warp(left, flow, lanczos=(*[CRISP] * 3, *[BRIEF] * 4))
        residual, steady, fresh = carried[:3], carried[3:6], carried[6:]
        source = self._source(frame)
        source = source + STEADY * mask * (steady - source)
        lost = torch.maximum(1 - mask, streaks)
        fresh = torch.maximum(lost, AGEING * fresh).clamp_(0, 1)
        keep = self._keep * (STALE + (1 - STALE) * mask) * (1 - RENEWAL * lost)
        residual = keep * residual
        return source, residual, fresh

    def _source(self, frame: Frame) -> torch.Tensor:
        assert frame.image is not None
        return frame.image.to(self._dream.device)

    def _turn(self, previous: Memory) -> int:
        """Where in the list of shifts a frame begins: after those of the frame before."""
        return previous.age * sum(self._dose.iterations)

    def _balanced(self, aim: float) -> Dose:
        """The dose, with more for large shapes the more strength is led down.

        The largest octave raises the objective at the least cost: with the little that a film
        which stands still is allowed, it would be covered with small things, all alike.
        """
        lean = min(1.0, max(0.0, LEAN * (1 - aim)))
        dose = self._dose
        *smaller, few = dose.iterations
        if not (lean and smaller):
            return dose if self._far else replace(dose, iterations=dose.iterations[-2:])
        far = self._far + lean * (2 - self._far)
        shares = lean, *[far] * (len(smaller) - 1), 1 + lean, 1 - lean / 2
        return Dose((1, *smaller, few), dose.step, shares)

    def _aim(self, memory: Memory) -> float:
        """The next frame's share of the full dose's strength, moved towards its height.

        A film that stands still is dreamed on for longer than one frame ever is, and overcooks;
        one that moves loses some of what it gained. Objectives below zero are left alone.
        """
        wanted, height = memory.full.height, memory.gauge.heights[-1]
        if wanted is None or wanted <= 0:
            return memory.aim
        change = math.pow(SURPLUS * wanted / max(1e-12, height), HOLD)
        aim = memory.aim * min(HASTE, max(1 / HASTE, change))
        return min(STRONGEST, max(WEAKEST, aim))


def _crispness(memory: Memory) -> float:
    """How much the next updates are sharpened, moved towards what the full dose does."""
    wanted = math.sqrt(max(0.0, sharpness(memory.source) ** 2 + memory.full.edges))
    duller = wanted / max(1e-6, sharpness(memory.dreamed)) - 1
    return min(CRISPEST, max(0.0, memory.crisp + EAGER * duller))
