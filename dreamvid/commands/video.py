"""dream_video: dream a film."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch

from dreamvid.commands.looped import LoopedFilm, Timely
from dreamvid.commands.preflight import Film, check_video, open_film
from dreamvid.commands.result import Result, describe_size, skipped
from dreamvid.commands.shared import make_dreams, with_sound
from dreamvid.commands.sidecar import digest, sidecar, versions
from dreamvid.commands.signals import clock_of, needs_look
from dreamvid.dream.dreamer import pick_device
from dreamvid.dream.octaves import Size
from dreamvid.errors import writing
from dreamvid.media.info import FilmInfo
from dreamvid.media.prefetch import Prefetcher
from dreamvid.media.reader import SourceFrame
from dreamvid.media.target import exclusive_lock
from dreamvid.motion.film_signals import LOOK_WIDTH, FilmSignals
from dreamvid.motion.flow import estimator
from dreamvid.sequence.dream_size import dream_size, shrunk
from dreamvid.sequence.frames import Frame, film_frames
from dreamvid.sequence.job import Job
from dreamvid.sequence.looking import keep_look, kept_look, look_at
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.settings.dials import steady
from dreamvid.settings.models import VideoSettings

FRAMES_AHEAD = 2
"""Frames whose motion is prefetched when the dream runs on a GPU."""


def dream_video(
    source: str | Path,
    target: str | Path,
    settings: VideoSettings | None = None,
    *,
    overwrite: bool = False,
    on_progress: OnProgress = ignore,
) -> Result:
    """Dream a film; its length, rate, size, colour format and sound stay the same.

    `on_progress` gets an event after each frame, and others. After an interruption, the same call
    resumes after the last finished part. Raises any DreamvidError; the target is written
    atomically.
    """
    settings = settings or VideoSettings()
    return run_video(check_video(Path(source), Path(target), settings, overwrite=overwrite),
                     on_progress)  # fmt: skip


def run_video(request: Film, on_progress: OnProgress) -> Result:
    """Dream a checked film, and close it."""
    settings, output = request.settings, request.output
    with request.reader as film, exclusive_lock(output.path):
        output.check_new()  # another run may have finished since the check
        # Independently dreamed frames need no motion.
        flow = estimator(settings.motion.flow if settings.motion.stability else "none")
        look = Look.of(request, on_progress)
        clock = clock_of(settings, film.info.rate, film.info.frames, look.signals)
        stability = steady(settings.motion, clock)
        settings, size, note = _at_dream_size(settings, film.info)
        dreams = make_dreams(
            settings.network, settings.dream, clock, size=size, on_progress=on_progress
        )
        like = with_sound(film.info, settings.sound)
        record = sidecar(settings, request.source, dreams(0), output=output.path)
        on_progress(Progress("sidecar", text=record))
        job = Job(output, like=like, record=record, most_flashes=settings.output.max_flash)
        look.keep()
        if note:
            on_progress(Progress("note", text=note))

        def moving(sources: Iterable[SourceFrame], skip: int) -> Timely:
            small, cuts = shrunk(sources, size), settings.motion.cuts
            return in_time(film_frames(small, flow=flow, cuts=cuts, skip=skip), dreams(0).device)

        if settings.motion.loop:
            looped = LoopedFilm.look(request.source, settings, size)
            seam = looped.dream(job, film, output.path, moving, dreams, stability, on_progress)
        else:
            seam = ()
            with moving(film, job.done) as frames:
                job.run(frames, dreams, stability=stability, on_progress=on_progress)
        notes = (*film.warnings, *skipped(dreams(0), *size), *job.notes, *seam)
        return Result(output.path, job.delivered, notes, film.damage)


@dataclass(frozen=True)
class Look:
    """The signals of a film, None where no schedule reads them; kept under a key of its source."""

    output: Path
    signals: FilmSignals | None = None
    key: str = ""

    @classmethod
    def of(cls, request: Film, on_progress: OnProgress) -> Look:
        """Look at a film, or take the signals that an interrupted run has kept."""
        settings, output = request.settings, request.output.path
        if not needs_look(settings, request.reader.info.frames):
            return cls(output)
        part = settings.film.model_dump(mode="json", include={"start", "end", "frames", "rate"})
        key = json.dumps([digest(request.source), part, versions()])
        signals = kept_look(output, key)
        if signals is None:
            width = min(LOOK_WIDTH, request.reader.info.width)
            whole = settings.film.model_copy(update={"width": width, "height": None, "size": None})
            small = settings.model_copy(update={"film": whole})
            with open_film(request.source, small) as film:
                signals = look_at(film, on_progress)
        return cls(output, signals, key)

    def keep(self) -> None:
        """Keep the signals with the parts of the job, for when it is resumed."""
        if self.signals is not None:
            with writing(self.output):
                keep_look(self.output, self.key, self.signals)


def _at_dream_size(settings: VideoSettings, film: FilmInfo) -> tuple[VideoSettings, Size, str]:
    """Choose the size (height, width) to dream a film at; also a line about it for the user.

    A size other than the film's is written into the settings.
    """
    asked, own = settings.film.dream_size, (film.height, film.width)
    size = dream_size(own, asked, on_cpu=pick_device(settings.network.device).type == "cpu")
    at_size = describe_size(own, asked, size, "film")
    if size != own:
        smaller = settings.film.model_copy(update={"dream_size": f"{size[1]}x{size[0]}"})
        settings = settings.model_copy(update={"film": smaller})
    return settings, size, f"dreaming {at_size}" if at_size else ""


def in_time(frames: Generator[Frame, None, None], device: torch.device) -> Timely:
    """Schedule the motion estimation: prefetched in parallel with a dream on a GPU.

    On a CPU it alternates with the dream, because each uses all cores. In parallel they would
    wait for each other: a film took a fifth longer on 2 cores.
    """
    return closing(frames) if device.type == "cpu" else Prefetcher(frames, FRAMES_AHEAD)
