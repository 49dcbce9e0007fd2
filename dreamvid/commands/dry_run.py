"""The dry run: what a film, a zoom or a loop will take, without making it.

A few frames are dreamed in full, in a temporary folder, through the same code as the film itself.
Assumed: a shot costs one frame of the full dose, all other frames cost what the sampled ones did;
schedules keep the dose of the first frames.
"""

from __future__ import annotations

import contextlib
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import torch

from dreamvid.commands.clock import needs_look
from dreamvid.commands.loop import run_loop
from dreamvid.commands.preflight import Clip, Film
from dreamvid.commands.ready import may_split
from dreamvid.commands.room import Room, dreamed_pixels, said
from dreamvid.commands.shapes import fade_of, whole_frames
from dreamvid.commands.shares import pieces_like, seconds_of, threads_of_each
from dreamvid.commands.video import run_video
from dreamvid.commands.zoom import run_zoom
from dreamvid.dream.dreamer import pick_device
from dreamvid.errors import UsageError
from dreamvid.media.reader import VideoReader
from dreamvid.motion.shots import DETECTOR_WIDTH, CutDetector
from dreamvid.networks.peak import peak_gpu_memory, peak_memory
from dreamvid.sequence.folder import part_frames
from dreamvid.sequence.plan import FADE, Shot, most_led, overhead
from dreamvid.sequence.progress import OnProgress, Progress
from dreamvid.settings.loops import FeedbackLoop, FilmLoop, LoopSettings
from dreamvid.settings.models import ZoomSettings

SAMPLED: Final = 24
"""Frames that are dreamed: one in full, then half of them until their dose has settled, which may
double their time, and the ones that are timed."""

PATIENCE: Final = 60.0
"""Seconds after which three frames are enough."""

LOOKING: Final = 20.0
"""Seconds of looking for cuts; the rest of a longer film is assumed to have as many."""


@dataclass(frozen=True)
class Shots:
    """The shots of a film: their number, in how many frames they were seen, of how many."""

    count: int
    seen: int
    frames: int

    def parts(self, length: int) -> int:
        """The number of parts of at most `length` frames, if the shots are equally long."""
        return self.count * math.ceil(self.frames / self.count / length)


@dataclass(frozen=True)
class Forecast:
    """What a run will take; seconds are those of this machine as it is now.

    `first` is the time of a frame that is dreamed in full, `carried` that of others, `start` that
    of what is done once. `extra` frames are dreamed and not shown, besides those before `pieces`.
    With `workers`, `first` and `carried` are times of one of them. `memory` is the peak of this
    process and of its GPU, in bytes, without the encoder. `untold` says in words what the total
    is that of, where that is not the run.
    """

    shots: Shots
    parts: int
    start: float
    first: float
    carried: float
    extra: int
    memory: tuple[float | None, int]
    room: Room | None
    pieces: tuple[Shot, ...] = ()
    workers: int | None = None
    on_gpu: bool = False
    untold: str = ""

    @property
    def seconds(self) -> float:
        """The total time."""
        if self.workers is not None:
            return self.start + seconds_of(
                self.pieces, self.workers,
                first=self.first, carried=self.carried, on_gpu=self.on_gpu,
            )  # fmt: skip
        full = self.shots.count + sum(piece.warm > 0 for piece in self.pieces)
        frames = self.shots.frames + self.extra + sum(piece.warm for piece in self.pieces)
        return self.start + full * self.first + (frames - full) * self.carried

    def rows(self) -> list[tuple[str, str]]:
        """The forecast in words: names and values."""
        shots, held = self.shots, zip(("", "GPU "), self.memory, strict=True)
        seen = "" if shots.seen == shots.frames else f", by the first {shots.seen} frames"
        rows = [
            ("shots", f"{shots.count}{seen}"),
            ("parts", f"{self.parts}"),
            ("frames", f"{shots.frames}" + (f", and {self.extra} to lead in" * (self.extra > 0))),
            ("a frame", f"{self.carried:.2f} s; the first of a shot {self.first:.2f} s"),
            ("total", duration(self.seconds) + self._by),
            ("memory", ", ".join(f"{name}{said(size)}" for name, size in held if size)),
        ]
        if told := overhead(self.pieces):
            rows.insert(3, ("split", told))
        if self.room is not None:
            room = self.room
            seams = f"warm-ups {said(room.seams)}, " if room.seams else ""
            film = f"film {said(room.film)}, free {said(room.free)}"
            rows.append(("disk", f"parts {said(room.parts)}, {seams}{film}"))
        return [(name, value or "unknown") for name, value in rows]

    @property
    def _by(self) -> str:
        if self.workers is None:
            return f", {self.untold}" if self.untold else ""
        return f" for {self.workers} {'workers' if self.workers != 1 else 'worker'}"


