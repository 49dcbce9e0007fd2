"""The birds, as numbers."""

from __future__ import annotations

from . import plumage as p
from .birds import Bird, discs, enter, peacock_train, plumes
from .maths import floats

BLACK = floats([0.1, 0.09, 0.09])
# fmt: off
OWL = Bird(p.hooked(0.1, 0.14), ("9a6a3a 4a2e16 ecd8b0 b87a3a", "e8e4dc 8a8278 ffffff b8b0a4",
    "6a625c 2a2624 b8aca0 8a7a6a"),
           skull=(0.64, 0.58, 0.56), eye=(0.28, -0.04, 0.2), slant=0.2, growths=(discs,),
               body=(1.05, -0.3),
           girth=(0.66, 0.85, 0.62), lean=0.0, neck=(0.5, 0.6), legs=0.15, tail=0.5)
EAGLE = Bird(p.hooked(0.42, 0.24), ("f2eee4 3a2616 5a3c22 c8a06a", "6a4424 2e1c0e a87a48 8a5a2e"),
    ("gold", "orange", "horn"),
             eye=(0.34, -0.1, 0.13), slant=0.55, girth=(0.6, 0.62, 1.0), lean=-0.8, span=2.3)
PARROT = Bird(p.hooked(0.36, 0.34), ("d81e22 1a4ad8 f0c81e 2aa83a", "2ab83a d82a1e f0e02a 1e5ad8",
    "1e6ae0 14308a f8c818 10a8d8"),
              ("black", "horn"), skull=(0.5, 0.54, 0.56), face="coat", lean=-0.9, tail=1.6,
                  legs=0.3)
COCKATOO = Bird(p.hooked(0.3, 0.32), ("f6f4f0 d8d4cc ffffff f0d02a",
    "f2a8b0 c8c4c8 f8dce0 e84a5a"), ("black", "horn"),
                growths=(p.crest(6, 0.75, 0.55, tilt=0.3),), lean=-0.9, legs=0.3)
TOUCAN = Bird(p.straight(1.35, 0.27, 0.22, tip=BLACK), ("1e1a1e 0e0c10 f8f4ec e83a1e",),
    ("orange", "gold", "red"),
              growths=(), lean=-0.8, legs=0.3, face="coat")
DUCK = Bird(p.broad(0.6, 0.26), ("1e7a4a 5a4a3e e8e2d8 2a4ad0", "f8f6f0 e0dcd4 ffffff f0e8d8",
    "f4cc1e d8a010 fff08a e8b010"),
            ("orange", "gold"), body=(1.0, -0.9), girth=(0.58, 0.52, 1.05), lean=-0.1, legs=0.25,
                tail=0.45)
SWAN = Bird(p.broad(0.5, 0.18), ("f8f8f8 dcdce4 ffffff f0f0f4", "1e1c20 0c0c0e 3a383c 5a2a2a"),
    ("orange", "red", "black"),
            skull=(0.36, 0.36, 0.5), eye=(0.27, -0.08, 0.1), body=(1.9, -0.9),
                girth=(0.7, 0.62, 1.3), lean=-0.05, neck=(0.22, 0.34),
            bow=0.8, legs=0.0, tail=0.5, span=2.3)
FLAMINGO = Bird(p.straight(0.62, 0.16, 0.42, tip=BLACK), ("f48a9a d84a6a f8b8c0 e8344a",),
    ("horn", "gold"),
                skull=(0.34, 0.34, 0.42), eye=(0.25, -0.06, 0.1), body=(1.9, -0.7),
                    girth=(0.5, 0.5, 0.8), lean=-0.2, neck=(0.17, 0.22),
                bow=0.9, legs=1.7, tail=0.35)
HERON = Bird(p.straight(1.1, 0.13, 0.05), ("a8b0bc 3a424e f0f2f4 2a3444",
    "f8f8f8 d8d8dc ffffff e8e0d0"), ("gold", "orange", "horn"),
             skull=(0.32, 0.32, 0.45), eye=(0.24, -0.06, 0.1),
                 growths=(p.crest(3, 0.7, 0.15, tilt=1.35, name="dark"),),
             body=(1.8, -0.8), girth=(0.48, 0.5, 0.9), lean=-0.3, neck=(0.17, 0.22), bow=0.6,
                 legs=1.5, tail=0.5)
PELICAN = Bird(p.pouched(1.3), ("f6f4f0 3a363a ffffff d8c8b0",), ("orange", "gold"),
    skull=(0.4, 0.4, 0.5), eye=(0.29, -0.08, 0.12),
               body=(1.5, -0.8), girth=(0.66, 0.62, 1.1), lean=-0.3, neck=(0.24, 0.36), bow=0.5,
                   legs=0.35, tail=0.4, span=2.4)
