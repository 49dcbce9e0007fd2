"""dream_zoom: dream an endless zoom into a picture or into noise."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import torch

from dreamvid.commands.clock import clock_of
from dreamvid.commands.preflight import Clip, check_zoom
from dreamvid.commands.result import Result, skipped
from dreamvid.commands.room import check_room
from dreamvid.commands.shared import make_dreams, with_sound
from dreamvid.commands.sidecar import sidecar
from dreamvid.dream.octaves import resize
from dreamvid.image import to_image
from dreamvid.loops.texture import noise_texture
from dreamvid.media.info import FilmInfo
from dreamvid.media.state import FilmState
from dreamvid.media.target import exclusive_lock
from dreamvid.motion.camera import Camera
from dreamvid.motion.estimate import Motion
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.folder import folder_of
from dreamvid.sequence.frames import camera_frames
from dreamvid.sequence.job import Job
from dreamvid.sequence.lengthen import drop_state, lay_out, write_state
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.settings.dials import camera_dials, steady
from dreamvid.settings.models import ZoomSettings
from dreamvid.settings.tables import CameraSettings

NOISE_TIMES = 3.0
"""Factor for the iterations on a texture of noise, which starts with low contrast."""

FIRST_TIMES = 2.0
"""The same for the first frame of a zoom, whose contrast later frames keep."""


def dream_zoom(
    source: str | Path | None,
    target: str | Path,
    settings: ZoomSettings | None = None,
    *,
    overwrite: bool = False,
    keep_state: bool = True,
    on_progress: OnProgress = ignore,
) -> Result:
    """Dream an endless zoom into a picture, or with `source` None and `from_noise` into noise.

    With `keep_state` a file beside the target lets it be lengthened. `on_progress` gets an event
    after each frame, and others. After an interruption, the same call resumes after the last
    finished part. Raises any DreamvidError; the target is written atomically.
    """
    settings, path = settings or ZoomSettings(), None if source is None else Path(source)
    request = check_zoom(path, Path(target), settings, overwrite=overwrite)
    check_room(request)
    return run_zoom(request, on_progress, keep=keep_state)


def run_zoom(
    request: Clip[ZoomSettings],
    on_progress: OnProgress,
    *,
    keep: bool = False,
    begun: FilmState | None = None,
) -> Result:
    """Dream a checked zoom, which may go on from one that was `begun`, and `keep` its state."""
    settings, output = request.settings, request.output
    start, (width, height) = beginning(request), request.size
    clip, sound = settings.clip, settings.sound
    clock = clock_of(settings, clip.fps, clip.frames)
    camera = make_camera(settings.camera, clock, width, height)
    stability = steady(settings.motion, clock)
    dreams = make_dreams(
        settings.network,
        settings.dream,
        clock,
        size=(height, width),
        times=FIRST_TIMES if request.source is None else 1.0,
        on_progress=on_progress,
    )
    like = with_sound(FilmInfo.plain(width, height, clip.fps, clip.frames), sound)
    with exclusive_lock(output.path):
        output.check_new()
        record = sidecar(settings, request.source, dreams(0), output=output.path)
        on_progress(Progress("sidecar", text=record))
        if begun is not None:
            lay_out(begun, folder_of(output.path), record, overwrite=output.overwrite)
        limit = settings.output.max_flash
        keeper = partial(write_state if keep else drop_state, output)
        job = Job(output, like=like, record=record, most_flashes=limit, keep=keeper)
        frames = camera_frames(start, camera, count=clip.frames, rate=clip.fps)
        left = (frame for frame in frames if frame.index >= job.done)
        job.run(left, dreams, stability=stability, on_progress=on_progress)
    notes = (*skipped(dreams(0), height, width), *job.notes)
    return Result(output.path, job.delivered, notes)


def beginning(clip: Clip[Any]) -> torch.Tensor:
    """The image [3, H, W] that a checked clip starts from: the fitted picture, or noise."""
    width, height = clip.size
    if clip.picture is None:
        return noise_texture((height, width), seed=clip.settings.dream.seed)
    return fill(to_image(clip.picture), width, height)


def fill(picture: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """Scale a picture [3, h, w] to cover a size, and crop the rest."""
    share = max(width / picture.shape[2], height / picture.shape[1])
    high = max(height, round(picture.shape[1] * share))
    wide = max(width, round(picture.shape[2] * share))
    fitted = resize(picture, (high, wide)).clamp(0, 1)
    top, left = (high - height) // 2, (wide - width) // 2
    return fitted[:, top : top + height, left : left + width].contiguous()


def make_camera(camera: CameraSettings, clock: Clock, width: int, height: int) -> Camera:
    """Make the camera that the settings describe, for frames of a size."""
    made = Camera(
        camera_dials(camera, clock),
        fps=Fraction(clock.fps),
        width=width,
        height=height,
        rates=camera.rates,
        edges=camera.edges,
    )
    made.matrix(1)  # raises an error for an impossible motion now
    return made


def zoom_moves(settings: ZoomSettings, width: int, height: int) -> Callable[[int], Motion | None]:
    """The camera's motion to each frame of the film of a zoom; None at its start.

    With `repeat_to` the film starts several times.
    """
    clip = settings.clip
    clock = clock_of(settings, clip.fps, clip.frames)
    camera = make_camera(settings.camera, clock, width, height)

    def moves(index: int) -> Motion | None:
        frame = index % clip.frames
        return camera(frame) if frame else None

    return moves
