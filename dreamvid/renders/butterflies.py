"""Butterflies, moths, caterpillars, and the faces of insects close up."""

from __future__ import annotations

from functools import partial

import numpy as np

from . import coats
from . import markings as m
from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import Array, curve, floats, moved, spline
from .palettes import Look, Rng, look
from .registry import REGISTER
from .sculpt import Sculpture
from .solids import Paint

FURS = (
    "f07a1e 14100c fff0c8 f8d01e", "1e6ae8 0a0e20 d8f0ff 8a4af0", "f0d01e 1a1408 fffce0 e8501e",
    "e83a6a 1e0a14 ffe0e8 f8b01e", "2ab88a 0a1e18 e8fff0 f0e03a", "f4f0e8 2a2422 ffffff e87a2a",
)  # fmt: skip
FORE = np.array(
    [
        (0.05, 0, 0.3),
        (0.5, 0, 0.95),
        (1.05, 0, 1.15),
        (1.2, 0, 0.85),
        (0.95, 0, 0.2),
        (0.3, 0, -0.02),
    ]
)
HIND = np.array(
    [
        (0.05, 0, 0.05),
        (0.6, 0, 0.12),
        (0.95, 0, -0.15),
        (0.85, 0, -0.7),
        (0.45, 0, -0.95),
        (0.12, 0, -0.5),
    ]
)
TAILED = np.array(
    [
        (0.05, 0, 0.05),
        (0.6, 0, 0.12),
        (0.9, 0, -0.2),
        (0.72, 0, -0.6),
        (0.85, 0, -1.15),
        (0.5, 0, -0.7),
        (0.12, 0, -0.45),
    ]
)


def _shrunk(shape: Array, share: float, rise: float) -> Array:
    middle = shape.mean(0)
    return np.asarray(middle + (shape - middle) * share + (0, rise, 0))


def _wing(s: Sculpture, f: Frame, shape: Array, colours: Look, style: int, root: Array) -> None:
    full = spline(shape)
    s.patch(f, full, Paint(colours.dark, 0.3, 0))
    s.patch(
        f,
        _shrunk(full, 0.84, -0.015),
        Paint(colours.coat, 0.4, 0),
        tip=Paint(colours.accent, 0.4, 0),
    )
    middle = shape.mean(0)
    if style in (0, 2):
        for tip in shape[1:-1]:
            vein = moved(np.array([root, middle, tip]), 0, -0.05, 0)
            s.stroke(f, vein, 0.03, colours.dark)
    if style in (1, 2):
        spot = middle * 0.75 + shape[2] * 0.25
        for radius, tone in (
            (0.24, colours.dark),
            (0.18, colours.light),
            (0.12, colours.accent * 0.8),
            (0.07, colours.dark),
        ):
            s.ball(
                f,
                moved(spot, 0, -0.02 - (0.24 - radius) * 0.3, 0),
                (radius, 0.02, radius),
                Paint(tone, 0.5, 0),
                blend=0,
            )
    for k in range(3, len(full) - 3, 3):
        dot = middle + (full[k] - middle) * 0.92
        if np.linalg.norm(dot - root) > 0.55:
            s.ball(
                f,
                moved(dot, 0, -0.03, 0),
                (0.045, 0.02, 0.045),
                Paint(colours.light, 0.3, 0),
                blend=0,
            )


def _stance(rng: Rng, perched: bool) -> tuple[Frame, float]:
    """Return how a butterfly sits before us, and how far its wings are raised."""
    if perched:
        f = upright(rng.uniform(0.2, 0.8), rng.uniform(0.5, 0.8), rng.normal(0, 0.3))
        return f, rng.uniform(0.7, 1.1)
    f = upright(rng.normal(0, 0.2), rng.uniform(1.1, 1.5), rng.uniform(-2.5, 2.5))
    return f, rng.uniform(0.0, 0.35)


def _trunk(s: Sculpture, f: Frame, colours: Look, fat: float) -> None:
    body, feeler = Paint(colours.dark * 0.7 + colours.coat * 0.25, 0.3), Paint(colours.dark, 0.3, 0)
    s.ball(f, (0, -0.04, -0.35), (0.08 * fat, 0.09 * fat, 0.42), body)
    s.ball(f, (0, -0.06, 0.15), (0.11 * fat, 0.12 * fat, 0.2), body)
    s.ball(f, (0, -0.06, 0.42), (0.09 * fat, 0.09 * fat, 0.09), body)
    for side in f.both():
        path = curve([(0.04, -0.08, 0.48), (0.15, -0.15, 0.8), (0.4, -0.1, 1.0)], 7)
        s.tube(side, path, np.linspace(0.02, 0.035 * fat, 7), [feeler], blend=0)


