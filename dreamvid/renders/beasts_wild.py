"""Cats, dogs, bears and other beasts of prey, as numbers."""

from __future__ import annotations

from dataclasses import replace

from . import markings as m
from .beasts import Species, enter
from .bodies import Body, Tail
from .growths import whiskers
from .heads import Ears, Head
from .palettes import Look, Rng
from .sculpt import Mark

FOX = Head(
    skull=(0.78, 0.66, 0.8),
    cheek=(0.52, 0.24, 0.05, 0.4),
    muzzle=(0.36, 1.05),
    snout=(0.16, 0.15, 0.2),
    bridge=(0.36, 0.17),
    chin=(0.5, 0.8, 0.12),
    nose=(0.11, 0.08, 0.06),
    eyes=(0.34, -0.08, 0.15),
    pupil="slit",
    slant=0.4,
    ears=Ears("point", 0.95, 0.32, 0.6, 0.2, 0.4),
)
WOLF = Head(
    skull=(0.74, 0.68, 0.8),
    cheek=(0.48, 0.24, 0.0, 0.46),
    muzzle=(0.36, 1.1),
    snout=(0.23, 0.2, 0.26),
    bridge=(0.4, 0.22),
    chin=(0.55, 0.9, 0.16),
    nose=(0.15, 0.1, 0.06),
    eyes=(0.32, -0.1, 0.13),
    slant=0.45,
    lid=0.2,
    ears=Ears("point", 0.7, 0.26, 0.55, 0.12, 0.35),
)
DOG = Head(
    skull=(0.68, 0.66, 0.72),
    cheek=(0.36, 0.24, 0.15, 0.4),
    muzzle=(0.34, 0.98),
    snout=(0.29, 0.24, 0.28),
    bridge=(0.4, 0.27),
    chin=(0.6, 0.85, 0.18),
    nose=(0.17, 0.12, 0.09),
    eyes=(0.29, -0.1, 0.14),
    slant=-0.2,
    ears=Ears("flop", 0.95, 0.24, 1.0, 2.7, 0.6, 0.0, "dark"),
)
BEAR_EARS = Ears("round", 0.12, 0.27, 0.8, 0.3, 0.2)
BEAR = Head(
    skull=(0.85, 0.75, 0.8),
    cheek=(0.5, 0.2, 0.1, 0.5),
    muzzle=(0.3, 0.9),
    snout=(0.32, 0.27, 0.3),
    bridge=(0.42, 0.28),
    chin=(0.55, 0.75, 0.2),
    nose=(0.17, 0.11, 0.1),
    eyes=(0.3, -0.14, 0.11),
    lid=0.05,
    ears=BEAR_EARS,
    neck=(0.65, 0.8, 0.8, -0.5),
)
RACCOON = Head(
    skull=(0.8, 0.66, 0.75),
    cheek=(0.5, 0.2, 0.1, 0.42),
    muzzle=(0.3, 0.9),
    snout=(0.2, 0.17, 0.22),
    bridge=(0.36, 0.2),
    chin=(0.46, 0.72, 0.14),
    nose=(0.13, 0.09, 0.06),
    eyes=(0.32, -0.05, 0.14),
    slant=0.2,
    ears=Ears("round", 0.16, 0.22, 0.75, 0.3, 0.3, inner="light"),
    extras=(whiskers(0.35, 0.9),),
)

CANINE = Body(
    length=2.0,
    chest=0.46,
    waist=0.36,
    hip=0.38,
    legs=1.15,
    thick=(0.22, 0.12, 0.1),
    neck=(-0.62, 0.38),
    throat=(0.38, 0.32),
    head=0.64,
    tail=Tail(1.1, (0.1, 0.24, 0.06), 0.35, "light"),
)
BEARISH = Body(
    length=2.0,
    chest=0.62,
    waist=0.62,
    hip=0.6,
    deep=1.05,
    legs=0.8,
    thick=(0.32, 0.24, 0.2),
    neck=(-0.4, 0.42),
    throat=(0.5, 0.42),
    head=0.74,
    tail=Tail(0.15, (0.12, 0.12, 0.1), 0.1),
)


