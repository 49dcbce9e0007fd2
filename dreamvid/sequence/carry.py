"""The carry: what a frame takes over from the dream before it, and how much is added to it.

D = dreamed - source is the residual, W the warp by the backward flow of the source, m the mask:

    start_t = source_t + keep * (m + STALE (1 - m)) * W(D_{t-1})

The source is first steadied, S'_t = S_t + STEADY m (W S'_{t-1} - S_t): its grain, which is drawn
anew in every frame, would flicker through the calmest dream. Where the warp cannot be trusted most
of the residual is kept all the same: it is dream, not picture, and the ascent soon turns it into
something that fits, where a bare hole would show. Then a little is added: longer steps where the
residual is weaker than the full dose leaves it, shorter ones where it is stronger, so that the
film is evenly dreamed. Now and then a window is dreamed for itself, to hold the film as strong and
as sharp as that.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from dreamvid.dream.dreamer import Dose, Dreamer, Gauge
from dreamvid.dream.octaves import blur_wide
from dreamvid.errors import UnreadableInput
from dreamvid.motion.warp import BRIEF, CRISP, torn, warp
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.tone import Tone, calm_finest, hold_tone, sharpness, tone_of

STALE = 0.95
"""Share of the residual that is kept where the warp cannot be trusted."""

FRESH = 2.5
"""How much longer steps are on ground that the mask has just uncovered."""

RENEWAL = 0.15
"""Share of it that is lost besides where the warp cannot be trusted, or tears."""

AGEING = 0.8
"""How much of its freshness such ground keeps from frame to frame."""

GROUND = 0.7
"""Contrast of what a zoom's camera uncovers, as a share of the dream's."""

FADE = 0.05
"""Share of the residual's wide tints that each frame loses: they would veil the film in time."""

STEADY = 0.7
"""Share of the source that is taken over from the frame before, where the warp can be trusted."""

COMPARE_EVERY = 12
"""Every so many frames a window of the source is dreamed for itself, to compare."""

WINDOW = 0.33
"""The sides of that window, as a share of the picture's."""

MINIMUM_WINDOW = 80
"""And their least length in pixels."""

STEPDROP = 0.6
"""How much shorter steps are at stability 1 than at 0."""

CRISPEST = 4.0
"""The most that updates are sharpened."""

SURPLUS = 1.13
"""The objective is held so much higher than in the window: at its sides, where the network sees no
further, a window rises less than the middle of a picture."""


@dataclass(frozen=True)
class Memory:
    """What one frame leaves to the next: the only state of a sequence.

    `dreamed` and `source` [3, H, W]; `fresh` [1, H, W], how recently a place was uncovered, 0..1.
    `spread` is the root mean square of the residual that the full dose left at the start of the
    shot, and `aim` the share of it that is wanted now; `crisp` sharpens the updates. `tone` is
    that of the shot's first dream, which a zoom keeps. `gauge` is that of the carried frames,
    `full` that of the full dose. `age` counts the frames since then.
    """

    dreamed: torch.Tensor
    source: torch.Tensor
    fresh: torch.Tensor
    gauge: Gauge
    full: Gauge
    spread: float
    tone: Tone
    aim: float = 1.0
    crisp: float = 0.0
    age: int = 0

    def save(self, path: Path) -> None:
        """Write it to a file, which appears complete."""
        planes = {name: getattr(self, name).cpu().contiguous().clone() for name in _PLANES}
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        numbers |= {name: getattr(self, name).sizes for name in _GAUGES} | {"tone": self.tone}
        draft = path.with_name(path.name + ".draft")
        save_file(planes, draft, metadata={"numbers": json.dumps(numbers)})
        os.replace(draft, path)

    @classmethod
    def load(cls, path: Path, *, device: torch.device) -> Self:
        """Read what `save` wrote, onto a device; UnreadableInput when it is damaged."""
        try:
            with safe_open(path, framework="pt") as file:
                planes = {name: file.get_tensor(name).to(device) for name in _PLANES}
                numbers = json.loads(file.metadata()["numbers"])
        except (OSError, SafetensorError) as error:
            raise UnreadableInput(
                f"damaged ({error})", where=path, remedy=f"delete {path.parent} to begin anew"
            ) from error
        mean, spread, sharpness = numbers["tone"]
        tone = Tone(tuple(mean), tuple(spread), sharpness)
        gauges = {name: Gauge(numbers[name]) for name in _GAUGES}
        return cls(**planes, **numbers | gauges | {"tone": tone})


_PLANES = ("dreamed", "source", "fresh")
_GAUGES = ("gauge", "full")
_NUMBERS = ("spread", "aim", "crisp", "age")


