"""The carry: what a frame takes over from the dream before it, and how much is added to it.

D = dreamed - source is the residual, W the warp by the backward flow of the source, m the mask:

    start_t = source_t + keep * (m + STALE (1 - m)) * W(D_{t-1})

The source is first steadied, S'_t = S_t + STEADY m (W S'_{t-1} - S_t): its grain, which is drawn
anew in every frame, would flicker through the calmest dream. Where the warp cannot be trusted most
of the residual is kept all the same: it is dream, not picture, and the ascent soon turns it into
something that fits, where a bare hole would show. Then a little is added: longer steps where the
residual is weaker than the full dose leaves it, shorter ones where it is stronger, so that the
film is evenly dreamed, and neither overcooks nor fades.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from dreamvid.dream.dreamer import Dose, Dreamer, Gauge
from dreamvid.dream.octaves import blur_wide
from dreamvid.motion.warp import warp
from dreamvid.sequence.frames import Frame

STALE = 0.95
"""Share of the residual that is kept where the warp cannot be trusted."""

FRESH = 3.0
"""How much longer steps are on ground that the mask has just uncovered."""

AGEING = 0.8
"""How much of its freshness such ground keeps from frame to frame."""

STEADY = 0.5
"""Share of the source that is taken over from the frame before, where the warp can be trusted."""

HEADROOM = 0.09
"""The objective is held at (height / ground) ** HEADROOM times the height that the full dose made
of the ground it began on: what a first frame shows is mostly plainer than what comes later."""


@dataclass(frozen=True)
class Memory:
    """What one frame leaves to the next: the only state of a sequence.

    `dreamed` and `source` [3, H, W]; `fresh` [1, H, W], how recently a place was uncovered, 0..1.
    `spread` is the root mean square of the residual that the full dose left at the start of the
    shot, `height` the objective to stay at, and `aim` the share of `spread` wanted for that now.
    """

    dreamed: torch.Tensor
    source: torch.Tensor
    fresh: torch.Tensor
    gauge: Gauge
    spread: float
    height: float
    aim: float = 1.0
    turn: int = 0

    def save(self, path: Path) -> None:
        """Write it to a file, which appears complete."""
        planes = {name: getattr(self, name).cpu().contiguous() for name in _PLANES}
        numbers = {name: getattr(self, name) for name in _NUMBERS} | {"gauge": self.gauge.sizes}
        draft = path.with_name(path.name + ".draft")
        save_file(planes, draft, metadata={"numbers": json.dumps(numbers)})
        os.replace(draft, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with safe_open(path, framework="pt") as file:
            planes = {name: file.get_tensor(name) for name in _PLANES}
            numbers = json.loads(file.metadata()["numbers"])
        return cls(**planes, **numbers | {"gauge": Gauge(numbers["gauge"])})


_PLANES = ("dreamed", "source", "fresh")
_NUMBERS = ("spread", "height", "aim", "turn")


class Carry:
    """Dreams frame after frame, each starting from what the one before has left.

    `stability` 0..1: 0 dreams every frame for itself with the full dose; towards 1 more is kept,
    and less is added.
    """

    def __init__(self, dream: Dreamer, stability: float) -> None:
        full = dream.dose
        self._dream = dream
        self._alone = stability == 0 or full.step == 0
        self._keep = 1 - (1 - stability) ** 1.5
        self._dose = Dose(
            octaves=max(1, full.octaves - 1),
            iterations=max(1, round(full.iterations * (1 - 0.89 * stability))),
            step=full.step * (1 - 0.65 * stability),
        )

    def __call__(self, frame: Frame, previous: Memory | None) -> Memory:
        """Dream the next frame."""
        if previous is None or frame.motion is None or self._alone:
            return self._begin(frame)
        return self._go_on(frame, previous)

    def _begin(self, frame: Frame) -> Memory:
        """Dream a frame for itself, and note how strong the full dose is."""
        gauge = Gauge()
        source = self._source(frame)
        dreamed, values = self._dream.ascend(source, self._dream.dose, gauge=gauge)
        return Memory(
            dreamed=dreamed,
            source=source,
            fresh=torch.zeros_like(source[:1]),
            gauge=Gauge(),
            spread=max(1e-6, float((dreamed - source).square().mean().sqrt())),
            height=_height(values),
        )

    def _go_on(self, frame: Frame, previous: Memory) -> Memory:
        """Carry the residual over, and add a little where it is weak or fresh."""
        assert frame.motion is not None
        mask = torch.from_numpy(frame.motion.mask)[None].to(self._dream.device)
        source = self._source(frame)
        held = warp(previous.source, frame.motion.backward)
        source = source + STEADY * mask * (held - source)
        residual = warp(previous.dreamed - previous.source, frame.motion.backward)
        fresh = torch.maximum(1 - mask, AGEING * warp(previous.fresh, frame.motion.backward))
        fresh = fresh.clamp_(0, 1)
        residual = residual * (self._keep * (STALE + (1 - STALE) * mask))
        spread = previous.spread * previous.aim
        local = blur_wide(residual.square().mean(dim=0, keepdim=True)).sqrt_()
        weight = (spread / (local + 0.02 * spread)).square().clamp_(0.02, 6)
        start = source + residual * (spread / (local + 1e-6)).clamp_(max=1).sqrt_()
        dreamed, values = self._dream.ascend(
            start.clamp_(0, 1),
            self._dose,
            gauge=previous.gauge,
            weight=weight * (1 + (FRESH - 1) * fresh),
            turn=previous.turn,
        )
        return replace(
            previous,
            dreamed=dreamed,
            source=source,
            fresh=fresh,
            aim=_aim(previous, values[-1]),
            turn=previous.turn + self._dose.octaves * self._dose.iterations,
        )

    def _source(self, frame: Frame) -> torch.Tensor:
        assert frame.image is not None
        return frame.image.to(self._dream.device)


def _height(values: Sequence[float]) -> float:
    """The objective to stay at, from those read during the full dose; 0 for one without a scale."""
    if not values or values[0] <= 0 or values[-1] <= 0:
        return 0.0
    return values[-1] * math.pow(max(1.0, values[-1] / values[0]), HEADROOM)


def _aim(previous: Memory, value: float) -> float:
    """Move the aim so that the objective stays as high as the full dose made it.

    A film that stands still is dreamed on for longer than one frame ever is, and would overcook.
    Objectives that can be negative, such as a class, are left alone.
    """
    if previous.height <= 0 or value <= 0:
        return previous.aim
    change = math.sqrt(previous.height / value)
    return min(1.5, max(0.4, previous.aim * min(1.25, max(0.8, change))))
