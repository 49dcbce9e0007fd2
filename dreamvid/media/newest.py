"""The newest frame of a run, as a picture file that is replaced while the run goes on."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import OutputExists, UsageError
from dreamvid.files import draft_of
from dreamvid.image import eight_bits, jpeg, to_array
from dreamvid.media.target import check_writable

if TYPE_CHECKING:
    import torch

EVERY: Final = 3.0
"""Least seconds from one picture to the next."""

WIDEST: Final = 1280
"""Most pixels of the width of the picture."""

QUALITY: Final = 85
"""Quality of the JPEG, 0..100."""

MARK: Final = b"dreamvid: the newest frame of a run"
"""The comment in the file, without which a file is not replaced: it is the user's own."""


class NewestFrame:
    """Writes frames to a JPEG file, now and then; what goes wrong with it never ends a run."""

    def __init__(self, path: Path, *, off: bool = False) -> None:
        self.path = path
        self._last = -EVERY
        self._works = not off and _is_ours(path)

    @classmethod
    def of(cls, output: Path, asked: Path | None = None, *, off: bool = False) -> Self:
        """The newest frame of an output: in the file `asked`, or beside it; nowhere if `off`.

        UsageError if an asked file cannot be written as a JPEG, OutputExists if it is another's.
        """
        if asked is None or off:
            return cls(output.with_name(f"{output.name}.preview.jpg"), off=off)
        if asked.suffix.lower() not in (".jpg", ".jpeg"):
            raise UsageError("the newest frame is a JPEG", where=asked, remedy="end it in .jpg")
        check_writable(asked)
        if not _is_ours(asked):
            raise OutputExists("already exists", where=asked, remedy="use another --preview")
        return cls(asked)

    def show(self, image: torch.Tensor | NDArray[Any]) -> None:
        """Write an image [3 or 4, H, W] or an array [H, W, 3], unless one was just written."""
        now = time.monotonic()
        if not self._works or now - self._last < EVERY:
            return
        self._last = now
        with contextlib.suppress(OSError, ValueError):
            self.put(small_jpeg(image))

    def put(self, data: bytes) -> None:
        """Write a frame that `small_jpeg` has encoded."""
        if not self._works:
            return
        draft = draft_of(self.path)
        with contextlib.suppress(OSError):  # a full disk, a folder that has gone
            try:
                draft.write_bytes(data)
                os.replace(draft, self.path)
            finally:
                draft.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the file, also that of an earlier run."""
        if self._works:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    """Whether there is no file, or one that a run has left."""
    try:
        with path.open("rb") as file:
            return MARK in file.read(512)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _small(image: torch.Tensor | NDArray[Any]) -> NDArray[np.uint8]:
    """The colours of an image as an array [h, w, 3] of at most WIDEST columns."""
    if isinstance(image, np.ndarray):
        times = -(-image.shape[1] // WIDEST)
        return eight_bits(image[::times, ::times])
    from torch.nn.functional import avg_pool2d

    times = min(-(-image.shape[2] // WIDEST), image.shape[1])
    return np.asarray(to_array(avg_pool2d(image[:3], times) if times > 1 else image[:3]))


def small_jpeg(image: torch.Tensor | NDArray[Any]) -> bytes:
    """A frame, as in `NewestFrame.show`, as a JPEG of at most WIDEST columns, with its mark."""
    return jpeg(_small(image), QUALITY, comment=MARK)
