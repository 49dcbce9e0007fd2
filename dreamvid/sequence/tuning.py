"""Every constant of the film carry and of zoom feedback, with what it is for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Controller:
    """A proportional controller: leads a setting so that what is measured meets what is wanted.

    The setting is multiplied by (wanted / measured) to the power `gain`, by at most `fastest` at
    once in either direction, and stays within `low` and `high`.
    """

    gain: float
    fastest: float
    low: float
    high: float

    def __call__(self, setting: float, *, wanted: float, measured: float) -> float:
        """The next value of the setting; for positive `wanted` and `measured`."""
        change = (wanted / max(1e-12, measured)) ** self.gain
        changed: float = setting * min(self.fastest, max(1 / self.fastest, change))
        return min(self.high, max(self.low, changed))


@dataclass(frozen=True)
class CarryTuning:
    """Constants of the film carry. Shares are 0..1; "a frame" is one of the film's.

    What is kept of the residual: `keep_power` p gives 1 - (1 - stability)^p of it a frame, times
    `stale` where the warp cannot be trusted, and less `renewal` where it fails or tears; wide tints
    lose the share `fade`, or they would veil the film in time. `steady` is the share of the
    source taken over from the frame before: its grain would flicker through the calmest dream.

    How much is added: `few` is how much fewer iterations, and `shorter` how much shorter steps,
    there are at stability 1 than at 0. `fresh` times longer steps are taken on uncovered ground,
    which keeps `ageing` of its freshness from frame to frame.

    Evenness: ground whose residual is weaker than the reference by a factor w takes steps longer by
    w^`weak_power`, stronger ground shorter ones by w^`strong_power`, within `least` and `most`;
    stronger ground also loses all but w^`damp_power` of its excess. `floor` keeps w finite.

    References: every `measure_every` frames a frame's full dose is measured; every `control_every`
    frames strength and sharpness are led towards it. `strength` leads the objective to `surplus`
    times that of the full dose. Above 1 it scales the spread that is wanted, to its power
    `spread_power`, and steps, to its power `push_power`: more of a stale residual would not help.
    Below 1 steps on ground that is not fresh are shorter, to its power `pace_power`. `sharpness`
    leads the finest detail.
    """

    keep_power: float = 2.0
    stale: float = 0.95
    renewal: float = 0.1
    fade: float = 0.05
    steady: float = 0.7
    few: float = 0.89
    shorter: float = 0.5
    fresh: float = 2.5
    ageing: float = 0.8
    weak_power: float = 2.0
    strong_power: float = 4.0
    damp_power: float = 0.5
    least: float = 0.02
    most: float = 6.0
    floor: float = 0.02
    measure_every: int = 40
    control_every: int = 3
    surplus: float = 1.05
    strength: Controller = Controller(gain=1.5, fastest=1.4, low=0.2, high=2.0)
    spread_power: float = 0.6
    push_power: float = 0.7
    pace_power: float = 2.0
    sharpness: Controller = Controller(gain=4.0, fastest=2.0, low=1.0, high=5.0)


@dataclass(frozen=True)
class ZoomTuning:
    """Constants of zoom feedback.

    `dose` is how many full doses are added while the picture moves by its own height, at stability
    0.9, over all octaves; a frame moves by `least` heights at least, even if the camera stands.
    `longest` is the longest step, in steps of the full dose, before a second iteration is made.
    Every `control_every` frames `strength` leads the dose so that the objective stays at `surplus`
    times the first dream's.
    `fresh` and `ageing` are those of CarryTuning. `ground` is the contrast of what the camera
    uncovers, as a share of the dream's.
    """

    dose: float = 20.0
    least: float = 0.0005
    longest: float = 1.6
    control_every: int = 3
    surplus: float = 1.15
    strength: Controller = Controller(gain=0.5, fastest=1.2, low=0.7, high=3.0)
    fresh: float = CarryTuning.fresh
    ageing: float = CarryTuning.ageing
    ground: float = 0.7