def duration(seconds: float) -> str:
    """A time in words."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def try_video(
    request: Film, on_progress: OnProgress, *, workers: int | None = None, untold: str = ""
) -> Forecast:
    """Forecast a checked film, which is closed; raises any DreamvidError that its start raises.

    With `workers` a few frames are dreamed with the threads of one of them. `untold` is as in
    Forecast.
    """
    room, settings = Room.of(request), request.settings
    shots, looked, lengths = _shots(request, on_progress)
    if workers is not None:
        torch.set_num_threads(threads_of_each(workers))
    motion, known = settings.motion, request.reader.info.frames
    whole = motion.model_copy(update={"whole_shots": True})  # without reading all of it for a plan
    quick = replace(request, settings=settings.model_copy(update={"motion": whole}))
    sample = _sample(lambda request, told: run_video(request, told), quick, on_progress)
    planned = workers is not None or may_split(settings, known)
    again = looked * (needs_look(settings, known) + planned)
    size = request.reader.info.width, request.reader.info.height
    every = None if motion.loop else motion.most_frames
    fade = min(FADE, most_led(dreamed_pixels(request)))
    pieces = pieces_like(lengths, shots.frames, every, fade=fade)
    if room is not None:
        room = room.with_seams(request, pieces, workers=workers or 1)
    parts = shots.parts(part_frames(size))
    return replace(
        sample.forecast(shots, parts, room, again),
        pieces=pieces,
        workers=workers,
        untold=untold,
        on_gpu=pick_device(settings.network.device).type != "cpu",
    )


def try_zoom(request: Clip[ZoomSettings], on_progress: OnProgress, *, done: int = 0) -> Forecast:
    """Forecast a checked zoom, of which some frames are done; raises what its start raises."""
    frames = request.settings.clip.frames - done
    shots = Shots(1, frames, frames)
    sample = _sample(lambda request, told: run_zoom(request, told), request, on_progress)
    return sample.forecast(shots, shots.parts(part_frames(request.size)), Room.of(request))


def try_loop(request: Clip[LoopSettings], on_progress: OnProgress) -> Forecast:
    """Forecast a checked loop that is dreamed; UsageError for one that only joins a film."""
    settings = request.settings
    if isinstance(settings, FilmLoop):
        raise UsageError("a film is joined without a dream", where="dry_run", remedy="leave it out")
    frames, room = whole_frames(settings.clip.length, settings.clip.fps), Room.of(request)
    shots = Shots(1, frames, frames)
    if isinstance(settings, FeedbackLoop):  # a zoom, of which more is dreamed than shown
        names = set(ZoomSettings.tables()) & set(settings.tables())
        zoom = ZoomSettings.model_construct(**{name: getattr(settings, name) for name in names})
        fade = fade_of(settings)
        extra = min(frames, max(fade, round(settings.clip.fps))) + fade
        like = Clip(request.source, request.output, zoom, request.picture, request.size, "")
        sample = _sample(lambda request, told: run_zoom(request, told), like, on_progress)
        return replace(sample, extra=extra).forecast(shots, 1, room)
    times = int(settings.dream.iterations)
    once = settings.dream.model_copy(update={"iterations": 1})
    quick = replace(request, settings=settings.model_copy(update={"dream": once}))
    sample = _sample(lambda request, told: run_loop(request, told), quick, on_progress)
    return replace(sample, first=sample.first * times).forecast(shots, 1, room)


@dataclass(frozen=True)
class _Sample:
    """Seconds of the start, of the first frame and of others; frames of the lead-in."""

    start: float
    first: float
    carried: float
    extra: int

    def forecast(
        self, shots: Shots, parts: int, room: Room | None, looking: float = 0.0
    ) -> Forecast:
        memory = (peak_memory(), peak_gpu_memory())
        return Forecast(
            shots, parts, self.start + looking, self.first, self.carried, self.extra, memory, room
        )


class _Enough(Exception):
    """Ends the sample."""


class _Stopwatch:
    """Takes the times of the events of a run, and ends it after a few frames."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._tell = on_progress
        self._began = self._ready = time.monotonic()
        self._times: list[float] = []
        self._extra = 0

    def __call__(self, event: Progress) -> None:
        now = time.monotonic()
        if event.task == "sidecar":
            self._ready = now
        elif event.task in ("frames", "lead-in"):
            if event.task == "lead-in":
                self._extra = event.total or 0
            self._times.append(now)
            done = len(self._times)
            self._tell(Progress("sample", done, SAMPLED, "timing a few frames"))
            if done == SAMPLED or (done >= 3 and now - self._began > PATIENCE):
                raise _Enough
        elif event.task in ("note", "download"):
            self._tell(event)
            self._ready = self._ready if self._times else now

    def sample(self) -> _Sample:
        first, *others = (b - a for a, b in pairwise([self._ready, *self._times]))
        timed = others[len(others) // 2 :] or [first]
        start = self._ready - self._began
        return _Sample(start, first, statistics.median(timed), self._extra)


def _sample(
    run: Callable[[Any, OnProgress], object], request: Any, on_progress: OnProgress
) -> _Sample:
    """Run a request in a temporary folder for a few frames, and time them."""
    watch = _Stopwatch(on_progress)
    with tempfile.TemporaryDirectory(prefix="dreamvid-dry-run-") as folder:
        path = Path(folder) / request.output.path.name
        with contextlib.suppress(_Enough):
            run(replace(request, output=replace(request.output, path=path)), watch)
    return watch.sample()


def _shots(request: Film, on_progress: OnProgress) -> tuple[Shots, float, list[int]]:
    """The shots of a film, the seconds that the whole look takes, and the lengths that are seen."""
    settings, began = request.settings, time.monotonic()
    film, info = settings.film, request.reader.info
    frames = info.frames or (round(info.duration * info.rate) if info.duration else None)
    width = min(DETECTOR_WIDTH, info.width)
    options = {name: getattr(film, name) for name in ("start", "end", "frames", "rate")}
    seen, firsts, detector = 0, [0], CutDetector()
    with VideoReader(request.source, width=width, **options) as reader:
        for frame in reader:
            seen += 1
            if settings.motion.cuts and detector.is_cut(frame.array):
                firsts.append(frame.index)
            on_progress(Progress("looking", seen, frames, "looking for cuts"))
            if frames is not None and time.monotonic() - began > LOOKING:
                break
        else:
            frames = seen
    assert frames is not None
    frames = max(frames, seen)
    took = (time.monotonic() - began) * frames / max(1, seen)
    count = 1 + round((len(firsts) - 1) * frames / max(1, seen))
    lengths = [end - first for first, end in pairwise([*firsts, max(seen, firsts[-1] + 1)])]
    return Shots(count, seen, frames), took, lengths
