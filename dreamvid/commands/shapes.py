"""The settings that each kind of loop uses, and the check that its motion closes."""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from operator import attrgetter
from typing import NamedTuple

from dreamvid.errors import UsageError
from dreamvid.settings.dials import changing
from dreamvid.settings.models import LoopSettings
from dreamvid.settings.presets import names, preset
from dreamvid.settings.tables import CameraSettings, SteadySettings
from dreamvid.settings.values import DEFAULT_ZOOM

LAP = 8.0
"""Maximum default zoom factor of a lap: the size of the texture grows with it."""

LEAST_LAP = 4.0
"""Minimum default zoom factor of a lap: with less, every frame shows visible repetition."""

DIRECTIONS = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}
"""Pan directions by name: the (heights, widths) that the picture moves down and right per lap."""

MOST_TILES = 100
"""Maximum number of tiles that a pan moves per lap, in each direction."""

SHAPES = {
    "zoom": {"symmetry", "twist", "evolve"},
    "pan": {"direction", "evolve"},
    "film": {"fade", "ping_pong"},
    "feedback": {"fade"},
}
"""The fields of ShapeSettings that each kind of loop uses."""

_NO_DREAM = "--kind film joins a film without dreaming (dreamvid video dreams films)"
_EXACT = {
    "motion.stability": "an exact loop is one dream, without carry",
    "camera.edges": "an exact loop has no edges",
    "sound.bpm": "an exact loop moves at constant speed",
}

UNREAD = {
    "zoom": _EXACT,
    "pan": _EXACT,
    "film": dict.fromkeys(("network", "dream", "motion", "camera", "clip.from_noise"), _NO_DREAM)
    | {"clip.fps": "a film keeps its frame rate", "sound.bpm": "a film keeps its speed"},
    "feedback": {},
}
"""Other tables or settings that a kind of loop does not use, and why."""

PING_PONG_UNREAD = {
    "loop.fade": "ping-pong needs no fade",
    "clip.seconds": "ping-pong plays the whole film",
}
"""The same for a film that is played forward, then backward."""


@functools.cache
def _of_presets() -> frozenset[object]:
    """The stability of every preset: presets are allowed with every kind of loop."""
    plain = SteadySettings().stability
    return frozenset(preset(name).get("motion", {}).get("stability", plain) for name in names())


def check_shape(settings: LoopSettings) -> None:
    """Raise UsageError for a setting that this kind of loop does not use."""
    shape, plain = settings.loop, LoopSettings()
    for name in shape.model_fields_set - {"kind"}:
        if name not in SHAPES[shape.kind] and getattr(shape, name) != getattr(plain.loop, name):
            kinds = " or ".join(kind for kind, names in SHAPES.items() if name in names)
            raise UsageError(f"not used by loops of kind {shape.kind}", where=name,
                             remedy=f"leave it out, or use --kind {kinds}")  # fmt: skip
    unread = UNREAD[shape.kind] | (PING_PONG_UNREAD if shape.ping_pong else {})
    for path, why in unread.items():
        value, name = attrgetter(path)(settings), path.rpartition(".")[2]
        named = name == "stability" and value in _of_presets()
        if value != attrgetter(path)(plain) and not named:
            raise UsageError(why, where=name, remedy="leave it out")
    if shape.kind in ("zoom", "pan") and (dial := changing(settings.dream)):
        raise UsageError("an exact loop allows no schedules", where=dial,
                         remedy="give one value, or --kind feedback")  # fmt: skip
    if shape.kind == "zoom":
        lap_of(settings)
    elif shape.kind == "pan":
        check_constant_camera(settings.camera, set())
        pan_periods(shape.direction)
    elif shape.kind == "feedback":
        fade_of(settings)


class Lap(NamedTuple):
    """One lap of an exact zoom: its zoom factor, and its rotation in units of the symmetry."""

    factor: float
    turns: int

    @property
    def way(self) -> int:
        """1 for zooming in, -1 for zooming out, 0 for neither."""
        return (self.factor > 1) - (self.factor < 1)


