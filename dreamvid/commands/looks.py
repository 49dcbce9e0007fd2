"""The look at a film before it is dreamed, for schedules that read its signals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dreamvid.commands.clock import needs_look
from dreamvid.commands.sidecar import digest, versions
from dreamvid.errors import writing
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.motion.film_signals import LOOK_WIDTH, FilmSignals
from dreamvid.sequence.looking import keep_look, kept_look, look_at
from dreamvid.sequence.progress import OnProgress
from dreamvid.settings.models import VideoSettings
from dreamvid.settings.tables import FilmSettings

PART = ("start", "end", "frames", "rate", "background")
"""The settings of a film that change what is seen of it, whatever size it is dreamed at."""


@dataclass(frozen=True)
class Look:
    """The signals of a film, None where no schedule reads them; kept under a key of its source."""

    output: Path
    signals: FilmSignals | None = None
    key: str = ""

    @classmethod
    def of(
        cls,
        source: Path,
        settings: VideoSettings,
        frames: int | None,
        output: Path,
        on_progress: OnProgress,
    ) -> Look:
        """Look at a film of so many frames, or take the signals that an interrupted run has kept.

        `frames` is None if their number is unknown.
        """
        if not needs_look(settings, frames):
            return cls(output)
        part = settings.film.model_dump(mode="json", include=set(PART))
        key = json.dumps([digest(source), part, versions()])
        signals = kept_look(output, key)
        if signals is None:
            signals = look_at_source(source, settings.film, on_progress)[1]
        return cls(output, signals, key)

    def keep(self) -> None:
        """Keep the signals with the parts of the job, for when it is resumed."""
        if self.signals is not None:
            with writing(self.output):
                keep_look(self.output, self.key, self.signals)


def look_at_source(
    source: Path, film: FilmSettings, on_progress: OnProgress
) -> tuple[FilmInfo, FilmSignals]:
    """Look at the part of a film that is dreamed, in small, whatever size it is dreamed at."""
    with VideoReader(source, rate=film.rate) as whole:
        width = min(LOOK_WIDTH, whole.info.width)
    options = {name: getattr(film, name) for name in PART}
    with VideoReader(source, width=width, **options) as reader:
        return reader.info, look_at(reader, on_progress)
