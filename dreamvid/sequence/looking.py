"""The look at a film before it is dreamed, kept with the parts of a job, so that it is done once.

The signals are a function of the source alone: a resumed film has the same ones, kept or not.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from dreamvid.files import write_whole
from dreamvid.media.reader import VideoReader
from dreamvid.motion.film_signals import FilmSignals, look
from dreamvid.motion.flow import Array
from dreamvid.sequence.folder import SIGNALS, finished_parts, folder_of, record_in
from dreamvid.sequence.progress import OnProgress, Progress


def look_at(film: VideoReader, on_progress: OnProgress) -> FilmSignals:
    """Look at an open film, which is read to its end."""
    return look(_counted(film, film.info.frames, on_progress))


def kept_look(output: Path, key: str) -> FilmSignals | None:
    """The signals that `keep_look` left for an output under a key; None if there are none."""
    try:
        kept = json.loads(_place(output).read_text("utf-8"))
        return FilmSignals.read(kept["signals"]) if kept["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_look(output: Path, key: str, signals: FilmSignals) -> None:
    """Keep signals in the folder of the parts of an output; raises OSError."""
    write_whole(_place(output), json.dumps({"key": key, "signals": signals.text}).encode())


def drop_look(output: Path) -> None:
    """Delete what was kept for an output that no job was begun for: it will not be."""
    folder = folder_of(output)
    if folder.is_dir() and not record_in(folder).is_file() and not finished_parts(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _place(output: Path) -> Path:
    return folder_of(output) / SIGNALS


def _counted(
    film: VideoReader, total: int | None, on_progress: OnProgress
) -> Iterator[tuple[Fraction, Array]]:
    for frame in film:
        yield frame.time, frame.array
        on_progress(Progress("looking", frame.index + 1, total, "looking at the film"))
