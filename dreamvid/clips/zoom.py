"""dream_zoom: grow a zoom out of a picture, or out of nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import torch

from dreamvid.api import (
    Begun,
    Result,
    clock_of,
    make_dreams,
    output_of,
    sidecar,
    skipped,
    with_sound,
)
from dreamvid.dials import Dial, dial, steady
from dreamvid.dream.octaves import resize
from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.image import load_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.target import alone, same_file
from dreamvid.motion.camera import Camera
from dreamvid.motion.estimate import Motion
from dreamvid.networks.weights import Counted
from dreamvid.schedule import Clock
from dreamvid.sequence.frames import camera_frames
from dreamvid.sequence.job import Job, Progress
from dreamvid.sequence.texture import noise_texture
from dreamvid.settings import DEFAULT_ZOOM, CameraSettings, ClipSettings, ZoomSettings

NOISE_TIMES = 3.0
"""How much longer a texture from noise is dreamed on: it is faint otherwise."""

BEGUN_TIMES = 2.0
"""The same for the first frame of a zoom, which goes on to be dreamed at the contrast it got."""

RATES = ("zoom", "rotate", "pan_x", "pan_y", "shear_x", "shear_y", "center_x", "center_y")


def dream_zoom(
    source: str | Path | None,
    target: str | Path,
    settings: ZoomSettings | None = None,
    *,
    overwrite: bool = False,
    fetched: Counted | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    begun: Begun = lambda record: None,
) -> Result:
    """Dream an endless zoom into a picture, or with `source` None and `from_noise` into noise.

    `report` is told after every frame, `begun` how it is made before the first. A call that was
    stopped goes on after its last finished part when it is made again. Raises any DreamvidError;
    the target appears complete or not at all.
    """
    settings = settings or ZoomSettings()
    output = zoom_output(settings, Path(target), overwrite)
    start = beginning(source, output.path, settings.clip, settings.dream.seed)
    height, width = start.shape[1:]
    output.check(None, (width, height))
    clip, sound = settings.clip, settings.sound
    clock = clock_of(sound, clip.fps, clip.frames, settings.dream.seed)
    camera = make_camera(settings.camera, clock, width, height)
    stability = steady(settings.motion, clock)
    times = BEGUN_TIMES if source is None else 1.0
    dreams = make_dreams(
        settings.network, settings.dream, clock, size=(height, width), times=times, fetched=fetched
    )
    like = with_sound(FilmInfo.plain(width, height, clip.fps, clip.frames), sound)
    path = None if source is None else Path(source)
    with alone(output.path):
        record = sidecar(settings, path, dreams(0))
        begun(record)
        job = Job(output, like=like, record=record)
        frames = camera_frames(start, camera, count=clip.frames, rate=clip.fps)
        left = (frame for frame in frames if frame.index >= job.done)
        job.run(left, dreams, stability=stability, report=report)
    notes = (*skipped(dreams(0), height, width), *job.notes)
    return Result(output.path, job.done, notes)


def zoom_output(settings: ZoomSettings, target: Path, overwrite: bool) -> Output:
    """Where a zoom goes, as the settings say; UsageError for transparency, which it has not."""
    output = output_of(settings, target, overwrite)
    if output.alpha:
        raise UsageError("a zoom is all dream", where="alpha", remedy="leave it out")
    return output


def beginning(
    source: str | Path | None, target: Path, clip: ClipSettings, seed: int
) -> torch.Tensor:
    """The image [3, H, W] that a clip begins with: the picture, fitted, or noise."""
    if source is None:
        if not clip.from_noise:
            raise UsageError("no picture given", where="zoom", remedy="give one, or --from-noise")
        width, height = clip.size_for(None)
        return noise_texture((height, width), seed=seed)
    if clip.from_noise:
        raise UsageError(
            "begins with the picture or with noise", where="from_noise", remedy="leave one out"
        )
    if same_file(target, Path(source)):
        raise UsageError("is the source itself", where=target, remedy="use another name")
    picture = load_image(source)
    width, height = clip.size_for((int(picture.shape[2]), int(picture.shape[1])))
    if min(picture.shape[1:]) < 2:
        raise UnreadableInput("too small a picture", where=source, remedy="give a larger one")
    return fill(picture, width, height)


def fill(picture: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """Fit a picture [3, h, w] to a size so that it fills it; what stands over is cut off."""
    share = max(width / picture.shape[2], height / picture.shape[1])
    high = max(height, round(picture.shape[1] * share))
    wide = max(width, round(picture.shape[2] * share))
    fitted = resize(picture, (high, wide)).clamp(0, 1)
    top, left = (high - height) // 2, (wide - width) // 2
    return fitted[:, top : top + height, left : left + width].contiguous()


def curves_of(camera: CameraSettings, clock: Clock) -> Mapping[str, Dial]:
    """The rates of the camera over time; a gentle zoom where the settings do not say."""
    if camera.zoom is None:
        still = 1.0 if camera.rates == "per-frame" else DEFAULT_ZOOM
        camera = camera.model_copy(update={"zoom": still})
    curves = {name: dial(camera, name, clock) for name in RATES}
    for curve in curves.values():
        if curve.constant is None:
            for frame in range(1, clock.frames or 1):
                curve(frame - 0.5)  # where the camera looks: what cannot be is told at once
    return curves


def make_camera(camera: CameraSettings, clock: Clock, width: int, height: int) -> Camera:
    """Make the camera that the settings describe, for frames of that size."""
    made = Camera(
        curves_of(camera, clock),
        fps=Fraction(clock.fps),
        width=width,
        height=height,
        rates=camera.rates,
        edges=camera.edges,
    )
    made.matrix(1)  # a step that cannot be is told at once
    return made


def zoom_moves(settings: ZoomSettings, width: int, height: int) -> Callable[[int], Motion | None]:
    """The camera's motion to each frame of the film of a zoom; None where it begins.

    With `repeat_to` it begins again and again.
    """
    clip = settings.clip
    clock = clock_of(settings.sound, clip.fps, clip.frames, settings.dream.seed)
    camera = make_camera(settings.camera, clock, width, height)

    def moves(index: int) -> Motion | None:
        frame = index % clip.frames
        return camera(frame) if frame else None

    return moves
