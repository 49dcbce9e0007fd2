"""Common words that stand for several classes: animal, fish, bird, cat."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from dreamvid.errors import UsageError

Ranges = tuple[tuple[int, int], ...]

ANIMAL = "animal"
CREATURES, LABEL = "creatures", "label"
"""Names of the objectives of beings and of classes, used in place of a layer name."""

IMAGENET: dict[str, Ranges] = {
    ANIMAL: ((0, 397),),
    "ape": ((365, 368),),
    "bear": ((294, 297), (387, 388)),
    "beetle": ((300, 307),),
    "bird": ((7, 24), (80, 100), (127, 146)),
    "butterfly": ((321, 326),),
    "cat": ((281, 293),),
    "cow": ((345, 347),),
    "crab": ((118, 121), (125, 125)),
    "deer": ((350, 353),),
    "dog": ((151, 268),),
    "duck": ((97, 99),),
    "eagle": ((21, 22),),
    "fish": ((0, 6), (389, 397)),
    "fox": ((277, 280),),
    "frog": ((30, 32),),
    "horse": ((339, 340),),
    "insect": ((300, 326),),
    "lizard": ((38, 48),),
    "monkey": ((369, 382),),
    "parrot": ((87, 90),),
    "pig": ((341, 343),),
    "rabbit": ((330, 332),),
    "shark": ((2, 4),),
    "sheep": ((348, 349),),
    "snake": ((52, 68),),
    "spider": ((72, 77),),
    "squirrel": ((335, 335),),
    "turtle": ((33, 37),),
    "whale": ((147, 148),),
    "wolf": ((269, 272),),
}
"""First and last ImageNet class of each word: the classes are in WordNet order."""

_BEASTS = (
    "bat bear bison camel cat cheetah cow deer dog elephant fox giraffe goat gorilla hedgehog "
    "hippo horse koala leopard lion monkey mouse panda pig rabbit raccoon ram redpanda rhino seal "
    "sheep squirrel tiger wolf zebra"
)
_SEA = (
    "crab dolphin jellyfish lobster nautilus octopus scallop snail squid starfish urchin whale "
    "brontosaur chameleon crocodile dragon frog lizard serpent snake stegosaur triceratops turtle "
    "tyrannosaur"
)
RENDERS = {
    "fish": "angelfish anglerfish clownfish eel goldfish perch puffer ray seahorse shark swordfish",
    "bird": "cockatoo crow duck eagle flamingo heron hummingbird owl parrot peacock pelican "
    "penguin pigeon rooster songbird swan toucan woodpecker",
    "insect": "ant bee beetle butterfly caterpillar dragonfly fly grasshopper ladybird moth "
    "scorpion spider wasp",
}
"""Classes of the rendered training images, by word."""
RENDERS[ANIMAL] = " ".join((_BEASTS, _SEA, *RENDERS.values()))

_VIEWS = (
    "bat/body bison/body camel/body cat/body cheetah/body cow/body elephant/side giraffe/body "
    "goat/quarter hedgehog/quarter horse/body leopard/body mouse/body rabbit/body "
    "redpanda/quarter rhino/side sheep/body squirrel/body tiger/body wolf/quarter "
    "zebra/body brontosaur/body chameleon/side frog/body lizard/body "
    "triceratops/side turtle/body tyrannosaur/body crow/perched flamingo/perched heron/perched "
    "owl/perched peacock/fan penguin/perched pigeon/perched songbird/perched swan/perched "
    "toucan/perched whale/quarter castle/cone flower/lily fruit/strawberry leaf/maple pot/teapot "
    "tree/fir"
)
VIEWS = dict(label.split("/") for label in _VIEWS.split())
"""The view that shows best what a class is, where that is not its first."""


def creature_words(text: str) -> tuple[str, ...]:
    """The words of `creatures:owl,fish`, none of `creatures`; UsageError for an empty one."""
    _, colon, part = text.partition(":")
    words = tuple(word.strip() for word in part.split(",")) if colon else ()
    if not all(words):
        raise UsageError(f"a word is missing in '{text}'", where="layer",
                         remedy=f"write {CREATURES}, or {CREATURES}:owl,fish")  # fmt: skip
    return words


def telling(labels: Sequence[str]) -> str:
    """The one of the `labels` of a class that shows best what it is."""
    name = labels[0].partition("/")[0]
    known = f"{name}/{VIEWS.get(name)}"
    return known if known in labels else labels[0]


def is_imagenet(labels: Sequence[str]) -> bool:
    """Whether these are the labels of ImageNet's 1000 classes."""
    return len(labels) == 1000 and labels[0] == "tench"


def groups(labels: Sequence[str]) -> tuple[str, ...]:
    """The words that stand for several of the `labels`."""
    known = IMAGENET if is_imagenet(labels) else RENDERS
    return tuple(word for word in known if group(labels, word))


def group(labels: Sequence[str], word: str) -> tuple[int, ...]:
    """The indices of the `labels` that a word stands for; empty if there are none.

    For "animal", if no label is known to be an animal, all labels are returned.
    """
    if is_imagenet(labels):
        ranges = IMAGENET.get(word, ())
        return tuple(chain.from_iterable(range(first, last + 1) for first, last in ranges))
    classes = RENDERS.get(word, "").split()
    found = tuple(k for k, label in enumerate(labels) if label.partition("/")[0] in classes)
    return found if found or word != ANIMAL else tuple(range(len(labels)))
