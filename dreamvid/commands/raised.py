"""What the settings raise in one network: a label, guides, or a sum of layers and creatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor

from dreamvid.dream import objectives
from dreamvid.dream.guides import guide
from dreamvid.dream.likeness import Exemplar, exemplar_of, with_likeness
from dreamvid.dream.objectives import Activations, Objective
from dreamvid.dream.octaves import resize, shrink
from dreamvid.dream.terms import is_whole, parse
from dreamvid.errors import UsageError
from dreamvid.image import to_image
from dreamvid.media.guide import Shown, read_guide
from dreamvid.networks.kinds import LABEL
from dreamvid.networks.network import Network
from dreamvid.settings.dials import Layer, Moment

Guides = tuple[tuple[tuple[Shown, ...], float], ...]
"""The guides of a frame, each with its share."""

GUIDE_SIDE = 512
"""Guides are shrunk to this longest side: every position of the frame is compared with every
position of the guide, and features should be small enough to fit into the frame."""


class Raised:
    """Makes the objective of a network at a moment.

    With `patient` a label is one view of its class. `lenient` leaves out layers that the network
    does not have, for networks that dream together. `match` is how guides are matched. `pictures`
    [3, H, W] guide together at every moment, in place of other guides.
    """

    def __init__(
        self,
        network: Network,
        *,
        patient: bool,
        lenient: bool = False,
        match: str = "dot",
        pictures: Sequence[Tensor] = (),
    ) -> None:
        self._network, self._patient = network, patient
        self._lenient, self._match = lenient, match
        self._pictures = tuple(pictures)
        self._guides: dict[tuple[tuple[Shown, ...], str], Objective] = {}

    def __call__(self, moment: Moment, guides: Guides) -> tuple[Objective, Exemplar | None]:
        """The objective of a moment, and the exemplar of a label that is dreamed with patience."""
        if moment.label is None:
            return self._layers_at(moment, guides), None
        find = self._network.view_of if self._patient else self._network.labelled
        indices = find(moment.label)
        told = objectives.label(self._network.label_layer, *indices)
        exemplar = exemplar_of(self._network, *indices) if self._patient else None
        return told if exemplar is None else with_likeness(self._network, told), exemplar

    def _layers_at(self, moment: Moment, guides: Guides) -> Objective:
        """The objective of the layers and guides of a moment."""
        layers = [kept for layer in moment.layers if (kept := self._known(layer)).parts]
        if self._pictures:
            guides = (((), 1.0),)
        if not layers or (guides and not any(map(is_whole, chain(*(la.names for la in layers))))):
            layers.append(Layer(((self._network.default_layer, 1.0, 1.0),)))
        first, *others = [self._layer(layer, guides) for layer in layers]
        film = guides[0][0][0].path if len(guides) == 1 and not self._pictures else ""
        return replace(sum(others, start=first), family=film)

    def check(self, names: list[str]) -> None:
        """Raise UsageError for a layer, channel or class that the network does not have."""
        blank = torch.zeros(1, 3, self._network.minimum_size, self._network.minimum_size)
        for name in names:
            if self._lenient and not self._knows(name):
                continue
            named = parse(name, self._network)
            for word, _ in named.kinds:
                self._network.labelled(word)
            if ":" in name and named.layers:  # the channel may not exist
                activations = self._network.trunk(named.layers)(blank)
                sources = {objectives.source_of(key): a for key, a in activations.items()}
                named(activations | sources)

    def check_always(self, settings: list[tuple[str, ...]]) -> None:
        """Raise UsageError unless the network has every layer of one of the settings.

        Otherwise a schedule may leave it without any in the middle of a film.
        """
        if settings and not any(all(map(self._knows, names)) for names in settings):
            raise UsageError(
                f"{self._network.name} has none of the layers", where="layer",
                remedy=f"use aliases, or add one of its own (dreamvid layers {self._network.name})",
            )  # fmt: skip

    def knows_label(self, label: str) -> bool:
        """Whether the network has a class."""
        return self._knows(f"{LABEL}:{label}")

    def _knows(self, name: str) -> bool:
        try:
            parsed = parse(name, self._network)
            for word, _ in parsed.kinds:
                self._network.labelled(word)
        except UsageError:
            return False
        return True

    def _known(self, layer: Layer) -> Layer:
        if not self._lenient:
            return layer
        return Layer(tuple(part for part in layer.parts if self._knows(part[0])))

    def _layer(self, layer: Layer, guides: Guides) -> Objective:
        return objectives.fade(
            [
                (
                    (
                        self._guided(name, guides)
                        if guides and is_whole(name)
                        else parse(name, self._network)
                    )
                    * weight,
                    share,
                )
                for name, weight, share in layer.parts
            ]
        )

    def _guided(self, name: str, guides: Guides) -> Objective:
        """The objective of guides on a layer."""
        layer = self._network.resolve(name)
        return objectives.fade([(self._guide(shown, layer), share) for shown, share in guides])

    def _guide(self, shown: tuple[Shown, ...], layer: str) -> Objective:
        """The objective of what is shown, or of `pictures`, on a layer; cached while shown."""
        if (shown, layer) not in self._guides:
            if any(picture.number is not None for picture in shown):  # a film shows many
                self._guides = {key: kept for key, kept in self._guides.items() if key[0] == shown}
            pictures = self._pictures or [to_image(read_guide(picture)) for picture in shown]
            features = [self._activations(picture, (layer,)) for picture in pictures]
            self._guides[shown, layer] = guide(*features, match=self._match)
        return self._guides[shown, layer]

    def _activations(self, picture: Tensor, layers: tuple[str, ...]) -> Activations:
        picture, least = shrink(picture, GUIDE_SIDE), self._network.minimum_size
        if (side := min(picture.shape[-2:])) < least:
            height, width = (-(-length * least // side) for length in picture.shape[-2:])
            picture = resize(picture, (height, width))
        with torch.no_grad():
            found: Activations = self._network.trunk(layers)(picture[None])
        return found
