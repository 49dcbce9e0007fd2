"""The catalogue: importing it enters every family into the register."""

from __future__ import annotations

from . import beasts_tame, beasts_wild, birds_all, fish, insects, reptiles, sea
from .registry import REGISTER

FAMILIES = (beasts_wild, beasts_tame, birds_all, reptiles, fish, sea, insects)

__all__ = ["FAMILIES", "REGISTER"]