def butterfly(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw a butterfly from above ('open', 'swallowtail'), half closed ('perched'), or a 'moth'."""
    moth = kind == "moth"
    colours, s = look(rng, FURS, 0.5), Sculpture(ragged=0.8 if moth else 0.0)
    f, raised = _stance(rng, kind == "perched")
    style, hind = int(rng.integers(3)), TAILED if kind == "swallowtail" else HIND
    fore = FORE * ((1.0, 1.0, 0.85) if moth else (1.0, 1.0, 1.0))
    for side in f.both():
        place = side.inside(roll=-raised)
        _wing(s, place, hind, colours, style, floats([0.05, 0, 0]))
        _wing(s, place.inside((0, -0.03, 0)), fore, colours, style, floats([0.05, 0, 0.25]))
    s.group = 2
    _trunk(s, f, colours, 1.7 if moth else 1.0)
    s.coat(f, coats.fur(rng, coats.lengthwise))
    return portrait(s, rng, size, (0.88, 1.12))


def _comic_face(s: Sculpture, f: Frame, head: Array, dark: Paint) -> None:
    white = Paint(floats([0.98, 0.98, 0.95]), 0.8, 0)
    pupil = Paint(floats([0.02, 0.02, 0.02]), 0.9, 0)
    for side in f.both():
        s.ball(side, moved(head, 0.17, -0.1, 0.42), (0.1, 0.12, 0.06), white, blend=0)
        s.ball(side, moved(head, 0.18, -0.09, 0.47), (0.05, 0.06, 0.04), pupil, blend=0)
        tip = moved(head, 0.25, -0.6, 0.4)
        s.limb(side, moved(head, 0.1, -0.25, 0.25), tip, (0.05, 0.03), dark)


def caterpillar(rng: Rng, size: int) -> Picture:
    """Draw a humped, bristling caterpillar."""
    colours, s = look(rng, FURS, 0.5), Sculpture()
    f = upright(rng.uniform(0.9, 1.5), rng.uniform(0.0, 0.5), rng.normal(0, 0.2))
    hump, t = rng.uniform(0.1, 0.5), np.linspace(-1, 1, 11)
    path = np.stack([0.15 * np.sin(t * 3), -hump * np.cos(t * 3), t * 1.3], 1)
    dark = Paint(colours.dark, 0.3, 0)
    for k, spot in enumerate(path):
        paint = Paint(colours.coat if k % 2 else colours.accent, 0.4)
        s.ball(f, spot, (0.27, 0.28, 0.2), paint, blend=0.02)
        for side in f.both():
            s.limb(side, moved(spot, 0.15, 0.15), moved(spot, 0.2, 0.38), (0.07, 0.04), dark)
            bristle = moved(spot, 0.1, -0.2), moved(spot, 0.2, -0.55)
            s.limb(side, *bristle, (0.03, 0.008), dark, blend=0.01)
    mask = Paint(colours.dark * 0.6 + colours.coat * 0.4, 0.5)
    s.ball(f, moved(path[-1], z=0.2), (0.3, 0.3, 0.26), mask)
    s.group = 2
    _comic_face(s, f, path[-1], dark)
    return portrait(s, rng, size, (0.88, 1.08))


def bug_face(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw the face of a 'fly', 'bee', 'mantis' or 'ant', with its faceted eyes."""
    colours, s = look(rng, FURS, 0.5), Sculpture(ragged=1.5 if kind == "bee" else 0.0)
    f = upright(rng.normal(0, 0.35), rng.uniform(-0.1, 0.3), rng.normal(0, 0.15))
    coat, dark = Paint(colours.coat, 0.5), Paint(colours.dark + 0.05, 0.5, 0)
    chin = {"fly": 0.5, "bee": 0.6, "mantis": 1.0, "ant": 0.75}[kind]
    s.ball(f, (0, -0.1, 0), (0.55, 0.5, 0.45), coat)
    s.limb(
        f, (0, 0.1, 0.1), (0, chin, 0.2), (0.42, 0.16 if kind != "ant" else 0.3), coat, blend=0.1
    )
    x, y, radii = {"fly": (0.48, -0.2, (0.45, 0.55, 0.4)), "bee": (0.55, 0.0, (0.24, 0.5, 0.32)),
                   "mantis": (0.66, -0.3, (0.36, 0.42, 0.36)),
                       "ant": (0.55, -0.1, (0.2, 0.26, 0.22))}[kind]  # fmt: skip
    for side in f.both():
        path = curve(
            [(0.14, -0.35, 0.35), (0.35, -0.9, 0.5), (0.75, -1.05 if kind != "ant" else -0.5, 0.6)],
            7,
        )
        s.tube(side, path, np.linspace(0.07, 0.04, 7), [dark], blend=0.01)
        end = (0.04, chin + 0.2, 0.3) if kind in ("bee", "fly") else (-0.06, chin + 0.12, 0.42)
        s.tube(
            side,
            curve([(0.2, chin - 0.1, 0.25), (0.4, chin + 0.2, 0.35), end], 6),
            np.linspace(0.12, 0.03, 6),
            [dark],
        )
    s.coat(f, (coats.fur if kind == "bee" else coats.smooth)(rng, coats.polar))
    s.group = 2
    for side in f.both():
        s.ball(side, (x, y, 0.12), radii, Paint(colours.accent, 0.9), blend=0.0, roll=0.25)
        s.mark(f, m.spots(colours.accent * 0.35, rng, size=0.22, share=0.24))
    for spot in ((0, -0.42, 0.36), (0.1, -0.5, 0.28), (-0.1, -0.5, 0.28)):
        s.ball(f, spot, (0.06, 0.06, 0.06), Paint(colours.dark, 0.9, 0), blend=0)
    return portrait(s, rng, size, (0.82, 1.05))


REGISTER.add(
    "butterfly",
    "insects",
    {kind: partial(butterfly, kind=kind) for kind in ("open", "swallowtail", "perched")},
)
REGISTER.add("moth", "insects", {"open": partial(butterfly, kind="moth")})
REGISTER.add("caterpillar", "insects", {"humped": caterpillar})
REGISTER.add(
    "insectface",
    "insects",
    {kind: partial(bug_face, kind=kind) for kind in ("fly", "bee", "mantis", "ant")},
)
