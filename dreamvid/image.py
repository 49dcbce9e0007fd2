"""Reading and writing pictures, and conversion between arrays and tensors.

Everywhere in dreamvid an *image* is a float32 tensor [3, H, W], RGB, values 0..1 with the
transfer curve of the file (no linearisation). Arrays are [H, W, 3], RGB, uint8 or uint16.
Reading a picture as an array and checking an output format do not import torch.
"""

from __future__ import annotations

import io
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamvid.errors import UnreadableInput, UsageError, no_such_file, writing
from dreamvid.files import settle

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

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


def eight_bits(array: NDArray[Any]) -> NDArray[np.uint8]:
    """An array of uint8 or uint16 as uint8: without the lower half of its bits."""
    import numpy as np

    return array if array.dtype == np.uint8 else (array >> 8).astype(np.uint8)


def jpeg(
    array: NDArray[np.uint8], quality: int, *, all_colours: bool = False, comment: bytes = b""
) -> bytes:
    """An array [H, W, 3] as a JPEG of a quality 0..100, with half of the resolution of its colours.

    With `all_colours` it has all of that, which is larger by half.
    """
    from PIL import Image

    data, sampling = io.BytesIO(), "4:4:4" if all_colours else "4:2:0"
    Image.fromarray(array).save(
        data, format="JPEG", quality=quality, subsampling=sampling, comment=comment
    )
    return data.getvalue()


def load_image(path: str | Path) -> torch.Tensor:
    """Read a picture as an image [3, H, W]; raises the same errors as `read_picture`."""
    return to_image(read_picture(path))


def read_picture(
    path: str | Path, background: str | None = None
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Read a picture as an array [H, W, 3], rotated by its EXIF tag, laid over a background colour.

    Without one, transparent areas become black. Grey pictures keep 16 bits, colour pictures 8.
    Raises UnreadableInput when the file is missing, not a picture, or larger than MAX_PIXELS.
    """
    return laid_over(read_layers(path), background)


def read_layers(path: str | Path) -> NDArray[Any]:
    """Read a picture as `read_picture`, but [H, W, 4] with straight alpha if any is transparent."""
    import numpy as np

    mode = _mode(path)
    if mode is None:
        return np.stack([_pixels(path, None).astype(np.uint16)] * 3, axis=2)
    pixels = _pixels(path, mode)
    return pixels[..., :3] if mode == "RGBA" and pixels[..., 3].min() == 255 else pixels


def laid_over(array: NDArray[Any], background: str | None = None) -> NDArray[Any]:
    """Lay an array [H, W, 4] of uint8 or uint16 with straight alpha over a colour: [H, W, 3].

    Without one it is laid over black; an array [H, W, 3] is returned unchanged. Colours of
    transparent pixels are arbitrary, and would become visible otherwise.
    """
    import numpy as np

    if array.shape[2] == 3:
        return array
    top = int(np.iinfo(array.dtype).max)
    wide, alpha = array[..., :3].astype(np.uint32), array[..., 3:].astype(np.uint32)
    total = wide * alpha + top // 2
    if background is not None:
        ground = [level * (top // 255) for level in colour_levels(background)]
        total += np.array(ground, np.uint32) * (top - alpha)
    return (total // top).astype(array.dtype)


def filled(array: NDArray[Any]) -> NDArray[Any]:
    """Take an array [H, W, 4] off its alpha: [H, W, 3], coloured smoothly where it is clear.

    Where alpha is 0 the colours of the neighbourhood go on, nearer ones more, so that neither the
    arbitrary colours there nor a hard edge are seen by a network (push-pull interpolation,
    Gortler et al. 1996). All other colours stay as they are.
    """
    import cv2
    import numpy as np

    colours, alpha = array[..., :3], array[..., 3:]
    if alpha.all():
        return np.ascontiguousarray(colours)
    top = float(np.iinfo(array.dtype).max)
    shares = alpha.astype(np.float32) / top
    levels = [np.concatenate([colours * shares, shares], axis=2)]
    while max(levels[-1].shape[:2]) > 1:
        height, width = levels[-1].shape[:2]
        half = -(-width // 2), -(-height // 2)
        levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA))
    last = levels.pop()
    pulled = last[..., :3] / np.maximum(last[..., 3:], 1e-6)
    for level in reversed(levels):
        wide = cv2.resize(pulled, level.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        pulled = level[..., :3] + (1 - level[..., 3:]) * wide
    return np.where(alpha > 0, colours, np.rint(pulled.clip(0, top)).astype(array.dtype))


def with_alpha(image: torch.Tensor, alpha: NDArray[Any]) -> torch.Tensor:
    """Add an alpha channel, an array [H, W], to an image [3, H, W] of straight colours."""
    import torch

    return torch.cat([image, to_image(alpha[..., None]).to(image.device)])


def colour_levels(text: str) -> tuple[int, int, int]:
    """The red, green and blue 0..255 of a colour: a name of CSS, or #rrggbb.

    Raises ValueError for other texts.
    """
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(text.strip())[:3]
    except ValueError:
        raise ValueError("must be a colour such as white or #20c040") from None
    return red, green, blue


def _mode(path: str | Path) -> str | None:
    """The Pillow mode to read a picture in, None for 16-bit grey, which Pillow would clip at 255.

    The header is read by Pillow: imageio decodes the picture before its size can be checked.
    """
    from PIL import Image

    too_large = f"has more than {MAX_PIXELS:,} pixels"
    with _reading(path), warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise UnreadableInput(too_large, where=path, remedy="shrink it first")
                if picture.mode.startswith("I;16"):
                    return None
                return "RGBA" if picture.has_transparency_data else "RGB"
        except Image.DecompressionBombError:
            raise UnreadableInput(too_large, where=path, remedy="shrink it first") from None


def _pixels(path: str | Path, mode: str | None) -> NDArray[Any]:
    """Read the first image of a file in a Pillow mode, upright."""
    import imageio.v3 as iio
    from PIL import Image

    with _reading(path), warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return iio.imread(path, plugin="pillow", index=0, mode=mode, rotate=True)


@contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    """Turn what Pillow and imageio raise into UnreadableInput."""
    try:
        yield
    except FileNotFoundError:
        raise no_such_file(path) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableInput(
            f"not a readable picture ({error})", where=path, remedy="give a PNG, JPEG or WebP"
        ) from error


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


def holds_alpha(path: str | Path) -> bool:
    """Whether pictures of this suffix keep transparency."""
    return Path(path).suffix.lower() in (".png", ".webp", ".tif", ".tiff")


def save_image(path: str | Path, image: torch.Tensor) -> None:
    """Write an image [3, H, W] atomically to a file; the suffix selects the format.

    An image [4, H, W] has straight alpha, for formats that hold it. An existing file is replaced.
    Raises UsageError when the format is unknown or cannot hold the picture, DiskFull or
    DreamvidError when it cannot be written.
    """
    import imageio.v3 as iio

    path, kind = Path(path), picture_format(path)
    draft = path.with_name(f".{path.stem[:40]}-{uuid.uuid4().hex}{path.suffix}")
    with writing(path):
        try:
            draft.write_bytes(
                iio.imwrite(
                    "<bytes>",
                    to_array(image),
                    plugin="pillow",
                    extension=path.suffix.lower(),
                    format=kind,
                    quality=95,
                )
            )
            settle(draft, path)
        except ValueError as error:
            raise UsageError(f"{kind} cannot hold this picture ({error})", where=path) from error
        finally:
            draft.unlink(missing_ok=True)