class Carry:
    """Dreams frame after frame, each starting from what the one before has left.

    `stability` 0..1: 0 dreams every frame for itself with the full dose; towards 1 more is kept,
    and less is added.
    """

    def __init__(self, dream: Dreamer, stability: float) -> None:
        full = dream.dose
        self._dream = dream
        self._alone = stability == 0 or full.step == 0
        self._keep = 1 - (1 - stability) ** 1.7
        few = max(1, round(full.iterations[-1] * (1 - 0.89 * stability)))
        octaves = max(1, len(full.iterations) - 1)
        self._dose = Dose(
            (max(1, few // 2), *[few] * octaves)[-octaves:], full.step * (1 - STEPDROP * stability)
        )

    def __call__(self, frame: Frame, previous: Memory | None) -> Memory:
        """Dream the next frame."""
        if previous is None or frame.motion is None:
            return self._begin(frame)
        if frame.image is None:
            return self._feed_back(frame, previous)
        return self._begin(frame) if self._alone else self._go_on(frame, previous)

    def _begin(self, frame: Frame) -> Memory:
        """Dream a frame for itself, and note how strong the full dose is."""
        source = self._source(frame)
        full = Gauge()
        dreamed = self._dream.ascend(source, self._dream.dose, gauge=full)
        return Memory(
            dreamed=dreamed,
            source=source,
            fresh=torch.zeros_like(source[:1]),
            gauge=Gauge(),
            full=full,
            spread=max(1e-6, float((dreamed - source).square().mean().sqrt())),
            tone=tone_of(dreamed),
        )

    def _go_on(self, frame: Frame, previous: Memory) -> Memory:
        """Carry the residual over, and add a little where it is weak or fresh."""
        gauge = previous.gauge.copy()
        source, residual, fresh = self._carried(frame, previous)
        tint = blur_wide(residual)
        local = blur_wide((residual - tint).square().mean(dim=0, keepdim=True)).sqrt_()
        spread = previous.spread * previous.aim
        want = spread / (local + 0.02 * spread)
        held = (residual - FADE * tint) * want.clamp(max=1).sqrt()
        # Strong ground is left alone rather than cut down and built up again in every frame.
        weight = torch.where(want > 1, want.square(), want.pow(4)).clamp_(0.02, 6)
        dreamed = self._dream.ascend(
            (source + held).clamp_(0, 1),
            self._dose,
            gauge=gauge,
            weight=weight * (1 + (FRESH - 1) * fresh),
            crisp=previous.crisp,
            turn=self._turn(previous),
        )
        aim, crisp = self._compared(previous, source, dreamed)
        return replace(
            previous,
            dreamed=dreamed,
            source=source,
            fresh=fresh,
            gauge=gauge,
            aim=aim,
            crisp=crisp,
            age=previous.age + 1,
        )

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

    def _compared(
        self, previous: Memory, source: torch.Tensor, dreamed: torch.Tensor
    ) -> tuple[float, float]:
        """Move aim and crispness towards what a window of the source, dreamed for itself, shows.

        A film that stands still is dreamed on for longer than one frame ever is, and overcooks;
        one that moves loses some of what it gained. Objectives below zero are left alone.
        """
        if (previous.age + 1) % COMPARE_EVERY:
            return previous.aim, previous.crisp
        window = _window(previous.age, (source.shape[1], source.shape[2]))
        here, begun = dreamed[window].contiguous(), source[window].contiguous()
        # As strongly as the whole picture would be: a plain window is not dreamed on harder.
        gauge = previous.full.fixed(source.numel() / begun.numel())
        alone = self._dream.ascend(begun, self._dream.dose, gauge=gauge)
        duller = sharpness(alone) / max(1e-6, sharpness(here)) - 1
        crisp = min(CRISPEST, max(0.0, previous.crisp + duller))
        high, goal = self._dream.rate(here), SURPLUS * self._dream.rate(alone)
        if min(high, goal) <= 0:
            return previous.aim, crisp
        change = min(1.2, max(0.8, math.pow(goal / high, 0.35)))
        return min(1.35, max(0.6, previous.aim * change)), crisp


def _window(number: int, size: tuple[int, int]) -> tuple[slice, slice, slice]:
    """A window of the picture, another place for each number, spread evenly (Roberts 2018)."""
    places = ((number * 0.7548776662466927) % 1.0, (number * 0.5698402909980532) % 1.0)
    spans = []
    for side, place in zip(size, places, strict=True):
        length = min(side, max(MINIMUM_WINDOW, round(WINDOW * side)))
        start = round(place * (side - length))
        spans.append(slice(start, start + length))
    return slice(None), spans[0], spans[1]
