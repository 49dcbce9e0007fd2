"""From settings to Dreamers: one for each frame, shared while nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from dreamvid.dream import objectives
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.octaves import octaves_for, shrink
from dreamvid.dream.patience import BROAD, COARSEST, STEP, patient
from dreamvid.dream.shaping import Shape
from dreamvid.image import load_image
from dreamvid.networks.kinds import CREATURES
from dreamvid.networks.network import Network
from dreamvid.schedules.schedule import Clock
from dreamvid.settings.dials import Dials, Layer, Moment, guides_of
from dreamvid.settings.tables import DreamSettings, NetworkSettings

KEPT = 64
"""Number of Dreamers cached for frames with equal settings; each is small next to the network."""


GUIDE_SIDE = 512
"""Guide pictures are shrunk to this longest side: every position of the frame is compared with
every position of the guide, and features should be small enough to fit into the frame."""


class Dreams:
    """The Dreamer of each frame, `dreams(index)`, by the schedules of the settings.

    `size` is the (height, width) of the pictures. `times` multiplies the iterations of frame 0, for
    starts with low contrast. `patient` gives a label the dose that it needs to become one whole
    thing (dream/patience.py), for single pictures. All layers, labels and guides are resolved on
    creation, so that errors are raised early.
    """

    def __init__(
        self,
        network: Network,
        how: NetworkSettings,
        dream: DreamSettings,
        clock: Clock,
        *,
        size: tuple[int, int],
        times: float = 1.0,
        patient: bool = False,
    ) -> None:
        self.network, self._how, self._dream = network, how, dream
        self._size, self._times = size, times
        self._patient = patient and dream.label is not None
        self._dials = Dials(dream, clock)
        self._objectives = Objectives(network, patient=self._patient)
        self._known: dict[Moment, Dreamer] = {}
        self._raised: object = None
        blank = torch.zeros(1, 3, network.minimum_size, network.minimum_size)
        for name in self._dials.names():
            named = objectives.parse(name, resolve=network.resolve)
            for word, _ in named.kinds:
                network.labelled(word)
            if ":" in name and named.layers:  # the channel may not exist
                named(network.trunk(named.layers)(blank))
        self._dials.check_weights(lambda name: name if name == CREATURES else network.resolve(name))
        for text in guides_of(dream):
            self._objectives.guide(text, self._dials(0).layers)
        self(0)

    def __call__(self, index: int) -> Dreamer:
        """The Dreamer of a frame."""
        moment = self._dials(index)
        if index == 0 and self._times != 1:
            moment = replace(moment, iterations=max(1, round(moment.iterations * self._times)))
        if moment not in self._known:
            if len(self._known) == KEPT:
                del self._known[next(iter(self._known))]
            self._known[moment] = self._make(moment)
        return self._known[moment]

    def _make(self, moment: Moment) -> Dreamer:
        raised = moment.layers, moment.label, moment.guides
        if self._raised != raised:  # else only the dose has changed
            self._raised = raised
            self._climber = Dreamer(
                self.network,
                self._objectives(moment),
                seed=self._dream.seed,
                even=not self._patient,  # things stand here and there, not everywhere
                tile=self._dream.tile,
                device=self._how.device,
                precision=self._how.precision,
            )
        dose = self._patient_dose(moment) if self._patient else self._dose(moment)
        detail = moment.detail * (BROAD if self._patient else 1)
        shape = Shape(moment.colours, detail) if self._dream.gradient == "shaped" else None
        return self._climber.with_dose(dose, moment.octave_scale, shape)

    def _dose(self, moment: Moment) -> Dose:
        octaves = moment.octaves or octaves_for(*self._size, moment.octave_scale)
        step = self.network.default_step if moment.step is None else moment.step
        return Dose((moment.iterations,) * octaves, step * moment.strength)

    def _patient_dose(self, moment: Moment) -> Dose:
        scale, coarsest = moment.octave_scale, round(COARSEST * self.network.view)
        octaves = moment.octaves or octaves_for(*self._size, scale, coarsest=coarsest)
        step = STEP if moment.step is None else moment.step
        return patient(moment.iterations, octaves, scale, step * moment.strength)


class Objectives:
    """Makes the objective of a moment: a label, a guide, or a sum of layers, and creatures.

    With `patient` a label is one view of its class.
    """

    def __init__(self, network: Network, *, patient: bool = False) -> None:
        self._network, self._patient = network, patient
        self._guides: dict[tuple[str, tuple[str, ...]], objectives.Objective] = {}

    def __call__(self, moment: Moment) -> objectives.Objective:
        """The objective of a moment."""
        if moment.label is not None:
            find = self._network.view_of if self._patient else self._network.labelled
            return objectives.label(self._network.label_layer, *find(moment.label))
        layers = moment.layers or (Layer(((self._network.default_layer, 1.0, 1.0),)),)
        first, *others = [self._layer(layer) for layer in layers]
        total = sum(others, start=first)
        if moment.guides:
            guides = [(self.guide(text, moment.layers), share) for text, share in moment.guides]
            return replace(objectives.fade(guides), kinds=total.kinds)
        return total

    def guide(self, text: str, layers: tuple[Layer, ...]) -> objectives.Objective:
        """The objective of a guide picture, cached; UnreadableInput when it is not a picture."""
        names = [name for layer in layers for name in layer.names]
        parts = [objectives.parse(name, resolve=self._network.resolve) for name in names]
        known = tuple(dict.fromkeys(layer for part in parts for layer in part.layers))
        known = known or (self._network.default_layer,)
        if (text, known) not in self._guides:
            picture = shrink(load_image(text), GUIDE_SIDE)
            activations = self._network.trunk(known)(picture[None])
            self._guides[text, known] = objectives.guide(activations)
        return self._guides[text, known]

    def _layer(self, layer: Layer) -> objectives.Objective:
        resolve: Callable[[str], str] = self._network.resolve
        return objectives.fade(
            [
                (objectives.parse(name, resolve=resolve) * weight, share)
                for name, weight, share in layer.parts
            ]
        )
