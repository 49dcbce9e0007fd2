"""The ground of the valley: mountains, wooded hills, the bed of the lake and a meadow."""

from __future__ import annotations

from functools import cache

import numpy as np

from .light import Light, rgb
from .noise import Array, eroded, floats, fractal, mix, sample, smooth, spots

TALL = 20.0
"""How tall the tallest trees are, in metres."""


@cache
def tiles() -> dict[str, Array]:
    """Make the tiles of noise that the ground is read from."""
    near, own = spots(1024, 64, 3)
    stones, sizes = spots(512, 16, 8)
    return {
        "peaks": eroded(1024, 3, 8, 42),
        "hills": fractal(512, 4, 6, 6, 0.45),
        "grain": fractal(512, 32, 4, 9, 0.75),
        "near": near,
        "own": own,
        "stones": stones,
        "sizes": sizes,
        "blades": fractal(1024, 256, 2, 14, 0.6),
    }


def read(name: str, x: Array, z: Array, metres: float) -> Array:
    """Read a tile that is `metres` wide."""
    tile = tiles()[name]
    scale = tile.shape[0] / metres
    return sample(tile, x * scale, z * scale)


def mountains(x: Array, z: Array) -> Array:
    """Raise mountains behind the hills, in two ranges."""
    crest = read("peaks", x + 1900, z + 700, 9000)
    rise = smooth(1900, 6200, z) * (0.5 + 0.5 * smooth(5500, 9500, z))
    broad = read("hills", x + 300, z, 16000)
    return floats(
        rise * (2250 * crest * (0.75 + 0.18 * broad)) + 6 * read("hills", x, z, 500) * rise
    )


def hills(x: Array, z: Array) -> Array:
    """Shape the shores: below 0 is the lake."""
    broad, small = read("hills", x + 500, z, 3600), read("hills", x, z + 200, 700)
    # the far shore bends, and a wooded point reaches in from the left, another from the right
    far = smooth(560, 1500, z + 90 * small + 160 * broad)
    left = smooth(-40, -230, x + 0.18 * (z - 300) + 22 * small) * smooth(190, 300, z + 20 * small)
    right = smooth(95, 330, x - 0.1 * (z - 420) + 28 * small) * smooth(330, 470, z + 30 * small)
    land = 52 * far * (1 + 0.5 * broad) + 20 * left + 26 * right
    return floats(land + 7 * small * np.clip(far + left + right, 0, 1) - 5)


def meadow(x: Array, z: Array) -> Array:
    """Shape the bank at our feet, without its grass."""
    wave = read("hills", x + 40, z, 70)
    edge = 19 + 2.5 * wave + 0.03 * x * x
    top = 7.2 + 0.35 * wave + 0.008 * x * x - 0.03 * z
    return floats(top - 9 * smooth(edge - 4, edge + 12, z) - 60 * smooth(edge + 12, edge + 30, z))


def trees(x: Array, z: Array, ground: Array) -> tuple[Array, Array]:
    """How far trees stand above the ground, in metres, and each one's own number 0..1."""
    near, own = read("near", x, z, 560), read("own", x, z, 560)
    # conifers are cones, the others are domes; clearings are where the noise is low
    cone, dome = np.clip(1 - 1.6 * near, 0, 1), np.sqrt(np.clip(1 - 3.2 * near * near, 0, 1))
    crown = np.where(own > 0.35, cone, 0.62 * dome) * (0.55 + 0.6 * np.mod(own * 7, 1))
    wood = smooth(-0.9, -0.3, read("hills", x, z + 90, 1300) + 0.4 * read("hills", x, z, 300))
    wood = wood * smooth(1.0, 4.0, ground) * smooth(700, 350, ground) * smooth(5200, 2200, z)
    leaves = 1.3 * read("grain", x, z, 60) * (crown > 0.05)
    return floats(wood * np.maximum(TALL * crown + leaves, 0)), own


def stones(x: Array, z: Array) -> Array:
    """How far stones stand above the meadow, in metres."""
    near, own = read("stones", x, z, 30), read("sizes", x, z, 30)
    wide = 0.1 + 0.34 * np.clip(own - 0.62, 0, 1) / 0.38
    dome = np.sqrt(np.clip(1 - (near / wide) ** 2, 0, 1)) * (own > 0.62)
    rough = 1 + 0.16 * read("hills", x, z, 5) + 0.06 * read("grain", x, z, 6)
    return floats(np.clip(dome * wide * 2.1 * rough, 0, 2))