PENGUIN = Bird(p.straight(0.5, 0.12, 0.08), ("1e2228 0e1014 f8f8f4 f0b01e",),
    ("orange", "black", "gold"), body=(1.35, -0.1),
               girth=(0.64, 1.1, 0.6), lean=0.0, neck=(0.46, 0.55), legs=0.12, tail=0.3,
                   views=("head", "front", "perched"))
ROOSTER = Bird(p.straight(0.3, 0.16, 0.1), ("c8581e 1e3a2a f0b83a 8a1e12",
    "f4f0e8 d8d4c8 ffffff e8b0a0", "2a2426 143a34 8a5a2a c83a1e"),
               ("gold", "horn"), skull=(0.4, 0.42, 0.46), eye=(0.31, -0.06, 0.12),
                   growths=(p.comb,), body=(1.25, -0.75),
               girth=(0.6, 0.66, 0.9), lean=-0.25, neck=(0.32, 0.52), bow=0.1, legs=0.7, tail=0.0,
                   train=plumes, views=("head", "front", "perched"))
PEACOCK = Bird(p.straight(0.28, 0.12, 0.06), ("1e4ad8 1e7a4a 2aa8a0 1ec8a0",
    "1a8ab0 2a6a3a 3ab88a d8a82a"), ("horn", "black"),
               skull=(0.32, 0.34, 0.4), eye=(0.25, -0.06, 0.1),
                   growths=(p.crest(5, 0.45, 0.5, tilt=0.0),), body=(1.6, -0.5),
               girth=(0.5, 0.7, 0.7), lean=-0.3, neck=(0.2, 0.42), bow=0.2, legs=0.6, tail=0.0,
                   train=peacock_train, views=("head", "fan"))
CROW = Bird(p.straight(0.62, 0.17, 0.1), ("1c1c24 0c0c12 34343e 2a2a4a",), ("black",), lean=-0.6)
SONGBIRD = Bird(p.straight(0.3, 0.13), ("d85a2a 5a4a3a f8e8d0 8a3a1a",
    "2a6ad8 14306a f0d8b0 e8742a", "e8c01e 3a3a20 fff4b0 2a2a1a", "c81e2a 4a1014 f0a0a0 2a1a1a"),
                ("black", "horn", "gold"), eye=(0.36, -0.08, 0.15), body=(0.8, -0.6),
                    girth=(0.58, 0.6, 0.8), lean=-0.5, neck=(0.46, 0.55))
HUMMINGBIRD = Bird(p.straight(1.1, 0.08), ("1e9a5a 14504a e8f0e0 d81e6a",
    "2a6ac8 1e3a6a d8e8f8 8a1ec8"), ("black",),
                   body=(0.75, -0.45), girth=(0.42, 0.45, 0.72), lean=-0.7, neck=(0.4, 0.42),
                       legs=0.0, tail=0.7, span=1.5)
WOODPECKER = Bird(p.straight(0.85, 0.15), ("2a2426 121012 f4f0e8 e01e1e",
    "5a8a3a 2a4a1e e8ecb0 d8281e"), ("horn", "black"),
                  growths=(p.crest(5, 0.5, 0.35, tilt=0.9),), lean=-0.9, legs=0.25)
PIGEON = Bird(p.straight(0.26, 0.11, 0.06), ("7a88a0 3a4458 b0bccc 5a8a7a",
    "f4f4f6 d0d0d8 ffffff e8e0e4"), ("horn", "black"),
              skull=(0.4, 0.42, 0.46), eye=(0.31, -0.06, 0.13), body=(1.1, -0.75),
                  girth=(0.58, 0.62, 0.95), neck=(0.34, 0.52), legs=0.35)
# fmt: on

for _name, _bird in {
    "owl": OWL, "eagle": EAGLE, "parrot": PARROT, "cockatoo": COCKATOO, "toucan": TOUCAN,
    "duck": DUCK, "swan": SWAN, "flamingo": FLAMINGO, "heron": HERON, "pelican": PELICAN,
    "penguin": PENGUIN, "rooster": ROOSTER, "peacock": PEACOCK, "crow": CROW,
    "songbird": SONGBIRD, "hummingbird": HUMMINGBIRD, "woodpecker": WOODPECKER, "pigeon": PIGEON,
}.items():  # fmt: skip
    enter(_name, _bird)
