"""Terms: objectives written as text, as in the flag `--layer`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Protocol

from dreamvid.dream import objectives
from dreamvid.dream.objectives import Objective
from dreamvid.errors import UsageError
from dreamvid.networks.kinds import CREATURES, LABEL, creature_words
from dreamvid.settings.values import LAYER_FORM


class Names(Protocol):
    """What a network knows by name; a Network is one."""

    label_layer: str

    def resolve(self, layer: str) -> str:
        """The layer of a name or an alias."""
        ...

    def labelled(self, name: str) -> tuple[int, ...]:
        """The indices of a class."""
        ...


def parse(text: str, network: Names) -> Objective:
    """Parse one term in the syntax of the flag `--layer`: see LAYER_FORM.

    `creatures` and `creatures:owl,fish` are beings, `label:owl` is a class. Raises UsageError for
    text that cannot be read, or a name that the network does not know.
    """
    term, star, weight = text.partition("*")
    name, colon, part = (word.strip() for word in term.partition(":"))
    try:
        make = _part(part) if colon and name not in (CREATURES, LABEL) else objectives.layer
        scale = float(weight) if star else 1.0
        if not math.isfinite(scale):
            raise ValueError
    except ValueError:
        raise UsageError(f"cannot read layer '{text}'", remedy=LAYER_FORM) from None
    if name == CREATURES:
        return objectives.creatures(*creature_words(term)) * scale
    if name == LABEL:
        return objectives.label(network.label_layer, *network.labelled(part)) * scale
    return make(network.resolve(name)) * scale


def is_whole(text: str) -> bool:
    """Whether a term raises a layer as a whole, not a part of it, a class or creatures."""
    name = text.partition("*")[0]
    return ":" not in name and name.strip() != CREATURES


def _part(text: str) -> Callable[[str], Objective]:
    """What is raised of a layer, by the text behind its colon; ValueError if it is unknown."""
    if text == "mean":
        return objectives.mean
    if found := re.fullmatch(r"(top|bottom)([1-9]\d*)", text):
        count, strongest = int(found[2]), found[1] == "top"
        return lambda name: objectives.extremes(name, count, strongest=strongest)
    if found := re.fullmatch(r"p([1-9]\d?(?:\.\d+)?)", text):
        power = float(found[1])
        return lambda name: objectives.norm(name, power)
    if found := re.fullmatch(r"anchored(\d(?:\.\d+)?)?", text):
        cosine = float(found[1] or objectives.CARICATURE)
        return lambda name: objectives.anchored(name, cosine)
    return _channel(text)


def _channel(text: str) -> Callable[[str], Objective]:
    """A channel, `7`, or a neuron at a place, `7@0.3x0.6`; ValueError if it is neither."""
    number, at, place = text.partition("@")
    index = int(number)
    if not at:
        return lambda name: objectives.channel(name, index)
    x, y = map(float, place.split("x"))
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError
    return lambda name: objectives.neuron(name, index, (x, y))
