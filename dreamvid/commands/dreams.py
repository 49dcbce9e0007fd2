"""From settings to Dreamers: one for each frame, shared while nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

from torch import Tensor

from dreamvid.commands.raised import Guides, Raised
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Watched
from dreamvid.dream.mixture import mixed
from dreamvid.dream.octaves import Size, octaves_for
from dreamvid.dream.palette import Palette, Recolour, keep_colours
from dreamvid.dream.patience import BROAD, COARSEST, STEP, patient
from dreamvid.dream.shaping import Shape
from dreamvid.dream.towards import Towards
from dreamvid.image import load_image
from dreamvid.media.guide import forget_guides, read_guide, shown_at
from dreamvid.networks.kinds import CREATURES, LABEL
from dreamvid.networks.network import Network
from dreamvid.schedules.schedule import Clock
from dreamvid.settings.dials import Dials, Moment, guides_of
from dreamvid.settings.tables import DreamSettings, NetworkSettings
from dreamvid.settings.values import OWN_PALETTE

KEPT, KEPT_GUIDED = 64, 4
"""Number of Dreamers cached for frames with equal settings; each is small next to the network.

Those of a film that guides each hold the features of one of its frames, which are not small.
"""


class Dreams:
    """The Dreamer of each frame, `dreams(index)`, by the schedules of the settings.

    `networks` are those of the settings. `size` is the (height, width) of the pictures. `times`
    multiplies the iterations of frame 0, for starts with low contrast. `patient` gives a label the
    dose that it needs to become one whole thing (dream/patience.py), for single pictures.
    `pictures` [3, H, W] guide in place of the guide of the settings. `before_update` is called
    before each update, and may raise an error to stop the dream. All layers, labels and guides are
    resolved on creation, so that errors are raised early.
    """

    def __init__(
        self,
        networks: Sequence[Network],
        how: NetworkSettings,
        dream: DreamSettings,
        clock: Clock,
        *,
        size: tuple[int, int],
        times: float = 1.0,
        patient: bool = False,
        pictures: Sequence[Tensor] = (),
        before_update: Callable[[], None] | None = None,
    ) -> None:
        self._pictures, self._before_update = pictures, before_update
        self._how, self._dream, self._clock = how, dream, clock
        self._size, self._times = size, times
        self._patient = patient and dream.label is not None
        self._dials = Dials(dream, clock)
        shares = [share for _, share in how.parts]
        self._parts = self._checked(list(zip(networks, shares, strict=True)))
        self._palette = _palette(dream)
        self._known: dict[tuple[Moment, Guides], Dreamer] = {}
        self._last: object = None
        forget_guides()
        for text in guides_of(dream):
            for shown in shown_at(text, 0, clock, dream.guide_time):
                read_guide(shown)
        self(0)

    def __call__(self, index: int) -> Dreamer:
        """The Dreamer of a frame."""
        moment = self._dials(index)
        if index == 0 and self._times != 1:
            moment = replace(moment, iterations=max(1, round(moment.iterations * self._times)))
        time = self._dream.guide_time
        guides = tuple(
            (shown_at(text, index, self._clock, time), share) for text, share in moment.guides
        )
        if (moment, guides) not in self._known:
            by_film = any(one.number is not None for shown, _ in guides for one in shown)
            while len(self._known) >= (KEPT_GUIDED if by_film else KEPT):
                del self._known[next(iter(self._known))]
            self._known[moment, guides] = self._make(moment, guides)
        return self._known[moment, guides]

    @property
    def moment(self) -> Moment:
        """The dream settings of the first frame."""
        return self._dials(0)

    def at(self, moment: Moment, size: Size) -> Dreamer:
        """The Dreamer of live settings that no schedule knows, at a size (height, width).

        Of the moment only the numbers may differ from those of the first frame.
        """
        guides = tuple(
            (shown_at(text, 0, self._clock, self._dream.guide_time), share)
            for text, share in moment.guides
        )
        self._size = size
        return self._make(moment, guides)

    def _checked(
        self, networks: Sequence[tuple[Network, float]]
    ) -> list[tuple[Network, float, Raised]]:
        """The networks that dream, with their shares; UsageError for names that none has."""
        several, match, label = len(networks) > 1, self._dream.guide_match, self._dream.label
        raised = [
            Raised(
                network,
                patient=self._patient,
                lenient=several,
                match=match,
                pictures=self._pictures,
            )
            for network, _ in networks
        ]
        parts = [(*part, of) for part, of in zip(networks, raised, strict=True)]
        if label is not None and several:
            parts = [part for part in parts if part[2].knows_label(label)] or parts[:1]
        settings = list(self._dials.names())
        for _, _, of in parts:
            of.check(list(chain.from_iterable(settings)))
            if several and label is None:
                of.check_always(settings)
        first = parts[0][0]
        self._dials.check_weights(
            lambda name: name if several or name in (CREATURES, LABEL) else first.resolve(name)
        )
        return parts

    def _make(self, moment: Moment, guides: Guides) -> Dreamer:
        raised = moment.layers, moment.label, guides
        if self._last != raised:  # else only the dose has changed
            self._last = raised
            self._climber = self._climber_for(moment, guides)
            if self._before_update is not None:
                told = self._before_update
                self._climber = self._climber.with_gradient(
                    lambda whole: Watched(whole, lambda image, key: told())
                )
        dose = self._patient_dose(moment) if self._patient else self._dose(moment)
        dose = replace(dose, fade=max(dose.fade, moment.pull), smooth=moment.smooth)
        detail = moment.detail * (BROAD if self._patient else 1)
        colours = 0.0 if self._dream.keep_colours else moment.colours
        shape = Shape(colours, detail) if self._dream.gradient == "shaped" else None
        return self._climber.with_dose(dose, moment.octave_scale, shape)

    def _climber_for(self, moment: Moment, guides: Guides) -> Dreamer:
        """A Dreamer of all networks; with the exemplar of a label, if one of them has one."""
        found = [(network, *of(moment, guides)) for network, _, of in self._parts]
        dreamers = [
            Dreamer(
                network,
                objective,
                seed=self._dream.seed,
                even=not self._patient,  # things stand here and there, not everywhere
                tile=self._dream.tile,
                palette=self._palette,
                device=self._how.device,
                precision=self._how.precision,
            )
            for network, objective, _ in found
        ]
        climber = mixed(dreamers, [share for _, share, _ in self._parts])
        exemplar = next((one for _, _, one in found if one is not None), None)
        if exemplar is None:
            return climber
        return climber.with_gradient(partial(Towards, exemplar=exemplar))

    def _dose(self, moment: Moment) -> Dose:
        octaves = moment.octaves or octaves_for(*self._size, moment.octave_scale)
        step = self._climber.default_step if moment.step is None else moment.step
        return Dose((moment.iterations,) * octaves, step * moment.strength)

    def _patient_dose(self, moment: Moment) -> Dose:
        scale, coarsest = moment.octave_scale, round(COARSEST * self._parts[0][0].view)
        octaves = moment.octaves or octaves_for(*self._size, scale, coarsest=coarsest)
        step = STEP if moment.step is None else moment.step
        return patient(moment.iterations, octaves, scale, step * moment.strength)


def _palette(dream: DreamSettings) -> Recolour | None:
    """The change of colours that the settings name, if any."""
    if dream.keep_colours:
        return keep_colours
    if dream.palette is None:
        return None
    return Palette() if dream.palette == OWN_PALETTE else Palette.of(load_image(dream.palette))
