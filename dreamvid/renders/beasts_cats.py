"""Cats great and small, as numbers."""

from __future__ import annotations

from dataclasses import replace

from . import markings as m
from .beasts import Species, enter
from .bodies import Body, Tail
from .growths import mane, whiskers
from .heads import Ears, Head
from .palettes import Look, Rng
from .sculpt import Mark

CAT = Head(
    skull=(0.78, 0.7, 0.75),
    cheek=(0.42, 0.25, 0.2, 0.4),
    muzzle=(0.26, 0.72),
    snout=(0.2, 0.16, 0.2),
    pads=(0.15, 0.2),
    bridge=(0.36, 0.2),
    chin=(0.48, 0.7, 0.15),
    nose=(0.09, 0.06, 0.1),
    nose_colour="skin",
    eyes=(0.34, -0.06, 0.22),
    pupil="slit",
    slant=0.25,
    ears=Ears("point", 0.75, 0.34, 0.6, 0.25, 0.35),
    neck=(0.45, 0.5, 0.8, -0.5),
    extras=(whiskers(0.3, 0.8),),
)

BIG_CAT = Head(
    skull=(0.72, 0.72, 0.75),
    cheek=(0.4, 0.2, 0.15, 0.42),
    muzzle=(0.33, 0.85),
    snout=(0.3, 0.22, 0.22),
    pads=(0.17, 0.24),
    bridge=(0.4, 0.26),
    chin=(0.62, 0.72, 0.2),
    nose=(0.16, 0.09, 0.13),
    nose_colour="skin",
    eyes=(0.31, -0.12, 0.15),
    slant=0.35,
    ears=Ears("round", 0.1, 0.22, 0.75, 0.3, 0.2),
    neck=(0.55, 0.65, 0.85, -0.6),
    extras=(whiskers(0.4, 0.95),),
)

FELINE = Body(
    length=2.0,
    chest=0.4,
    waist=0.34,
    hip=0.38,
    legs=0.95,
    thick=(0.22, 0.13, 0.11),
    neck=(-0.5, 0.3),
    throat=(0.34, 0.3),
    head=0.68,
    tail=Tail(1.6, (0.1, 0.1, 0.08), 0.9, curl=0.3),
)


def _cat(look: Look, rng: Rng, head: bool) -> list[Mark]:
    marks = [m.belly(look.light, above=0.42 if head else 0.25)]
    style = rng.integers(3)
    if style == 0:
        marks.append(m.stripes(look.dark, rng, count=7 if head else 9, head=head, share=-0.2))
    elif style == 1:
        marks.append(m.patches(look.accent, rng, share=-0.2))
    return marks


def _tiger(look: Look, rng: Rng, head: bool) -> list[Mark]:
    pale = [m.belly(look.light, above=0.45 if head else 0.28)]
    if head:
        pale.append(m.spot(look.light, (0.3, -0.32, 0.6), (0.17, 0.1, 0.3)))
    return [*pale, m.stripes(look.dark, rng, count=7 if head else 10, head=head, share=0.15)]


def _leopard(look: Look, rng: Rng, head: bool) -> list[Mark]:
    pale = m.belly(look.light, above=0.5 if head else 0.3)
    size = 0.7 if head else 1.0
    return [pale, m.spots(look.dark, rng, size=size, ring=not head, share=0.4)]


def _cheetah(look: Look, rng: Rng, head: bool) -> list[Mark]:
    pale = m.belly(look.light, above=0.4)
    dots = m.spots(look.dark, rng, size=0.55, share=0.3)
    return (
        [pale, dots, m.spot(look.dark, (0.2, 0.12, 0.7), (0.05, 0.22, 0.4))]
        if head
        else [pale, dots]
    )


LION = replace(BIG_CAT, extras=(mane(1.35),), neck=None)

CHEETAH = replace(
    CAT, eyes=(0.3, -0.08, 0.14), pupil="round", ears=Ears("round", 0.08, 0.2, 0.8, 0.3, 0.3)
)

# fmt: off
enter("cat", Species(CAT, FELINE, ("c98a4b 3a2416 f4e8d4 8a5a2a", "8d8d92 2c2c30 f0f0f0 d9862f",
    "f2eee6 2a2422 ffffff d9822b", "2b2a2e 0f0f12 5a5a60 8a5a2a"), _cat))

enter("lion", Species(LION, FELINE, ("d9a452 6b3a16 f2dfb8 8a4a1c", "c98b3e 2e1a10 f0d8a8 5a2a12")))

enter("tiger", Species(BIG_CAT, FELINE, ("e8842a 1c120e fbf3e4 b8541a",
    "f0ece4 2a2624 ffffff c8c0b8"), _tiger))

enter("leopard", Species(BIG_CAT, FELINE, ("dfa04a 2a1a10 f8ecd2 a8702e",
    "4a4650 101014 8a8690 2a2a30"), _leopard))

enter("cheetah", Species(CHEETAH, FELINE, ("e6b45c 1e140e faf0dc c8903c",), _cheetah))
# fmt: on
