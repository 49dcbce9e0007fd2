"""The insects, spiders, crabs and lobsters, as numbers."""

from __future__ import annotations

from . import coats
from .insects import (
    Bug,
    claws,
    clear_wings,
    covers,
    eyes_of_spider,
    horn,
    jumpers,
    paint_bug,
    sting,
)
from .registry import REGISTER

# fmt: off
HAIRY = ("d89a1e 1a1210 fff0c0 2a1a10", "e8b83a 2a1c10 fff8d8 4a2a14")
SPIDERY = ("5a3a22 1a100a c8a07a c84a1e", "2a2628 0c0a0c 9a8a84 d82a1e",
    "7a8a3a 2a3010 e8e8a8 4a8a1e")
SPECIES = {
    "beetle": Bug((-0.02, -0.55, 0.58, 0.42, 0.75), (0, 0.2, 0.48, 0.34, 0.3),
        parts=(covers, horn)),
    "ladybird": Bug((-0.05, -0.3, 0.75, 0.55, 0.78), (0.08, 0.35, 0.45, 0.3, 0.25),
        (0.12, 0.58, 0.28, 0.2, 0.18), reach=0.5, feelers=0.3, parts=(covers,), pattern="dots",
                    furs=("d81e14 140c0c f8f0e8 f0b01e", "f0a01e 140c0c f8f0e8 d81e14")),
    "bee": Bug((0.0, -0.7, 0.46, 0.42, 0.62), (0, 0.08, 0.42, 0.4, 0.38),
        (0.05, 0.52, 0.28, 0.26, 0.2), reach=0.6, pattern="bands", weave=coats.fur, gloss=0.15,
        ragged=1.6,
               parts=(clear_wings((1.2, 0.45, 0.5), (0.8, 0.35, 0.9)),), furs=HAIRY),
    "wasp": Bug((0.05, -0.95, 0.34, 0.32, 0.75), (0, 0.1, 0.34, 0.3, 0.36), reach=0.9,
        pattern="bands", parts=(clear_wings((1.5, 0.3, 0.8), (1.0, 0.22, 1.0)),),
                furs=("f0c81e 14100c fff0a0 c85a1e", "e85a1e 14100c ffe0a0 2a1a10")),
    "ant": Bug((0.0, -0.85, 0.38, 0.34, 0.5), (-0.02, 0.0, 0.2, 0.2, 0.42),
        (0.0, 0.62, 0.32, 0.28, 0.3), reach=1.0, knee=0.45, feelers=0.7,
        parts=(claws(0.32, y=0.12, z=0.75),),
               furs=("8a2a14 2a0e0a e8b08a 5a1a0c", "2a2422 0c0a0a 8a7a70 4a2a1a")),
    "fly": Bug((0.0, -0.55, 0.4, 0.36, 0.5), (0, 0.08, 0.38, 0.36, 0.36),
        (0.02, 0.48, 0.34, 0.3, 0.2), reach=0.7, feelers=0, eye=0.24,
        parts=(clear_wings((1.3, 0.5, 0.75)),),
               furs=("3a4a5a 101418 b8c8d8 c81e14", "1e6a5a 0c1814 a8e0c8 c83a14")),
    "spider": Bug((-0.1, -0.7, 0.55, 0.5, 0.62), (0, 0.12, 0.38, 0.3, 0.38),
        (0.0, 0.35, 0.2, 0.2, 0.15), pairs=4, reach=1.4, knee=0.7, thick=0.075, feelers=0, eye=0,
        parts=(eyes_of_spider,),
                  pattern="cross", weave=coats.fur, gloss=0.15, ragged=1.4, furs=SPIDERY),
    "scorpion": Bug((0.0, -0.5, 0.36, 0.24, 0.6), (0, 0.15, 0.38, 0.24, 0.42),
        (0.02, 0.5, 0.26, 0.2, 0.2), pairs=4, reach=0.75, parts=(claws(0.85), sting), feelers=0,
        pattern="bands", furs=SPIDERY),
    "dragonfly": Bug((0.0, -1.1, 0.13, 0.13, 1.1), (0, 0.1, 0.26, 0.26, 0.36),
        (0.0, 0.5, 0.27, 0.22, 0.18), reach=0.35, feelers=0, eye=0.2, pattern="bands",
                     parts=(clear_wings((1.75, 0.3, -0.12), (1.65, 0.34, 0.28)),)),
    "grasshopper": Bug((0.05, -0.9, 0.26, 0.28, 0.85), (0, 0.05, 0.28, 0.32, 0.36),
        (0.0, 0.5, 0.24, 0.3, 0.22), reach=0.5, feelers=1.0, eye=0.13, parts=(jumpers,),
        gloss=0.3,
                       furs=("6aa82a 2a4a14 e0f0a0 c88a2a", "a88a4a 4a3a1e f0e0b0 c8501e")),
    "crab": Bug((0.0, -0.1, 0.85, 0.36, 0.6), (0.02, 0.0, 0.8, 0.32, 0.5),
        (0.0, 0.42, 0.4, 0.2, 0.15), pairs=4, reach=0.9, knee=0.4, thick=0.09, feelers=0.3,
        eye=0.13, parts=(claws(1.0, z=0.4),),
                weave=coats.skin, furs=("d8401e 5a140c f8c8a0 f0e0c8",
                    "3a6a9a 14283a c0d8e8 e85a2a")),
    "lobster": Bug((0.0, -0.8, 0.34, 0.3, 0.95), (0, 0.25, 0.38, 0.34, 0.5),
        (0.0, 0.7, 0.24, 0.22, 0.2), pairs=4, reach=0.6, feelers=1.5, pattern="bands",
        parts=(claws(1.1, z=0.6),),
                   furs=("c82a1e 5a0e0c f0a080 e8502a", "2a4a8a 0e1a3a a0c0e8 d85a2a")),
}
# fmt: on

for _name, _bug in SPECIES.items():
    REGISTER.add(
        _name,
        "sea" if _name in ("crab", "lobster") else "insects",
        {view: paint_bug(_bug, view) for view in _bug.views},
    )
