"""dream_loop: films whose last frame leads into the first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from dreamvid.commands.closed import close_film, feedback
from dreamvid.commands.preflight import Clip, check_loop
from dreamvid.commands.result import Result, skipped
from dreamvid.commands.room import check_room
from dreamvid.commands.shapes import lap_of, pan_periods, whole_frames
from dreamvid.commands.shared import make_dreams, with_sound
from dreamvid.commands.sidecar import made_of, sidecar
from dreamvid.commands.zoom import NOISE_TIMES, beginning, fill
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.octaves import octaves_for
from dreamvid.image import to_array
from dreamvid.loops.closing import SeamMeter
from dreamvid.loops.exact import ExactLoop, evolve, noise_cycle, texture_density
from dreamvid.loops.lattice import Lattice, fit_lattice, pan_view, zoom_view
from dreamvid.loops.periodic import PeriodicDreamer
from dreamvid.loops.texture import noise_texture, tile_picture, wrap_picture
from dreamvid.media.info import FilmInfo
from dreamvid.media.target import exclusive_lock
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.job import write_record
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.settings.loops import (
    DreamedLoop,
    FeedbackLoop,
    FilmLoop,
    LoopSettings,
    PanLoop,
    ZoomLoop,
)
from dreamvid.settings.tables import DreamSettings

Array = NDArray[Any]

COARSEST = 64
"""Shorter side of the coarsest octave of a texture, in texels."""

LEAST_OCTAVES, MOST_OCTAVES = 4, 12
"""Limits of the number of octaves of a texture."""

SIDEWAYS = 4.0
"""Zoom factor of the texture of a loop that only rotates or evolves."""


def dream_loop(
    source: str | Path | None,
    target: str | Path,
    settings: LoopSettings | None = None,
    *,
    overwrite: bool = False,
    on_progress: OnProgress = ignore,
) -> Result:
    """Make a loop: an exact loop of a picture or of noise, or a loop of the frames of a film.

    `on_progress` gets an event after each frame, and others. The notes of the result contain the
    seam: the step across the join over the median step. Raises any DreamvidError; the target is
    written atomically.
    """
    settings, path = settings or ZoomLoop(), None if source is None else Path(source)
    request = check_loop(path, Path(target), settings, overwrite=overwrite)
    check_room(request)
    return run_loop(request, on_progress)


def run_loop(request: Clip[LoopSettings], on_progress: OnProgress) -> Result:
    """Make a checked loop."""
    settings = request.settings
    with exclusive_lock(request.output.path):
        request.output.check_new()
        if isinstance(settings, FilmLoop):
            return closed_loop(request, settings, on_progress)
        return grown_loop(request, settings, on_progress)


def closed_loop(request: Clip[LoopSettings], settings: FilmLoop, on_progress: OnProgress) -> Result:
    """Join the ends of a film into a loop."""
    assert request.source is not None, "check_loop requires a film"
    film = close_film(request.source, settings)
    record = made_of(settings, request.source, output=request.output.path)
    made = write_loop(
        request, film.info, film.frames, film.count, record, on_progress, film.notes,
        faded=film.faded,
    )  # fmt: skip
    return replace(made, damage=film.damage)


def grown_loop(
    request: Clip[LoopSettings], settings: DreamedLoop, on_progress: OnProgress
) -> Result:
    """Dream a loop from a picture or from noise."""
    count = whole_frames(settings.clip.length, settings.clip.fps)
    start, size, noise = beginning(request), request.size, request.source is None
    like = with_sound(FilmInfo.plain(*size, settings.clip.fps, count), settings.sound)
    frames: Iterable[Array | torch.Tensor]
    if isinstance(settings, FeedbackLoop):
        frames, dream = feedback(start, settings, count, noise, on_progress)
        notes = skipped(dream, size[1], size[0])
    else:
        plan = exact_plan(settings, size, count)
        base = plan.base(None if noise else start)
        dream = loop_dreamer(settings, (int(base.shape[1]), int(base.shape[2])), noise, on_progress)
        bits = 16 if request.output.format.is_deep(like.bits) else 8
        frames, notes = exact_frames(plan, base, settings, dream, bits, on_progress), plan.notes
    record = sidecar(settings, request.source, dream, output=request.output.path)
    return write_loop(request, like, frames, count, record, on_progress, notes)


def write_loop(
    request: Clip[LoopSettings],
    like: FilmInfo,
    frames: Iterable[Array | torch.Tensor],
    count: int,
    record: str,
    on_progress: OnProgress,
    notes: Sequence[str] = (),
    *,
    faded: int = 0,
) -> Result:
    """Write the frames of a loop and its sidecar, and measure its seam.

    The last `faded` frames are a fade.
    """
    meter, output = SeamMeter(faded), request.output
    on_progress(Progress("sidecar", text=record))
    with output.writer(like) as film:
        for index, frame in enumerate(frames):
            meter.look(to_array(frame) if isinstance(frame, torch.Tensor) else frame)
            film.write(frame, index / like.rate)
            on_progress(Progress("frames", index + 1, count, "shot 1", image=frame))
    write_record(output.sidecar, record)
    seam = describe_seam(meter, request.settings)
    return Result(output.path, film.frames, (*notes, *film.notes, seam))


def describe_seam(meter: SeamMeter, settings: LoopSettings) -> str:
    """Describe the seam in words, with advice for such a loop when it is visible."""
    advice = ""
    if isinstance(settings, FeedbackLoop):
        advice = ": try a longer fade"
    elif isinstance(settings, FilmLoop) and not settings.loop.ping_pong:
        advice = ": try a longer fade, or ping-pong"
    return meter.describe(advice)


@dataclass(frozen=True)
class Plan:
    """The plan of an exact loop: its texture, the view of the frames, and its periods."""

    base: Callable[[torch.Tensor | None], torch.Tensor]
    view: Callable[[], Any]
    periods: tuple[int, int]
    frames: int
    notes: tuple[str, ...]


def exact_plan(settings: ZoomLoop | PanLoop, size: tuple[int, int], frames: int) -> Plan:
    """Plan an exact loop of frames of a size (width, height)."""
    if isinstance(settings, ZoomLoop):
        return exact_zoom(settings, size, frames)
    return exact_pan(settings, size, frames)


def exact_zoom(settings: ZoomLoop, size: tuple[int, int], frames: int) -> Plan:
    """Plan a zoom; UsageError when its rates do not close."""
    lap, shape = lap_of(settings), settings.loop
    lattice = fit_lattice(
        max(lap.factor, 1 / lap.factor) if lap.way else SIDEWAYS,
        texture_density(*size),
        symmetry=shape.symmetry,
        arms=shape.twist,
    )
    periods = (lap.way, -lap.turns)
    slide = lattice.slide(periods)
    center = float(settings.camera.center_x), float(settings.camera.center_y)
    lap_words = f"zooms by {slide.zoom:.4g} and rotates by {0 - slide.degrees:.3g} degrees per lap"
    return Plan(
        base=lambda picture: zoom_base(picture, lattice, settings.dream.seed),
        view=lambda: zoom_view(lattice, *size, center=center),
        periods=periods,
        frames=frames,
        notes=(f"{lap_words}; one dream of {lattice.width}x{lattice.height}",),
    )


def zoom_base(picture: torch.Tensor | None, lattice: Lattice, seed: int) -> torch.Tensor:
    """The texture that the dream of an exact zoom starts from."""
    if picture is None:
        return noise_texture((lattice.height, lattice.width), seed=seed)
    return wrap_picture(picture, lattice)


def exact_pan(settings: PanLoop, size: tuple[int, int], frames: int) -> Plan:
    """Plan a pan over a tileable picture of the size of the frame."""
    width, height = size

    def base(picture: torch.Tensor | None) -> torch.Tensor:
        if picture is None:
            return noise_texture((height, width), seed=settings.dream.seed)
        wide = fill(picture, math.ceil(width * 1.2), math.ceil(height * 1.2))
        return fill(tile_picture(wide), width, height)

    return Plan(
        base=base,
        view=lambda: pan_view((height, width), width, height),
        periods=pan_periods(settings.loop.direction),
        frames=frames,
        notes=(),
    )


def loop_dreamer(
    settings: ZoomLoop | PanLoop, size: tuple[int, int], noise: bool, on_progress: OnProgress
) -> Dreamer:
    """Make the Dreamer for the textures, of a size (height, width), of an exact loop."""
    return make_dreams(
        settings.network,
        with_octaves(settings.dream, size),
        Clock(Fraction(1), 1, settings.dream.seed),
        size=size,
        times=NOISE_TIMES if noise else 1.0,
        on_progress=on_progress,
    )(0)


def with_octaves(dream: DreamSettings, size: tuple[int, int]) -> DreamSettings:
    """Set the octaves for a texture of a size (height, width), unless they are given.

    A texture needs more octaves than a picture of its size: a frame shows only a part of it, which
    would otherwise have only small features.
    """
    if dream.octaves is not None or isinstance(dream.octave_scale, str):
        return dream
    octaves = octaves_for(*size, dream.octave_scale, coarsest=COARSEST)
    chosen = min(MOST_OCTAVES, max(LEAST_OCTAVES, octaves))
    return dream.model_copy(update={"octaves": chosen})


def exact_frames(
    plan: Plan,
    base: torch.Tensor,
    settings: ZoomLoop | PanLoop,
    dream: Dreamer,
    bits: int,
    on_progress: OnProgress,
) -> Iterator[Array]:
    """Dream the textures of an exact loop, and yield its frames."""
    yield from exact_loop(plan, base, settings, dream, bits, on_progress)


def exact_loop(
    plan: Plan,
    base: torch.Tensor,
    settings: ZoomLoop | PanLoop,
    dream: Dreamer,
    bits: int,
    on_progress: OnProgress,
) -> ExactLoop:
    """Dream the textures of an exact loop."""
    count, periodic = settings.loop.evolve, PeriodicDreamer(dream)
    textures_are = "a texture" if count == 1 else f"{count} textures"
    size = f"{base.shape[2]}x{base.shape[1]}"
    on_progress(Progress("note", text=f"dreaming {textures_are} of {size}"))
    if count == 1:
        textures = [periodic(base).cpu()]
    else:
        textures = evolve(noise_cycle(base, count, seed=settings.dream.seed), periodic)
    return ExactLoop(textures, plan.view(), frames=plan.frames, periods=plan.periods, bits=bits)
