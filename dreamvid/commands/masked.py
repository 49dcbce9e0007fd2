"""From settings to regions: their Dreamers, which share one network, and their masks."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

from dreamvid.commands.dreams import Dreams
from dreamvid.commands.shared import load_all
from dreamvid.dream.octaves import Size
from dreamvid.media.mattes import MatteFilm, read_matte
from dreamvid.media.source import is_still
from dreamvid.motion.warp import Plane
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.masks import MaskAt, Matte
from dreamvid.sequence.progress import OnProgress
from dreamvid.sequence.regions import Region, Regions
from dreamvid.settings.dials import Dials, words
from dreamvid.settings.mask_text import mask_files, masks_in, parse_mask
from dreamvid.settings.regions import MaskedSettings, MaskSettings


def make_regions(
    settings: MaskedSettings,
    clock: Clock,
    films: ExitStack,
    *,
    size: Size,
    begins: Fraction = Fraction(0),
    patient: bool = False,
    on_progress: OnProgress,
) -> Regions:
    """Make the regions that the settings describe, for pictures of a size (height, width).

    The mask films are open; `films` closes them. `begins` is the time in them of the first frame.
    Image sequences have the rate of the clock.
    Of the other options see Dreams.
    """
    for _, dream in settings.regions:
        Dials(dream, clock)  # raises errors before a download
    masks = [_mask(mask, clock, films, begins) for mask, _ in settings.regions]
    networks = load_all(settings.network, on_progress)
    dreams = [Dreams(networks, settings.network, dream, clock, size=size, patient=patient)
              for _, dream in settings.regions]  # fmt: skip
    regions = [Region(dream, mask) for dream, mask in zip(dreams, masks, strict=True)]
    follow = any(mask is not None and mask.follows_motion for mask in masks)
    return Regions(regions, follow_motion=follow)


def _mask(wanted: MaskSettings, clock: Clock, films: ExitStack, begins: Fraction) -> MaskAt | None:
    if wanted.mask is None:
        return None
    named = {text: parse_mask(text) for text in masks_in(wanted.mask)}
    files = {path: _matte(path, films, begins, clock.fps) for path in mask_files(wanted.mask)}
    mattes = {text: files[mask.path] for text, mask in named.items() if mask.path is not None}
    return MaskAt(words(wanted.mask, clock, "mask")[1], named, mattes, wanted.feather)


def _matte(path: Path, films: ExitStack, begins: Fraction, rate: Fraction) -> Matte:
    if is_still(path):
        still = read_matte(path)
        return lambda _: still
    film = films.enter_context(MatteFilm(path, rate))

    def at(time: Fraction) -> Plane:
        return film(begins + time)

    return at
