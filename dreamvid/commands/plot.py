"""plot: the schedules of a settings file as curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dreamvid.commands.result import Result
from dreamvid.commands.signals import clock_of
from dreamvid.image import picture_format, save_image, to_image
from dreamvid.media.target import check_new
from dreamvid.schedules.schedule import Clock
from dreamvid.settings.dials import NUMBERS, camera_dials, dial, steady, words
from dreamvid.settings.loops import ShapeSettings
from dreamvid.settings.models import ZoomSettings
from dreamvid.settings.tables import FilmSettings, MotionSettings

WIDTH, PANEL, LEFT, TOP = 1000, 120, 150, 40
INK, GRID, PAPER = (30, 34, 40), (214, 218, 224), (252, 252, 250)
COLOURS = ((31, 98, 168), (196, 84, 26), (38, 130, 76), (140, 62, 146), (150, 120, 10))


class PlotSettings(ZoomSettings):
    """The settings or the sidecar of any command that writes a film; its schedules are plotted."""

    motion: MotionSettings = MotionSettings()
    film: FilmSettings = FilmSettings()
    loop: ShapeSettings = ShapeSettings()
    made: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Panel:
    """One dial over time: numbers [frames], or the shares of text values by name."""

    name: str
    lines: Mapping[str, NDArray[np.float64]]
    is_text: bool = False


def plot(settings: PlotSettings, target: str | Path, *, overwrite: bool = False) -> Result:
    """Plot the zoom and every dial that is a schedule as curves over the clip.

    Raises UsageError for an invalid schedule, and OutputExists.
    """
    target = Path(target)
    picture_format(target)
    check_new(target, overwrite=overwrite)
    clip = settings.clip
    clock = clock_of(settings, clip.fps, clip.frames)
    save_image(target, to_image(draw(panels(settings, clock), clock)))
    return Result(target, clip.frames)


def panels(settings: PlotSettings, clock: Clock) -> list[Panel]:
    """The dials to plot: the zoom, and all that are schedules."""
    frames = range(clock.frames or 1)
    found = []
    for name, curve in camera_dials(settings.camera, clock).items():
        if name == "zoom" or isinstance(getattr(settings.camera, name), str):
            found.append(Panel(name, {"": np.array([curve(frame) for frame in frames])}))
    for name in NUMBERS:
        if isinstance(getattr(settings.dream, name), str):
            number = dial(settings.dream, name, clock)
            found.append(Panel(name, {"": np.array([number(frame) for frame in frames])}))
    if isinstance(settings.motion.stability, str):
        calm = steady(settings.motion, clock)
        found.append(Panel("stability", {"": np.array([calm(frame) for frame in frames])}))
    guide = (settings.dream.guide,) if settings.dream.guide else ()
    texts = [("layer", text) for text in settings.dream.layer] + [("guide", t) for t in guide]
    for name, text in texts:
        values, weights = words(text, clock, name)
        shares = [dict[str, float](weights(frame)) for frame in frames]
        lines = {value: np.array([s.get(value, 0.0) for s in shares]) for value in values}
        found.append(Panel(name, lines, is_text=True))
    return found


def draw(found: list[Panel], clock: Clock) -> NDArray[np.uint8]:
    """Draw panels below one another, [H, W, 3], with the seconds along the bottom."""
    height = TOP + PANEL * len(found) + TOP
    picture = Image.new("RGB", (WIDTH, height), PAPER)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=14)
    seconds = (clock.frames or 1) / float(clock.fps)
    step = _round_step(seconds / 10)
    for tick in np.arange(0, seconds + 1e-9, step):
        x = LEFT + tick / seconds * (WIDTH - LEFT - 20)
        pen.line((x, TOP, x, height - TOP), fill=GRID)
        pen.text((x - 8, height - TOP + 8), f"{tick:g} s", fill=INK, font=font)
    for number, panel in enumerate(found):
        _draw_panel(pen, font, panel, TOP + PANEL * number)
    return np.asarray(picture)


def _draw_panel(pen: ImageDraw.ImageDraw, font: Any, panel: Panel, top: float) -> None:
    values = np.concatenate(list(panel.lines.values()))
    low, high = (0.0, 1.0) if panel.is_text else (float(values.min()), float(values.max()))
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    bottom, right = top + PANEL - 24, WIDTH - 20
    pen.rectangle((LEFT, top, right, bottom), outline=GRID)
    pen.text((12, top + 4), panel.name, fill=INK, font=font)
    if not panel.is_text:
        pen.text((LEFT - 60, top - 2), f"{high:.4g}", fill=INK, font=font)
        pen.text((LEFT - 60, bottom - 14), f"{low:.4g}", fill=INK, font=font)
    for number, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        x = LEFT + (right - LEFT) * np.arange(len(line)) / max(1, len(line) - 1)
        y = bottom - (bottom - top) * (line - low) / (high - low)
        points = list(zip(x.tolist(), y.tolist(), strict=True))
        pen.line(points * (2 if len(points) == 1 else 1), fill=colour, width=2)
        if name:
            pen.text((12, top + 22 + 16 * number), name[:18], fill=colour, font=font)


def _round_step(least: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(power * n for n in (1, 2, 5, 10) if power * n >= least * 0.999))
