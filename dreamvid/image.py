"""Reading and writing pictures, and conversion between arrays and tensors.

Everywhere in dreamvid an *image* is a float32 tensor [3, H, W], RGB, values 0..1 with the
transfer curve of the file (no linearisation). Arrays are [H, W, 3], RGB, uint8 or uint16.
Reading a picture as an array and checking an output format do not import torch.
"""

from __future__ import annotations

import io
import uuid
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from dreamvid.errors import UnreadableInput, UsageError, no_such_file, writing
from dreamvid.files import settle

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from PIL import Image

MAX_PIXELS = 150_000_000
"""The largest picture that is read, in pixels: twice 8K by 8K, but no decompression bomb.

Pillow's own limit is about 179 million.
"""


def to_image(array: NDArray[np.uint8] | NDArray[np.uint16]) -> torch.Tensor:
    """Convert an array [H, W, 3] of uint8 or uint16 to an image [3, H, W] of float32 in 0..1."""
    import numpy as np
    import torch

    scale = 1.0 / np.iinfo(array.dtype).max
    planes = np.ascontiguousarray(array.transpose(2, 0, 1)).astype(np.float32)
    return torch.from_numpy(planes).mul_(scale)


def to_array(image: torch.Tensor, bits: int = 8) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Convert an image [3, H, W] to an array [H, W, 3]: uint8, or uint16 when `bits` is 16.

    Values are clipped to 0..1 and rounded to the nearest level.
    """
    import numpy as np

    top = (1 << bits) - 1
    levels = image.detach().float().clamp(0, 1).mul(top).round_().permute(1, 2, 0)
    array = levels.cpu().contiguous().numpy()
    return array.astype(np.uint8) if bits == 8 else array.astype(np.uint16)


def load_image(path: str | Path) -> torch.Tensor:
    """Read a picture as an image [3, H, W]; raises the same errors as `read_picture`."""
    return to_image(read_picture(path))


def read_picture(path: str | Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Read a picture as an array [H, W, 3], rotated by its EXIF tag, without alpha.

    Grey pictures keep 16 bits, colour pictures 8. Raises UnreadableInput when the file is missing,
    not a picture, or larger than MAX_PIXELS.
    """
    from PIL import Image, ImageOps

    too_large = f"has more than {MAX_PIXELS:,} pixels"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise UnreadableInput(too_large, where=path, remedy="shrink it first")
                return _array(ImageOps.exif_transpose(picture))
    except Image.DecompressionBombError:
        raise UnreadableInput(too_large, where=path, remedy="shrink it first") from None
    except FileNotFoundError:
        raise no_such_file(path) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableInput(
            f"not a readable picture ({error})", where=path, remedy="give a PNG, JPEG or WebP"
        ) from error


def _array(picture: Image.Image) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Convert a Pillow picture to an array."""
    import numpy as np

    if picture.mode.startswith("I;16"):  # Pillow's own conversion clips at 255
        deep = np.asarray(picture).astype(np.uint16)
        return np.stack([deep] * 3, axis=2)
    return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def picture_format(path: str | Path) -> str:
    """The Pillow format for the suffix of a picture file; UsageError when it cannot be written.

    A test picture is written: some formats have no colour, or need a library Pillow lacks.
    """
    from PIL import Image

    suffix = Path(path).suffix.lower()
    if not suffix:
        raise UsageError(
            "the output name has no file extension", where=path, remedy="use .png, .jpg or .webp"
        )
    name = Image.registered_extensions().get(suffix, "")
    if name not in Image.SAVE:
        raise UsageError(
            f"unknown picture format '{suffix}'", where=path, remedy="use .png, .jpg or .webp"
        )
    try:
        Image.new("RGB", (16, 16)).save(io.BytesIO(), format=name)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{name} cannot be written ({error})", where=path, remedy="use .png, .jpg or .webp"
        ) from error
    return name


def save_image(path: str | Path, image: torch.Tensor) -> None:
    """Write an image [3, H, W] atomically to a file; the suffix selects the format.

    An existing file is replaced. Raises UsageError when the format is unknown or cannot hold the
    picture, DiskFull or DreamvidError when it cannot be written.
    """
    from PIL import Image

    path, kind = Path(path), picture_format(path)
    draft = path.with_name(f".{path.stem[:40]}-{uuid.uuid4().hex}{path.suffix}")
    with writing(path):
        try:
            with draft.open("xb") as stream:
                Image.fromarray(to_array(image)).save(stream, format=kind, quality=95)
            settle(draft, path)
        except ValueError as error:
            raise UsageError(f"{kind} cannot hold this picture ({error})", where=path) from error
        finally:
            draft.unlink(missing_ok=True)
