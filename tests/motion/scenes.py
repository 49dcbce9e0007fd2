"""Moving scenes made by formula, whose motion is known exactly."""

import numpy as np


def texture(x, y, seed=0):
    """A colour texture [H, W, 3] of 0..255 (float) at places x, y, defined between pixels too."""
    rng = np.random.default_rng(seed)
    waves = rng.uniform(-0.11, 0.11, (24, 2))
    phases = rng.uniform(0, 2 * np.pi, (24, 3))
    angle = 2 * np.pi * (waves[:, :1, None] * x.ravel() + waves[:, 1:, None] * y.ravel())
    plane = np.sin(angle[:, 0, :, None] + phases[:, None]).sum(axis=0)
    return (127.5 + 24 * plane).reshape(*x.shape, 3).clip(0, 255)


def grid(height, width):
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    return x, y


def picture(height, width, dx=0.0, dy=0.0, seed=0):
    """The texture moved by (dx, dy) pixels: what was at (0, 0) is now at (dx, dy)."""
    x, y = grid(height, width)
    return np.rint(texture(x - dx, y - dy, seed)).astype(np.uint8)


def scene(time, *, height=120, width=192, pan=1.5, speed=6.0, noise=0.0):
    """A square of other texture that crosses a panning background.

    Returns the array, and where the square is [H, W]. The background moves by `pan` pixels a
    frame to the right, the square by `speed`.
    """
    array = picture(height, width, dx=pan * time).astype(np.float64)
    x, y = grid(height, width)
    left, top, side = 40 + speed * time, 40, 40
    inside = (x >= left) & (x < left + side) & (y >= top) & (y < top + side)
    array[inside] = 255 - texture(x - speed * time, y, seed=5)[inside]
    if noise:
        array += np.random.default_rng(int(time)).normal(0, noise, array.shape)
    return np.rint(array).clip(0, 255).astype(np.uint8), inside