def grass(x: Array, z: Array) -> Array:
    """How far grass stands above the meadow, in metres."""
    clump = smooth(-1.2, 1.2, read("hills", x, z, 9))
    blade = smooth(-0.6, 2.2, read("blades", x, 0.35 * z, 7))
    return floats((0.10 + 0.62 * blade) * (0.25 + 0.75 * clump))


def far_ground(x: Array, z: Array) -> Array:
    """Give the height of all that lies beyond the lake, trees and all."""
    low = hills(x, z)
    ground = np.where(low > 0, low, low * 3) + mountains(x, z) * (low > 0)
    return floats(ground + trees(x, z, ground)[0])


def near_ground(x: Array, z: Array) -> Array:
    """Give the height of the bank at our feet, with its grass and stones."""
    base = meadow(x, z)
    return floats(base + np.maximum(grass(x, z) * (base > -0.3), stones(x, z)))


# --- how it looks -----------------------------------------------------------------------------


def slopes(x: Array, z: Array, light: Light, pixel: Array) -> Array:
    """How squarely the sun meets the far ground, -1..1, taken over a pixel's width."""
    step = np.maximum(pixel, 0.4)
    here = far_ground(x, z)
    right = (far_ground(floats(x + step), z) - here) / step
    deep = (far_ground(x, floats(z + step)) - here) / step
    east, up, north = light.towards
    return floats((up - right * east - deep * north) / np.sqrt(1 + right**2 + deep**2))


def shadow(x: Array, y: Array, z: Array, light: Light, reach: float) -> Array:
    """How much sun comes past the mountains and the trees, 0..1."""
    free = np.ones_like(x)
    for k in range(1, 6):
        along = reach * (k / 5) ** 2
        at = [floats(c + along * d) for c, d in zip((x, y, z), light.towards, strict=True)]
        above = (at[1] - far_ground(at[0], at[2])) / (0.12 * along + 1)
        free = np.minimum(free, smooth(-1.2, 0.6, above))
    return free


def far_colour(x: Array, y: Array, z: Array, steep: Array) -> Array:
    """Colour trees, clearings, rock and snow."""
    low = hills(x, z)
    ground = floats(low + mountains(x, z))
    tall, own = trees(x, z, ground)
    hue = np.mod(own * 13, 1)
    tree = mix(rgb("2f4a2c"), rgb("5f7434"), hue)
    tree = mix(tree, rgb("b4803a"), smooth(0.86, 0.93, hue))
    tree = tree * (0.35 + 0.75 * np.clip(tall / 12, 0, 1.1))[..., None]
    grain = read("grain", x, z, 260)
    lawn = mix(rgb("6d7a3c"), rgb("a39a5c"), smooth(-1, 1, grain + read("hills", x, z, 240)))
    colour = mix(lawn, tree, smooth(0.3, 2.5, tall))
    woods = smooth(-1.0, 0.8, read("hills", x, z + 90, 1300) + 0.8 * grain)
    colour = mix(colour, rgb("3d5236"), 0.85 * woods * smooth(1800, 3600, z))
    strata = np.sin(y / 26 + 2.2 * read("hills", x, z, 900))
    stone = mix(rgb("6b5f5a"), rgb("a8968a"), smooth(-1.4, 1.4, 0.8 * strata + 0.6 * grain))
    rocky = smooth(420, 800, ground + 110 * grain + 420 * (steep - 0.5))
    colour = mix(colour, stone, rocky)
    snow = smooth(860, 1150, ground + 120 * grain - 420 * (steep - 0.75))
    return mix(colour, rgb("e6e8ee"), 0.9 * snow)


def near_colour(x: Array, y: Array, z: Array) -> Array:
    """Colour the grass, darker at its roots, the flowers and the stones."""
    base = meadow(x, z)
    above, stone = floats(y - base), stones(x, z)
    clump, fine = read("hills", x, z, 14), read("blades", x, z, 5)
    green = mix(rgb("4d6b2a"), rgb("9aa04a"), smooth(-1.3, 1.5, clump + 0.7 * fine))
    green = mix(
        green, rgb("c9b070"), 0.6 * smooth(0.4, 1.6, read("hills", x + 9, z, 5) + 0.4 * fine)
    )
    green = green * (0.18 + 1.05 * smooth(0.0, 0.75, above))[..., None]
    grey = mix(rgb("57524e"), rgb("a89d90"), smooth(-1.5, 1.5, read("grain", x + y, z, 3)))
    moss = smooth(0.2, 1.2, read("hills", x, z + y, 4))
    grey = mix(grey, rgb("6d7638"), 0.7 * moss)
    return mix(green, grey, smooth(0.01, 0.05, stone - grass(x, z)))
