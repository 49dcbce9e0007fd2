"""Periodic textures: made from noise or an image, and resampled.

A texture is an image [3, H, W] that is periodic in both directions.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dreamvid.loops.lattice import Lattice, Plane, unwrap_places

Pixels = NDArray[np.float32]


def resize_periodic(texture: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Resample a texture [C, H, W] through its spectrum, sharply and preserving its period.

    The position of the first texel is preserved. Shrinking applies a smooth low-pass filter.
    """
    old = (int(texture.shape[-2]), int(texture.shape[-1]))
    spectrum = crop_spectrum(torch.fft.rfft2(texture), old, size)
    shrink = min(size[0] / old[0], size[1] / old[1])
    if shrink < 1:
        down, across = frequencies(old[0], size[0])[:, None], frequencies(old[1], size[1])
        keep = roll_off(down, across[: size[1] // 2 + 1], shrink)
        spectrum = spectrum * keep.to(texture.device)
    resized: torch.Tensor = torch.fft.irfft2(spectrum, s=size) * (math.prod(size) / math.prod(old))
    return resized


def frequencies(old: int, new: int) -> torch.Tensor:
    """The frequencies of a spectrum of length `new`, in cycles per texel of length `old`."""
    return torch.as_tensor(torch.fft.fftfreq(new).abs() * (new / old))


def roll_off(down: torch.Tensor, across: torch.Tensor, share: float) -> torch.Tensor:
    """Low-pass weights with a smooth cutoff at `share` of the highest frequency, 0.5."""
    reach = torch.hypot(down, across) / (0.5 * share)
    return (math.pi * ((reach - 0.7) / 0.3).clamp(0, 1)).cos() / 2 + 0.5


def crop_spectrum(
    spectrum: torch.Tensor, old: tuple[int, int], new: tuple[int, int]
) -> torch.Tensor:
    """Crop or zero-pad the spectrum (rfft2) of a texture of size `old` to size `new`."""
    rows = (min(old[0], new[0]) - 1) // 2
    columns = (min(old[1], new[1]) - 1) // 2 + 1
    room = spectrum.new_zeros((*spectrum.shape[:-2], new[0], new[1] // 2 + 1))
    room[..., : rows + 1, :columns] = spectrum[..., : rows + 1, :columns]
    if rows:
        room[..., -rows:, :columns] = spectrum[..., -rows:, :columns]
    return room


def noise_texture(size: tuple[int, int], *, seed: int = 0, contrast: float = 0.1) -> torch.Tensor:
    """Make coloured clouds [3, H, W] around grey (power-law noise), deterministic by seed."""
    generator = torch.Generator().manual_seed(seed)
    white = torch.randn((3, *size), generator=generator)
    # Limit wavelengths to 64 texels: longer ones would tint the whole image.
    reach = torch.hypot(torch.fft.fftfreq(size[0])[:, None], torch.fft.rfftfreq(size[1]))
    reach = reach.clamp_(min=1 / 64)
    spectrum = torch.fft.rfft2(white) / reach.pow(1.6)
    spectrum[:, 0, 0] = 0
    noise = torch.fft.irfft2(spectrum, s=size)
    return torch.as_tensor((0.5 + contrast * noise / noise.std()).clamp_(0, 1))


def wrap_picture(picture: torch.Tensor, lattice: Lattice, *, fade: float = 0.25) -> torch.Tensor:
    """Wrap an image [3, h, w] around a torus, so that `zoom_view` shows it at phase 0.

    Over a share `fade` of each period it is blended with itself one period further, inwards or
    around. Beyond its edges it is mirrored.
    """
    rows, columns = lattice.height, lattice.width
    more_rows, more_columns = round(rows * fade), round(columns * fade)
    down, across = np.meshgrid(
        np.arange(-rows - more_rows, 0), np.arange(-more_columns, columns), indexing="ij"
    )
    x, y = unwrap_places(lattice, down.astype(np.float32), across.astype(np.float32))
    height, width = picture.shape[-2:]
    radius = math.hypot(width, height) / 2
    if radius > 1.5 * abs(lattice.pitch):  # the image is finer than the texture
        factor = abs(lattice.pitch) / radius
        size = (max(8, round(height * factor)), max(8, round(width * factor)))
        picture = functional.interpolate(picture[None], size, mode="bicubic", antialias=True)[0]
        height, width = size
        radius = math.hypot(width, height) / 2
    return _fold(_sample(picture, x * radius + width / 2 - 0.5, y * radius + height / 2 - 0.5),
                 (rows, columns))  # fmt: skip


def tile_picture(picture: torch.Tensor, *, fade: float = 0.2) -> torch.Tensor:
    """Make an image [3, h, w] tileable by blending opposite sides over a share `fade`."""
    height, width = picture.shape[-2:]
    return _fold(picture, (round(height / (1 + fade)), round(width / (1 + fade))))


def _sample(picture: torch.Tensor, x: Plane, y: Plane) -> torch.Tensor:
    pixels = np.ascontiguousarray(picture.permute(1, 2, 0).numpy())
    found = cv2.remap(pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return torch.from_numpy(found).permute(2, 0, 1).clamp(0, 1)


def _fold(wide: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Blend the excess at the start of each axis into its end, so that it becomes periodic."""
    pixels = np.ascontiguousarray(wide.permute(1, 2, 0).numpy())
    for length in size:  # rows first, then columns after transposing
        more = pixels.shape[0] - length
        head, body = pixels[:more], pixels[more:].copy()
        if more:
            body[length - more :] = _join(body[length - more :], head)
        pixels = np.ascontiguousarray(body.swapaxes(0, 1))
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous().clamp(0, 1)


def _join(a: Pixels, b: Pixels) -> Pixels:
    """Blend from strip `a` [n, W, 3] to strip `b`, top to bottom, without ghosting.

    Low frequencies are cross-faded over the whole strip. Detail switches along the path of least
    difference (Efros and Freeman 2001), so that contrast is preserved.
    """
    count = len(a)
    blur = count / 6 + 0.5
    coarse_a, coarse_b = (
        cv2.GaussianBlur(x, (0, 0), blur, borderType=cv2.BORDER_REFLECT) for x in (a, b)
    )
    steps = (np.arange(count, dtype=np.float32) + 0.5)[:, None]
    far = 0.5 - np.cos(np.pi * steps / count) / 2
    reach = max(1.0, count / 12)
    near = np.clip((steps - _least_path(np.square(a - b).sum(axis=2))) / reach + 0.5, 0, 1)
    far, near = far[..., None], near[..., None].astype(np.float32)
    detail_a, detail_b = a - coarse_a, b - coarse_b
    joined = coarse_a + (coarse_b - coarse_a) * far + detail_a + (detail_b - detail_a) * near
    return np.asarray(joined, np.float32)


def _least_path(cost: Plane) -> Plane:
    """The rows [W] of the cheapest path from left to right that moves at most one row per column.

    The strip is doubled and the middle of the path is used, so that its ends meet.
    """
    count, width = cost.shape
    edge = max(1, count // 8)
    bound = cost.copy()
    if count > 2 * edge:
        bound[:edge] = bound[-edge:] = 1e6
    twice = np.concatenate((bound, bound), axis=1)
    total = np.pad(twice[:, 0], 1, constant_values=np.inf)
    moves = np.zeros((2 * width, count), np.int8)
    for column in range(1, 2 * width):
        options = np.stack((total[:-2], total[1:-1], total[2:]))
        moves[column] = options.argmin(axis=0) - 1
        total[1:-1] = options.min(axis=0) + twice[:, column]
    path = np.empty(2 * width, np.float32)
    row = int(total[1:-1].argmin())
    for column in range(2 * width - 1, -1, -1):
        path[column] = row + 0.5
        row += int(moves[column, row])
    return np.roll(path[width // 2 : width // 2 + width], width // 2)
