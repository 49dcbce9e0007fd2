"""The catalogue: importing it enters every family into the register."""

from __future__ import annotations

from . import beasts_tame, beasts_wild
from .registry import REGISTER

FAMILIES = (beasts_wild, beasts_tame)

__all__ = ["FAMILIES", "REGISTER"]
