"""Checks of what a request wants to dream, and with which network; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from dreamvid.image import read_picture
from dreamvid.media.source import check_file
from dreamvid.networks.kinds import CREATURES, LABEL, creature_words
from dreamvid.networks.known import (
    TIMM,
    check_layer,
    check_published,
    choose,
    find_label,
    labels,
)
from dreamvid.settings.dials import guides_of, texts_of
from dreamvid.settings.tables import DreamSettings, NetworkSettings
from dreamvid.settings.values import OWN_PALETTE


def check_dream(network: NetworkSettings, dream: DreamSettings) -> None:
    """Raise an error for an unknown network, layer or label, or an unreadable guide."""
    for name, _ in network.parts:
        choice = choose(name, network.weights, network.arch)
        check_published(choice)
        if choice.weights is not None:
            check_file(choice.weights)
    for term in _terms(dream):
        if term.partition(":")[0].strip() == CREATURES:
            creature_words(term)
    model, others = network.parts[0][0], network.parts[1:]
    if not (others or network.weights or network.arch or model.startswith(TIMM)):
        _check_names(model, dream)  # others are checked when loaded
    if dream.palette not in (None, OWN_PALETTE):
        read_picture(dream.palette)
    for guide in guides_of(dream):
        from dreamvid.media.guide import check_guide

        check_guide(guide)


def _check_names(model: str, dream: DreamSettings) -> None:
    """Raise UsageError for a layer or a label that a network known by name does not have."""
    known = labels(model)
    for term in _terms(dream):
        name, _, part = (word.strip() for word in term.partition(":"))
        if name == LABEL:
            find_label(part, known, model=model)
        elif name == CREATURES:
            for word in creature_words(term) if known else ():
                find_label(word, known, model=model)
        else:
            check_layer(model, name)
    if dream.label and known:
        find_label(dream.label, known, model=model)


def _terms(dream: DreamSettings) -> Iterator[str]:
    """What the layers raise at any time, without weights."""
    for text in chain.from_iterable(texts_of(layer, "layer") for layer in dream.layer):
        yield text.partition("*")[0].strip()
