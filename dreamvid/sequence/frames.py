"""One stream of frames, wherever they come from: a film, or a camera moving over a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import torch

from dreamvid.image import to_image
from dreamvid.media.reader import SourceFrame
from dreamvid.motion.estimate import Motion, estimate_motion
from dreamvid.motion.flow import FlowEstimator
from dreamvid.motion.shots import CutDetector, mask_says_cut


@dataclass(frozen=True)
class Frame:
    """A moment of a sequence.

    `time` is in seconds since the first frame. `image` [3, H, W] is the source, None in a zoom.
    `motion` leads back to the frame before, None where there is none: at the start of a shot.
    """

    index: int
    time: Fraction
    image: torch.Tensor | None
    motion: Motion | None


def film_frames(
    film: Iterable[SourceFrame], *, flow: FlowEstimator, cuts: bool = True, skip: int = 0
) -> Iterator[Frame]:
    """Give the frames of a film with their motion, `motion` None at every cut (unless not `cuts`).

    A cut is where the detector says so, or where the mask trusts almost nothing. The first `skip`
    frames are only looked at.
    """
    detector = CutDetector()
    previous = None
    for source in film:
        motion = None
        is_cut = detector.is_cut(source.array)
        if source.index < skip:
            previous = source.array
            continue
        if previous is not None and not (cuts and is_cut):
            motion = estimate_motion(flow, source.array, previous)
            if cuts and mask_says_cut(motion.mask):
                motion = None
        yield Frame(source.index, source.time, to_image(source.array), motion)
        previous = source.array
