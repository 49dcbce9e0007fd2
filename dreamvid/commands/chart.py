"""Draw curves over time below one another: dials, the signals they read, and a waveform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dreamvid.schedules.schedule import Clock

WIDTH, LEFT, RIGHT, TOP = 1200, 200, 24, 24
"""The width of a chart, and its margins, in pixels."""

HEIGHTS = {"number": 116, "text": 116, "signal": 58, "wave": 110}
"""The height of each kind of panel, with GAP below its frame."""

GAP, BOTTOM = 16, 34
FINER = 3
"""Everything is drawn this much larger and shrunk, which smooths the lines."""

INK, FAINT, GRID, PAPER = (30, 34, 40), (140, 146, 154), (226, 229, 233), (252, 252, 250)
COLOURS = ((31, 98, 168), (196, 84, 26), (38, 130, 76), (140, 62, 146), (150, 120, 10))
SIGNALS = {"song": (196, 84, 26), "film": (38, 130, 76), "drawn": (140, 62, 146)}
"""The colours of signals by where they come from."""

Colour = tuple[int, int, int]
Kind = Literal["number", "text", "signal", "wave"]


@dataclass(frozen=True)
class Panel:
    """One dial or signal over time: numbers [frames], or the shares of text values by name.

    A waveform has two lines, the least and the greatest sample for each column of the picture.
    `note` is printed below the name; `colour` is that of a signal, faint for one that is not read.
    """

    name: str
    lines: Mapping[str, NDArray[np.float64]]
    kind: Kind = "number"
    note: str = ""
    colour: Colour = COLOURS[0]


def draw(found: Sequence[Panel], clock: Clock, marks: Sequence[float] = ()) -> NDArray[np.uint8]:
    """Draw panels below one another, [H, W, 3], with the seconds along the bottom.

    `marks` are times in seconds, such as beats, that are marked across the waveform.
    """
    height = TOP + sum(HEIGHTS[panel.kind] for panel in found) + BOTTOM
    pen = _Pen(height, (clock.frames or 1) / float(clock.fps))
    pen.seconds()
    top = TOP
    for panel in found:
        pen.panel(panel, top, marks)
        top += HEIGHTS[panel.kind]
    return pen.picture()


class _Pen:
    """Draws in pixels of the finished picture."""

    def __init__(self, height: int, seconds: float) -> None:
        self._height, self._seconds = height, seconds
        self._large = Image.new("RGB", (WIDTH * FINER, height * FINER), PAPER)
        self._draw = ImageDraw.Draw(self._large)
        self._fonts = {size: ImageFont.load_default(size=size * FINER) for size in (12, 14)}

    def picture(self) -> NDArray[np.uint8]:
        """The finished picture."""
        return np.asarray(self._large.resize((WIDTH, self._height), Image.Resampling.BOX))

    def seconds(self) -> None:
        """Lines and labels at round times."""
        step, low = _round_step(self._seconds / 10), self._height - BOTTOM
        for tick in np.arange(0, self._seconds + 1e-9, step):
            x = self._x(tick / self._seconds)
            self._line([(x, TOP), (x, low - GAP)], GRID, 1)
            self._text(x, low - 4, f"{tick:g} s", anchor="ma")

    def panel(self, panel: Panel, top: float, marks: Sequence[float]) -> None:
        """A panel whose frame begins at `top`."""
        bottom, read = top + HEIGHTS[panel.kind] - GAP, panel.colour != FAINT
        self._box(top, bottom)
        self._text(16, top, panel.name, INK if read else FAINT)
        self._text(16, top + 20, panel.note, FAINT, size=12)
        if panel.kind == "wave":
            self._wave(panel, top, bottom, marks)
        else:
            self._curves(panel, top, bottom)

    def _curves(self, panel: Panel, top: float, bottom: float) -> None:
        values = np.concatenate(list(panel.lines.values()))
        low, high = float(values.min()), float(values.max())
        if panel.kind != "number":
            low, high = 0.0, max(1.0, high)
        elif high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
        if panel.kind != "text":
            self._text(LEFT - 10, top - 3, f"{high:.4g}", FAINT, anchor="ra", size=12)
            self._text(LEFT - 10, bottom - 12, f"{low:.4g}", FAINT, anchor="ra", size=12)
        for number, (name, line) in enumerate(panel.lines.items()):
            colour = panel.colour if panel.kind == "signal" else COLOURS[number % len(COLOURS)]
            points = self._points(line, low, high, top, bottom)
            if panel.kind == "signal":
                ends = [(points[-1][0], bottom), (points[0][0], bottom)]
                self._area([*points, *ends], _pale(colour))
            self._line(points * (2 if len(points) == 1 else 1), colour, 2)
            if panel.kind == "text":
                self._text(16, top + 22 + 17 * number, name[:24], colour)

    def _points(
        self, line: NDArray[np.float64], low: float, high: float, top: float, bottom: float
    ) -> list[tuple[float, float]]:
        x = self._x(np.arange(len(line)) / max(1, len(line) - 1))
        y = bottom - (bottom - top) * (line - low) / (high - low)
        return list(zip(x.tolist(), y.tolist(), strict=True))

    def _wave(self, panel: Panel, top: float, bottom: float, marks: Sequence[float]) -> None:
        least, greatest = panel.lines.values()
        middle, half = (top + bottom) / 2, (bottom - top) / 2 - 2
        x = self._x(np.arange(len(least)) / max(1, len(least) - 1)).tolist()
        upper = list(zip(x, (middle - half * greatest - 0.5).tolist(), strict=True))
        lower = list(zip(x, (middle - half * least + 0.5).tolist(), strict=True))
        for time in marks:
            at = self._x(time / self._seconds)
            self._line([(at, top), (at, bottom)], _pale(SIGNALS["song"]), 2)
        self._area([*upper, *lower[::-1]], panel.colour)

    def _x(self, share: Any) -> Any:
        return LEFT + share * (WIDTH - RIGHT - LEFT)

    def _box(self, top: float, bottom: float) -> None:
        corners = [(LEFT, top), (WIDTH - RIGHT, top), (WIDTH - RIGHT, bottom), (LEFT, bottom)]
        self._line([*corners, corners[0]], GRID, 1)

    def _line(self, points: list[tuple[float, float]], colour: Colour, width: float) -> None:
        large = [(x * FINER, y * FINER) for x, y in points]
        self._draw.line(large, fill=colour, width=round(width * FINER), joint="curve")

    def _area(self, points: list[tuple[float, float]], colour: Colour) -> None:
        self._draw.polygon([(x * FINER, y * FINER) for x, y in points], fill=colour)

    def _text(
        self, x: float, y: float, text: str, colour: Colour = INK, *, anchor: str = "la",
        size: int = 14,
    ) -> None:  # fmt: skip
        place = x * FINER, y * FINER
        self._draw.text(place, text, fill=colour, font=self._fonts[size], anchor=anchor)


def _pale(colour: Colour) -> Colour:
    """A colour mixed with much paper."""
    red, green, blue = (round(0.25 * c + 0.75 * p) for c, p in zip(colour, PAPER, strict=True))
    return red, green, blue


def _round_step(least: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(power * n for n in (1, 2, 5, 10) if power * n >= least * 0.999))
