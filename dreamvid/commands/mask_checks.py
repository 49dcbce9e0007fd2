"""Checks of masks before any work; nothing here imports torch."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from dreamvid.errors import UsageError
from dreamvid.media.mattes import MatteFilm, check_matte
from dreamvid.media.source import is_still
from dreamvid.media.target import same_file
from dreamvid.settings.mask_text import mask_files, masks_in, parse_mask
from dreamvid.settings.regions import MaskedSettings

if TYPE_CHECKING:
    from dreamvid.media.reader import VideoReader

Size = tuple[int, int]


def check_masks(settings: MaskedSettings, size: Size, *, still: bool = False) -> None:
    """Raise an error for a mask that cannot be read, hides everything, or has another shape.

    `size` is the (width, height) of what is dreamed. A `still` picture has neither motion nor time.
    """
    for wanted, _ in settings.regions:
        texts = masks_in(wanted.mask)
        if still and len(texts) > 1:
            raise no_schedule("mask")
        for text in texts:
            _check_mask(text, size, still=still, alone=len(texts) == 1)


def _check_mask(text: str, size: Size, *, still: bool, alone: bool) -> None:
    mask = parse_mask(text)
    if mask.path is not None:
        if still and not is_still(mask.path) and mask.path.exists():
            raise UsageError("a film cannot mask a single picture", where=mask.path,
                             remedy="give a picture")  # fmt: skip
        check_matte(mask.path, size, inverted=mask.inverted, may_hide=not alone)
    elif still and mask.follows_motion:
        raise UsageError("nothing moves in a single picture", where="mask",
                         remedy="give a picture or inside:LEFT,TOP,WIDTH,HEIGHT")  # fmt: skip


def follows_motion(settings: MaskedSettings) -> bool:
    """Whether a mask is what moves, or what does not."""
    texts = chain.from_iterable(masks_in(mask.mask) for mask, _ in settings.regions)
    return any(parse_mask(text).follows_motion for text in texts)


def all_mask_files(settings: MaskedSettings) -> tuple[Path, ...]:
    """The files of all masks."""
    return tuple(path for mask, _ in settings.regions for path in mask_files(mask.mask))


def no_schedule(name: str) -> UsageError:
    """The error for a schedule in the settings of a single picture."""
    return UsageError(
        "schedules are not allowed for a single picture", where=name, remedy="give one value"
    )


def check_masks_kept(target: Path, settings: MaskedSettings) -> None:
    """Raise UsageError if the output is a file of a mask."""
    if any(same_file(target, path) for path in all_mask_files(settings)):
        raise UsageError("the output is a mask file", where=target, remedy="use another name")


def held_masks(settings: MaskedSettings, film: VideoReader) -> tuple[str, ...]:
    """Name the mask films that end before a film does: their last frame is held."""
    told = []
    ends = film.begins + (film.info.duration or 0) - 1 / film.info.rate
    for path in dict.fromkeys(all_mask_files(settings)):
        if not is_still(path):
            with MatteFilm(path, film.info.rate) as matte:
                lasts = matte.duration
            if lasts is not None and lasts <= ends:
                told.append(f"{path} ends after {float(lasts):.3g} s; its last frame is held")
    return tuple(told)