def lap_of(settings: LoopSettings) -> Lap:
    """The lap of an exact zoom; UsageError when its rates do not close, or nothing moves."""
    check_constant_camera(settings.camera, {"zoom", "rotate", "center_x", "center_y"})
    shape, seconds = settings.loop, settings.clip.length
    factor = lap_zoom(settings.camera, seconds, shape.twist)
    lap = Lap(factor, whole_turns(float(settings.camera.rotate), seconds, shape.symmetry))
    if lap.way == lap.turns == 0 and shape.evolve == 1:
        raise UsageError("nothing moves", where="zoom",
                         remedy="set --zoom, --rotate or --evolve 2")  # fmt: skip
    return lap


def fade_of(settings: LoopSettings) -> int:
    """The number of frames that blend a zoom back to its start; UsageError if there are too few."""
    count = whole_frames(settings.clip.length, settings.clip.fps)
    fade = settings.loop.fade or max(2, round(settings.clip.fps / 2))
    if fade > count:
        raise UsageError(f"a fade of {fade} frames is too long for a loop of {count}", where="fade",
                         remedy=f"give at most {count}")  # fmt: skip
    return fade


def whole_frames(seconds: Fraction, fps: Fraction) -> int:
    """Count the frames of a loop; UsageError, with the nearest length that fits, if not whole."""
    frames = seconds * fps
    if frames.denominator != 1 or frames < 2:
        near = max(2, round(frames)) / fps
        raise UsageError(
            f"{float(seconds):g} s at {float(fps):g} fps is {float(frames):.4g} frames",
            where="seconds",
            remedy=f"a loop needs a whole number of at least two: give {near}",
        )
    return int(frames)


def check_constant_camera(camera: CameraSettings, used: set[str]) -> None:
    """Raise UsageError for a camera setting that exact loops do not use, or that is a schedule."""
    for name in camera.model_fields_set - {"rates", "edges"}:
        value = getattr(camera, name)
        if isinstance(value, str):
            raise UsageError("an exact loop allows no schedules", where=name,
                             remedy="give a number, or --kind feedback")  # fmt: skip
        if name not in used and value not in (None, CameraSettings.model_fields[name].default):
            raise UsageError("not possible in this kind of loop", where=name,
                             remedy="use --kind feedback")  # fmt: skip
    if camera.rates != "per-second":
        raise UsageError(
            "exact loops need per-second", where="rates", remedy="use --rates per-second"
        )


def lap_zoom(camera: CameraSettings, seconds: Fraction, twist: int) -> float:
    """The zoom factor of a lap: by the given rate, else a default with a small texture."""
    try:
        if camera.zoom is not None:
            return math.pow(float(camera.zoom), float(seconds))
        most = math.exp(0.9 * math.pi / abs(twist)) if twist else LAP
        return min(max(LEAST_LAP, math.pow(DEFAULT_ZOOM, float(seconds))), LAP, most)
    except OverflowError:
        return math.inf


def whole_turns(rotate: float, seconds: Fraction, symmetry: int) -> int:
    """The rotation of a lap in units of the symmetry; UsageError, with the nearest rate, if not
    whole."""
    exact = rotate * float(seconds) * symmetry / 360
    turns = round(exact)
    if abs(exact - turns) > 1e-6:
        near = turns * 360 / float(seconds) / symmetry
        raise UsageError(
            f"{rotate:g} degrees per second do not close the loop in {float(seconds):g} s",
            where="rotate",
            remedy=f"give {near:g}, or --kind feedback",
        )
    return turns


def pan_periods(direction: str) -> tuple[int, int]:
    """Parse a direction: a name, or whole 'x,y' tiles that the picture moves right and down."""
    if direction in DIRECTIONS:
        return DIRECTIONS[direction]
    try:
        x, y = (int(part) for part in direction.split(","))
    except ValueError:
        x = y = 0
    if (x, y) == (0, 0) or max(abs(x), abs(y)) > MOST_TILES:
        raise UsageError(
            f"unknown direction '{direction[:40]}'",
            where="direction",
            remedy=f"use {', '.join(DIRECTIONS)}, or up to {MOST_TILES} whole tiles, as 2,-1",
        )
    return y, x
