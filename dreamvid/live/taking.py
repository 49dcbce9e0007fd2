"""The frames to dream: the newest of an input with its motion, or those of a camera of a zoom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import count
from typing import Protocol

import cv2
import numpy as np
import torch

from dreamvid.dream.octaves import Size, resize
from dreamvid.image import to_image
from dreamvid.live.clock import Clock
from dreamvid.live.feed import Taken
from dreamvid.live.frames import LiveFrame
from dreamvid.live.pace import Pace
from dreamvid.live.watch import State, Watch
from dreamvid.motion.camera import Camera
from dreamvid.motion.estimate import estimate_motion
from dreamvid.motion.flow import Array, FlowEstimator, estimator
from dreamvid.motion.shots import CutDetector, indicates_cut

CameraAt = Callable[[Size], Camera]
"""The camera of a zoom for a size (height, width)."""


class Pictures(Protocol):
    """Where the newest picture of an input is taken: a Feed."""

    still: bool

    def take(self, timeout: float) -> Taken | None:
        """The newest picture that was not taken yet; None if none comes within `timeout` s."""
        ...


class InputFrames:
    """The newest frame of an input, again and again, at most `fps` a second.

    Motion is estimated between the frames that are really taken, at the size of the dream. While
    the input is black, frozen or lost, `state` says so and the frames are those of a slow camera
    over the last dream; they have no image. `shown` is the size (height, width) of `full`.
    """

    def __init__(
        self,
        pictures: Pictures,
        drift: CameraAt,
        *,
        shown: Size,
        fps: float,
        pace: Pace,
        clock: Clock,
        flow: FlowEstimator | None = None,
    ) -> None:
        self._pictures, self._drift, self._shown = pictures, drift, shown
        self._fps, self._pace, self._clock = fps, pace, clock
        self._flow = flow or estimator()
        self._watch = Watch(still=pictures.still)
        self._cuts = CutDetector()
        self._before: Array | None = None
        self._small: Array | None = None
        self.state: State = "live"

    def __iter__(self) -> Iterator[LiveFrame]:
        """Yield frames for ever."""
        rhythm = Rhythm(self._fps, self._clock)
        index = 0
        while True:
            taken = self._pictures.take(1 / self._fps)
            if taken is not None:
                self._watch.see(taken.array, taken.time)
            before, self.state = self.state, self._watch.state(self._clock.now())
            if self.state == "live" and taken is not None:
                yield self._image(index, taken, back=before != "live")
            elif self.state != "live" and index:
                yield self._feedback(index, new=before == "live")
            else:
                continue
            index += 1
            rhythm.wait()

    def _image(self, index: int, taken: Taken, *, back: bool) -> LiveFrame:
        """The frame of a picture, with its motion unless it starts a shot."""
        begun = self._clock.now()
        full = fitted(taken.array, self._shown)
        small, before = shrunk(full, self._pace.size), self._small
        if before is not None and before.shape != small.shape and self._before is not None:
            before = shrunk(self._before, self._pace.size)
        motion = None
        if self._cuts.is_cut(full) or back:
            before = None
        if before is not None:
            motion = estimate_motion(self._flow, small, before)
            motion = None if indicates_cut(motion.mask) else motion
        self._before, self._small = full, small
        return LiveFrame(
            index, Fraction(0), to_image(small), motion, full=full,
            taken=taken.time, begun=begun, new=back,
        )  # fmt: skip

    def _feedback(self, index: int, *, new: bool) -> LiveFrame:
        now, motion = self._clock.now(), self._drift(self._pace.size)(index)
        return LiveFrame(index, Fraction(0), None, motion, taken=now, begun=now, new=new)


class ZoomFrames:
    """The frames of an endless zoom into a picture [3, H, W], `fps` a second."""

    state: State = "live"

    def __init__(
        self,
        picture: torch.Tensor,
        camera: CameraAt,
        *,
        fps: float,
        pace: Pace,
        clock: Clock,
        times: float = 1.0,
    ) -> None:
        self._picture, self._camera, self._times = picture, camera, times
        self._fps, self._pace, self._clock = fps, pace, clock

    def __iter__(self) -> Iterator[LiveFrame]:
        """Yield frames for ever."""
        rhythm = Rhythm(self._fps, self._clock)
        for index in count():
            now, size = self._clock.now(), self._pace.size
            image, motion, times = None, None, 1.0
            if index == 0:
                image, times = resize(self._picture, size).clamp(0, 1), self._times
            else:
                motion = self._camera(size)(index)
            yield LiveFrame(index, Fraction(0), image, motion, taken=now, begun=now, times=times)
            rhythm.wait()


class Rhythm:
    """Waits so that frames are at least 1 / `fps` seconds apart; lost time is not made up for."""

    def __init__(self, fps: float, clock: Clock) -> None:
        self._step, self._clock = 1 / fps, clock
        self._due = clock.now() + self._step

    def wait(self) -> None:
        """Wait until the next frame is due."""
        self._clock.sleep(self._due - self._clock.now())
        self._due = max(self._due + self._step, self._clock.now())


def fitted(array: Array, size: Size) -> Array:
    """Scale an array [h, w, 3] to cover a size (height, width), and crop the rest."""
    height, width = array.shape[:2]
    if (height, width) == size:
        return array
    share = max(size[0] / height, size[1] / width)
    high, wide = max(size[0], round(height * share)), max(size[1], round(width * share))
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(array, (wide, high), interpolation=way)
    top, left = (high - size[0]) // 2, (wide - size[1]) // 2
    return np.ascontiguousarray(scaled[top : top + size[0], left : left + size[1]])


def shrunk(array: Array, size: Size) -> Array:
    """Scale an array [h, w, 3] to a size (height, width)."""
    if array.shape[:2] == size:
        return array
    return np.asarray(cv2.resize(array, size[::-1], interpolation=cv2.INTER_AREA))
