"""Checks of a request that need no network; nothing here imports torch.

There is one function for each command. Each raises the error that the command would raise later,
and returns the checked request, with a line that describes the source and the network: `summary`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dreamvid.commands.clock import check_dials
from dreamvid.commands.shapes import check_closes, whole_frames
from dreamvid.errors import UnreadableInput, UsageError, no_such_folder
from dreamvid.image import holds_alpha, picture_format, read_alpha, read_layers, read_picture
from dreamvid.media.formats import check_size, usual_codec
from dreamvid.media.output import Output
from dreamvid.media.source import check_file, check_rate, is_sequence
from dreamvid.media.target import check_new, check_not_guide, check_writable, same_file
from dreamvid.networks.known import check_layer, check_model, default_layer, find_label, labels
from dreamvid.settings.dials import changing, guides_of, texts_of
from dreamvid.settings.loops import DreamedLoop, FeedbackLoop, FilmLoop, LoopSettings
from dreamvid.settings.models import (
    ImageSettings,
    TrainSettings,
    VideoSettings,
    ZoomSettings,
)
from dreamvid.settings.tables import (
    ClipSettings,
    DreamSettings,
    NetworkSettings,
    SizeSettings,
)
from dreamvid.settings.values import LARGEST, LONGEST_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dreamvid.media.info import FilmInfo
    from dreamvid.media.reader import VideoReader

Size = tuple[int, int]

OVER_BLACK = ", transparent areas over black"


S_co = TypeVar("S_co", bound=ZoomSettings | LoopSettings, covariant=True)
Grown = TypeVar("Grown", bound=ZoomSettings | DreamedLoop)


@dataclass(frozen=True)
class Still:
    """A checked request for a picture [H, W, 3], uint8 or uint16, to dream at (width, height).

    `alpha` [H, W] of uint8 is its transparency, None where there is none or the output has none.
    """

    target: Path
    settings: ImageSettings
    picture: NDArray[Any]
    size: Size
    alpha: NDArray[Any] | None
    summary: str


@dataclass(frozen=True)
class Film:
    """A checked request for a film; it is open, and whoever dreams it closes it."""

    source: Path
    output: Output
    settings: VideoSettings
    reader: VideoReader
    summary: str


@dataclass(frozen=True)
class Clip(Generic[S_co]):
    """A checked request for a zoom or a loop.

    `picture` [H, W, 3] is its start; it is None for noise, or for a film to join. `size` is the
    (width, height) of its frames.
    """

    source: Path | None
    output: Output
    settings: S_co
    picture: NDArray[Any] | None
    size: Size
    summary: str


def check_image(
    source: Path, target: Path, settings: ImageSettings, *, overwrite: bool = False
) -> Still:
    """Check a request of `dreamvid image`; raises any DreamvidError."""
    picture_format(target)
    if same_file(target, source):
        raise UsageError("the output is the source file", where=target, remedy="use another name")
    check_new(target, overwrite=overwrite)
    check_not_guide(target, guides_of(settings.dream))
    if name := changing(settings.dream):
        raise UsageError(
            "schedules are not allowed for a single picture", where=name, remedy="give one value"
        )
    check_file(source)
    check_dream(settings.network, settings.dream)
    picture, alpha = read_layers(source)
    width, height = scaled(settings.picture, (picture.shape[1], picture.shape[0]))
    kept = alpha is not None and holds_alpha(target)
    seen = "" if alpha is None else ", transparency kept" if kept else OVER_BLACK
    summary = f"{source}: {width}x{height}{seen}"
    summary += f"; {describe_dreamer(settings.network, settings.dream)}"
    return Still(target, settings, picture, (width, height), alpha if kept else None, summary)


def scaled(wanted: SizeSettings, size: Size) -> Size:
    """The (width, height) for a picture of `size`; one given side keeps the aspect ratio."""
    width, height = wanted.target_width, wanted.target_height
    if width is None and height is None:
        return size
    if width is None or height is None:
        share = Fraction(width or 0, size[0]) or Fraction(height or 0, size[1])
        width, height = (max(1, round(side * share)) for side in size)
    if max(width, height) > LARGEST:
        raise UsageError(
            f"{width}x{height} is too large", where="size", remedy="use a smaller size"
        )
    return width, height


def check_video(
    source: Path, target: Path, settings: VideoSettings, *, overwrite: bool = False
) -> Film:
    """Check a request of `dreamvid video`; raises any DreamvidError."""
    output = output_of(settings, target, overwrite)
    if not is_sequence(source):
        check_file(source)
    if output.alpha and settings.output.max_flash is not None:
        raise UsageError(
            "the luminance of a dream on transparency is unknown",
            where="max_flash",
            remedy="leave it out, or leave alpha out",
        )
    check_output(output, source, settings.dream)
    check_dream(settings.network, settings.dream)
    film = open_film(source, settings)
    try:
        info = film.info
        check_size(output.format, (info.width, info.height), where=target)
        check_dials(settings, info.rate, info.frames)
    except BaseException:
        film.close()
        raise
    summary = f"{describe_film(source, info)}; {describe_dreamer(settings.network, settings.dream)}"
    return Film(source, output, settings, film, summary)


def check_zoom(
    source: Path | None, target: Path, settings: ZoomSettings, *, overwrite: bool = False
) -> Clip[ZoomSettings]:
    """Check a request of `dreamvid zoom`; raises any DreamvidError."""
    output = output_of(settings, target, overwrite)
    if output.alpha:
        raise UsageError("a zoom has no source film", where="alpha", remedy="leave it out")
    return _check_grown(source, output, settings, settings.clip, settings.clip.frames)


def check_loop(
    source: Path | None, target: Path, settings: LoopSettings, *, overwrite: bool = False
) -> Clip[LoopSettings]:
    """Check a request of `dreamvid loop`; raises any DreamvidError."""
    output = output_of(settings, target, overwrite)
    if output.alpha:
        raise UsageError("a loop has no source film", where="alpha", remedy="leave it out")
    if settings.output.max_flash is not None:
        raise UsageError(
            "loops are not limited: what is held back would not close",
            where="max_flash",
            remedy="leave it out, and check the loop with dreamvid measure",
        )
    check_closes(settings)
    if isinstance(settings, FilmLoop):
        return _check_closing(source, output, settings)
    clip = settings.clip
    count = whole_frames(clip.length, clip.fps)
    if source is None:
        clip = clip.model_copy(update={"from_noise": True})
    return _check_grown(source, output, settings, clip, count)


def _check_grown(
    source: Path | None, output: Output, settings: Grown, clip: ClipSettings, count: int
) -> Clip[Grown]:
    """Check a clip of `count` frames that is grown from a picture or noise."""
    if source is not None:
        check_file(source)
    check_output(output, source, settings.dream)
    check_dream(settings.network, settings.dream)
    picture, size = check_beginning(source, output.path, clip)
    check_size(output.format, size, where=output.path)
    if isinstance(settings, ZoomSettings | FeedbackLoop):
        check_dials(settings, clip.fps, count)
    what = describe_clip(source, count, size, clip.fps) + _shrunk(picture, clip)
    summary = f"{what}; {describe_dreamer(settings.network, settings.dream)}"
    return Clip(source, output, settings, picture, size, summary)


def _check_closing(source: Path | None, output: Output, settings: FilmLoop) -> Clip[LoopSettings]:
    """Check a film that is to be joined into a loop."""
    if source is None:
        raise UsageError("no film given", where="loop", remedy="use dreamvid loop FILM --kind film")
    if not is_sequence(source):
        check_file(source)
    check_output(output, source)
    from dreamvid.media.reader import VideoReader

    clip = settings.clip
    width, height = clip.size_for(None) if clip.size else (None, None)
    with VideoReader(source, width=width, height=height) as film:
        size = film.info.width, film.info.height
        check_size(output.format, size, where=output.path)
        return Clip(source, output, settings, None, size, describe_film(source, film.info))


def check_train(
    pictures: Path | None, target: Path, settings: TrainSettings, *, overwrite: bool = False
) -> None:
    """Check a request of `dreamvid train`; raises any DreamvidError."""
    if target.suffix != ".safetensors":
        raise UsageError(
            "a network is written as .safetensors", where=target, remedy="rename the output"
        )
    if pictures is not None and not pictures.is_dir():
        raise no_such_folder(pictures)
    check_new(target, overwrite=overwrite)
    check_model(settings.model, settings.weights)


def check_beginning(
    source: Path | None, target: Path, clip: ClipSettings
) -> tuple[NDArray[Any] | None, Size]:
    """Read the picture that a clip starts from, None for noise; and the size of its frames."""
    if source is None:
        if not clip.from_noise:
            raise UsageError("no picture given", where="zoom", remedy="give one, or --from-noise")
        return None, clip.size_for(None)
    if clip.from_noise:
        raise UsageError(
            "not allowed together with a picture", where="from_noise", remedy="leave one out"
        )
    if same_file(target, source):
        raise UsageError("the output is the source file", where=target, remedy="use another name")
    picture = read_picture(source)
    height, width = picture.shape[:2]
    if min(height, width) < 2:
        raise UnreadableInput("the picture is too small", where=source, remedy="use a larger one")
    return picture, clip.size_for((width, height))


def check_dream(network: NetworkSettings, dream: DreamSettings) -> None:
    """Raise an error for an unknown network, layer or label, or an unreadable guide."""
    check_model(network.model, network.weights)
    if network.weights is None:  # others may have other labels and layers: checked later
        for text in chain.from_iterable(texts_of(layer, "layer") for layer in dream.layer):
            check_layer(network.model, re.split("[:*]", text)[0].strip())
        known = labels(network.model) if dream.label else ()
        if dream.label and known:
            find_label(dream.label, known, model=network.model)
    for guide in guides_of(dream):
        read_picture(guide)


def output_of(
    settings: VideoSettings | ZoomSettings | LoopSettings, target: Path, overwrite: bool
) -> Output:
    """Make the output that the settings describe."""
    output = settings.output
    return Output(
        target,
        output.codec or usual_codec(target),
        output.crf,
        overwrite,
        repeat_to=output.repeat_to,
        alpha=output.alpha is not None,
    )


def check_output(output: Output, source: Path | None, dream: DreamSettings | None = None) -> None:
    """Raise an error if the film and its sidecar cannot be written; its guides stay as they are."""
    output.check(source)
    check_not_guide(output.path, () if dream is None else guides_of(dream))
    check_writable(output.sidecar)


def open_film(source: Path, settings: VideoSettings) -> VideoReader:
    """Open a film with the range and size in the settings."""
    from dreamvid.media.reader import VideoReader

    film = settings.film
    check_rate(film.rate, source)
    return VideoReader(
        source,
        start=film.start,
        end=film.end,
        frames=film.frames,
        width=film.target_width,
        height=film.target_height,
        rate=film.rate,
    )


def describe_film(source: Path, info: FilmInfo) -> str:
    """Describe a film in words: size, number of frames, frame rate."""
    size, rate = f"{info.width}x{info.height}", f"at {_rate(info.rate)} fps"
    return f"{source}: {size}, {rate if info.frames is None else f'{_count(info.frames)} {rate}'}"


def describe_clip(source: Path | None, frames: int, size: Size, fps: Fraction) -> str:
    """Describe a clip to be generated in words: start, size, number of frames, frame rate."""
    name = "noise" if source is None else source
    seen = "" if source is None or read_alpha(source) is None else OVER_BLACK
    return f"{name}: {size[0]}x{size[1]}, {_count(frames)} at {_rate(fps)} fps{seen}"


def _shrunk(picture: NDArray[Any] | None, clip: ClipSettings) -> str:
    """Say that a picture is shrunk because it is large, and what changes that."""
    large = picture is not None and clip.size is None and max(picture.shape[:2]) > LONGEST_SIDE
    return ", smaller than the picture (--size changes that)" if large else ""


def describe_dreamer(network: NetworkSettings, dream: DreamSettings) -> str:
    """Describe in words the network and what it will raise."""
    if dream.label is not None:
        raised = f"label {dream.label}"
    elif dream.guide is not None:
        raised = f"guide {dream.guide}"
    else:
        raised = " + ".join(dream.layer) or default_layer(network.model)
    return "dreams with " + ", ".join(filter(None, (network.model, raised)))


def _count(frames: int) -> str:
    return f"{frames} frame{'' if frames == 1 else 's'}"


def _rate(fps: Fraction) -> str:
    return f"{float(fps):.5g}"
