"""The camera alone: what a zoom will do, without a network, in seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamvid.api import Result, clock_of, with_sound
from dreamvid.clips.zoom import beginning, make_camera
from dreamvid.image import to_array, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.camera import Camera
from dreamvid.motion.warp import mirrored
from dreamvid.sequence.job import Progress
from dreamvid.settings import ZoomSettings

LINES = 360
"""Previews are at most so high."""

Array = NDArray[Any]


def preview_motion(
    source: str | Path | None,
    target: str | Path,
    settings: ZoomSettings,
    *,
    overwrite: bool = False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Result:
    """Write the film of a zoom's camera over a picture that shows itself at every scale.

    At most LINES high. Raises any DreamvidError; the target appears complete or not at all.
    """
    clip, sound = settings.clip, settings.sound
    clip = clip.model_copy(update={"from_noise": source is None})
    picture = beginning(source, Path(target), clip, settings.dream.seed)
    share = min(1.0, LINES / picture.shape[1])
    height, width = (max(2, round(side * share / 2) * 2) for side in picture.shape[1:])
    small = cv2.resize(to_array(picture), (width, height), interpolation=cv2.INTER_AREA)
    clock = clock_of(sound, clip.fps, clip.frames, settings.dream.seed)
    camera = make_camera(settings.camera, clock, width, height)
    like = with_sound(FilmInfo.plain(width, height, clip.fps, clip.frames), sound)
    with VideoWriter(target, like=like, overwrite=overwrite) as film:
        for index, frame in enumerate(moved(small, camera, clip.frames)):
            film.write(to_image(frame), index / clip.fps)
            report(Progress(index + 1, clip.frames, 1))
    return Result(Path(target), clip.frames, film.notes)


def moved(picture: Array, camera: Camera, count: int) -> Iterator[Array]:
    """Give the frames of a camera that moves over a picture [H, W, 3] without end.

    Whenever it has gone in by a factor of 2 the picture begins anew, faded in from half the
    scale, as in Shepard's tones.
    """
    back, size = np.eye(3), 2.0 * np.array([picture.shape[1], picture.shape[0]])
    for index in range(count):
        if index:
            back = back @ np.linalg.inv(camera.matrix(index))
        octave = math.floor(_depth(back))
        back[:2] *= 2.0**octave
        back[:2, 2] %= size  # a mirrored picture's period, so that places stay exact for ever
        share = _depth(back)
        near, far = (_seen(picture, back[:2] * scale) for scale in (1, 2))
        yield np.asarray(cv2.addWeighted(near, 1 - share, far, share, 0))


def _depth(back: Array) -> float:
    """How many times by 2 a matrix from frame to picture goes in."""
    return -math.log2(max(abs(np.linalg.det(back[:2, :2])), 1e-12)) / 2


def _seen(picture: Array, back: Array) -> Array:
    """The picture through a matrix [2, 3] from frame to picture, mirrored beyond its edges."""
    height, width = picture.shape[:2]
    x, y = np.arange(width), np.arange(height)[:, None]
    u, v = (
        mirrored(np.asarray(row[0] * x + row[1] * y + row[2], np.float32), side)
        for row, side in zip(back, (width, height), strict=True)
    )
    return np.asarray(cv2.remap(picture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
