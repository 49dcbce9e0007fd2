"""Strips: some frames of a film or zoom as they would be dreamed, or of the camera alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import numpy as np

from dreamvid.commands.mask_checks import follows_motion
from dreamvid.commands.zoom import make_camera
from dreamvid.errors import UsageError
from dreamvid.image import to_array, to_image
from dreamvid.media.reader import VideoReader
from dreamvid.motion.flow import estimator
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.endless import endless
from dreamvid.sequence.frames import Frame, camera_frames, film_frames
from dreamvid.sequence.regions import Region, Regions
from dreamvid.sequence.render import render
from dreamvid.settings.dials import steady
from dreamvid.settings.models import VideoSettings
from dreamvid.studio.channel import Reply
from dreamvid.studio.painting import Checked, picture

if TYPE_CHECKING:
    from dreamvid.studio.scene import Scene

MOTION_FPS: Final = 12
"""Most frames a second of the preview of a motion."""


def send(scene: Scene, regions: Regions, clock: Clock, count: int, reply: Reply) -> None:
    """Send frames, dreamed one after the other; UsageError if the command has none that carry."""
    is_film = isinstance(scene.settings, VideoSettings)
    if not hasattr(scene.settings, "motion"):
        raise UsageError("has no frames that carry a dream", where="command", remedy="preview one")
    first = scene.index if is_film else 0
    watched = Regions(
        [Region(Checked(reply, region.dream, first), region.mask) for region in regions.regions],
        follow_motion=regions.follow_motion,
    )
    stability = steady(scene.settings.motion, clock)
    with ExitStack() as open_:
        frames = _film(scene, count, open_) if is_film else _zoom(scene, clock, count)
        dreamed = render(frames, watched, stability=lambda index: stability(first + index))
        for index, image in zip(range(count), dreamed, strict=False):
            reply.send("frame", picture(image), index=index, count=count)


def send_motion(scene: Scene, clock: Clock, count: int, reply: Reply) -> None:
    """Send frames of the camera alone, evenly over the length, over a picture without end."""
    settings = scene.settings
    if not hasattr(settings, "camera") or not hasattr(settings.clip, "fps"):
        raise UsageError("has no camera", where="command", remedy="use it with a zoom")
    if not hasattr(settings.camera, "pan_x"):
        raise UsageError("this loop has no camera to preview", where="loop")
    height, width = scene.size
    camera = make_camera(settings.camera, clock, width, height)
    every = max(1, -(-scene.frames // count), round(float(scene.rate) / MOTION_FPS))
    shown = -(-scene.frames // every)
    small = to_array(scene.image)
    for index, frame in enumerate(endless(small, camera.matrix, scene.frames)):
        reply.check()
        if index % every == 0:
            reply.send("frame", picture(to_image(frame.astype(np.uint8))), index=index // every,
                       count=shown, fps=float(scene.rate) / every)  # fmt: skip


def _film(scene: Scene, count: int, open_: ExitStack) -> Iterator[Frame]:
    settings, (height, width) = scene.settings, scene.size
    assert scene.path is not None
    start = scene.begins + scene.time or None
    film = open_.enter_context(
        VideoReader(scene.path, start=start, frames=count, width=width, height=height)
    )
    needed = settings.motion.stability or follows_motion(settings)
    frames = film_frames(
        film,
        flow=estimator(settings.motion.flow if needed else "none"),
        cuts=settings.motion.cuts,
        moving=follows_motion(settings),
    )
    open_.callback(frames.close)
    return frames


def _zoom(scene: Scene, clock: Clock, count: int) -> Iterator[Frame]:
    height, width = scene.size
    camera = make_camera(scene.settings.camera, clock, width, height)
    return camera_frames(scene.image, camera, count=min(count, scene.frames), rate=scene.rate)
