"""dream_image: dream on a picture."""

from __future__ import annotations

from pathlib import Path

import torch

from dreamvid.commands.preflight import check_image
from dreamvid.commands.result import Result, describe_size, skipped
from dreamvid.commands.shared import make_dreamer
from dreamvid.dream.octaves import resize
from dreamvid.image import save_image, to_image, with_alpha
from dreamvid.networks.weights import Counted
from dreamvid.sequence.dream_size import dream_at_size, dream_size
from dreamvid.settings.models import ImageSettings


def dream_image(
    source: str | Path,
    target: str | Path,
    settings: ImageSettings | None = None,
    *,
    overwrite: bool = False,
    fetched: Counted | None = None,
) -> Result:
    """Dream on a picture file.

    Raises any DreamvidError; the target is written atomically.
    """
    settings, target = settings or ImageSettings(), Path(target)
    checked = check_image(Path(source), target, settings, overwrite=overwrite)
    own = checked.size[1], checked.size[0]
    image = resize(to_image(checked.picture), own).clamp(0, 1)
    size = dream_size(own, settings.picture.dream_size, on_cpu=False)
    dream = make_dreamer(settings.network, settings.dream, size=size, fetched=fetched)
    dreamed = dream_at_size(size, dream, image).cpu()
    if checked.alpha is not None:
        alpha = torch.from_numpy(checked.alpha)[None].float() / 255
        dreamed = with_alpha(dreamed, resize(alpha, own).clamp(0, 1))
    save_image(target, dreamed)
    told = describe_size(own, settings.picture.dream_size, size, "picture")
    notes = (f"dreamed {told}",) if told else ()
    return Result(target, 1, (*notes, *skipped(dream, *size)))
