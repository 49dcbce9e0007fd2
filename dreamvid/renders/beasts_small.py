"""Small beasts, apes and seals, as numbers."""

from __future__ import annotations

from dataclasses import replace

from . import coats, growths
from . import growths_scaly as scaly
from . import markings as m
from .beasts import Species, enter
from .bodies import Body, Tail
from .heads import Ears, Head
from .palettes import Look, Rng
from .sculpt import Mark

RABBIT = Head(
    skull=(0.66, 0.68, 0.75), cheek=(0.35, 0.25, 0.2, 0.36), muzzle=(0.25, 0.72),
    snout=(0.2, 0.16, 0.18), pads=(0.12, 0.17), bridge=(0.36, 0.2), chin=(0.45, 0.62, 0.14),
    nose=(0.08, 0.05, 0.06), nose_colour="skin", eyes=(0.46, -0.1, 0.19),
    ears=Ears("leaf", 1.4, 0.3, 0.35, 0.2, 0.25), neck=(0.45, 0.55, 0.7, -0.4),
    extras=(growths.whiskers(0.3, 0.75),),
)  # fmt: skip
MOUSE = Head(
    skull=(0.66, 0.6, 0.72), cheek=(0.34, 0.2, 0.15, 0.36), muzzle=(0.3, 0.98),
    snout=(0.15, 0.13, 0.18), bridge=(0.36, 0.14), chin=(0.4, 0.75, 0.1), nose=(0.08, 0.06, 0.04),
    nose_colour="skin", eyes=(0.38, -0.1, 0.15), ears=Ears("round", 0.3, 0.44, 0.75, 0.35, 0.2),
    neck=(0.4, 0.5, 0.7, -0.4), extras=(growths.whiskers(0.32, 0.95),),
)  # fmt: skip
MONKEY = Head(
    skull=(0.74, 0.74, 0.72), cheek=(0.3, 0.3, 0.3, 0.36), muzzle=(0.4, 0.68),
    snout=(0.34, 0.26, 0.22), bridge=(0.32, 0.3), chin=(0.66, 0.55, 0.2), nose=(0.09, 0.06, 0.14),
    eyes=(0.22, -0.08, 0.13), white=True, lid=0.15, smile=0.12,
    ears=Ears("round", 0.05, 0.24, 1.55, 1.5, 0.35, inner="light"), neck=(0.4, 0.55, 0.8, -0.3),
)  # fmt: skip
GORILLA = replace(
    MONKEY, skull=(0.72, 0.85, 0.78), nose=(0.2, 0.1, 0.12), eyes=(0.22, -0.08, 0.1), slant=0.4,
    lid=0.25, ears=Ears("round", 0.0, 0.14, 1.6, 1.5, 0.3), neck=(0.65, 1.0, 0.8, -0.3),
        smile=-0.05,
)  # fmt: skip
KOALA = replace(
    MONKEY, skull=(0.8, 0.7, 0.72), cheek=(0.42, 0.25, 0.2, 0.4), muzzle=(0.34, 0.7), pads=None,
    snout=(0.24, 0.2, 0.2), nose=(0.16, 0.26, 0.14), eyes=(0.36, -0.06, 0.12), white=False,
    ears=Ears("round", 0.12, 0.42, 0.95, 0.6, 0.2, inner="light"),
)  # fmt: skip
HEDGEHOG = replace(MOUSE, ears=Ears("round", 0.05, 0.17, 0.95, 0.5, 0.4),
                   nose_colour="dark", nose=(0.1, 0.08, 0.04),
                   extras=(growths.spines(80, 0.5, front=0.3),))  # fmt: skip
SEAL = Head(
    skull=(0.72, 0.68, 0.75), cheek=(0.35, 0.25, 0.2, 0.4), muzzle=(0.3, 0.8),
    snout=(0.25, 0.2, 0.22), pads=(0.16, 0.22), bridge=(0.4, 0.26), chin=(0.52, 0.72, 0.15),
    nose=(0.12, 0.07, 0.1), eyes=(0.33, -0.08, 0.2), lid=0.02, slant=-0.15,
    neck=(0.62, 0.8, 0.9, -0.5), extras=(growths.whiskers(0.38, 0.9, reach=0.8),),
)  # fmt: skip
BAT = replace(
    MOUSE, muzzle=(0.25, 0.8), nose_colour="dark", ears=Ears("point", 1.1, 0.4, 0.55, 0.3, 0.3),
    extras=(growths.tusks(0.12, x=0.07, y=0.35, z=0.9),),
)  # fmt: skip
SQUIRREL = replace(
    MOUSE, cheek=(0.44, 0.28, 0.15, 0.4), muzzle=(0.28, 0.85), snout=(0.2, 0.17, 0.2),
        eyes=(0.42, -0.1, 0.17),
    ears=Ears("leaf", 0.5, 0.17, 0.6, 0.15, 0.4), nose_colour="dark",
        extras=(growths.incisors(0.62, 0.86),),
)  # fmt: skip

