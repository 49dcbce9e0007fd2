"""The values of the dials at each frame: schedules evaluated on the clock of one sequence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from dreamvid.errors import UsageError
from dreamvid.schedules.parse import is_keyed, parse_schedule, parse_text_schedule
from dreamvid.schedules.schedule import Clock, Curve
from dreamvid.schedules.signals import is_signal
from dreamvid.settings.tables import CameraSettings, DreamSettings, SteadySettings
from dreamvid.settings.values import BOUNDS, DEFAULT_ZOOM, LAYER_FORM, Bounds

Pairs = tuple[tuple[str, float], ...]

NUMBERS = (
    "octaves",
    "octave_scale",
    "iterations",
    "step",
    "strength",
    "colours",
    "detail",
    "pull",
    "smooth",
)
"""The dials of DreamSettings that are numbers."""

RATES = ("zoom", "rotate", "pan_x", "pan_y", "shear_x", "shear_y", "center_x", "center_y")
"""The dials of CameraSettings."""

HEAVIEST, LIGHTEST = 1e9, 1e-9
"""Limits of layer weights: beyond them float32 would overflow or underflow."""


@dataclass(frozen=True)
class Layer:
    """One `layer` setting at one frame: (name, weight, cross-fade share) for each part."""

    parts: tuple[tuple[str, float, float], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The layers in it."""
        return tuple(name for name, _, _ in self.parts)

    @property
    def weight(self) -> float:
        """The mean size of the weights."""
        return sum(abs(weight) * share for _, weight, share in self.parts)

    @property
    def unweighted(self) -> Layer:
        """The same with weights of 1 or -1."""
        signed = ((name, math.copysign(1.0, weight), share) for name, weight, share in self.parts)
        return Layer(tuple(signed))


@dataclass(frozen=True)
class Moment:
    """The dream settings of one frame as plain values.

    `step` None stands for the network's default, `octaves` None for a number by picture size.
    """

    layers: tuple[Layer, ...]
    label: str | None
    guides: Pairs
    octaves: int | None
    octave_scale: float
    iterations: int
    step: float | None
    strength: float
    colours: float
    detail: float
    pull: float
    smooth: float


class Dial:
    """A number over time: `dial(frame)`; all frames of a known length are checked on creation.

    Raises UsageError for a value out of bounds, with the dial, the frame and the column.
    """

    def __init__(self, value: float | str, clock: Clock, bounds: Bounds, where: str) -> None:
        self._whole = bounds.whole
        schedule = parse_schedule(value, where=where)
        # Interpolation between whole numbers is rounded, which stays within the bounds.
        self.curve: Curve = schedule.on(clock, low=bounds.low, high=bounds.high)
        self.constant, self.names = schedule.constant, schedule.names

    def __call__(self, frame: float) -> float:
        """The value at a frame."""
        value = self.curve(frame) if self.constant is None else self.constant
        return round(value) if self._whole else value


def dial(model: BaseModel, name: str, clock: Clock) -> Dial:
    """Make the dial for a field of a settings model."""
    return Dial(getattr(model, name), clock, BOUNDS[name], name)


class Dials:
    """The dials of `DreamSettings`: `dials(frame)` is a Moment.

    Weights balance layers against each other. If that of the only layer reads a signal, it scales
    the strength instead: updates are divided by their mean size, in which it would be lost.
    """

    def __init__(self, dream: DreamSettings, clock: Clock) -> None:
        self._dream = dream
        self._numbers = {
            name: dial(dream, name, clock) for name in NUMBERS if getattr(dream, name) is not None
        }
        self._layers = [_Layers(text, clock) for text in dream.layer]
        self._guides: Callable[[float], Pairs] = lambda frame: ()
        if dream.guide is not None:
            self._guides = words(dream.guide, clock, "guide")[1]

    def __call__(self, frame: int) -> Moment:
        """The dream settings at a frame."""
        values = {name: number(frame) for name, number in self._numbers.items()}
        layers = tuple(layers(frame) for layers in self._layers)
        if len(layers) == 1 and self._layers[0].reads_signals:
            layers = (layers[0].unweighted,)
            strength = values["strength"] * self._layers[0](frame).weight
            values["strength"] = min(strength, BOUNDS["strength"].high)
        return Moment(
            layers=layers,
            label=self._dream.label,
            guides=self._guides(frame),
            octaves=int(values["octaves"]) if "octaves" in values else None,
            octave_scale=values["octave_scale"],
            iterations=int(values["iterations"]),
            step=values.get("step"),
            strength=values["strength"],
            colours=values["colours"],
            detail=values["detail"],
            pull=values["pull"],
            smooth=values["smooth"],
        )

    def names(self) -> Iterator[tuple[str, ...]]:
        """The layers of each setting that are used at some frame."""
        for layers in self._layers:
            yield layers.names

    def check_weights(self, resolve: Callable[[str], str]) -> None:
        """Raise UsageError when the layer weights always add up to 0, by resolved name."""
        sums: dict[str, float] = {}
        for layers in self._layers:
            if layers.constant is None:
                return
            name, colon, channel = layers.names[0].partition(":")
            known = resolve(name.strip()) + colon + channel.strip()
            sums[known] = sums.get(known, 0.0) + layers.constant
        if sums and all(abs(total) < LIGHTEST for total in sums.values()):
            raise UsageError("the weights add up to zero", where="layer",
                             remedy="change them, or use --strength 0")  # fmt: skip


