"""Hoofed beasts and giants, as numbers."""

from __future__ import annotations

from dataclasses import replace

from . import coats, growths
from . import markings as m
from .beasts import Species, enter
from .bodies import Body, Tail
from .heads import Ears, Head
from .palettes import Look, Rng
from .sculpt import Mark

HORSE = Head(
    skull=(0.52, 0.58, 0.7), cheek=(0.2, 0.38, 0.1, 0.38), muzzle=(1.15, 1.0),
    snout=(0.29, 0.27, 0.28), bridge=(0.42, 0.26), chin=(1.35, 0.85, 0.17), nose=(0, 0, 0),
    eyes=(0.42, -0.02, 0.15), lid=0.15, slant=-0.05, muzzle_paint="coat", smile=0,
    ears=Ears("point", 0.6, 0.18, 0.45, 0.1, 0.5), neck=(0.48, 0.62, 1.3, -0.85),
    extras=(growths.fringe(), growths.nostrils(0.16, 1.12, 1.24, 0.07)),
)  # fmt: skip
COW = Head(
    skull=(0.62, 0.62, 0.75), cheek=(0.28, 0.32, 0.2, 0.36), muzzle=(0.82, 0.95),
    snout=(0.42, 0.3, 0.26), bridge=(0.46, 0.36), chin=(1.05, 0.78, 0.22), nose=(0, 0, 0),
    eyes=(0.48, -0.05, 0.15), lid=0.2, slant=-0.1, muzzle_paint="skin", smile=0.05,
    ears=Ears("leaf", 0.75, 0.26, 1.15, 1.5, 0.3), neck=(0.55, 0.7, 0.9, -0.8),
    extras=(growths.horns([(0.35, -0.5, 0), (0.95, -0.65, 0), (0.95, -1.15, 0.1)], (0.14, 0.03)),
            growths.nostrils(0.22, 0.76, 1.17, 0.085)),
)  # fmt: skip
RAM = Head(
    skull=(0.56, 0.6, 0.72), cheek=(0.22, 0.3, 0.15, 0.36), muzzle=(0.72, 0.95),
    snout=(0.25, 0.22, 0.24), bridge=(0.4, 0.25), chin=(0.92, 0.8, 0.15), nose=(0.13, 0.08, 0.0),
    eyes=(0.42, -0.02, 0.15), pupil="bar", lid=0.12, ears=Ears("leaf", 0.6, 0.2, 1.2, 1.7, 0.3),
    extras=(growths.horns([(0.25, -0.55, 0), (1.1, -1.3, -0.8), (1.75, 0.1, -0.9), (1.1, 1.1, 0.2),
                           (0.75, 0.3, 0.75)], (0.26, 0.06), bands=8),),
)  # fmt: skip
GOAT = replace(RAM, extras=(
    growths.horns([(0.2, -0.5, 0), (0.35, -1.2, 0.1), (0.8, -1.7, -0.6)], (0.15, 0.04), bands=5),
    growths.beard(1.0, 0.8, 0.65)))  # fmt: skip
