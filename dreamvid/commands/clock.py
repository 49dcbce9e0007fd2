"""The signals that the schedules of a run read: checked early, and put on its clock."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UsageError
from dreamvid.media.drawn import read_curve
from dreamvid.schedules.envelope import Envelope
from dreamvid.schedules.schedule import Clock, Schedule
from dreamvid.schedules.signals import CURVE, FILM, bands_in, curves_in, is_signal, is_song, kind_of
from dreamvid.settings.dials import Dials, camera_dials, steady, words
from dreamvid.settings.envelopes import schedules_in
from dreamvid.settings.loops import FeedbackLoop
from dreamvid.settings.models import VideoSettings, ZoomSettings
from dreamvid.settings.regions import MaskedSettings
from dreamvid.settings.tables import DreamSettings

if TYPE_CHECKING:
    from dreamvid.motion.film_signals import FilmSignals

Modulated = VideoSettings | ZoomSettings | FeedbackLoop
"""Settings whose dials may read signals."""

Signal = NDArray[Any]


def schedules_of(settings: Modulated) -> list[Schedule]:
    """Every schedule of numbers in the settings; ScheduleError for one that cannot be read."""
    camera = None if isinstance(settings, VideoSettings) else settings.camera
    return [
        schedule
        for dream in dreams_of(settings)
        for schedule in schedules_in(dream, settings.motion, camera)
    ]


def dreams_of(settings: Modulated) -> list[DreamSettings]:
    """The dream of each region of a film, or the only one."""
    if isinstance(settings, MaskedSettings):
        return [dream for _, dream in settings.regions]
    return [settings.dream]


def signals_read(settings: Modulated) -> frozenset[str]:
    """The variables and signals that any schedule reads."""
    return frozenset[str]().union(*(schedule.names for schedule in schedules_of(settings)))


def check_dials(settings: Modulated, fps: Fraction, frames: int | None) -> None:
    """Raise UsageError for a schedule out of bounds or a signal that it cannot read.

    Values that depend on audio or on the frames of a film are checked later. Raises
    UnreadableInput for a curve or an audio file that cannot be read.
    """
    names, sound = signals_read(settings), settings.sound
    is_film = isinstance(settings, VideoSettings)
    clock = check_sources(settings, fps, frames, has_film=is_film)
    from_film = is_film and not names.isdisjoint(FILM)
    if from_film or sound.audio is not None or _counts(names, frames):
        return
    for dream in dreams_of(settings):
        Dials(dream, clock)
    steady(settings.motion, clock)
    if isinstance(settings, VideoSettings):
        for mask, _ in settings.regions:
            words(mask.mask or "", clock, "mask")
    else:
        camera_dials(settings.camera, clock)


def check_sources(
    settings: Modulated, fps: Fraction, frames: int | None, *, has_film: bool
) -> Clock:
    """Raise UsageError for a signal that has no source, UnreadableInput for one that is unreadable.

    Returns the clock as far as it is known without listening to audio or looking at a film.
    """
    sound, names = settings.sound, signals_read(settings)
    timed = settings.signals.attack is not None or settings.signals.release is not None
    if timed and not any(map(is_signal, names)):
        raise UsageError(
            "no schedule reads a signal whose rise or fall could be timed",
            where="signals",
            remedy="give one, such as --strength '.5 + bass', or leave out --attack and --release",
        )
    later = {name for name in names if has_film and name in FILM}
    if sound.audio is not None:
        from dreamvid.media.audio import check_audio  # PyAV takes a while

        check_audio(sound.audio)
        later.update(filter(is_song, names))
    bpm = sound.bpm or (1.0 if sound.audio is not None else None)
    clock = Clock(fps, frames, settings.dream.seed, bpm, {name: np.zeros(1) for name in later})
    clock = _timed(settings, names, clock)
    for schedule in schedules_of(settings):
        schedule.require(clock)
    return clock


def needs_look(settings: VideoSettings, frames: int | None) -> bool:
    """Whether a film of so many frames, None if unknown, is looked at before it is dreamed."""
    names = signals_read(settings)
    return bool(names.intersection(FILM)) or _counts(names, frames)


def clock_of(
    settings: Modulated, fps: Fraction, frames: int | None, film: FilmSignals | None = None
) -> Clock:
    """Make the clock of a film, with the signals that its schedules read.

    Those of the audio are always on it, those of the `film` if it was looked at. Beats are those of
    the audio; with a given tempo they are counted from frame 0.
    """
    sound, names, rows = settings.sound, signals_read(settings), settings.signals
    signals: dict[str, Signal] = {}
    if film is not None:
        frames = len(film.cut) if frames is None else frames
        signals |= {name: film.signal(name, float(fps), rows.envelope(name)) for name in FILM}
    bpm, pulse = sound.bpm, (0.0,)
    if sound.audio is not None:
        from dreamvid.media.audio import listen

        bands = tuple(bands_in(names).values())
        heard = listen(sound.audio, fps, bands=bands, envelope=rows.envelope)
        signals |= heard.signals
        if bpm is None:
            bpm, pulse = heard.tempo, tuple(heard.beats.tolist()) or (0.0,)
    return _timed(settings, names, Clock(fps, frames, settings.dream.seed, bpm, signals, pulse))


def _counts(names: frozenset[str], frames: int | None) -> bool:
    """Whether signals need the number of frames, and it is unknown."""
    return frames is None and any(kind_of(name) in (CURVE, "beat") for name in names)


def _timed(settings: Modulated, names: frozenset[str], clock: Clock) -> Clock:
    """The clock with the signals that depend on time alone: curves of files, and the beat.

    The beat remains a formula of time unless it has an envelope.
    """
    frames, fps, found = clock.frames or 1, clock.fps, dict(clock.signals)
    for name, path in curves_in(names).items():
        found[name] = settings.signals.envelope(name)(read_curve(path).at(frames, fps), float(fps))
    envelope = settings.signals.envelope("beat")
    if "beat" in names and envelope != Envelope() and not clock.lacks("beat"):
        beat = np.array([clock.variable("beat", frame) for frame in range(frames)])
        found["beat"] = envelope(beat, float(fps))
    return replace(clock, signals=found)