class _Layers:
    """One `layer` setting over time."""

    def __init__(self, text: str, clock: Clock) -> None:
        texts, self._curve = words(text, clock, "layer")
        self._weights: dict[str, tuple[str, Dial]] = {}
        for value in texts:
            name, star, weight = value.partition("*")
            if star and not weight.strip():
                raise UsageError(f"cannot read layer '{value}'", remedy=LAYER_FORM)
            bounds = Bounds(-HEAVIEST, HEAVIEST)
            times = Dial(weight if star else 1.0, clock, bounds, "layer")
            self._weights[value] = name.strip(), times
        self.names = tuple(name for name, _ in self._weights.values())
        constants = [times.constant for _, times in self._weights.values()]
        self.constant = constants[0] if len(constants) == 1 else None
        self.reads_signals = any(
            is_signal(name) for _, times in self._weights.values() for name in times.names
        )

    def __call__(self, frame: int) -> Layer:
        found: list[tuple[str, float, float]] = []
        for value, share in self._curve(frame):
            name, weight = self._weights[value]
            found.append((name, weight(frame), share))
        if (
            len({name for name, _, _ in found}) == 1
        ):  # only the weight changes: interpolate it linearly
            total = sum(weight * share for _, weight, share in found)
            found = [(found[0][0], total, 1.0)]
        return Layer(tuple(found))


def steady(motion: SteadySettings, clock: Clock) -> Dial:
    """The stability over time."""
    return dial(motion, "stability", clock)


def camera_dials(camera: CameraSettings, clock: Clock) -> dict[str, Dial]:
    """The dials of the camera; the zoom defaults to DEFAULT_ZOOM per second, or 1 per frame."""
    if camera.zoom is None:
        still = 1.0 if camera.rates == "per-frame" else DEFAULT_ZOOM
        camera = camera.model_copy(update={"zoom": still})
    curves = {name: dial(camera, name, clock) for name in RATES}
    for curve in curves.values():
        if curve.constant is None:
            for frame in range(1, clock.frames or 1):
                curve(frame - 0.5)  # the camera samples here: report invalid values now
    return curves


def guides_of(dream: DreamSettings) -> tuple[str, ...]:
    """Every guide in the settings: pictures, folders, films."""
    if dream.guide is None:
        return ()
    return texts_of(dream.guide, "guide")


def texts_of(text: str, where: str) -> tuple[str, ...]:
    """Every value of a text schedule; a plain text is its only value."""
    return parse_text_schedule(text, where=where).texts if is_keyed(text) else (text,)


def words(text: str, clock: Clock, where: str) -> tuple[tuple[str, ...], Callable[[float], Pairs]]:
    """Parse a plain text or a text schedule: all its values, and its curve of (text, share)."""
    if not is_keyed(text):
        return (text,), lambda frame: ((text, 1.0),)
    schedule = parse_text_schedule(text, where=where)
    return schedule.texts, schedule.text_on(clock)


def changing(dream: DreamSettings) -> str | None:
    """The name of a dial that changes over time, if there is one."""
    for name in NUMBERS:
        value = getattr(dream, name)
        if value is not None and parse_schedule(value, where=name).constant is None:
            return name
    for text in dream.layer:
        first, *others = texts_of(text, "layer")
        weight = first.partition("*")[2] or 1.0
        if others or parse_schedule(weight, where="layer").constant is None:
            return "layer"
    return "guide" if len(guides_of(dream)) > 1 else None
