"""Dream at a smaller size: the residual is enlarged and added to the full-size source.

The film or image keeps its own detail and grain, whatever the size of the dream. For films this
wraps the loop, which dreams the shrunk film like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import cv2
import numpy as np
import torch

from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.octaves import Size
from dreamvid.image import to_image
from dreamvid.media.reader import SourceFrame
from dreamvid.motion.flow import Array
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.on_card import enlarged
from dreamvid.sequence.regions import blended
from dreamvid.settings.values import DREAM_LINES, FULL_SIZE, LARGE_FILM


def dream_size(film: Size, asked: str | None, *, on_cpu: bool) -> Size:
    """The size (height, width) at which a film of size (height, width) is dreamed.

    `asked` is the setting: 'full', a width, or a size to fit within. By default large films are
    dreamed at a smaller size on a CPU, all others at their own size. Never larger than the film.
    """
    height, width = film
    if asked is None:
        large = on_cpu and height * width > LARGE_FILM
        size = _scaled(film, min(film), DREAM_LINES) if large else film
    elif asked == FULL_SIZE:
        size = film
    else:
        most, _, lines = asked.partition("x")
        size = _within(film, (int(lines) if lines else 2 * height, int(most)))
    return size if size[0] <= height and size[1] <= width else film


def shrunk(film: Iterable[SourceFrame], size: Size) -> Iterator[SourceFrame]:
    """Shrink the frames of a film to a size (height, width); keep the originals in `full`."""
    for frame in film:
        array = frame.array
        if array.shape[:2] != size:
            yield replace(frame, array=_averaged(array, size), full=array)
        else:
            yield frame


def at_full_size(frame: Frame, memory: Memory) -> tuple[torch.Tensor, torch.Tensor]:
    """The dreamed frame and its source, images [3, H, W] at the size of the film.

    The residual is relative to the stabilised source, so the film's own grain is preserved. What
    the masks hide is the film's own frame in both.
    """
    if memory.mask is None:
        return _enlarged(frame, memory)
    assert frame.image is not None
    regions = (memory, *memory.others)
    shares = [region.mask for region in regions if region.mask is not None]
    pairs = [_enlarged(frame, region) for region in regions]
    film = frame.image if frame.full is None else _source(frame)
    film = film.to(pairs[0][0].device)
    dreamed, source = (blended(film, images, shares) for images in zip(*pairs, strict=True))
    return dreamed, source


def _enlarged(frame: Frame, memory: Memory) -> tuple[torch.Tensor, torch.Tensor]:
    if frame.full is None:
        return memory.dreamed, memory.source
    source = _source(frame)
    residual = memory.dreamed - memory.source
    if frame.whole is not None:
        large = enlarged(residual, (source.shape[-2], source.shape[-1]))
        return large.add_(source).clamp_(0, 1), source
    return added(residual, source), source


def _source(frame: Frame) -> torch.Tensor:
    """The image of a frame at the size of the film; on a card, if it is there."""
    assert frame.full is not None
    return to_image(frame.full) if frame.whole is None else frame.whole


def added(residual: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Enlarge a residual [3, h, w] and add it to an image [3, H, W] on the CPU."""
    total = np.empty(image.shape, np.float32)
    size = image.shape[2], image.shape[1]
    for plane, large in zip(residual.cpu().numpy(), total, strict=True):
        cv2.resize(plane, size, dst=large, interpolation=cv2.INTER_LANCZOS4)
    return torch.from_numpy(total).add_(image).clamp_(0, 1)


def dream_at_size(
    size: Size, dream: Dreamer, image: torch.Tensor, shown: torch.Tensor | None = None
) -> torch.Tensor:
    """Dream on an image [3, H, W] at a smaller or equal size (height, width), seen in a mask."""
    if image.shape[-2:] == size:
        return dream(image, shown)
    planes = [_averaged(plane, size) for plane in image.numpy()]
    small = torch.from_numpy(np.stack(planes)).to(dream.device)
    return added(dream(small, shown) - small, image)


def _averaged(array: Array, size: Size) -> Array:
    """Shrink an array [H, W, ...] to a size (height, width) by area averaging."""
    return np.asarray(cv2.resize(array, size[::-1], interpolation=cv2.INTER_AREA))


def _within(film: Size, box: Size) -> Size:
    """The largest size with the film's aspect ratio that fits in a box; all are (height, width).

    The longer side is fitted first, so that fitting a fitted size again does not change it.
    """
    longer = film.index(max(film))
    size = _scaled(film, film[longer], box[longer])
    if size[1 - longer] > box[1 - longer]:
        size = _scaled(film, film[1 - longer], box[1 - longer])
    return size


def _scaled(film: Size, side: int, to: int) -> Size:
    """The film's size, scaled so that a side of `side` pixels becomes `to`."""
    height, width = (max(1, round(length * to / side)) for length in film)
    return height, width
