"""Reptiles, frogs, dinosaurs and dragons, on the head and body kits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import coats, growths
from . import growths_scaly as g
from . import markings as m
from .beasts import Species, enter
from .bodies import Body, Tail
from .finish import Picture, portrait
from .frames import upright
from .heads import Ears, Head, build_head
from .maths import curve
from .palettes import Look, Rng, look
from .registry import REGISTER
from .sculpt import Mark, Sculpture
from .solids import Paint

# fmt: off
LIZARD = Head(skull=(0.62, 0.46, 0.75), cheek=(0.36, 0.18, 0.0, 0.34), muzzle=(0.18, 0.98),
    snout=(0.28, 0.17, 0.3),
              bridge=(0.38, 0.24), chin=(0.3, 0.8, 0.18), nose=(0, 0, 0),
                  eyes=(0.44, -0.12, 0.17), pupil="slit", slant=0.25,
              muzzle_paint="coat", smile=0.15, neck=(0.4, 0.42, 0.35, -1.2),
                  extras=(growths.nostrils(0.12, 0.1, 1.22, 0.04),))
FROG = Head(skull=(0.95, 0.6, 0.8), cheek=(0.5, 0.2, 0.1, 0.42), muzzle=(0.2, 0.55),
    snout=(0.72, 0.3, 0.42), bridge=(0.5, 0.42),
            chin=(0.42, 0.5, 0.34), nose=(0, 0, 0), eyes=(0.48, -0.42, 0.27), pupil="bar",
                slant=0.0, lid=0.05,
            muzzle_paint="coat", smile=0.22, neck=(0.6, 0.7, 0.6, -0.6),
                extras=(growths.nostrils(0.1, 0.0, 0.96, 0.04),))
CROCODILE = Head(skull=(0.62, 0.4, 0.72), cheek=(0.38, 0.2, 0.0, 0.36), muzzle=(0.28, 1.7),
    snout=(0.32, 0.2, 0.34),
                 bridge=(0.42, 0.27), chin=(0.42, 1.3, 0.2), nose=(0, 0, 0),
                     eyes=(0.34, -0.28, 0.17), pupil="slit", slant=0.3,
                 muzzle_paint="coat", smile=0.05, neck=(0.45, 0.5, 0.2, -1.1),
                 extras=(g.jaw(0.36, 1.9), g.teeth(0.36, 0.42, 1.95, 0.6, count=11),
                     growths.nostrils(0.12, 0.12, 1.95, 0.06)))
SNAKE = replace(LIZARD, skull=(0.58, 0.42, 0.75), muzzle=(0.14, 0.85), snout=(0.34, 0.2, 0.34),
    neck=(0.34, 0.34, 1.1, -0.5),
                eyes=(0.42, -0.1, 0.16), extras=(g.tongue(0.26, 1.1),
                    growths.nostrils(0.14, 0.08, 1.14, 0.04)))
CHAMELEON = replace(LIZARD, skull=(0.56, 0.6, 0.72), eyes=(0.48, -0.06, 0.24), pupil="round",
    smile=0.2, lid=0.2,
                    extras=(growths.nose_horns((-0.3, -0.3, 0.7), (-0.35, -0.1, 0.5)),
                        g.ridge(10, 0.2)))
TURTLE = replace(LIZARD, skull=(0.56, 0.5, 0.62), muzzle=(0.2, 0.62), snout=(0.3, 0.24, 0.26),
    bridge=(0.4, 0.28), smile=-0.05,
                 eyes=(0.38, -0.1, 0.16), pupil="round", slant=0.1, neck=(0.34, 0.38, 0.5, -1.0),
                     extras=(growths.nostrils(0.1, 0.1, 0.84, 0.035),))
TREX = Head(skull=(0.56, 0.6, 0.72), cheek=(0.32, 0.2, 0.0, 0.4), muzzle=(0.1, 1.25),
    snout=(0.36, 0.34, 0.42), bridge=(0.5, 0.4),
            chin=(0.3, 0.5, 0.2), nose=(0, 0, 0), eyes=(0.42, -0.18, 0.13), pupil="slit",
                slant=0.6, lid=0.2, muzzle_paint="coat",
            neck=(0.5, 0.62, 0.8, -1.0), extras=(g.jaw(0.42, 1.5, open_by=0.6),
                g.teeth(0.42, 0.42, 1.6, 0.5, count=9, size=0.17),
                                                  growths.nostrils(0.16, -0.05, 1.58, 0.06)))
TRICERATOPS = replace(LIZARD, skull=(0.62, 0.58, 0.75), muzzle=(0.5, 1.0),
    snout=(0.28, 0.28, 0.3), bridge=(0.46, 0.3), smile=0.05,
                      eyes=(0.46, -0.06, 0.13), pupil="round", neck=None, chin=(0.72, 0.8, 0.18),
                      extras=(g.frill(1.15), growths.nose_horns((0.3, 1.1, 0.45)),
                              growths.horns([(0.3, -0.35, 0.45), (0.4, -0.75, 0.8),
                                  (0.45, -1.1, 1.25)], (0.15, 0.02))))
DRAGON = Head(skull=(0.6, 0.56, 0.75), cheek=(0.4, 0.22, -0.1, 0.36), muzzle=(0.3, 1.25),
    snout=(0.3, 0.24, 0.34), bridge=(0.42, 0.26),
              chin=(0.55, 1.0, 0.18), nose=(0, 0, 0), eyes=(0.4, -0.14, 0.18), pupil="slit",
                  slant=0.6, lid=0.2, muzzle_paint="coat",
              ears=Ears("point", 0.7, 0.22, 1.25, 1.2, 0.5, -0.2, "accent"),
                  neck=(0.42, 0.55, 1.0, -0.9),
              extras=(growths.horns([(0.28, -0.42, 0.0), (0.5, -1.0, -0.5), (0.6, -1.1, -1.2)],
                  (0.15, 0.02), bands=5), g.ridge(9, 0.3),
                      growths.nostrils(0.15, 0.15, 1.5, 0.06),
                          g.teeth(0.26, 0.45, 1.5, 0.8, count=5, size=0.1)))
BRONTO = replace(TURTLE, skull=(0.5, 0.5, 0.62), muzzle=(0.25, 0.8), neck=(0.38, 0.45, 1.6, -0.7),
    smile=0.15,
                 extras=(growths.nostrils(0.13, 0.1, 1.02, 0.05),))

SPRAWL = Body(length=1.8, chest=0.34, waist=0.36, hip=0.34, legs=0.45,
              thick=(0.19, 0.13, 0.12),
              neck=(-0.2, 0.5), throat=(0.34, 0.32), head=0.72,
              tail=Tail(2.0, (0.24, 0.14, 0.03), 0.15))
SQUAT = Body(length=1.2, chest=0.5, waist=0.6, hip=0.5, legs=0.3, thick=(0.26, 0.15, 0.14),
    neck=(-0.35, 0.25), throat=(0.5, 0.5),
             head=0.8, tail=None, tilt=-0.3, fore=1.6, extras=(g.frog_legs,))
THUNDER = Body(length=2.1, chest=0.66, waist=0.72, hip=0.68, legs=1.0, thick=(0.32, 0.26, 0.24),
    neck=(-2.0, 1.4), throat=(0.5, 0.18),
               head=0.42, tail=Tail(2.2, (0.45, 0.2, 0.03), 0.1))
HUNTER = Body(length=1.7, chest=0.5, waist=0.55, hip=0.6, legs=1.15, thick=(0.36, 0.2, 0.16),
    neck=(-0.75, 0.6), throat=(0.46, 0.4),
              head=0.72, fore=0.3, tail=Tail(1.8, (0.45, 0.22, 0.03), -0.05), tilt=-0.12)
WINGED = Body(length=1.9, chest=0.52, waist=0.44, hip=0.46, legs=0.9, thick=(0.28, 0.16, 0.15),
    neck=(-0.95, 0.75), throat=(0.4, 0.28),
              head=0.62, tail=Tail(2.0, (0.28, 0.16, 0.03), 0.5, "accent", curl=0.4),
                  extras=(g.dragon_wings(), g.plates(9, 0.25)))
# fmt: on


def _green(look: Look, rng: Rng, head: bool) -> list[Mark]:
    pale = m.belly(look.light, above=0.3 if head else 0.18)
    style = rng.integers(3)
    if style == 0:
        return [pale, m.spots(look.dark, rng, size=0.7, share=0.32)]
    return (
        [pale, m.stripes(look.dark, rng, count=8, head=False, share=-0.2)] if style == 1 else [pale]
    )


def _bands(look: Look, rng: Rng, head: bool) -> list[Mark]:
    return [m.stripes(look.accent, rng, count=7, head=False), m.belly(look.light, above=0.35)]


# fmt: off
GREENS = ("4a9a2a 1e4a1a e0e8a0 d8a81e", "8a7a4a 3e3420 e0d4a8 a84a1e",
    "1eaa8a 0e4a4a d0f0d0 e85a1e", "c8401e 4a140e f8d8a0 f0b01e")


def _enter(name: str, head: Head, body: Body, coat: coats.Weave = coats.scales,
    views: str = "quarter side body") -> None:
    species = Species(head, body, GREENS, _green, coat, 0.0)
    enter(name, species, family="reptiles", views=views.split())


_enter("lizard", LIZARD, SPRAWL)
_enter("frog", FROG, SQUAT, coats.smooth, "front quarter body")
_enter("crocodile", CROCODILE, replace(SPRAWL, head=0.6, thick=(0.22, 0.15, 0.14),
    extras=(g.plates(12, 0.12),)))
_enter("chameleon", CHAMELEON, replace(SPRAWL, legs=0.6, waist=0.46, length=1.7,
    tail=Tail(1.2, (0.2, 0.1, 0.05), -0.3, curl=1.6)))
_enter("turtle", TURTLE, replace(SPRAWL, head=0.62, legs=0.3, thick=(0.26, 0.2, 0.2),
    tail=Tail(0.4, (0.12, 0.06, 0.02), 0),
                                 extras=(g.shell,)))
_enter("tyrannosaur", TREX, HUNTER)
_enter("triceratops", TRICERATOPS, replace(THUNDER, neck=(-0.2, 0.7), head=0.85, legs=0.75,
    throat=(0.55, 0.5),
                                           tail=Tail(1.2, (0.4, 0.2, 0.03), -0.1)), coats.skin,
                                               "front quarter side body")
_enter("brontosaur", BRONTO, THUNDER, coats.skin, "quarter body")
_enter("stegosaur", BRONTO, replace(THUNDER, neck=(0.05, 0.7), head=0.42, legs=0.8,
    throat=(0.4, 0.26), extras=(g.plates(11, 0.75),),
                                    tail=Tail(1.5, (0.4, 0.2, 0.04), 0.1)), coats.skin, "body")
_enter("dragon", DRAGON, WINGED, views="front quarter side body")
_enter("snake", SNAKE, SPRAWL, views="quarter side")
# fmt: on


def paint_coil(rng: Rng, size: int) -> Picture:
    """Draw a coiled snake that raises its head."""
    colours, s = look(rng, GREENS), Sculpture()
    f = upright(rng.uniform(-1.0, 1.0), rng.uniform(0.5, 1.0), rng.normal(0, 0.1))
    turns, count = rng.uniform(1.8, 2.6), 46
    t = np.linspace(0, 1, count)
    angle, reach = -t * turns * 2 * np.pi, 1.15 - 0.62 * t
    coil = np.stack([reach * np.sin(angle), -0.35 * t, reach * np.cos(angle)], 1)
    head = np.array([0.0, -1.15, 0.75])
    rise = curve([coil[-1], 2 * coil[-1] - coil[-4] + (0, -0.2, 0), (0, -1.2, -0.1), head], 9)
    path = np.concatenate([coil, rise[1:]])
    girth = 0.24 * np.clip(np.linspace(0.1, 3.5, len(path)), 0, 1) * rng.uniform(0.85, 1.15)
    band = int(rng.integers(2, 5))
    paints = [Paint(colours.coat, 0.4)] * band + [Paint(colours.accent, 0.4)] * (band - 1)
    s.tube(f, path, girth, paints, blend=0.01)
    s.coat(f, coats.scales(rng, coats.polar, 40, 14))
    s.group = 2
    place = f.inside(head, yaw=rng.uniform(-0.6, 0.6), pitch=0.1, scale=0.52)
    s.coat(place, coats.scales(rng, coats.polar))
    build_head(s, place, SNAKE, colours, rng, bust=False)
    return portrait(s, rng, size, (0.85, 1.1))


def paint_long(rng: Rng, size: int) -> Picture:
    """Draw a snake in winding motion, from above."""
    colours, s = look(rng, GREENS), Sculpture()
    f = upright(rng.uniform(0.8, 1.6), rng.uniform(0.6, 1.2), rng.uniform(-0.6, 0.6))
    t = np.linspace(0, 1, 44)
    sway = np.sin(t * rng.uniform(7, 11) + rng.uniform(0, 6)) * 0.6 * (1 - 0.6 * t**3)
    path = np.stack([sway, 0 * t, -2.0 + 3.4 * t], 1)
    girth = rng.uniform(0.2, 0.3) * np.clip(0.1 + t * 3, 0, 1)
    band = int(rng.integers(2, 4))
    paints = [Paint(colours.coat, 0.4)] * band + [Paint(colours.dark, 0.4)] * (band - 1)
    s.tube(f, path, girth, paints, blend=0.01)
    s.coat(f, coats.scales(rng, coats.lengthwise, 18, 9))
    s.group = 2
    place = f.inside(path[-1], yaw=rng.uniform(-0.3, 0.3), scale=0.52)
    s.coat(place, coats.scales(rng, coats.polar))
    build_head(s, place, SNAKE, colours, rng, bust=False)
    return portrait(s, rng, size, (0.9, 1.15))


REGISTER.add("serpent", "reptiles", {"coil": paint_coil, "winding": paint_long})
