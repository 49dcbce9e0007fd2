"""dream_image: dream on a picture."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import torch

from dreamvid.commands.masked import make_regions
from dreamvid.commands.preflight import Still, check_image
from dreamvid.commands.result import Result, describe_size, skipped
from dreamvid.dream.octaves import resize
from dreamvid.image import save_image, to_image
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.dream_size import dream_at_size, dream_size
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.progress import OnProgress, ignore
from dreamvid.sequence.regions import blended
from dreamvid.settings.models import ImageSettings


def dream_image(
    source: str | Path,
    target: str | Path,
    settings: ImageSettings | None = None,
    *,
    overwrite: bool = False,
    on_progress: OnProgress = ignore,
) -> Result:
    """Dream on a picture file.

    Raises any DreamvidError; the target is written atomically.
    """
    settings = settings or ImageSettings()
    return run_image(check_image(Path(source), Path(target), settings, overwrite=overwrite),
                     on_progress)  # fmt: skip


def run_image(still: Still, on_progress: OnProgress) -> Result:
    """Dream on a checked picture."""
    settings, own = still.settings, (still.size[1], still.size[0])
    image = resize(to_image(still.picture), own).clamp(0, 1)
    size = dream_size(own, settings.picture.dream_size, on_cpu=False)
    with ExitStack() as films:
        clock = Clock(Fraction(1), 1, settings.dream.seed)
        regions = make_regions(
            settings, clock, films, size=size, patient=True, on_progress=on_progress
        )
    dreams = [region.dream(0) for region in regions.regions]
    shares = regions.shares(Frame(0, Fraction(0), image, None))
    dreamed = [dream_at_size(size, dream, image, share).cpu()
               for dream, share in zip(dreams, shares or (None,), strict=True)]  # fmt: skip
    whole = blended(image, dreamed, shares) if shares else dreamed[0]
    if still.alpha is not None:
        alpha = resize(to_image(still.alpha[..., None]), own).clamp(0, 1)
        whole = torch.cat([whole, alpha])
    save_image(still.target, whole)
    at_size = describe_size(own, settings.picture.dream_size, size, "picture")
    notes = (f"dreamed {at_size}",) if at_size else ()
    return Result(still.target, 1, (*notes, *skipped(dreams[0], *size)))
