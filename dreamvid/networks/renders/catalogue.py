"""The catalogue: importing it enters every family into the register."""

from __future__ import annotations

from . import (
    beasts_tame,
    beasts_wild,
    birds_all,
    butterflies,
    faces,
    fish,
    insects,
    machines,
    ornaments,
    places,
    plants,
    reptiles,
    sea,
    textures,
)
from .registry import REGISTER

FAMILIES = (
    faces, beasts_wild, beasts_tame, birds_all, reptiles, fish, sea, insects, butterflies, plants,
    places, machines, textures, ornaments,
)

__all__ = ["FAMILIES", "REGISTER"]
