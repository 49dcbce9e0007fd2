"""Checks of a request that need no network; nothing here imports torch.

There is one function for each command. Each raises the error that the command would raise later,
and returns the checked request, with a line that describes the source and the network: `summary`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dreamvid.commands.clock import check_dials
from dreamvid.commands.describe import (
    describe_clip,
    describe_dreamer,
    describe_film,
    describe_ground,
    describe_regions,
    describe_shrinking,
    describe_transparency,
)
from dreamvid.commands.dream_checks import check_dream
from dreamvid.commands.earlier import check_earlier
from dreamvid.commands.mask_checks import check_masks, check_masks_kept, follows_motion
from dreamvid.commands.shapes import check_closes, whole_frames
from dreamvid.errors import UnreadableInput, UsageError, no_such_folder
from dreamvid.image import (
    filled,
    holds_alpha,
    laid_over,
    picture_format,
    read_layers,
)
from dreamvid.media.formats import check_size, usual_codec
from dreamvid.media.output import Output
from dreamvid.media.source import check_file, check_rate, is_sequence
from dreamvid.media.target import check_kept, check_new, check_writable, same_file
from dreamvid.networks.known import (
    check_model,
)
from dreamvid.settings.dials import changing, guides_of
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
    SizeSettings,
)
from dreamvid.settings.values import LARGEST, OWN_PALETTE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dreamvid.media.reader import VideoReader

Size = tuple[int, int]


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
    check_masks_kept(target, settings)
    for _, dream in settings.regions:
        _check_kept(target, dream)
        if name := changing(dream):
            raise UsageError(
                "schedules are not allowed for a single picture",
                where=name,
                remedy="give one value",
            )
    check_file(source)
    for _, dream in settings.regions:
        check_dream(settings.network, dream)
    layers, background = read_layers(source), settings.picture.background
    width, height = scaled(settings.picture, (layers.shape[1], layers.shape[0]))
    check_masks(settings, (width, height), still=True)
    summary, alpha = f"{source}: {width}x{height}", None
    if layers.shape[2] == 4 and background is None and holds_alpha(target):
        picture, alpha, seen = filled(layers), layers[..., 3], ", transparency kept"
    else:
        picture, seen = laid_over(layers, background), describe_ground(layers, background)
    summary += f"{seen}; {describe_regions(settings)}"
    return Still(target, settings, picture, (width, height), alpha, summary)


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
    if settings.motion.loop or output.repeat_to is not None:
        _check_unlimited(settings)
    if not is_sequence(source):
        check_file(source)
    check_masks_kept(target, settings)
    if settings.motion.flow == "none" and follows_motion(settings):
        raise UsageError("masks that follow motion need it", where="flow", remedy="use --flow dis")
    for _, dream in settings.regions:
        check_output(output, source, dream)
        check_dream(settings.network, dream)
    check_earlier(output, settings)
    film = open_film(source, settings, keep_alpha=keeps_alpha(output, settings))
    try:
        info = film.info
        check_size(output.format, (info.width, info.height), where=target)
        if settings.output.max_flash is not None and (output.alpha or film.keeps_alpha):
            raise UsageError(
                "the luminance of a transparent film is unknown",
                where="max_flash",
                remedy="leave it out, or give --background, and no --alpha",
            )
        check_dials(settings, info.rate, info.frames)
        check_masks(settings, (info.width, info.height))
    except BaseException:
        film.close()
        raise
    seen = describe_film(source, info) + describe_transparency(film, output)
    summary = f"{seen}; {describe_regions(settings)}"
    return Film(source, output, settings, film, summary)


def check_zoom(
    source: Path | None, target: Path, settings: ZoomSettings, *, overwrite: bool = False
) -> Clip[ZoomSettings]:
    """Check a request of `dreamvid zoom`; raises any DreamvidError."""
    output = output_of(settings, target, overwrite)
    if output.alpha:
        raise UsageError("a zoom has no source film", where="alpha", remedy="leave it out")
    if output.repeat_to is not None:
        _check_unlimited(settings)
    return _check_grown(source, output, settings, settings.clip, settings.clip.frames)


def check_loop(
    source: Path | None, target: Path, settings: LoopSettings, *, overwrite: bool = False
) -> Clip[LoopSettings]:
    """Check a request of `dreamvid loop`; raises any DreamvidError."""
    output = output_of(settings, target, overwrite)
    if output.alpha:
        raise UsageError("a loop has no source film", where="alpha", remedy="leave it out")
    _check_unlimited(settings)
    check_closes(settings)
    if isinstance(settings, FilmLoop):
        return _check_closing(source, output, settings)
    clip = settings.clip
    count = whole_frames(clip.length, clip.fps)
    if source is None:
        clip = clip.model_copy(update={"from_noise": True})
    return _check_grown(source, output, settings, clip, count)


def _check_unlimited(settings: VideoSettings | ZoomSettings | LoopSettings) -> None:
    """Raise UsageError for a limit of flashes in a loop, or in a film that is repeated."""
    if settings.output.max_flash is not None:
        raise UsageError(
            "loops are not limited: what is held back would not close",
            where="max_flash",
            remedy="leave it out, and check the loop with dreamvid measure",
        )


def _check_grown(
    source: Path | None, output: Output, settings: Grown, clip: ClipSettings, count: int
) -> Clip[Grown]:
    """Check a clip of `count` frames that is grown from a picture or noise."""
    check_earlier(output, settings)
    if source is not None:
        check_file(source)
    check_output(output, source, settings.dream)
    check_dream(settings.network, settings.dream)
    layers, size = check_beginning(source, output.path, clip)
    check_size(output.format, size, where=output.path)
    if isinstance(settings, ZoomSettings | FeedbackLoop):
        check_dials(settings, clip.fps, count)
    what = describe_clip(source, count, size, clip.fps)
    picture = None
    if layers is not None:
        what += describe_ground(layers, clip.background) + describe_shrinking(layers, clip)
        picture = laid_over(layers, clip.background)
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
    with VideoReader(source, width=width, height=height, background=clip.background) as film:
        size = film.info.width, film.info.height
        check_size(output.format, size, where=output.path)
        summary = describe_film(source, film.info) + describe_transparency(film, output)
        return Clip(source, output, settings, None, size, summary)


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
    """Read the picture that a clip starts from, None for noise; and the size of its frames.

    The picture has 4 channels if any of it is transparent.
    """
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
    picture = read_layers(source)
    height, width = picture.shape[:2]
    if min(height, width) < 2:
        raise UnreadableInput("the picture is too small", where=source, remedy="use a larger one")
    return picture, clip.size_for((width, height))


def output_of(
    settings: VideoSettings | ZoomSettings | LoopSettings, target: Path, overwrite: bool
) -> Output:
    """Make the output that the settings describe; UsageError if it is their audio."""
    output, audio = settings.output, settings.sound.audio
    check_kept(target, () if audio is None else [audio], "sound")
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
    if dream is not None:
        _check_kept(output.path, dream)
    check_writable(output.sidecar)


def _check_kept(target: Path, dream: DreamSettings) -> None:
    """Raise UsageError if the output is a picture or a film that a dream reads."""
    check_kept(target, guides_of(dream), "guide")
    if dream.palette not in (None, OWN_PALETTE):
        check_kept(target, [dream.palette], "palette")


def keeps_alpha(output: Output, settings: VideoSettings) -> bool:
    """Whether the transparency of a film is kept in an output."""
    return bool(output.format.alpha) and settings.film.background is None


def open_film(source: Path, settings: VideoSettings, *, keep_alpha: bool = False) -> VideoReader:
    """Open a film with the range, size and background in the settings."""
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
        keep_alpha=keep_alpha,
        background=film.background,
    )
