"""dream_video: dream a film."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from dreamvid.commands.clock import clock_of
from dreamvid.commands.looks import Look
from dreamvid.commands.looped import LoopedFilm, Timely
from dreamvid.commands.mask_checks import follows_motion, held_masks
from dreamvid.commands.masked import make_regions
from dreamvid.commands.preflight import Film, check_video, keeps_alpha
from dreamvid.commands.result import Result, describe_size, skipped
from dreamvid.commands.room import check_room
from dreamvid.commands.shared import with_sound
from dreamvid.commands.sidecar import digest_of, picture_digests, sidecar
from dreamvid.dream.dreamer import Dreamer, pick_device
from dreamvid.dream.octaves import Size
from dreamvid.media.guide import is_film
from dreamvid.media.info import FilmInfo
from dreamvid.media.prefetch import Prefetcher
from dreamvid.media.reader import SourceFrame
from dreamvid.media.source import is_sequence
from dreamvid.media.target import exclusive_lock
from dreamvid.motion.flow import FlowEstimator, estimator
from dreamvid.sequence.dream_size import dream_size, shrunk
from dreamvid.sequence.frames import Frame, film_frames
from dreamvid.sequence.job import Job
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.sequence.regions import Regions
from dreamvid.sequence.unchanged import Row
from dreamvid.settings.dials import guides_of, steady
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
    request = check_video(Path(source), Path(target), settings, overwrite=overwrite)
    check_room(request)
    return run_video(request, on_progress)


def run_video(request: Film, on_progress: OnProgress) -> Result:
    """Dream a checked film, and close it."""
    output = request.output
    with request.reader as film, exclusive_lock(output.path), ExitStack() as films:
        output.check_new()  # another run may have finished since the check
        ready = prepare(request, films, on_progress)
        job = ready.job(on_progress)
        dreams, stability, settings = ready.dreams, ready.stability, ready.settings
        if settings.motion.loop:
            keep_alpha = keeps_alpha(output, settings)
            looped = LoopedFilm.look(request.source, settings, ready.size, keep_alpha=keep_alpha)
            seam = looped.dream(
                job, film, output.path, ready.moving, dreams, stability, on_progress
            )
        else:
            seam = ()
            with ready.moving(film, job.done) as frames:
                job.run(frames, dreams, stability=stability, on_progress=on_progress)
        notes = (*film.warnings, *ready.skipped, *job.notes, *seam)
        return Result(output.path, job.delivered, notes, film.damage)


@dataclass(frozen=True)
class Ready:
    """All that dreams the frames of a film: resolved settings, regions and schedules.

    `size` (height, width) is that of the dream, `like` describes the film that is made of it;
    `record` and `row` are as in Job.
    """

    request: Film
    settings: VideoSettings
    size: Size
    flow: FlowEstimator
    look: Look
    dreams: Regions
    stability: Callable[[int], float]
    like: FilmInfo
    record: str
    row: Row | None
    notes: tuple[str, ...]

    def job(self, on_progress: OnProgress, *, shared: bool = False) -> Job:
        """The job of the film, which may be `shared` with other processes; tells the notes."""
        on_progress(Progress("sidecar", text=self.record))
        job = Job(
            self.request.output,
            like=self.like,
            record=self.record,
            row=self.row,
            most_flashes=self.settings.output.max_flash,
            shared=shared,
        )
        self.look.keep()
        for text in self.notes:
            on_progress(Progress("note", text=text))
        return job

    def tiled(self, tile: int, films: ExitStack, on_progress: OnProgress) -> Ready:
        """The same with tiles of at most `tile` pixels a side; `films` is as in `prepare`."""
        settings, change = self.request.settings, {"tile": tile}
        dream = settings.dream.model_copy(update=change)
        region = tuple(one.model_copy(update=change) for one in settings.region)
        smaller = settings.model_copy(update={"dream": dream, "region": region})
        request = replace(self.request, settings=smaller)
        return replace(self, dreams=prepare(request, films, on_progress).dreams)

    def small(self, sources: Iterable[SourceFrame]) -> Iterator[SourceFrame]:
        """The frames at the size of the dream."""
        return shrunk(sources, self.size)

    def moving(self, sources: Iterable[SourceFrame], skip: int) -> Timely:
        """The frames with their motion, without those before the index `skip`."""
        frames = film_frames(
            self.small(sources),
            flow=self.flow,
            cuts=self.settings.motion.cuts,
            skip=skip,
            moving=self.dreams.follow_motion,
        )
        return in_time(frames, self.dreams(0).device)

    @property
    def skipped(self) -> tuple[str, ...]:
        """What there is to say of octaves that are too small."""
        return skipped(self.dreams(0), *self.size)


def prepare(request: Film, films: ExitStack, on_progress: OnProgress) -> Ready:
    """Load what dreams a checked film; `films` closes the films of its masks."""
    settings, film = request.settings, request.reader
    # Independently dreamed frames need no motion, unless a mask follows it.
    needed = settings.motion.stability or follows_motion(settings)
    flow = estimator(settings.motion.flow if needed else "none")
    look = Look.of(request.source, settings, film.info.frames, request.output.path, on_progress)
    clock = clock_of(settings, film.info.rate, film.info.frames, look.signals)
    stability = steady(settings.motion, clock)
    settings, size, note = _at_dream_size(settings, film.info)
    dreams = make_regions(
        settings, clock, films, size=size, begins=film.begins, on_progress=on_progress
    )
    record, row = _records(request, settings, dreams(0))
    return Ready(
        request,
        settings,
        size,
        flow,
        look,
        dreams,
        stability,
        like=with_sound(film.info, settings.sound),
        record=record,
        # The signals of a row are relative to all of its pictures, also to those that come later.
        row=row if look.signals is None else None,
        notes=(*filter(None, [note]), *held_masks(settings, film)),
    )


def _records(request: Film, settings: VideoSettings, dream: Dreamer) -> tuple[str, Row | None]:
    """The text of the sidecar; and the pictures of a row, of which some may change later."""
    source, output, film = request.source, request.output.path, request.reader
    if not is_sequence(source):
        return sidecar(settings, source, dream, output=output), None
    pictures = picture_digests(source)
    record = sidecar(settings, source, dream, output=output, source_sha256=digest_of(pictures))
    if settings.motion.loop or follows_motion(settings):  # its end, or the next one, decides more
        return record, None
    digests = {place: found for place, (_, found) in pictures.items()}
    length = film.info.frames if _needs_length(settings, record) else None
    shared = f"{film.transparency}; {length}"
    return record, Row(digests, film.info.rate, film.info.start, shared)


def _needs_length(settings: VideoSettings, record: str) -> bool:
    """Whether the length of a film may decide its first frames: by schedules or by guides."""
    if any(word in record for word in ("progress", "max_f", "%")):
        return True
    guides = ((guide, dream) for _, dream in settings.regions for guide in guides_of(dream))
    return any(
        Path(guide).is_dir() or (dream.guide_time == "stretch" and is_film(guide))
        for guide, dream in guides
    )


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
