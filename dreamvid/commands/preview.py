"""A preview of the camera motion of a zoom, without a network."""

from __future__ import annotations

from pathlib import Path

import cv2

from dreamvid.commands.clock import clock_of
from dreamvid.commands.preflight import check_zoom
from dreamvid.commands.result import Result
from dreamvid.commands.shared import with_sound
from dreamvid.commands.zoom import beginning, make_camera
from dreamvid.image import to_array, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.sequence.endless import endless
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.settings.models import ZoomSettings

LINES = 360
"""Maximum height of previews."""


def preview_motion(
    source: str | Path | None,
    target: str | Path,
    settings: ZoomSettings,
    *,
    overwrite: bool = False,
    on_progress: OnProgress = ignore,
) -> Result:
    """Write a film of the camera motion of a zoom, over a picture that repeats at every scale.

    It is at most LINES high. Raises any DreamvidError; the target is written atomically.
    """
    clip, sound = settings.clip, settings.sound
    clip = clip.model_copy(update={"from_noise": source is None})
    settings = settings.model_copy(update={"clip": clip})
    path = None if source is None else Path(source)
    checked = check_zoom(path, Path(target), settings, overwrite=overwrite)
    picture, output = beginning(checked), checked.output
    share = min(1.0, LINES / picture.shape[1])
    height, width = (max(2, round(side * share / 2) * 2) for side in picture.shape[1:])
    small = cv2.resize(to_array(picture), (width, height), interpolation=cv2.INTER_AREA)
    clock = clock_of(settings, clip.fps, clip.frames)
    camera = make_camera(settings.camera, clock, width, height)
    like = with_sound(FilmInfo.plain(width, height, clip.fps, clip.frames), sound)
    with output.writer(like) as film:
        for index, frame in enumerate(endless(small, camera.matrix, clip.frames)):
            film.write(to_image(frame), index / clip.fps)
            on_progress(Progress("frames", index + 1, clip.frames, "shot 1"))
    return Result(output.path, film.frames, film.notes)
