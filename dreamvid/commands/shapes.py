"""The check that the motion of a loop closes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

from dreamvid.errors import UsageError
from dreamvid.settings.dials import changing
from dreamvid.settings.loops import FeedbackLoop, LoopSettings, PanLoop, ZoomLoop
from dreamvid.settings.tables import DreamSettings, ZoomCameraSettings
from dreamvid.settings.values import DEFAULT_ZOOM

LAP = 8.0
"""Maximum default zoom factor of a lap: the size of the texture grows with it."""

LEAST_LAP = 4.0
"""Minimum default zoom factor of a lap: with less, every frame shows visible repetition."""

DIRECTIONS = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}
"""Pan directions by name: the (heights, widths) that the picture moves down and right per lap."""

MOST_TILES = 100
"""Maximum number of tiles that a pan moves per lap, in each direction."""


def check_closes(settings: LoopSettings) -> None:
    """Raise UsageError for a loop whose motion does not close, or that cannot be exact."""
    match settings:
        case ZoomLoop():
            lap_of(settings)
            check_constant(settings.dream)
        case PanLoop():
            pan_periods(settings.loop.direction)
            check_constant(settings.dream)
        case FeedbackLoop():
            fade_of(settings)


def check_constant(dream: DreamSettings) -> None:
    """Raise UsageError for a schedule in the settings of a single dream."""
    if name := changing(dream):
        raise _not_constant(name)


def _not_constant(name: str) -> UsageError:
    return UsageError("an exact loop allows no schedules", where=name,
                      remedy="give one value, or --kind feedback")  # fmt: skip


class Lap(NamedTuple):
    """One lap of an exact zoom: its zoom factor, and its rotation in units of the symmetry."""

    factor: float
    turns: int

    @property
    def way(self) -> int:
        """1 for zooming in, -1 for zooming out, 0 for neither."""
        return (self.factor > 1) - (self.factor < 1)


def lap_of(settings: ZoomLoop) -> Lap:
    """The lap of an exact zoom; UsageError when its rates do not close, or nothing moves."""
    for name, value in settings.camera:
        if isinstance(value, str):
            raise _not_constant(name)
    shape, seconds = settings.loop, settings.clip.length
    factor = lap_zoom(settings.camera, seconds, shape.twist)
    lap = Lap(factor, whole_turns(float(settings.camera.rotate), seconds, shape.symmetry))
    if lap.way == lap.turns == 0 and shape.evolve == 1:
        raise UsageError("nothing moves", where="zoom",
                         remedy="set --zoom, --rotate or --evolve 2")  # fmt: skip
    return lap


def fade_of(settings: FeedbackLoop) -> int:
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


def lap_zoom(camera: ZoomCameraSettings, seconds: Fraction, twist: int) -> float:
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
