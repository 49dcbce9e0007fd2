"""Describe a checked request in words: its source, and what will be dreamed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamvid.media.output import Output
from dreamvid.networks.known import default_layer
from dreamvid.settings.regions import MaskedSettings
from dreamvid.settings.tables import ClipSettings, DreamSettings, NetworkSettings
from dreamvid.settings.values import LONGEST_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dreamvid.media.info import FilmInfo
    from dreamvid.media.reader import VideoReader

Size = tuple[int, int]


def describe_film(source: Path, info: FilmInfo) -> str:
    """Describe a film in words: size, number of frames, frame rate."""
    size, rate = f"{info.width}x{info.height}", f"at {_rate(info.rate)} fps"
    return f"{source}: {size}, {rate if info.frames is None else f'{_count(info.frames)} {rate}'}"


def describe_clip(source: Path | None, frames: int, size: Size, fps: Fraction) -> str:
    """Describe a clip to be generated in words: start, size, number of frames, frame rate."""
    name = "noise" if source is None else source
    return f"{name}: {size[0]}x{size[1]}, {_count(frames)} at {_rate(fps)} fps"


def describe_ground(layers: NDArray[Any], background: str | None) -> str:
    """Say what the transparent areas of a picture, if it has any, are laid over."""
    return f", transparent areas over {background or 'black'}" if layers.shape[2] == 4 else ""


def describe_transparency(film: VideoReader, output: Output) -> str:
    """Say what is done with the transparent areas of a film, if it has any, and why."""
    if not film.transparency:
        return ""
    lacks = "" if output.format.alpha else f", as {output.format.name} has no transparency"
    return f", {film.transparency}{lacks}"


def describe_shrinking(picture: NDArray[Any], clip: ClipSettings) -> str:
    """Say that a picture is shrunk because it is large, and what changes that."""
    large = clip.size is None and max(picture.shape[:2]) > LONGEST_SIDE
    return ", smaller than the picture (--size changes that)" if large else ""


def describe_dreamer(network: NetworkSettings, dream: DreamSettings) -> str:
    """Describe in words the network and what it will raise."""
    if dream.label is not None:
        raised = f"label {dream.label}"
    elif dream.guide is not None:
        raised = f"guide {dream.guide}"
    else:
        raised = " + ".join(dream.layer) or default_layer(network.arch or network.parts[0][0])
    names = " + ".join(network.model)
    return "dreams with " + ", ".join(filter(None, (names, raised)))


def _count(frames: int) -> str:
    return f"{frames} frame{'' if frames == 1 else 's'}"


def _rate(fps: Fraction) -> str:
    return f"{float(fps):.5g}"


def describe_regions(settings: MaskedSettings) -> str:
    """Describe in words the networks, what they will raise, and where."""
    told = [
        describe_dreamer(settings.network, dream) + (f" in {mask.mask}" if mask.mask else "")
        for mask, dream in settings.regions
    ]
    return "; ".join(told)
