"""Beasts: mammals as sets of numbers on the head and body kits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from . import coats
from .bodies import Body, build_body
from .coats import Wrap
from .finish import Picture, portrait
from .frames import Frame, upright
from .heads import Head, build_head
from .palettes import Look, Rng, look
from .registry import REGISTER, Painter
from .sculpt import Mark, Sculpture

# A species' marks, given the colours, the dice and whether it is the head that is marked.
Marks = Callable[[Look, Rng, bool], list[Mark]]
Weave = coats.Weave
VIEWS = {"front": (0.0, 0.16), "quarter": (0.68, 0.2), "side": (1.38, 0.14)}


@dataclass(frozen=True)
class Species:
    """One mammal: head, body, natural coats ('main dark light accent'), marks, kind of hair."""

    head: Head
    body: Body
    furs: tuple[str, ...]
    marks: Marks | None = None
    weave: Weave = coats.fur
    ragged: float = 1.3


def _clothed(s: Sculpture, f: Frame, species: Species, colours: Look, rng: Rng, wrap: Wrap) -> None:
    s.coat(f, species.weave(rng, wrap))
    if species.marks:
        for mark in species.marks(colours, rng, wrap is coats.polar):
            s.mark(f, mark)


def paint_head(species: Species, view: str) -> Painter:
    """Return the painter of a head from the 'front', in three-'quarter' view or from the 'side'."""
    yaw, spread = VIEWS[view]

    def paint(rng: Rng, size: int) -> Picture:
        colours, s = look(rng, species.furs), Sculpture(ragged=species.ragged)
        f = upright(yaw + rng.normal(0, spread), rng.uniform(-0.12, 0.25), rng.normal(0, 0.12))
        _clothed(s, f, species, colours, rng, coats.polar)
        build_head(s, f, species.head, colours, rng)
        return portrait(s, rng, size, (0.74, 1.04))

    return paint


def paint_body(species: Species) -> Painter:
    """Return the painter of a whole animal, walking, with its head turned a little to us."""

    def paint(rng: Rng, size: int) -> Picture:
        colours, s = look(rng, species.furs), Sculpture(ragged=species.ragged * 0.6)
        yaw = rng.uniform(0.75, 1.6)
        f = upright(yaw, rng.uniform(0.0, 0.3), rng.normal(0, 0.08))
        _clothed(s, f, species, colours, rng, coats.lengthwise)
        glance = -rng.uniform(0, 0.75) * yaw
        place = build_body(s, f, species.body, species.head, colours, rng, glance=glance)
        _clothed(s, place, species, colours, rng, coats.polar)
        return portrait(s, rng, size, (0.85, 1.12))

    return paint


def enter(
    name: str,
    species: Species,
    *,
    family: str = "beasts",
    views: Sequence[str] = ("front", "quarter", "side", "body"),
) -> None:
    """Enter an animal's labels: its head in up to three views, its whole body."""
    makers = {view: partial(paint_head, view=view) for view in VIEWS} | {"body": paint_body}
    REGISTER.add(name, family, {view: makers[view](species) for view in views})