def _fox(look: Look, rng: Rng, head: bool) -> list[Mark]:
    if not head:
        return [m.belly(look.light, above=0.3)]
    return [
        m.belly(look.light, above=0.3, blur=0.08),
        m.spot(look.light, (0.45, 0.3, 0.3), (0.3, 0.2, 0.5)),
    ]


def _wolf(look: Look, rng: Rng, head: bool) -> list[Mark]:
    if not head:
        return [m.belly(look.light, above=0.2), m.shaded(look, top=-0.1)]
    return [
        m.belly(look.light, above=0.38),
        m.spot(look.light, (0.28, -0.3, 0.6), (0.15, 0.09, 0.4)),
        m.spot(look.light, (0.5, 0.22, 0.3), (0.28, 0.22, 0.5)),
        m.blaze(look.dark, 0.09, bottom=0.05),
    ]


def _panda(look: Look, rng: Rng, head: bool) -> list[Mark]:
    if head:
        return [m.spot(look.dark, (0.32, -0.08, 0.62), (0.21, 0.26, 0.5))]
    return [m.spot(look.dark, (0.3, -0.1, 0.55), (1.0, 1.0, 0.3))]


def _raccoon(look: Look, rng: Rng, head: bool) -> list[Mark]:
    if not head:
        return [m.shaded(look, top=0)]
    return [
        m.spot(look.light, (0.35, -0.3, 0.5), (0.3, 0.12, 0.5)),
        m.belly(look.light, above=0.42),
        m.spot(look.dark, (0.4, 0.02, 0.5), (0.36, 0.17, 0.6)),
        m.blaze(look.dark, 0.07, bottom=0.2),
    ]


def _dog(look: Look, rng: Rng, head: bool) -> list[Mark]:
    style = rng.integers(3)
    if style == 0:
        return [m.patches(look.accent, rng, share=0.1)]
    if style == 1 and head:
        return [m.blaze(look.light, 0.14)]
    return [m.belly(look.light, above=0.4)]


def _red_panda(look: Look, rng: Rng, head: bool) -> list[Mark]:
    if not head:
        return [m.spot(look.dark, (0.0, 0.7, 0.0), (0.5, 0.5, 2.0))]
    return [
        m.spot(look.light, (0.35, -0.28, 0.5), (0.14, 0.1, 0.4)),
        m.belly(look.light, above=0.35),
        m.spot(look.light, (0.6, 0.12, 0.2), (0.2, 0.14, 0.5)),
    ]


PANDA = replace(BEAR, ears=replace(BEAR_EARS, inner="dark"))
RED_PANDA = replace(RACCOON, ears=Ears("point", 0.5, 0.3, 0.7, 0.4, 0.3, inner="light"))
# fmt: off
enter("fox", Species(FOX, CANINE, ("d8662a 2e1a14 fbf4ea a8441a", "eceef0 5a5e66 ffffff b8bcc4"),
    _fox, ragged=1.8))
enter("wolf", Species(WOLF, CANINE, ("8a8d94 2c2e34 ece9e2 6a6460",
    "4a4644 16161a a8a49c 6a4a34"), _wolf, ragged=2.0))
enter("dog", Species(DOG, CANINE, ("c98f4a 4a2a16 f6ecd8 8a5426", "f4f0e8 1a1618 ffffff 2a2022",
    "5a3620 2a160c c89a6a 8a5a36", "e8c078 b07a36 fff4dc c08a46"), _dog))
enter("bear", Species(BEAR, BEARISH, ("6a3f22 2e1a10 b8895a 8a5a36",
    "26221f 0e0c0c b08a5a 3a3230", "f2efe8 b8b4a8 ffffff d8d4c8"), None, ragged=1.8))
enter("panda", Species(PANDA, replace(BEARISH, limbs="dark", socks="dark"),
    ("f4f2ec 151416 ffffff 2a282a",), _panda, ragged=1.6))
enter("raccoon", Species(RACCOON, replace(CANINE, tail=Tail(1.2, (0.12, 0.2, 0.12), 0.3,
    bands=True)), ("8c8780 1e1a1a f2eee4 5a5450",), _raccoon, ragged=1.8))
enter("redpanda", Species(RED_PANDA, replace(CANINE, tail=Tail(1.2, (0.12, 0.22, 0.12), 0.3,
    bands=True)), ("c4521e 2a120c fbeee0 8a3414",), _red_panda, ragged=1.8))
# fmt: on
