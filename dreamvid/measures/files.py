"""Measure film files: a dreamed film against its source, or a film without a source."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from dreamvid.dream.dreamer import pick_device
from dreamvid.errors import UsageError
from dreamvid.measures.film import Measures, measure
from dreamvid.measures.standalone import Moves, StandaloneMeasures, measure_standalone
from dreamvid.measures.terms import Judge
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.networks.network import Network
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.settings.tables import FilmSettings

PADDING = 8
"""Codecs pad the right and bottom side by fewer pixels than this."""


def measure_films(
    source: Path,
    dreamed: Path,
    *,
    film: FilmSettings,
    judge: Network,
    layer: str,
    device: str = "auto",
    loop: bool = False,
    on_progress: OnProgress = ignore,
) -> Measures:
    """Measure the film `dreamed` against `source`; keeps two frames in memory.

    `film` selects the part of the source that was dreamed; the size is that of the dream. The judge
    for gain, drift and `alive` is a `layer` of a network. `on_progress` gets a note if the films
    differ in size or length. Raises UsageError if they do not match, UnreadableInput if one cannot
    be read.
    """
    with VideoReader(dreamed, frames=film.frames, rate=film.rate) as after:
        width, height = _source_size(source, after.info, film, on_progress)
        with _part(source, film, width, height) as before:
            read = itertools.count()
            sources = (frame.array for frame, _ in zip(before, read, strict=False))
            dreams = (frame.array[:height, :width] for frame in after)
            found = measure(
                sources,
                dreams,
                judge=_judge(judge, layer, device),
                rate=float(after.info.rate),
                loop=loop,
            )
            longer = source if next(read) > found.frames else dreamed if any(after) else None
            damaged = [f"{one.info.path}: {one.damage}" for one in (before, after) if one.damage]
    if longer is not None:
        text = f"{longer}: is longer than the {found.frames} frames that were compared"
        on_progress(Progress("note", text=text))
    return replace(found, damage="; ".join(damaged) or None)


def measure_standalone_film(
    path: Path,
    *,
    film: FilmSettings,
    judge: Network,
    layer: str,
    device: str = "auto",
    loop: bool = False,
    moves: Callable[[int, int], Moves] | None = None,
) -> StandaloneMeasures:
    """Measure a film without a source, such as a zoom; keeps two frames in memory.

    Only the number of frames and the rate of `film` are used. `moves` returns, for a frame width
    and height, the exact motion of each frame. Raises UnreadableInput.
    """
    with VideoReader(path, frames=film.frames, rate=film.rate) as reader:
        info = reader.info
        found = measure_standalone(
            (frame.array for frame in reader),
            judge=_judge(judge, layer, device),
            rate=float(info.rate),
            moves=moves and moves(info.width, info.height),
            loop=loop,
        )
        return replace(found, damage=reader.damage and f"{path}: {reader.damage}")


def _part(source: Path, film: FilmSettings, width: int, height: int) -> VideoReader:
    """Open the dreamed part of a source, at the size of the dream."""
    return VideoReader(
        source,
        start=film.start,
        end=film.end,
        frames=film.frames,
        rate=film.rate,
        width=width,
        height=height,
        background=film.background,
    )


def _source_size(
    source: Path, dream: FilmInfo, film: FilmSettings, on_progress: OnProgress
) -> tuple[int, int]:
    """The size at which to read the source: the dream's, or its own if the dream is only padded."""
    with VideoReader(source, rate=film.rate) as reader:
        own = reader.info
    more = dream.width - own.width, dream.height - own.height
    if all(0 <= extra < PADDING for extra in more):
        return own.width, own.height
    # Scaled, then padded: the aspect ratios agree within the padding.
    if abs(own.width * dream.height / own.height - dream.width) > PADDING * max(
        1, own.width / own.height
    ):
        raise UsageError(
            f"the dream is {dream.width}x{dream.height}, the source {own.width}x{own.height}",
            where=source,
            remedy="give the source of this dream",
        )
    text = f"{source}: measured at {dream.width}x{dream.height}, the size of the dream"
    on_progress(Progress("note", text=text))
    return dream.width, dream.height


def _judge(network: Network, layer: str, device: str) -> Judge:
    place = pick_device(device)
    trunk = network.trunk((layer,), place)

    def judge(image: torch.Tensor) -> torch.Tensor:
        activations: torch.Tensor = trunk(image[None].to(place))[layer]
        return activations.float()

    return judge
