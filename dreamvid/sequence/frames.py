"""A stream of frames from a film, or from a camera that moves over an image."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import torch

from dreamvid.device.card import Card, Mark
from dreamvid.image import to_array, to_image
from dreamvid.loops.texture import noise_texture
from dreamvid.media.reader import SourceFrame
from dreamvid.motion.camera import Camera, Matrix
from dreamvid.motion.estimate import Motion, estimate_motion
from dreamvid.motion.flow import Array, FlowEstimator, ZeroFlow, estimator
from dreamvid.motion.moving import Moved, moved_between, moving_at
from dreamvid.motion.on_device import DeviceMotion
from dreamvid.motion.shots import CutDetector, indicates_cut
from dreamvid.motion.warp import Plane
from dreamvid.sequence.endless import endless
from dreamvid.sequence.on_card import CardSight, sent


@dataclass(frozen=True)
class Frame:
    """A moment of a sequence.

    `time` is in seconds after the first frame. `image` [3, H, W] is the source, None in a zoom.
    `motion` leads back to the previous frame, None at the start of a shot. `ground` [3, H, W], of
    mean 0, fills areas that the camera of a zoom uncovers. `full` is the film's own array if
    `image` was shrunk, `alpha` [H, W] the film's transparency, if that is kept. `moved` is what
    moved since the previous frame, `moving` what moves in this one; None unless they were asked
    for. `shown` [1, H, W] is where its dream will be seen, 0..1; None for everywhere.
    On a card `whole` [3, H, W] is the image of `full`, and all of it is there after `mark`.
    """

    index: int
    time: Fraction
    image: torch.Tensor | None
    motion: Motion | DeviceMotion | None
    ground: torch.Tensor | None = None
    full: Array | None = None
    alpha: Array | None = None
    moved: Moved | None = None
    moving: Plane | None = None
    shown: torch.Tensor | None = None
    whole: torch.Tensor | None = None
    mark: Mark | None = None

    def arrive(self) -> None:
        """Let what this thread queues from now on wait until the frame is on its card."""
        if self.mark is None:
            return
        planes = [self.image, self.whole]
        if isinstance(self.motion, DeviceMotion):
            planes += [self.motion.backward, self.motion.mask]
        self.mark.arrive(*(plane for plane in planes if plane is not None))


def film_frames(
    film: Iterable[SourceFrame],
    *,
    flow: FlowEstimator | None = None,
    cuts: bool = True,
    skip: int = 0,
    moving: bool = False,
    card: Card | None = None,
) -> Generator[Frame, None, None]:
    """Yield the frames of a film with their motion; with `cuts`, `motion` is None at every cut.

    `flow` estimates the motion, DIS by default. A cut is where the detector finds one, or where
    the consistency mask is almost empty. The first `skip` frames are processed but not returned.
    `moving` adds what moves against the background, for which one frame more is read ahead. With a
    `card` images and motion are there: see `Frame.arrive`.
    """
    flow = flow or estimator()
    sight = CardSight(card, flow) if card is not None else _HostSight(flow)
    # Without flow the mask is empty wherever anything moves.
    empty = cuts and not isinstance(flow, ZeroFlow)
    frames = _with_motion(film, sight, cuts, empty, skip, moving)
    if card is not None:
        frames = _on_card(frames, card)
    return _with_moving(frames) if moving else frames


def image_frames(
    images: Iterable[torch.Tensor],
    *,
    rate: Fraction,
    before: tuple[int, torch.Tensor] | None = None,
    flow: FlowEstimator | None = None,
    cuts: bool = True,
) -> Generator[Frame, None, None]:
    """Yield the frames of images [3, H, W] in memory, which play at a rate, with their motion.

    `before` is the index of the frame before the first one and its image; with it, the frames are
    those of a longer sequence. `flow` and `cuts` are those of `film_frames`.
    """
    held: deque[torch.Tensor] = deque()
    first = 0 if before is None else before[0] + 1

    def film() -> Iterator[SourceFrame]:
        if before is not None:
            yield SourceFrame(before[0], before[0] / rate, to_array(before[1], bits=16))
        for index, image in enumerate(images, first):
            held.append(image)
            yield SourceFrame(index, index / rate, to_array(image, bits=16))

    for frame in film_frames(film(), flow=flow, cuts=cuts, skip=first):
        yield replace(frame, image=held.popleft())  # the exact one, not that of 16 bits


def _with_motion(
    film: Iterable[SourceFrame],
    sight: _HostSight | CardSight,
    cuts: bool,
    empty: bool,
    skip: int,
    moving: bool,
) -> Generator[Frame, None, None]:
    """The frames with their motion; with `empty`, an empty mask is a cut."""
    detector = CutDetector()
    previous = None
    for source in film:
        motion: Motion | DeviceMotion | None = None
        moved = None
        is_cut = cuts and detector.is_cut(source.array)
        if source.index < skip:
            previous = source.array
            continue
        if previous is not None and not is_cut:
            motion = sight.motion(source.array, previous)
            if empty and sight.indicates_cut(motion):  # type: ignore[arg-type]
                motion = None
        if moving and motion is not None and previous is not None:
            moved = moved_between(sight.on_host(motion), source.array, previous)  # type: ignore[arg-type]
        image = sight.image(source.array)
        full, alpha = source.full, source.alpha
        frame = Frame(source.index, source.time, image, motion, full=full, alpha=alpha)
        yield replace(frame, moved=moved)
        previous = source.array


class _HostSight:
    """Images and motion of the frames of a film on the CPU."""

    def __init__(self, flow: FlowEstimator) -> None:
        self._flow = flow

    def image(self, array: Array) -> torch.Tensor:
        return to_image(array)

    def motion(self, array: Array, previous: Array) -> Motion:
        return estimate_motion(self._flow, array, previous)

    def indicates_cut(self, motion: Motion) -> bool:
        return indicates_cut(motion.mask)

    def on_host(self, motion: Motion) -> Motion:
        return motion


def _on_card(frames: Generator[Frame, None, None], card: Card) -> Generator[Frame, None, None]:
    """Send the frames of a film that is dreamed smaller, and mark when all of a frame is there."""
    with closing(frames):
        for frame in frames:
            whole = None if frame.full is None else sent(card, frame.full)
            yield replace(frame, whole=whole, mark=card.mark())


def _with_moving(frames: Generator[Frame, None, None]) -> Generator[Frame, None, None]:
    """Add what moves in each frame, for which the next one is needed."""
    with closing(frames):
        for frame, later in itertools.pairwise(itertools.chain(frames, [None])):
            assert frame is not None
            moving = moving_at(frame.moved, later.moved if later is not None else None)
            yield replace(frame, moving=moving)


def camera_frames(
    picture: torch.Tensor, camera: Callable[[int], Motion], *, count: int, rate: Fraction
) -> Iterator[Frame]:
    """Yield `count` frames of a zoom: first the image [3, H, W], then only the camera's motion.

    Areas that a Camera uncovers get clouds as `ground`, which move with it: mirroring the image a
    pixel or two at a time would produce streaks.
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
    """Yield clouds [3, H, W] of mean 0 and deviation 1, as seen by a camera from frame 1 on.

    `step` is the camera's `matrix`.
    """
    picture = noise_texture(size, seed=1, contrast=0.1).permute(1, 2, 0)
    picture = torch.lerp(
        picture, picture.mean(dim=2, keepdim=True), 0.75
    )  # less colour, which would dominate
    pixels = np.ascontiguousarray(((picture - 0.5) / picture.std()).numpy())
    frames = itertools.islice(endless(pixels, step, count, even=True), 1, None)
    return (torch.from_numpy(frame).permute(2, 0, 1) for frame in frames)
