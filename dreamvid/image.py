"""The one border between pictures as arrays and pictures as tensors.

Everywhere in dreamvid an *image* is a float32 tensor [3, H, W], RGB, values 0..1 with the
transfer curve of the file (no linearisation). Arrays are [H, W, 3], RGB, uint8 or uint16.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.errors import UnreadableInput, UsageError

MAX_PIXELS = 200_000_000
"""The largest picture that is read: room for 8K by 8K twice over, not for a decompression bomb."""


def to_image(array: NDArray[np.uint8] | NDArray[np.uint16]) -> torch.Tensor:
    """Turn an array [H, W, 3] of uint8 or uint16 into an image [3, H, W] of float32 in 0..1."""
    scale = 1.0 / np.iinfo(array.dtype).max
    planes = np.ascontiguousarray(array.transpose(2, 0, 1)).astype(np.float32)
    return torch.from_numpy(planes).mul_(scale)


def to_array(image: torch.Tensor, bits: int = 8) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Turn an image [3, H, W] into an array [H, W, 3]: uint8, or uint16 when `bits` is 16.

    Values are clipped to 0..1 and rounded to the nearest level.
    """
    top = (1 << bits) - 1
    levels = image.detach().float().clamp(0, 1).mul(top).round_().permute(1, 2, 0)
    return levels.cpu().contiguous().numpy().astype(np.uint8 if bits == 8 else np.uint16)


def load_image(path: str | Path) -> torch.Tensor:
    """Read a picture as an image [3, H, W], turned upright by its EXIF tag, alpha dropped.

    Raises UnreadableInput when the file is missing, no picture, or larger than MAX_PIXELS.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise UnreadableInput(
                        f"{picture.width}x{picture.height} is over {MAX_PIXELS:,} pixels",
                        where=path,
                        remedy="shrink the picture first",
                    )
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except FileNotFoundError:
        raise UnreadableInput("no such file", where=path, remedy="check the path") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableInput(
            f"not a readable picture ({error})", where=path, remedy="give a PNG, JPEG or WebP"
        ) from error
    return to_image(np.asarray(upright, dtype=np.uint8))


def save_image(path: str | Path, image: torch.Tensor) -> None:
    """Write an image [3, H, W] to a file whose name says the format; the file appears complete.

    Raises UsageError when the format is unknown.
    """
    from PIL import Image

    path = Path(path)
    if path.suffix.lower() not in Image.registered_extensions():
        raise UsageError(
            f"unknown picture format '{path.suffix}'", where=path, remedy="use .png, .jpg or .webp"
        )
    handle, draft = tempfile.mkstemp(
        prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent
    )
    try:
        with os.fdopen(handle, "wb") as stream:
            Image.fromarray(to_array(image)).save(
                stream, format=Image.registered_extensions()[path.suffix.lower()], quality=95
            )
        os.chmod(draft, 0o666 & ~_umask())
        os.replace(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
