"""All that dreams the frames of a film, made from a checked request."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import torch

from dreamvid.commands.clock import clock_of, schedules_of
from dreamvid.commands.looks import signals_of
from dreamvid.commands.looped import Timely
from dreamvid.commands.mask_checks import follows_motion, held_masks
from dreamvid.commands.masked import make_regions
from dreamvid.commands.preflight import Film
from dreamvid.commands.result import describe_size, skipped
from dreamvid.commands.shared import with_sound
from dreamvid.commands.sidecar import digest_of, picture_digests, sidecar
from dreamvid.device.card import Card, aside, card_of
from dreamvid.device.numbers import stays
from dreamvid.dream.dreamer import Dreamer, pick_device
from dreamvid.dream.octaves import Size
from dreamvid.media.guide import is_film
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.prefetch import Prefetcher
from dreamvid.media.reader import SourceFrame
from dreamvid.media.source import is_sequence
from dreamvid.motion.flow import FlowEstimator, estimator
from dreamvid.schedules.parse import is_keyed, parse_text_schedule
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.dream_size import dream_size, shrunk
from dreamvid.sequence.frames import Frame, film_frames
from dreamvid.sequence.job import Job
from dreamvid.sequence.lengthen import drop_state
from dreamvid.sequence.looking import drop_look
from dreamvid.sequence.progress import OnProgress, Progress
from dreamvid.sequence.regions import Regions
from dreamvid.sequence.unchanged import Row
from dreamvid.settings.dials import guides_of, steady
from dreamvid.settings.models import VideoSettings

Keep = Callable[[Output, Sequence[Path], int], str]
"""Keeps the state of a finished film, from its parts and their length; returns a note."""

FRAMES_AHEAD = 2
"""Frames whose motion is found ahead of the dream, where it is."""


@dataclass(frozen=True)
class Ready:
    """All that dreams the frames of a film: resolved settings, regions and schedules.

    `size` (height, width) is that of the dream, `clock` that of its schedules; `like` describes the
    film that is made of it, `record` and `row` are as in Job.
    """

    request: Film
    settings: VideoSettings
    size: Size
    clock: Clock
    flow: FlowEstimator
    dreams: Regions
    stability: Callable[[int], float]
    like: FilmInfo
    record: str
    row: Row | None
    notes: tuple[str, ...]

    def job(self, on_progress: OnProgress, *, shared: bool = False, keep: Keep = drop_state) -> Job:
        """The job of the film, which may be `shared` with other processes; tells the notes.

        `keep` is told the output, the parts and their length before they are deleted.
        """
        on_progress(Progress("sidecar", text=self.record))
        job = Job(
            self.request.output,
            like=self.like,
            record=self.record,
            row=self.row,
            most_flashes=self.settings.output.max_flash,
            keep=partial(keep, self.request.output),
            shared=shared,
        )
        for text in self.notes:
            on_progress(Progress("note", text=text))
        return job

    def tiled(self, tile: int, films: ExitStack, on_progress: OnProgress) -> Ready:
        """The same with tiles of at most `tile` pixels a side; `films` is as in `prepare`."""
        settings, change = self.settings, {"tile": tile}
        dream = settings.dream.model_copy(update=change)
        region = tuple(one.model_copy(update=change) for one in settings.region)
        smaller = settings.model_copy(update={"dream": dream, "region": region})
        return replace(self, dreams=self._regions(smaller, films, on_progress))

    def twin(self, films: ExitStack, on_progress: OnProgress) -> Ready:
        """The same with a network, masks and motion of its own, as another thread needs them."""
        dreams = self._regions(self.settings, films, on_progress)
        return replace(self, flow=_flow(self.settings), dreams=dreams)

    def _regions(
        self, settings: VideoSettings, films: ExitStack, on_progress: OnProgress
    ) -> Regions:
        return make_regions(
            settings,
            self.clock,
            films,
            size=self.size,
            begins=self.request.reader.begins,
            on_progress=on_progress,
        )

    def small(self, sources: Iterable[SourceFrame]) -> Iterator[SourceFrame]:
        """The frames at the size of the dream."""
        return shrunk(sources, self.size)

    def moving(self, sources: Iterable[SourceFrame], skip: int) -> Timely:
        """The frames with their motion, without those before the index `skip`."""
        card = card_beside(self.dreams(0).device)
        frames = film_frames(
            self.small(sources),
            flow=self.flow,
            cuts=self.settings.motion.cuts,
            skip=skip,
            moving=self.dreams.follow_motion,
            card=card,
        )
        return in_time(frames, card)

    @property
    def may_split(self) -> bool:
        """Whether the film may have a shot that is split."""
        return may_split(self.settings, self.request.reader.info.frames)

    @property
    def skipped(self) -> tuple[str, ...]:
        """What there is to say of octaves that are too small."""
        return skipped(self.dreams(0), *self.size)


def prepare(request: Film, films: ExitStack, on_progress: OnProgress) -> Ready:
    """Load what dreams a checked film; `films` closes the films of its masks."""
    try:
        return _prepare(request, films, on_progress)
    except BaseException:
        drop_look(request.output.path)
        raise


def _prepare(request: Film, films: ExitStack, on_progress: OnProgress) -> Ready:
    settings, film = request.settings, request.reader
    flow, frames = _flow(settings), film.info.frames
    signals = signals_of(request.source, settings, frames, request.output.path, on_progress)
    clock = clock_of(settings, film.info.rate, frames, signals)
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
        clock,
        flow,
        dreams,
        stability,
        like=with_sound(film.info, settings.sound),
        record=record,
        # The signals of a row are relative to all of its pictures, also to those that come later;
        # and so are the pieces of a shot.
        row=row if signals is None and not may_split(settings, frames) else None,
        notes=(*filter(None, [note]), *held_masks(settings, film)),
    )


def _flow(settings: VideoSettings) -> FlowEstimator:
    """What estimates motion; dreams of single frames need none, unless a mask follows it."""
    needed = settings.motion.stability or follows_motion(settings)
    device = pick_device(settings.network.device).type
    return estimator(settings.motion.flow if needed else "none", device=device)


def may_split(settings: VideoSettings, frames: int | None) -> bool:
    """Whether a film of so many frames, often an estimate, may have a shot that is split."""
    most = settings.motion.most_frames
    if most is None or settings.motion.loop:
        return False
    return frames is None or 2 * frames > most


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
    length = film.info.frames if _needs_length(settings) else None
    shared = f"{film.transparency}; {length}"
    return record, Row(digests, film.info.rate, film.info.start, shared)


def _needs_length(settings: VideoSettings) -> bool:
    """Whether the length of a film may decide its first frames: by schedules or by guides."""
    words = (
        parse_text_schedule(text)
        for mask, dream in settings.regions
        for text in (mask.mask, dream.guide, *dream.layer)
        if text is not None and is_keyed(text)
    )
    if any(schedule.needs_length for schedule in chain(schedules_of(settings), words)):
        return True
    return any(
        Path(guide).is_dir() or (dream.guide_time == "stretch" and is_film(guide))
        for _, dream in settings.regions
        for guide in guides_of(dream)
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


def card_beside(device: torch.device) -> Card | None:
    """The card on which frames are dreamed; None on a CPU."""
    return card_of(device) if stays(device) else None


def in_time(frames: Generator[Frame, None, None], card: Card | None) -> Timely:
    """Schedule the motion estimation: ahead of a dream on a card, on a stream of its own.

    On a CPU it is prefetched if the dream leaves a core idle, or runs in a single thread. Otherwise
    it alternates with the dream: threads of one dream wait for each other several hundred times a
    frame, and on 2 busy cores a film took a fifth longer.
    """
    if card is not None:
        return _Arriving(aside(card, frames), FRAMES_AHEAD)
    crowded = 1 < torch.get_num_threads() >= (os.cpu_count() or 1)
    return closing(frames) if crowded else Prefetcher(frames, FRAMES_AHEAD)


class _Arriving(Prefetcher[Frame]):
    """Frames from a thread that works ahead, each of which is there once it is taken."""

    def __next__(self) -> Frame:
        frame = super().__next__()
        frame.arrive()
        return frame