BISON = replace(COW, extras=(growths.crown(0.45), growths.beard(1.1, 0.7, 0.7), *COW.extras))
SHEEP = replace(RAM, bridge=(0.42, 0.28), extras=(growths.crown(0.42),))
PIG = Head(
    skull=(0.74, 0.7, 0.75), cheek=(0.42, 0.28, 0.15, 0.42), muzzle=(0.3, 1.05),
    snout=(0.3, 0.27, 0.16), bridge=(0.42, 0.27), chin=(0.58, 0.72, 0.2), nose=(0, 0, 0),
    eyes=(0.38, -0.14, 0.12), muzzle_paint="skin", smile=0.2,
    ears=Ears("point", 0.65, 0.36, 0.7, 0.7, 0.2), neck=(0.6, 0.75, 0.8, -0.6),
    extras=(growths.disc(0.3, 1.2, 0.27), growths.nostrils(0.11, 0.29, 1.27, 0.075)),
)  # fmt: skip
DEER = Head(
    skull=(0.54, 0.58, 0.7), cheek=(0.22, 0.3, 0.1, 0.36), muzzle=(0.68, 1.02),
    snout=(0.22, 0.2, 0.22), bridge=(0.38, 0.22), chin=(0.85, 0.9, 0.13), nose=(0.15, 0.1, 0.05),
    eyes=(0.42, -0.04, 0.17), lid=0.1, slant=-0.1, ears=Ears("leaf", 0.8, 0.26, 0.95, 1.0, 0.35),
    neck=(0.36, 0.5, 1.2, -0.6), extras=(growths.antlers(0.8),),
)  # fmt: skip
GIRAFFE = replace(
    HORSE, muzzle=(0.9, 1.1), chin=(1.08, 0.95, 0.16), ears=Ears("leaf", 0.6, 0.18, 0.9, 1.2, 0.3),
    neck=(0.36, 0.45, 1.7, -0.5), extras=(growths.knobs(),
        growths.nostrils(0.15, 0.86, 1.33, 0.06)),
)  # fmt: skip
CAMEL = replace(
    HORSE, muzzle=(0.62, 1.15), snout=(0.3, 0.24, 0.28), chin=(0.85, 1.0, 0.2), lid=0.3,
    ears=Ears("round", 0.12, 0.14, 0.8, 0.3, 0.3), neck=(0.4, 0.42, 1.5, -0.4), smile=0.15,
    extras=(growths.crown(0.3), growths.nostrils(0.14, 0.55, 1.4, 0.06)),
)  # fmt: skip
ELEPHANT = Head(
    skull=(0.72, 0.8, 0.75), cheek=(0.38, 0.15, 0.3, 0.36), muzzle=(0.35, 0.72),
    snout=(0.34, 0.34, 0.3), bridge=(0.45, 0.34), chin=(0.72, 0.6, 0.2), nose=(0, 0, 0),
    eyes=(0.48, -0.02, 0.11), lid=0.2, slant=-0.2, muzzle_paint="coat", smile=0,
    ears=Ears("flop", 1.35, 0.72, 1.1, 2.15, 0.25, -0.2), neck=(0.7, 0.8, 0.6, -0.7),
    extras=(growths.trunk(), growths.tusks(0.9, x=0.3)),
)  # fmt: skip
RHINO = Head(
    skull=(0.62, 0.6, 0.75), cheek=(0.3, 0.3, 0.2, 0.4), muzzle=(0.72, 1.15),
    snout=(0.36, 0.32, 0.32), bridge=(0.46, 0.34), chin=(0.98, 0.95, 0.2), nose=(0, 0, 0),
    eyes=(0.46, 0.05, 0.1), lid=0.2, muzzle_paint="coat", smile=0.05,
    ears=Ears("leaf", 0.5, 0.2, 0.6, 0.3, 0.4), neck=(0.62, 0.8, 0.6, -0.8),
    extras=(growths.nose_horns((0.5, 1.25, 1.1), (0.2, 0.85, 0.5)),
        growths.nostrils(0.2, 0.75, 1.42)),
)  # fmt: skip
HIPPO = Head(
    skull=(0.6, 0.52, 0.7), cheek=(0.32, 0.35, 0.2, 0.4), muzzle=(0.62, 1.15),
    snout=(0.55, 0.38, 0.42), bridge=(0.48, 0.38), chin=(0.95, 0.9, 0.32), nose=(0, 0, 0),
    eyes=(0.38, -0.3, 0.13), lid=0.15, muzzle_paint="coat", smile=-0.1,
    ears=Ears("round", 0.1, 0.14, 0.75, 0.3, 0.3), neck=(0.7, 0.85, 0.6, -0.6),
    extras=(growths.nostrils(0.22, 0.32, 1.4, 0.06), growths.tusks(0.25, x=0.28, y=0.9, z=1.2)),
)  # fmt: skip

HORSELIKE = Body(
    length=2.1, chest=0.5, waist=0.46, hip=0.48, legs=1.25, thick=(0.24, 0.12, 0.09),
    neck=(-1.1, 0.5), throat=(0.42, 0.28), head=0.52, foot="hoof",
    tail=Tail(1.0, (0.1, 0.17, 0.05), -0.5, "dark"),
)  # fmt: skip
COWLIKE = replace(HORSELIKE, chest=0.58, waist=0.6, hip=0.55, legs=0.9, neck=(-0.45, 0.6), head=0.6,
                  throat=(0.46, 0.36), tail=Tail(1.0, (0.06, 0.04, 0.12), -0.6,
                      "dark"))  # fmt: skip
DEERLIKE = replace(HORSELIKE, chest=0.42, waist=0.36, hip=0.4, thick=(0.19, 0.09, 0.07), head=0.5,
                   neck=(-1.0, 0.45), throat=(0.32, 0.22),
                   tail=Tail(0.25, (0.12, 0.14, 0.06), 0.2, "light"))  # fmt: skip
WOOLLY = replace(COWLIKE, legs=0.7, head=0.52, neck=(-0.4, 0.45), thick=(0.2, 0.1, 0.09),
    limbs="dark",
                 socks="dark", back="light", tail=Tail(0.25, (0.14, 0.12, 0.1), 0.0))  # fmt: skip
