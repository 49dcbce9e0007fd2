"""The constants of film carry and zoom feedback."""

from __future__ import annotations

from dataclasses import dataclass

from dreamvid.device.numbers import Number, larger, limited


@dataclass(frozen=True)
class Controller:
    """A multiplicative proportional controller.

    The setting is multiplied by (wanted / measured) ** `gain`, limited to a factor of `fastest` per
    update in either direction, and clamped to `low`..`high`.
    """

    gain: float
    fastest: float
    low: float
    high: float

    def __call__(self, setting: Number, *, wanted: Number, measured: Number) -> Number:
        """The next value of the setting; for positive `wanted` and `measured`."""
        change = (wanted / larger(1e-12, measured)) ** self.gain
        changed = setting * limited(change, 1 / self.fastest, self.fastest)
        return limited(changed, self.low, self.high)


@dataclass(frozen=True)
class CarryTuning:
    """Constants of the film carry. Shares are 0..1, per frame.

    Carried residual: a share of 1 - (1 - stability)^`keep_power` is kept, times `stale` where the
    warp cannot be trusted, times 1 - `renewal` where it fails or streaks. Large-scale tints lose
    the share `fade`, otherwise they would accumulate to a veil. `steady` is the share of the source
    taken from the previous frame, which reduces the flicker of grain.

    Added dose: `few` and `shorter` are the reductions of iterations and step length at stability 1
    relative to 0. Steps on uncovered areas are `fresh` times longer; freshness decays by `ageing`.

    Evenness: with w = reference spread / local spread of the residual, steps are scaled by
    w^`weak_power` where w > 1, else by w^`strong_power`, clamped to `least`..`most`; where w < 1
    the residual is scaled by w^`damp_power`. `floor` keeps w finite.

    Control: the full dose is measured every `measure_every` frames; every `control_every` frames
    strength and sharpness are controlled towards it. `strength` controls `aim` so that the
    objective is `surplus` times that of the full dose; a shot starts at `start`, since its first
    frame has the full dose already. Above 1, `aim`^`spread_power` scales the target spread and
    `aim`^`push_power` the steps: keeping more of a stale residual would not help. Above `busy` the
    largest octave gets one more iteration. Below 1, `aim`^`pace_power` shortens steps on areas that
    are not fresh. `sharpness` controls the finest detail.
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
    strength: Controller = Controller(gain=1.5, fastest=1.4, low=0.2, high=3.0)
    start: float = 0.5
    busy: float = 1.1
    spread_power: float = 0.6
    push_power: float = 0.7
    pace_power: float = 2.0
    sharpness: Controller = Controller(gain=4.0, fastest=2.0, low=1.0, high=5.0)


@dataclass(frozen=True)
class ZoomTuning:
    """Constants of zoom feedback.

    `dose` is the number of full doses added while the image moves by its own height, at stability
    0.9, over all octaves; a frame counts as moving at least `least` heights, even if the camera is
    still. `longest` is the longest step, in steps of the full dose, before an iteration is added.
    Every `control_every` frames `strength` controls the dose so that the objective is `surplus`
    times that of the first dream. `fresh` and `ageing` are as in CarryTuning. `ground` is the
    contrast of uncovered areas, as a share of the dream's.
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
