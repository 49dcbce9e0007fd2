"""dream_loop: films whose last frame leads into their first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from dreamvid.api import (
    Begun,
    Result,
    make_dreams,
    output_of,
    sidecar,
    skipped,
    with_sound,
)
from dreamvid.clips.closed import close_film, feedback
from dreamvid.clips.zoom import NOISE_TIMES, beginning, fill
from dreamvid.dials import changing
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.octaves import octaves_for
from dreamvid.errors import UsageError
from dreamvid.image import to_array
from dreamvid.media.formats import codec_named, part_codec
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.target import alone
from dreamvid.networks.weights import Counted
from dreamvid.presets import names, preset
from dreamvid.schedule import Clock
from dreamvid.sequence.closing import SeamMeter
from dreamvid.sequence.job import Progress, write_record
from dreamvid.sequence.lattice import Lattice, fit_lattice, pan_view, whole_frames, zoom_view
from dreamvid.sequence.loops import ExactLoop, evolve, noise_cycle, pan_periods, texture_density
from dreamvid.sequence.periodic import PeriodicDreamer
from dreamvid.sequence.texture import noise_texture, tile_picture, wrap_picture
from dreamvid.settings import (
    DEFAULT_ZOOM,
    CameraSettings,
    DreamSettings,
    LoopSettings,
    ShapeSettings,
    SteadySettings,
)

Array = NDArray[Any]

LAP = 8.0
"""The most that an exact zoom goes in during a lap if nothing is said: its texture grows so."""

LEAST_LAP = 4.0
"""And the least, so that what comes again is not seen twice in one frame everywhere."""

COARSEST = 64
"""The shorter side, in texels, of the coarsest octave of a texture."""

LEAST_OCTAVES, MOST_OCTAVES = 4, 12
"""Octaves of a texture, whatever its size."""

SIDEWAYS = 4.0
"""The zoom of the texture of a loop that only turns or evolves."""

SEAM_WANTED = 1.3
SEAM_ADVICE = {"film": ": try a longer fade, or ping-pong", "feedback": ": try a longer fade"}

SHAPES = {
    "zoom": {"symmetry", "twist", "evolve"},
    "pan": {"direction", "evolve"},
    "film": {"fade", "ping_pong"},
    "feedback": {"fade"},
}
"""What of ShapeSettings each kind of loop reads."""

_AS_IT_IS = "a film is closed as it is (dreamvid video dreams films)"
_EXACT = {
    "motion.stability": "an exact loop is one dream",
    "camera.edges": "an exact loop has none",
    "sound.bpm": "an exact loop moves evenly",
}

UNREAD = {
    "zoom": _EXACT,
    "pan": _EXACT,
    "film": dict.fromkeys(("network", "dream", "motion", "camera", "clip.from_noise"), _AS_IT_IS)
    | {"clip.fps": "a film has its own", "sound.bpm": "a film keeps its time"},
    "feedback": {},
}
"""What beyond ShapeSettings each kind of loop has no use for, and why: tables or settings."""

PING_PONG_UNREAD = {
    "loop.fade": "ping-pong needs none",
    "clip.seconds": "ping-pong plays all of the film",
}
"""The same for a film that is played forth and back."""

PRESET_STABILITY = {
    preset(name).get("motion", {}).get("stability", SteadySettings().stability) for name in names()
}
"""These may have come with a preset, which goes with every kind of loop."""


@dataclass(frozen=True)
class Calls:
    """Whom to tell what: bytes fetched, frames done, lines about what goes on, how it is made."""

    fetched: Counted | None
    report: Callable[[Progress], None]
    say: Callable[[str], None]
    begun: Begun


def dream_loop(
    source: str | Path | None,
    target: str | Path,
    settings: LoopSettings | None = None,
    *,
    overwrite: bool = False,
    fetched: Counted | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda line: None,
    begun: Begun = lambda record: None,
) -> Result:
    """Make a loop: an exact one of a picture or of noise, or one of a film's frames.

    `report` is told after every frame, `begun` how it is made before the first. The result's notes
    tell the seam, the step across the join over the median step. Raises any DreamvidError; the
    target appears complete or not at all.
    """
    settings, path = settings or LoopSettings(), None if source is None else Path(source)
    output = output_of(settings, Path(target), overwrite)
    calls = Calls(fetched, report, say, begun)
    if output.alpha:
        raise UsageError("a loop has no source to lie over", where="alpha", remedy="leave it out")
    check_shape(settings)
    make = closed_loop if settings.loop.kind == "film" else grown_loop
    with alone(output.path):
        return make(path, output, settings, calls)


def check_shape(settings: LoopSettings) -> None:
    """Raise UsageError for a setting that this kind of loop would not listen to."""
    shape, plain = settings.loop, LoopSettings()
    for name in shape.model_fields_set - {"kind"}:
        if name not in SHAPES[shape.kind] and getattr(shape, name) != getattr(plain.loop, name):
            kinds = " or ".join(kind for kind, names in SHAPES.items() if name in names)
            raise UsageError(f"a loop of kind {shape.kind} has none", where=name,
                             remedy=f"leave it out, or give --kind {kinds}")  # fmt: skip
    unread = UNREAD[shape.kind] | (PING_PONG_UNREAD if shape.ping_pong else {})
    for path, why in unread.items():
        value, name = attrgetter(path)(settings), path.rpartition(".")[2]
        named = name == "stability" and value in PRESET_STABILITY
        if value != attrgetter(path)(plain) and not named:
            raise UsageError(why, where=name, remedy="leave it out")
    if shape.kind in ("zoom", "pan") and (dial := changing(settings.dream)):
        raise UsageError("an exact loop is one dream", where=dial,
                         remedy="give one value, or --kind feedback")  # fmt: skip


def closed_loop(
    source: Path | None, output: Output, settings: LoopSettings, calls: Calls
) -> Result:
    """Close a film into a loop."""
    film = close_film(source, output, settings)
    calls.begun(film.record)
    made = write_loop(
        output, film.info, film.frames, film.count, film.record, calls, settings.loop, film.notes
    )
    return replace(made, damage=film.damage)


def grown_loop(source: Path | None, output: Output, settings: LoopSettings, calls: Calls) -> Result:
    """Dream a loop of a picture or of noise."""
    count = whole_frames(settings.clip.length, settings.clip.fps)
    start = first_picture(source, output.path, settings)
    size = int(start.shape[2]), int(start.shape[1])
    output.check(source, size)
    like = with_sound(FilmInfo.plain(*size, settings.clip.fps, count), settings.sound)
    noise = source is None
    frames: Iterable[Array | torch.Tensor]
    if settings.loop.kind == "feedback":
        frames, dream = feedback(start, settings, count, noise, calls.fetched)
        record, notes = sidecar(settings, source, dream), skipped(dream, size[1], size[0])
        calls.begun(record)
    else:
        deep = codec_named(part_codec(output.path, output.codec)).is_deep(like.bits)
        plan = {"zoom": exact_zoom, "pan": exact_pan}[settings.loop.kind](settings, size, count)
        base = plan.base(None if noise else start)
        dream = loop_dreamer(settings, (int(base.shape[1]), int(base.shape[2])), noise, calls)
        record, notes = sidecar(settings, source, dream), plan.notes
        calls.begun(record)
        frames = dreamed_loop(plan, base, settings, dream, 16 if deep else 8, calls)
    return write_loop(output, like, frames, count, record, calls, settings.loop, notes)


def first_picture(source: Path | None, target: Path, settings: LoopSettings) -> torch.Tensor:
    """The picture [3, H, W] of the size of the frames that a loop grows on, or noise."""
    clip = settings.clip
    if source is None:
        clip = clip.model_copy(update={"from_noise": True})
    return beginning(source, target, clip, settings.dream.seed)


def write_loop(
    output: Output,
    like: FilmInfo,
    frames: Iterable[Array | torch.Tensor],
    count: int,
    record: str,
    calls: Calls,
    shape: ShapeSettings,
    notes: Sequence[str] = (),
) -> Result:
    """Write the frames of a loop, measure its seam, and say how it was made."""
    meter = SeamMeter()
    with output.writer(like) as film:
        for index, frame in enumerate(frames):
            meter.look(to_array(frame) if isinstance(frame, torch.Tensor) else frame)
            film.write(frame, index / like.rate)
            calls.report(Progress(index + 1, count, 1))
    write_record(output.sidecar, record)
    return Result(output.path, count, (*notes, *film.notes, told_seam(meter, shape)))


def told_seam(meter: SeamMeter, shape: ShapeSettings) -> str:
    """Say the seam in words, and what would help a loop of that shape."""
    if meter.seam is None:
        return "seam: nothing moves"
    advice = "" if shape.ping_pong else SEAM_ADVICE.get(shape.kind, "")
    shows = f", which shows{advice}" if meter.seam > SEAM_WANTED else ""
    return f"seam: {meter.seam:.3f} of a usual step{shows}"


@dataclass(frozen=True)
class Plan:
    """An exact loop to be: its texture's size, how frames look at it, and how it slides."""

    base: Callable[[torch.Tensor | None], torch.Tensor]
    view: Callable[[], Any]
    periods: tuple[int, int]
    frames: int
    notes: tuple[str, ...]