HEAVY = Body(
    length=2.1, chest=0.72, waist=0.74, hip=0.7, deep=1.0, legs=0.85, thick=(0.32, 0.24, 0.22),
    neck=(-0.3, 0.55), throat=(0.6, 0.5), head=0.74, foot="paw",
    tail=Tail(0.7, (0.07, 0.05, 0.06), -0.5, "dark"),
)  # fmt: skip
LONG_NECK = replace(DEERLIKE, neck=(-2.3, 0.7), legs=1.6, throat=(0.36, 0.2), head=0.5, length=1.7,
                    tail=Tail(0.8, (0.05, 0.04, 0.1), -0.6, "dark"))  # fmt: skip
PIGLIKE = replace(HEAVY, legs=0.6, head=0.78, tail=Tail(0.4, (0.06, 0.05, 0.03), 1.2, curl=0.5))


def _horse(look: Look, rng: Rng, head: bool) -> list[Mark]:
    if head:
        return [m.blaze(look.light, 0.11)] if rng.random() < 0.6 else []
    return [m.patches(look.light, rng, share=-0.3)] if rng.random() < 0.3 else []


def _zebra(look: Look, rng: Rng, head: bool) -> list[Mark]:
    return [m.stripes(look.dark, rng, count=9 if head else 13, head=head, share=0.25)]


def _cow(look: Look, rng: Rng, head: bool) -> list[Mark]:
    maps = m.patches(look.dark, rng, scale=1.2)
    return [maps, m.blaze(look.light, 0.2)] if head else [maps]


def _deer(look: Look, rng: Rng, head: bool) -> list[Mark]:
    if head:
        return [m.belly(look.light, above=0.8)]
    return [m.belly(look.light, above=0.25), m.spots(look.light, rng, size=0.5, share=0.22)]


def _giraffe(look: Look, rng: Rng, head: bool) -> list[Mark]:
    return [m.net(look.light, rng, size=0.8 if head else 1.0)]


def _pale(look: Look, rng: Rng, head: bool) -> list[Mark]:
    return [m.belly(look.light, above=0.4 if head else 0.2)]


# fmt: off
enter("horse", Species(HORSE, HORSELIKE, ("8a4a22 1e120c f2e8da 5a2c14",
    "d8c8a8 f4ecd8 ffffff c0a878", "2a2422 0e0c0c e8e4e0 3a302c"), _horse))
enter("zebra", Species(HORSE, HORSELIKE, ("f4f2ec 141214 ffffff c8c4bc",), _zebra))
enter("cow", Species(COW, COWLIKE, ("f2ece2 2a1a16 ffffff 8a4a2a", "b8642e 4a2412 f6e8d4 8a4420"),
    _cow))
enter("bison", Species(BISON, replace(COWLIKE, hump=(-0.45, 0.45, 0.6), back="dark",
    neck=(0.0, 0.6)), ("7a4a2a 3a2012 5a3620 9a6a3a",), ragged=2.5))
enter("ram", Species(RAM, replace(WOOLLY, back="coat", limbs="coat"),
    ("a88a64 5a4632 f0e8da 8a6a48",), _pale))
enter("goat", Species(GOAT, DEERLIKE, ("efe9df 6a5a4a ffffff a88a6a",
    "6a4a32 2a1c14 e8dcc8 a8784a"), _pale))
enter("sheep", Species(SHEEP, WOOLLY, ("4a4442 1e1a1a f2ece0 8a8078",
    "e8dccb c8b8a4 f8f4ea b8a890"), None, coats.wool))
enter("pig", Species(PIG, PIGLIKE, ("f2a8a0 a85a5a f8c8c0 d88a88", "6a5048 2e2422 a88a80 4a3630"),
    None, coats.smooth, 0.3))
enter("deer", Species(DEER, DEERLIKE, ("b8703a 3a2014 f8ead4 8a4a22",), _deer, ragged=0.9))
enter("giraffe", Species(GIRAFFE, LONG_NECK, ("b86a2a 4a2814 f8e4b8 8a4a1a",), _giraffe,
    ragged=0.4))
enter("camel", Species(CAMEL, replace(HORSELIKE, hump=(-0.6, 0.0, 0.42), neck=(-1.0, 0.75),
    foot="paw"), ("c89a5c 6a4a26 ecd4a4 a87a40",), ragged=1.5))
enter("elephant", Species(ELEPHANT, HEAVY, ("8c8a90 4a484e b8b2b0 6a686e",
    "7a6a60 3a322e a89a90 5a4e46"), None, coats.skin, 0))
enter("rhino", Species(RHINO, HEAVY, ("96928c 4a4846 c0bab0 74706a",), None, coats.skin, 0))
enter("hippo", Species(HIPPO, replace(HEAVY, legs=0.55), ("86707a 463840 d8a8a0 6a5660",), _pale,
    coats.skin, 0))
# fmt: on
