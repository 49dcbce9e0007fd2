"""The light of a landscape: where the sun stands, the colours of sky and haze, and film."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .noise import Array, floats, mix, smooth


def rgb(hexes: str) -> Array:
    """Read a colour such as 'f4a259' as light, linear."""
    return floats((np.array([int(hexes[k : k + 2], 16) for k in (0, 2, 4)]) / 255) ** 2.2)


@dataclass(frozen=True)
class Light:
    """The sun `across` radians right of straight ahead and `height` radians up, and its colours."""

    across: float
    height: float
    sun: Array
    above: Array
    under: Array
    zenith: Array
    middle: Array
    horizon: Array
    glow: Array
    towards: tuple[float, float, float] = field(init=False)

    def __post_init__(self) -> None:
        """Turn the angles of the sun into a direction."""
        c = np.cos(self.height)
        towards = (c * np.sin(self.across), np.sin(self.height), c * np.cos(self.across))
        object.__setattr__(self, "towards", tuple(map(float, towards)))

    def haze_at(self, facing: Array) -> Array:
        """Colour the air: warmer and brighter towards the sun."""
        return mix(self.horizon, self.glow, 0.85 * smooth(-0.2, 1.0, facing) ** 2)

    def facing(self, across: Array, rise: Array) -> Array:
        """Take the cosine between a ray and the sun."""
        flat = np.sin(across) * self.towards[0] + np.cos(across) * self.towards[2]
        return floats((flat + rise * self.towards[1]) / np.sqrt(1 + rise * rise))

    def sky(self, across: Array, rise: Array) -> Array:
        """Colour the clear sky."""
        facing = self.facing(across, rise)
        sky = mix(self.haze_at(facing), self.middle, smooth(0.0, 0.30, rise))
        sky = mix(sky, self.zenith, smooth(0.10, 0.75, rise))
        near = np.clip(facing, 0, 1)
        halo = 0.5 * near**12 + 0.9 * near**90
        return floats(sky + halo[..., None] * self.glow)

    def veil(self, across: Array, rise: Array) -> Array:
        """Colour high, thin cloud."""
        warm = smooth(0.0, 1.0, self.facing(across, rise))
        return floats(0.45 * self.above + (0.28 + 0.5 * warm)[..., None] * self.sun)


def develop(light: Array, exposure: float = 1.0) -> Array:
    """Bring light to a picture 0..1 as film does: dark tones deepen, bright ones never clip."""
    x = np.maximum(light * exposure, 0)
    # the curve that Krzysztof Narkowicz fitted to the ACES reference, and the display's 2.2
    x = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    return floats(np.clip(x, 0, 1) ** (1 / 2.2))


GOLDEN = Light(
    across=-0.95,
    height=0.27,
    sun=floats([1.60, 1.02, 0.56]),
    above=floats([0.20, 0.28, 0.43]),
    under=floats([0.14, 0.14, 0.20]),
    zenith=rgb("2f5a96"),
    middle=rgb("6c94bd"),
    horizon=rgb("aab2c0"),
    glow=rgb("f2b77c"),
)