def exact_zoom(settings: LoopSettings, size: tuple[int, int], frames: int) -> Plan:
    """Plan a zoom; UsageError when its rates do not close."""
    steady_camera(settings.camera, {"zoom", "rotate", "center_x", "center_y"})
    shape, seconds = settings.loop, settings.clip.length
    factor = lap_zoom(settings.camera, seconds, shape.twist)
    turns = whole_turns(float(settings.camera.rotate), seconds, shape.symmetry)
    way = (factor > 1) - (factor < 1)
    if way == turns == 0 and shape.evolve == 1:
        raise UsageError("nothing moves", where="zoom",
                         remedy="zoom, rotate, or give --evolve 2")  # fmt: skip
    lattice = fit_lattice(
        max(factor, 1 / factor) if way else SIDEWAYS,
        texture_density(*size),
        symmetry=shape.symmetry,
        arms=shape.twist,
    )
    periods = (way, -turns)
    slide = lattice.slide(periods)
    center = float(settings.camera.center_x), float(settings.camera.center_y)
    told = f"zooms by {slide.zoom:.4g} and turns by {0 - slide.degrees:.3g} degrees a lap"
    return Plan(
        base=lambda picture: zoom_base(picture, lattice, settings.dream.seed),
        view=lambda: zoom_view(lattice, *size, center=center),
        periods=periods,
        frames=frames,
        notes=(f"{told}; one dream of {lattice.width}x{lattice.height}",),
    )