SMALL = Body(
    length=1.3, chest=0.42, waist=0.5, hip=0.54, deep=1.05, legs=0.4, thick=(0.22, 0.14, 0.13),
    neck=(-0.3, 0.42), throat=(0.34, 0.3), head=0.7, tail=Tail(0.2, (0.18, 0.2, 0.14), 0.4,
        "light"),
)  # fmt: skip
APE = Body(
    length=1.35, chest=0.55, waist=0.45, hip=0.42, deep=1.15, legs=1.0, thick=(0.24, 0.17, 0.14),
    neck=(-0.55, 0.1), throat=(0.4, 0.34), head=0.72, tail=None,
)  # fmt: skip
FLIGHTED = replace(SMALL, length=1.0, legs=0.3, extras=(scaly.dragon_wings(1.9),))
SEALISH = replace(
    SMALL, length=2.4, chest=0.52, waist=0.5, hip=0.3, legs=0.05, thick=(0.15, 0.06, 0.05),
        neck=(-0.5, 0.35),
    throat=(0.5, 0.44), tail=None, extras=(growths.flippers,), tilt=-0.2,
)  # fmt: skip


def _ape(look: Look, rng: Rng, head: bool) -> list[Mark]:
    if not head:
        return []
    eyes = m.spot(look.light, (0.2, -0.06, 0.75), (0.24, 0.22, 0.45))
    return [eyes, m.spot(look.light, (0.12, 0.35, 0.6), (0.32, 0.3, 0.5))]


def _pale(look: Look, rng: Rng, head: bool) -> list[Mark]:
    return [m.belly(look.light, above=0.4 if head else 0.2)]


def _seal(look: Look, rng: Rng, head: bool) -> list[Mark]:
    return [m.belly(look.light, above=0.4), m.spots(look.dark, rng, size=0.6, share=0.22)]


# fmt: off
enter("rabbit", Species(RABBIT, SMALL, ("b08a60 4a3826 f6eee0 8a6a44",
    "f6f4f0 b8b0a8 ffffff d8d0c8"), _pale, ragged=1.8))
enter("mouse", Species(MOUSE, replace(SMALL, tail=Tail(1.5, (0.07, 0.05, 0.03), 0.5)),
    ("9a948e 3e3a38 e8e2dc 6a6460", "c8905a 6a4424 f8ecd8 a06a38"), _pale, ragged=1.4))
enter("squirrel", Species(SQUIRREL, replace(SMALL, tail=Tail(1.4, (0.25, 0.5, 0.3), 1.3,
    curl=0.2)), ("b8582a 5a2410 faeede 8a3a18", "8a8682 3a3836 f0ece6 6a5a4a"), _pale,
    ragged=2.0))
enter("monkey", Species(MONKEY, replace(APE, tail=Tail(1.6, (0.09, 0.08, 0.06), 1.0, curl=0.5)),
    ("6a4226 2a180e ecc49a 8a5a34", "2e2826 120e0e d8a88a 4a3e3a"), _ape, ragged=1.8))
enter("gorilla", Species(GORILLA, replace(APE, chest=0.7, thick=(0.3, 0.24, 0.2)),
    ("2c2a2c 121012 6a6266 403c40",), _ape, ragged=1.8))
enter("koala", Species(KOALA, replace(SMALL, head=0.8), ("9a9a9e 4a4a4e f2f0ee 6e6e72",), _pale,
    ragged=2.2))
enter("hedgehog", Species(HEDGEHOG, replace(SMALL, head=0.62,
    extras=(growths.spines(100, 0.45, front=0.5),)), ("8a6a4a 3a2818 f2e4cc a8885a",), _pale))
enter("seal", Species(SEAL, SEALISH, ("8e949a 3a3e44 e4e6e8 5e646a",
    "5a4a3e 2a201a a8927e 3e322a"), _seal, coats.smooth, 0))
enter("bat", Species(BAT, FLIGHTED, ("4a3a36 1e1614 a88a70 6a4e42",
    "8a5a34 3a2214 d8b080 a8744a"), None, ragged=1.8))
# fmt: on
