"""Pictures that are periodic both ways: from noise, from a picture, at other sizes.

A texture is an image [3, H, W] whose last row meets its first and whose last column its first.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torch.nn import functional

from dreamvid.sequence.lattice import Lattice, Plane, unwrap_places


def resize_periodic(texture: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Resample a texture [C, H, W] by its spectrum: sharp, and it stays periodic.

    The first texel stays the first. What the smaller size cannot hold is rolled off before.
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
    """The frequencies, in cycles per texel of the old length, of the spectrum of the new one."""
    return torch.as_tensor(torch.fft.fftfreq(new).abs() * (new / old))


def roll_off(down: torch.Tensor, across: torch.Tensor, share: float) -> torch.Tensor:
    """Weights that keep frequencies below `share` of the finest, 0.5, and end smoothly there."""
    reach = torch.hypot(down, across) / (0.5 * share)
    return (math.pi * ((reach - 0.7) / 0.3).clamp(0, 1)).cos() / 2 + 0.5


def crop_spectrum(
    spectrum: torch.Tensor, old: tuple[int, int], new: tuple[int, int]
) -> torch.Tensor:
    """Cut the spectrum (rfft2) of a texture of size `old` for size `new`, or fill it with 0."""
    rows = (min(old[0], new[0]) - 1) // 2
    columns = (min(old[1], new[1]) - 1) // 2 + 1
    room = spectrum.new_zeros((*spectrum.shape[:-2], new[0], new[1] // 2 + 1))
    room[..., : rows + 1, :columns] = spectrum[..., : rows + 1, :columns]
    if rows:
        room[..., -rows:, :columns] = spectrum[..., -rows:, :columns]
    return room


def noise_texture(size: tuple[int, int], *, seed: int = 0, contrast: float = 0.1) -> torch.Tensor:
    """Make coloured noise [3, H, W] around grey, as much in every octave, the same for one seed."""
    generator = torch.Generator().manual_seed(seed)
    white = torch.randn((3, *size), generator=generator)
    # Blobs of up to 64 texels: larger ones would give the whole picture one colour.
    reach = torch.hypot(torch.fft.fftfreq(size[0])[:, None], torch.fft.rfftfreq(size[1]))
    reach = reach.clamp_(min=1 / 64)
    spectrum = torch.fft.rfft2(white) / reach
    spectrum[:, 0, 0] = 0
    noise = torch.fft.irfft2(spectrum, s=size)
    return torch.as_tensor((0.5 + contrast * noise / noise.std()).clamp_(0, 1))


def wrap_picture(picture: torch.Tensor, lattice: Lattice, *, fade: float = 0.25) -> torch.Tensor:
    """Wrap a picture [3, h, w] around a torus, so that `zoom_view` shows it at phase 0.

    Over `fade` of each period the picture cross-fades with itself, a period further in or
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
    if radius > 1.5 * abs(lattice.pitch):  # the picture is finer than the texture
        factor = abs(lattice.pitch) / radius
        size = (max(8, round(height * factor)), max(8, round(width * factor)))
        picture = functional.interpolate(picture[None], size, mode="bicubic", antialias=True)[0]
        height, width = size
        radius = math.hypot(width, height) / 2
    return _fold(_sample(picture, x * radius + width / 2 - 0.5, y * radius + height / 2 - 0.5),
                 (rows, columns))  # fmt: skip


def tile_picture(picture: torch.Tensor, *, fade: float = 0.2) -> torch.Tensor:
    """Make a picture [3, h, w] tileable: each side cross-fades into the other over `fade` of it."""
    height, width = picture.shape[-2:]
    return _fold(picture, (round(height / (1 + fade)), round(width / (1 + fade))))


def _sample(picture: torch.Tensor, x: Plane, y: Plane) -> torch.Tensor:
    pixels = np.ascontiguousarray(picture.permute(1, 2, 0).numpy())
    found = cv2.remap(pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return torch.from_numpy(found).permute(2, 0, 1).clamp(0, 1)


def _fold(wide: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Cross-fade what a wide picture has too much at its start into its end, along both sides."""
    for axis, length in ((1, size[0]), (2, size[1])):
        more = wide.shape[axis] - length
        body, tail = wide.narrow(axis, more, length).clone(), wide.narrow(axis, 0, more)
        if more:
            shape = [1, 1, 1]
            shape[axis] = more
            ramp = (torch.arange(more) + 0.5) / more
            share = (0.5 - (ramp * math.pi).cos() / 2).view(shape)
            end = body.narrow(axis, length - more, more)
            end.copy_(_mix(end, tail, share))
        wide = body
    return wide.contiguous()


def _mix(a: torch.Tensor, b: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Cross-fade without the loss of contrast that averaging two unlike pictures brings."""
    mixed = a * (1 - share) + b * share
    means = (a.mean(dim=(1, 2), keepdim=True) + b.mean(dim=(1, 2), keepdim=True)) / 2
    gain = 1 / ((1 - share) ** 2 + share**2).sqrt()
    half = 1 + (gain - 1) / 2  # unlike pictures would need all of it, like ones none
    return (means + (mixed - means) * half).clamp(0, 1)
