"""What each kind of loop listens to, and whether its motion closes: told before any work."""

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
"""The most that an exact zoom goes in during a lap if nothing is said: its texture grows so."""

LEAST_LAP = 4.0
"""And the least, so that what comes again is not seen twice in one frame everywhere."""

DIRECTIONS = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}
"""Ways to pan by name: whole (heights, widths) that the picture moves down and right in a lap."""

MOST_TILES = 100
"""The most whole tiles that a pan goes in a lap, either way."""

SHAPES = {
    "zoom": {"symmetry", "twist", "evolve"},
    "pan": {"direction", "evolve"},
    "film": {"fade", "ping_pong"},
    "feedback": {"fade"},
}
"""What of ShapeSettings each kind of loop reads."""

_AS_IT_IS = "a film is closed as it is (dreamvid video dreams films)"
_EXACT = {
    "motion.stability": "an exact loop is one dream",
    "camera.edges": "an exact loop has none",
    "sound.bpm": "an exact loop moves evenly",
}

UNREAD = {
    "zoom": _EXACT,
    "pan": _EXACT,
    "film": dict.fromkeys(("network", "dream", "motion", "camera", "clip.from_noise"), _AS_IT_IS)
    | {"clip.fps": "a film has its own", "sound.bpm": "a film keeps its time"},
    "feedback": {},
}
"""What beyond ShapeSettings each kind of loop has no use for, and why: tables or settings."""

PING_PONG_UNREAD = {
    "loop.fade": "ping-pong needs none",
    "clip.seconds": "ping-pong plays all of the film",
}
"""The same for a film that is played forth and back."""


@functools.cache
def _of_presets() -> frozenset[object]:
    """Every stability that may have come with a preset, which goes with every kind of loop."""
    plain = SteadySettings().stability
    return frozenset(preset(name).get("motion", {}).get("stability", plain) for name in names())


def check_shape(settings: LoopSettings) -> None:
    """Raise UsageError for a setting that this kind of loop would not listen to."""
    shape, plain = settings.loop, LoopSettings()
    for name in shape.model_fields_set - {"kind"}:
        if name not in SHAPES[shape.kind] and getattr(shape, name) != getattr(plain.loop, name):
            kinds = " or ".join(kind for kind, names in SHAPES.items() if name in names)
            raise UsageError(f"a loop of kind {shape.kind} has none", where=name,
                             remedy=f"leave it out, or give --kind {kinds}")  # fmt: skip
    unread = UNREAD[shape.kind] | (PING_PONG_UNREAD if shape.ping_pong else {})
    for path, why in unread.items():
        value, name = attrgetter(path)(settings), path.rpartition(".")[2]
        named = name == "stability" and value in _of_presets()
        if value != attrgetter(path)(plain) and not named:
            raise UsageError(why, where=name, remedy="leave it out")
    if shape.kind in ("zoom", "pan") and (dial := changing(settings.dream)):
        raise UsageError("an exact loop is one dream", where=dial,
                         remedy="give one value, or --kind feedback")  # fmt: skip
    if shape.kind == "zoom":
        lap_of(settings)
    elif shape.kind == "pan":
        steady_camera(settings.camera, set())
        pan_periods(shape.direction)
    elif shape.kind == "feedback":
        fade_of(settings)


class Lap(NamedTuple):
    """What an exact zoom does in a lap: the factor it goes in by, and symmetries it turns by."""

    factor: float
    turns: int

    @property
    def way(self) -> int:
        """1 for in, -1 for out, 0 for neither."""
        return (self.factor > 1) - (self.factor < 1)


def lap_of(settings: LoopSettings) -> Lap:
    """The lap of an exact zoom; UsageError when its rates do not close, or nothing moves."""
    steady_camera(settings.camera, {"zoom", "rotate", "center_x", "center_y"})
    shape, seconds = settings.loop, settings.clip.length
    factor = lap_zoom(settings.camera, seconds, shape.twist)
    lap = Lap(factor, whole_turns(float(settings.camera.rotate), seconds, shape.symmetry))
    if lap.way == lap.turns == 0 and shape.evolve == 1:
        raise UsageError("nothing moves", where="zoom",
                         remedy="zoom, rotate, or give --evolve 2")  # fmt: skip
    return lap


def fade_of(settings: LoopSettings) -> int:
    """The frames in which a zoom is led back to its beginning; UsageError for more than it has."""
    count = whole_frames(settings.clip.length, settings.clip.fps)
    fade = settings.loop.fade or max(2, round(settings.clip.fps / 2))
    if fade > count:
        raise UsageError(f"a fade of {fade} frames in a loop of {count}", where="fade",
                         remedy=f"give at most {count}")  # fmt: skip
    return fade


def whole_frames(seconds: Fraction, fps: Fraction) -> int:
    """Count the frames of a loop; UsageError, with the nearest length that fits, if not whole."""
    frames = seconds * fps
    if frames.denominator != 1 or frames < 2:
        near = max(2, round(frames)) / fps
        raise UsageError(
            f"{float(seconds):g} s at {float(fps):g} frames a second is {float(frames):.4g} frames",
            where="seconds",
            remedy=f"a loop needs a whole number of two or more: give {near}",
        )
    return int(frames)


def steady_camera(camera: CameraSettings, used: set[str]) -> None:
    """Raise UsageError for a rate that an exact loop does not have, or that is a schedule."""
    for name in camera.model_fields_set - {"rates", "edges"}:
        value = getattr(camera, name)
        if isinstance(value, str):
            raise UsageError("an exact loop moves evenly", where=name,
                             remedy="give a number, or --kind feedback")  # fmt: skip
        if name not in used and value not in (None, CameraSettings.model_fields[name].default):
            raise UsageError("this kind of loop cannot do that", where=name,
                             remedy="use --kind feedback")  # fmt: skip
    if camera.rates != "per-second":
        raise UsageError("exact loops have rates per second", where="rates")


def lap_zoom(camera: CameraSettings, seconds: Fraction, twist: int) -> float:
    """By how much a lap zooms: the rate asked for, or a gentle one whose texture is not large."""
    try:
        if camera.zoom is not None:
            return math.pow(float(camera.zoom), float(seconds))
        most = math.exp(0.9 * math.pi / abs(twist)) if twist else LAP
        return min(max(LEAST_LAP, math.pow(DEFAULT_ZOOM, float(seconds))), LAP, most)
    except OverflowError:
        return math.inf


def whole_turns(rotate: float, seconds: Fraction, symmetry: int) -> int:
    """How many symmetries a lap turns by; UsageError, with the nearest rate, if not whole."""
    exact = rotate * float(seconds) * symmetry / 360
    turns = round(exact)
    if abs(exact - turns) > 1e-6:
        near = turns * 360 / float(seconds) / symmetry
        raise UsageError(
            f"{rotate:g} degrees a second do not come round in {float(seconds):g} s",
            where="rotate",
            remedy=f"give {near:g}, or --kind feedback",
        )
    return turns


def pan_periods(direction: str) -> tuple[int, int]:
    """Read a direction: a name, or whole 'x,y' tiles that the picture moves right and down."""
    if direction in DIRECTIONS:
        return DIRECTIONS[direction]
    try:
        x, y = (int(part) for part in direction.split(","))
    except ValueError:
        x = y = 0
    if (x, y) == (0, 0) or max(abs(x), abs(y)) > MOST_TILES:
        raise UsageError(
            f"cannot pan '{direction[:40]}'",
            where="direction",
            remedy=f"{', '.join(DIRECTIONS)}, or up to {MOST_TILES} whole tiles each way as 2,-1",
        )
    return y, x
