"""The catalogue: importing it enters every family into the register."""

from __future__ import annotations

from . import (
    beasts_cats,
    beasts_hoofed,
    beasts_small,
    beasts_wild,
    birds_all,
    butterflies,
    facades,
    faces,
    fish_all,
    flowers,
    gaze,
    insects_all,
    leaves,
    machines,
    ornaments,
    places,
    plants,
    reptiles,
    sea,
    shells,
    textures,
    vehicles,
)
from .registry import REGISTER

MODULES = (
    beasts_cats,
    beasts_hoofed,
    beasts_small,
    beasts_wild,
    birds_all,
    butterflies,
    facades,
    faces,
    fish_all,
    flowers,
    gaze,
    insects_all,
    leaves,
    machines,
    ornaments,
    places,
    plants,
    reptiles,
    sea,
    shells,
    textures,
    vehicles,
)
REGISTER.sort()

__all__ = ["MODULES", "REGISTER"]
