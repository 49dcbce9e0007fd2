"""The sRGB transfer curve, between encoded values and the linear light of OpenEXR."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray


def to_linear(values: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Convert 16-bit values to linear light 0..1, float32 of the same shape (IEC 61966-2-1)."""
    linear: NDArray[np.float32] = _linear_table()[values]
    return linear


def from_linear(light: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Convert linear light to 16-bit values; values outside 0..1 are clipped."""
    light = np.clip(np.nan_to_num(light), 0, 1)
    bent = 1.055 * np.power(light, np.float32(1 / 2.4)) - 0.055
    values = np.where(light <= 0.0031308, light * 12.92, bent)
    levels: NDArray[np.uint16] = np.rint(values * 65535).astype(np.uint16)
    return levels


@functools.cache
def _linear_table() -> NDArray[np.float32]:
    values = np.arange(65536) / 65535
    bent = ((values + 0.055) / 1.055) ** 2.4
    return np.where(values <= 0.04045, values / 12.92, bent).astype(np.float32)
