"""plot: the schedules of a settings file as curves, and the signals that they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dreamvid.commands.chart import (
    FAINT,
    LEFT,
    RIGHT,
    SIGNALS,
    WIDTH,
    Panel,
    draw,
)  # fmt: skip
from dreamvid.commands.clock import check_sources, clock_of, signals_read
from dreamvid.commands.result import Result
from dreamvid.errors import UsageError
from dreamvid.image import picture_format, save_image, to_image
from dreamvid.media.audio import waveform
from dreamvid.media.target import check_new
from dreamvid.schedules.parse import parse_schedule
from dreamvid.schedules.schedule import Clock
from dreamvid.schedules.signals import FILM, SONG, bands_in, curves_in
from dreamvid.sequence.progress import OnProgress, ignore
from dreamvid.settings.dials import NUMBERS, camera_dials, dial, steady, texts_of, words
from dreamvid.settings.loops import ShapeSettings
from dreamvid.settings.models import ZoomSettings
from dreamvid.settings.regions import MaskedSettings
from dreamvid.settings.tables import DreamSettings, FilmSettings, MotionSettings


class PlotSettings(ZoomSettings, MaskedSettings):
    """The settings or the sidecar of any command that writes a film; its schedules are plotted."""

    motion: MotionSettings = MotionSettings()
    film: FilmSettings = FilmSettings()
    loop: ShapeSettings = ShapeSettings()
    made: Mapping[str, Any] = {}


def plot(
    settings: PlotSettings,
    target: str | Path,
    *,
    film: Path | None = None,
    overwrite: bool = False,
    on_progress: OnProgress = ignore,
) -> Result:
    """Plot every dial that is a schedule as curves over the clip, and the signals below them.

    With a `film`, the length and the rate are its own; else they are those of the settings, and
    the zoom is plotted as well. Raises UsageError for an invalid schedule, and OutputExists.
    """
    target = Path(target)
    picture_format(target)
    check_new(target, overwrite=overwrite)
    clip = settings.clip
    unseen = sorted(signals_read(settings).intersection(FILM))
    if film is None and unseen:
        raise UsageError(
            "needs the film", where=unseen[0], remedy="use dreamvid plot SETTINGS FILM -o OUT"
        )
    check_sources(settings, clip.fps, clip.frames, has_film=film is not None)
    if film is None:
        clock = clock_of(settings, clip.fps, clip.frames)
    else:
        from dreamvid.commands.looks import look_at_source

        info, seen = look_at_source(film, settings.film, on_progress)
        clock = clock_of(settings, info.rate, len(seen.cut), seen)
    found = [*panels(settings, clock, is_zoom=film is None), *signal_panels(settings, clock)]
    marks = [time for time in clock.pulse if time] if settings.sound.audio else []
    save_image(target, to_image(draw([*found, *wave_panel(settings, clock)], clock, marks)))
    return Result(target, clock.frames or clip.frames)


def panels(settings: PlotSettings, clock: Clock, *, is_zoom: bool = True) -> list[Panel]:
    """The dials to plot: those that are schedules, and the zoom of a zoom."""
    frames = range(clock.frames or 1)
    found = []
    for name, curve in camera_dials(settings.camera, clock).items() if is_zoom else ():
        if name == "zoom" or isinstance(getattr(settings.camera, name), str):
            found.append(Panel(name, {"": np.array([curve(frame) for frame in frames])}))
    if isinstance(settings.motion.stability, str):
        calm = steady(settings.motion, clock)
        found.append(Panel("stability", {"": np.array([calm(frame) for frame in frames])}))
    for number, (mask, dream) in enumerate(settings.regions, start=1):
        where = f"region {number}: " if settings.region else ""
        texts = [*(("layer", text) for text in dream.layer), ("guide", dream.guide)]
        texts.append(("mask", mask.mask))
        found += [
            replace(panel, name=_short(f"{where}{panel.name}"))
            for panel in (*_numbers(dream, clock), *_words(texts, clock), *_weights(dream, clock))
        ]
    return found


def _numbers(dream: DreamSettings, clock: Clock) -> Iterator[Panel]:
    """The numbers that are schedules."""
    for name in NUMBERS:
        if isinstance(getattr(dream, name), str):
            number = dial(dream, name, clock)
            lines = {"": np.array([number(frame) for frame in range(clock.frames or 1)])}
            yield Panel(name, lines, note=_short(getattr(dream, name)))


def _words(texts: Iterable[tuple[str, str | None]], clock: Clock) -> Iterator[Panel]:
    """The shares of words, such as layers and guides, that fade into each other."""
    for name, text in texts:
        values, weights = words(text or "", clock, name)
        if len(values) > 1:
            shares = [dict[str, float](weights(frame)) for frame in range(clock.frames or 1)]
            lines = {value: np.array([s.get(value, 0.0) for s in shares]) for value in values}
            yield Panel(name, lines, "text")


def _weights(dream: DreamSettings, clock: Clock) -> Iterator[Panel]:
    """The weights of layers that change."""
    for text in dream.layer:
        for value in texts_of(text, "layer"):
            name, _, weight = value.partition("*")
            schedule = parse_schedule(weight or 1.0, where="layer")
            if schedule.constant is None:
                lines = {"": schedule.on(clock).values()}
                yield Panel(_short(name, 20), lines, note=f"weight {_short(weight)}")


def signal_panels(settings: PlotSettings, clock: Clock) -> list[Panel]:
    """The signals of the song and of the film, those that no schedule reads in grey; and curves."""
    names = signals_read(settings)
    groups = {
        "song": [*SONG, *bands_in(names), *(("beat",) if clock.bpm else ())],
        "film": list(FILM),
        "drawn": list(curves_in(names)),
    }
    titles = {name: Path(path).name for name, path in curves_in(names).items()}
    found = []
    for group, members in groups.items():
        for name in members:
            if not clock.lacks(name):
                values = [clock.variable(name, frame) for frame in range(clock.frames or 1)]
                shown = _short(titles.get(name, name), 22)
                colour = SIGNALS[group] if name in names else FAINT
                found.append(Panel(shown, {"": np.array(values)}, "signal", colour=colour))
    return found


def wave_panel(settings: PlotSettings, clock: Clock) -> list[Panel]:
    """The waveform of the song over the length of the clock; nothing without a song."""
    if settings.sound.audio is None:
        return []
    seconds = (clock.frames or 1) / float(clock.fps)
    least, greatest = waveform(settings.sound.audio, seconds, WIDTH - LEFT - RIGHT)
    lines = {"least": least, "greatest": greatest}
    tempo = f"{clock.bpm:.0f} beats per minute" if clock.bpm else ""
    name = _short(settings.sound.audio.name, 22)
    return [Panel(name, lines, "wave", note=tempo)]


def _short(text: str, most: int = 26) -> str:
    """A text, cut off if it is too long for the margin."""
    text = text.strip()
    return text if len(text) <= most else f"{text[: most - 1]}…"