def zoom_base(picture: torch.Tensor | None, lattice: Lattice, seed: int) -> torch.Tensor:
    """The texture that a zoom's dream begins with."""
    if picture is None:
        return noise_texture((lattice.height, lattice.width), seed=seed)
    return wrap_picture(picture, lattice)


def exact_pan(settings: LoopSettings, size: tuple[int, int], frames: int) -> Plan:
    """Plan a pan over a picture of the frame's size, whose sides meet."""
    steady_camera(settings.camera, set())
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


def steady_camera(camera: CameraSettings, used: set[str]) -> None:
    """Raise UsageError for a rate that an exact loop does not have, or that is a schedule."""
    for name in camera.model_fields_set - {"rates", "edges"}:
        value = getattr(camera, name)
        if isinstance(value, str):
            raise UsageError("an exact loop moves evenly", where=name,
                             remedy="give a number, or --kind feedback")  # fmt: skip
        if name not in used and value not in (None, CameraSettings.model_fields[name].default):
            raise UsageError("this kind of loop cannot do that", where=name,
                             remedy="use --kind feedback")  # fmt: skip
    if camera.rates != "per-second":
        raise UsageError("exact loops have rates per second", where="rates")


def lap_zoom(camera: CameraSettings, seconds: Fraction, twist: int) -> float:
    """By how much a lap zooms: the rate asked for, or a gentle one whose texture is not large."""
    try:
        if camera.zoom is not None:
            return math.pow(float(camera.zoom), float(seconds))
        most = math.exp(0.9 * math.pi / abs(twist)) if twist else LAP
        return min(max(LEAST_LAP, math.pow(DEFAULT_ZOOM, float(seconds))), LAP, most)
    except OverflowError:
        return math.inf


def whole_turns(rotate: float, seconds: Fraction, symmetry: int) -> int:
    """How many symmetries a lap turns by; UsageError, with the nearest rate, if not whole."""
    exact = rotate * float(seconds) * symmetry / 360
    turns = round(exact)
    if abs(exact - turns) > 1e-6:
        near = turns * 360 / float(seconds) / symmetry
        raise UsageError(
            f"{rotate:g} degrees a second do not come round in {float(seconds):g} s",
            where="rotate",
            remedy=f"give {near:g}, or --kind feedback",
        )
    return turns


def loop_dreamer(
    settings: LoopSettings, size: tuple[int, int], noise: bool, calls: Calls
) -> Dreamer:
    """Make what dreams the texture, or textures, of a size (height, width), of an exact loop."""
    return make_dreams(
        settings.network,
        with_octaves(settings.dream, size),
        Clock(Fraction(1), 1, settings.dream.seed),
        size=size,
        times=NOISE_TIMES if noise else 1.0,
        kind=PeriodicDreamer,
        fetched=calls.fetched,
    )(0)


def with_octaves(dream: DreamSettings, size: tuple[int, int]) -> DreamSettings:
    """Give a texture of a size (height, width) its octaves, unless they were asked for.

    More than a picture of that size has: a frame shows only part of it, and dreams would be dots.
    """
    if dream.octaves is not None or isinstance(dream.octave_scale, str):
        return dream
    octaves = octaves_for(*size, dream.octave_scale, coarsest=COARSEST)
    chosen = min(MOST_OCTAVES, max(LEAST_OCTAVES, octaves))
    return dream.model_copy(update={"octaves": chosen})


def dreamed_loop(
    plan: Plan, base: torch.Tensor, settings: LoopSettings, dream: Dreamer, bits: int, calls: Calls
) -> ExactLoop:
    """Dream the texture, or textures, of an exact loop."""
    count = settings.loop.evolve
    size = f"{base.shape[2]}x{base.shape[1]}"
    calls.say(f"dreaming {'a texture' if count == 1 else f'{count} textures'} of {size}")
    if count == 1:
        textures = [dream(base).cpu()]
    else:
        textures = evolve(noise_cycle(base, count, seed=settings.dream.seed), dream)
    return ExactLoop(textures, plan.view(), frames=plan.frames, periods=plan.periods, bits=bits)
