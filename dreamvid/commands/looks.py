"""The look at a film before it is dreamed, for schedules that read its signals."""

from __future__ import annotations

import json
from pathlib import Path

from dreamvid.commands.clock import needs_look
from dreamvid.commands.sidecar import digest, versions
from dreamvid.errors import writing
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.motion.film_signals import LOOK_WIDTH, FilmSignals
from dreamvid.sequence.folder import LOCK, folder_of
from dreamvid.sequence.looking import keep_look, kept_look, look_at
from dreamvid.sequence.owners import locked
from dreamvid.sequence.progress import OnProgress
from dreamvid.settings.models import VideoSettings
from dreamvid.settings.tables import FilmSettings

PART = ("start", "end", "frames", "rate", "background")
"""The settings of a film that change what is seen of it, whatever size it is dreamed at."""


def signals_of(
    source: Path,
    settings: VideoSettings,
    frames: int | None,
    output: Path,
    on_progress: OnProgress,
) -> FilmSignals | None:
    """The signals of a film of so many frames; None if no schedule reads them.

    They are kept with the parts of the output, under a key of the source. Of several processes one
    looks, while the others wait. `frames` is None if their number is unknown.
    """
    if not needs_look(settings, frames):
        return None
    part = settings.film.model_dump(mode="json", include=set(PART))
    key = json.dumps([digest(source), part, versions()])
    with locked(folder_of(output) / LOCK):
        signals = kept_look(output, key)
        if signals is None:
            signals = look_at_source(source, settings.film, on_progress)[1]
            with writing(output):
                keep_look(output, key, signals)
    return signals


def look_at_source(
    source: Path, film: FilmSettings, on_progress: OnProgress
) -> tuple[FilmInfo, FilmSignals]:
    """Look at the part of a film that is dreamed, in small, whatever size it is dreamed at."""
    with VideoReader(source, rate=film.rate) as whole:
        width = min(LOOK_WIDTH, whole.info.width)
    options = {name: getattr(film, name) for name in PART}
    with VideoReader(source, width=width, **options) as reader:
        return reader.info, look_at(reader, on_progress)
