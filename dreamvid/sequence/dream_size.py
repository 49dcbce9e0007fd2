"""Dreaming at a smaller size: what is dreamed there is enlarged and added to the film itself.

The film, or picture, keeps its own detail and grain, whatever the size of the dream. For films all
of this wraps round the loop, which dreams the shrunk film as it would any other.
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
from dreamvid.settings.values import DREAM_LINES, FULL_SIZE, LARGE_FILM


def dream_size(film: Size, asked: str | None, *, on_cpu: bool) -> Size:
    """The size (height, width) at which a film of a size (height, width) is dreamed.

    `asked` is the setting: 'full', a width, or a size to fit within. Without it large films are
    dreamed small on a CPU, all others at their own size. Never larger than the film.
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
    """Shrink the frames of a film to a size (height, width), and keep the film's own with each."""
    for frame in film:
        array = frame.array
        if array.shape[:2] != size:
            yield replace(frame, array=_averaged(array, size), full=array)
        else:
            yield frame


def at_full_size(frame: Frame, memory: Memory) -> tuple[torch.Tensor, torch.Tensor]:
    """What was dreamed of a frame, and its source, images [3, H, W] of the film's own size.

    The residual is that over the steadied source: the film's own grain stays as it is.
    """
    if frame.full is None:
        return memory.dreamed, memory.source
    source = to_image(frame.full)
    return added(memory.dreamed - memory.source, source), source


def added(residual: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Enlarge a residual [3, h, w] and add it to an image [3, H, W] on the CPU."""
    total = np.empty(image.shape, np.float32)
    size = image.shape[2], image.shape[1]
    for plane, large in zip(residual.cpu().numpy(), total, strict=True):
        cv2.resize(plane, size, dst=large, interpolation=cv2.INTER_LANCZOS4)
    return torch.from_numpy(total).add_(image).clamp_(0, 1)


def dreamed_at(size: Size, dream: Dreamer, image: torch.Tensor) -> torch.Tensor:
    """Dream on an image [3, H, W] at a smaller size (height, width), or at its own."""
    if image.shape[-2:] == size:
        return dream(image)
    planes = [_averaged(plane, size) for plane in image.numpy()]
    small = torch.from_numpy(np.stack(planes)).to(dream.device)
    return added(dream(small) - small, image)


def _averaged(array: Array, size: Size) -> Array:
    """An array [H, W, ...] of a smaller size (height, width), each pixel the mean of an area."""
    return np.asarray(cv2.resize(array, size[::-1], interpolation=cv2.INTER_AREA))


def _within(film: Size, box: Size) -> Size:
    """The largest size of the film's shape that fits within a box, (height, width) all of them.

    The longer side decides where it can, so that a size that was fitted once is not fitted again.
    """
    longer = film.index(max(film))
    size = _scaled(film, film[longer], box[longer])
    if size[1 - longer] > box[1 - longer]:
        size = _scaled(film, film[1 - longer], box[1 - longer])
    return size


def _scaled(film: Size, side: int, to: int) -> Size:
    """The film's size, scaled so that a side of so many pixels has `to`."""
    height, width = (max(1, round(length * to / side)) for length in film)
    return height, width
