"""One stream of frames, wherever they come from: a film, or a camera moving over a picture."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch

from dreamvid.image import to_image
from dreamvid.loops.texture import noise_texture
from dreamvid.media.reader import SourceFrame
from dreamvid.motion.camera import Camera, Matrix
from dreamvid.motion.estimate import Motion, estimate_motion
from dreamvid.motion.flow import Array, FlowEstimator, Still, estimator
from dreamvid.motion.shots import CutDetector, mask_says_cut
from dreamvid.sequence.endless import endless


@dataclass(frozen=True)
class Frame:
    """A moment of a sequence.

    `time` is in seconds since the first frame. `image` [3, H, W] is the source, None in a zoom.
    `motion` leads back to the frame before, None where there is none: at the start of a shot.
    `ground` [3, H, W], around 0, is what a zoom dreams on where its camera uncovers something.
    `full` is the film's own array where `image` was shrunk.
    """

    index: int
    time: Fraction
    image: torch.Tensor | None
    motion: Motion | None
    ground: torch.Tensor | None = None
    full: Array | None = None


def film_frames(
    film: Iterable[SourceFrame],
    *,
    flow: FlowEstimator | None = None,
    cuts: bool = True,
    skip: int = 0,
) -> Generator[Frame, None, None]:
    """Give the frames of a film with their motion, `motion` None at every cut (unless not `cuts`).

    `flow` estimates the motion, DIS if nothing is said. A cut is where the detector says so, or
    where the mask trusts almost nothing. The first `skip` frames are only looked at.
    """
    flow = flow or estimator()
    detector = CutDetector()
    previous = None
    for source in film:
        motion = None
        is_cut = cuts and detector.is_cut(source.array)
        if source.index < skip:
            previous = source.array
            continue
        if previous is not None and not is_cut:
            motion = estimate_motion(flow, source.array, previous)
            # Without flow nothing that moves can be trusted, cut or not.
            if cuts and not isinstance(flow, Still) and mask_says_cut(motion.mask):
                motion = None
        image = to_image(source.array)
        yield Frame(source.index, source.time, image, motion, full=source.full)
        previous = source.array


def camera_frames(
    picture: torch.Tensor, camera: Callable[[int], Motion], *, count: int, rate: Fraction
) -> Iterator[Frame]:
    """Give `count` frames of a zoom: first the picture [3, H, W], then only the camera's motion.

    What a Camera uncovers gets clouds that move with it for `ground`: the picture, mirrored a
    pixel or two at a time, would be drawn out into streaks.
    """
    yield Frame(0, Fraction(0), picture, None)
    size = int(picture.shape[1]), int(picture.shape[2])
    grounds: Iterable[torch.Tensor | None] = itertools.repeat(None)
    if isinstance(camera, Camera):
        grounds = clouds(size, camera.matrix, count)
    for index, ground in zip(range(1, count), grounds, strict=False):
        motion = camera(index)
        uncovers = bool(motion.mask.min() < 1)
        yield Frame(index, index / rate, None, motion, ground if uncovers else None)


def clouds(
    size: tuple[int, int], step: Callable[[int], Matrix], count: int
) -> Iterator[torch.Tensor]:
    """Give clouds [3, H, W] of mean 0 and deviation 1, as a camera sees them from frame 1 on.

    `step` is the camera's `matrix`.
    """
    picture = noise_texture(size, seed=1, contrast=0.1).permute(1, 2, 0)
    picture = torch.lerp(picture, picture.mean(dim=2, keepdim=True), 0.75)  # hues would take over
    pixels = np.ascontiguousarray(((picture - 0.5) / picture.std()).numpy())
    frames = itertools.islice(endless(pixels, step, count, even=True), 1, None)
    return (torch.from_numpy(frame).permute(2, 0, 1) for frame in frames)
