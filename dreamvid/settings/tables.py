"""The tables of settings: the only place where defaults are defined.

Flags, settings files (TOML), sidecars and the Python API are all derived from these models.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from dreamvid.settings.base import Settings
from dreamvid.settings.splitting import SplitSettings
from dreamvid.settings.values import (
    BOUNDS,
    DEFAULT_SECONDS,
    DEFAULT_SIZE,
    DEFAULT_ZOOM,
    DREAM_LINES,
    FULL_SIZE,
    LONGEST_SIDE,
    MOST_FRAMES,
    OWN_PALETTE,
    Background,
    Device,
    DreamSize,
    Frames,
    Named,
    Pixels,
    Precision,
    Rate,
    Seconds,
    Size,
    Words,
    named,
)


class NetworkSettings(Settings):
    """The network, and where it runs."""

    model: tuple[str, ...] = Field(
        ("efficientnet_lite0",),
        min_length=1,
        description="Network: a name, timm:NAME, or a file ('dreamvid models' lists names). Repeat "
        "to dream with several, each as strong as the others, or as 'name*0.5' says.",
    )
    arch: str | None = Field(
        None,
        description="Architecture of a file of weights, such as resnet18 or timm:resnet50.",
    )
    weights: Path | None = Field(
        None, description="Read the weights from this file instead of downloading them."
    )
    device: Device = Field("auto", description="Device to run the network on.")
    precision: Precision = Field("auto", description="Number format of the network.")
    offline: bool = Field(False, description="Never download weights.")

    @field_validator("model", mode="before")
    @classmethod
    def _one_model(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _weights_of_one(self) -> Self:
        for name in ("weights", "arch"):
            if len(self.parts) > 1 and getattr(self, name) is not None:
                raise ValueError(f"{name}: give it only with one network")
        return self

    @property
    def parts(self) -> tuple[tuple[str, float], ...]:
        """The name and the share of each network; ValueError for a share that is not positive."""
        return tuple(map(_weighted, self.model))


def _weighted(text: str) -> tuple[str, float]:
    name, star, weight = text.rpartition("*")
    if not star:
        return text, 1.0
    try:
        share = float(weight)
    except ValueError:
        share = 0.0
    if not 0 < share < math.inf:
        raise ValueError(f"model: the weight in '{text}' must be a positive number")
    return name, share


class DreamSettings(Settings):
    """What is dreamed, and how strongly."""

    layer: tuple[Words, ...] = Field(
        (),
        description="Layer to raise; an alias (textures, patterns, parts, objects) or a name; "
        "'name:3' is one channel, 'name:top5' the five strongest, 'name*0.5' scales, 'name*-0.2' "
        "pushes away. 'creatures' raises whole animals, 'creatures:owl,fish' these. Repeat to add. "
        "Default: the network's own. "
        "A schedule such as '0:(parts), 10s:(objects, linear)' changes it.",
    )
    label: str | None = Field(
        None,
        description="Class of the network to raise instead of a layer; pictures take more octaves "
        "and iterations for it.",
    )
    guide: Annotated[Words, AfterValidator(named)] | None = Field(
        None,
        description="Picture, folder of pictures or film whose features are raised instead of the "
        "strongest ones, or a schedule of them; scaled to 512 pixels on the longest side.",
    )
    guide_match: Literal["dot", "cosine", "gram"] = Field(
        "dot",
        description="How a guide is matched: at each place by the strongest common features "
        "('dot'), by the most similar ones ('cosine'), or as a whole, like a style ('gram').",
    )
    guide_time: Literal["loop", "stretch"] = Field(
        "loop",
        description="A film as a guide: repeated at its own rate, or stretched to the length of "
        "the dreamed film.",
    )
    octaves: Annotated[int | str, BeforeValidator(BOUNDS["octaves"])] | None = Field(
        None,
        description="Number of sizes of the picture to dream on. Default: by its size, 3 at 360 "
        "lines, 6 at 1080.",
    )
    octave_scale: Annotated[float | str, BeforeValidator(BOUNDS["octave_scale"])] = Field(
        1.4, description="Size ratio of neighbouring octaves."
    )
    iterations: Annotated[int | str, BeforeValidator(BOUNDS["iterations"])] = Field(
        10, description="Updates per octave."
    )
    step: Annotated[float | str, BeforeValidator(BOUNDS["step"])] | None = Field(
        None,
        description="Length of an update, for pixels 0..1. Default: the network's own.",
    )
    strength: Annotated[float | str, BeforeValidator(BOUNDS["strength"])] = Field(
        1.0, description="Scales the step length; 0 changes nothing."
    )
    gradient: Literal["shaped", "plain"] = Field(
        "shaped",
        description="'shaped' balances colours and scales of detail before each update; 'plain' "
        "is the original DeepDream of 2015.",
    )
    colours: Annotated[float | str, BeforeValidator(BOUNDS["colours"])] = Field(
        1.0, description="Colours of the dream: 0 grey, 1 natural, 3 vivid."
    )
    detail: Annotated[float | str, BeforeValidator(BOUNDS["detail"])] = Field(
        1.0,
        description="Balance of fine and coarse: below 1 broad and soft, above 1 fine and sharp.",
    )
    pull: Annotated[float | str, BeforeValidator(BOUNDS["pull"])] = Field(
        0.0,
        description="Share of the dream that returns to the source at each update: how far the "
        "dream may go, 0 freely, 0.1 not far.",
    )
    smooth: Annotated[float | str, BeforeValidator(BOUNDS["smooth"])] = Field(
        0.0,
        description="Smoothing of the dream by its total variation: 0 none, 1 calm areas.",
    )
    keep_colours: bool = Field(
        False, description="Dream in light and shade only; the colours of the source stay."
    )
    palette: Named | None = Field(
        None,
        description=f"Picture whose colours the dream takes; '{OWN_PALETTE}' keeps those of the "
        "source.",
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Random seed.")
    tile: int | None = Field(
        None,
        ge=128,
        le=16384,
        description="Largest side of the tiles for the gradient, in pixels. Default: 1024, "
        "on a GPU 2304.",
    )

    @field_validator("layer", mode="before")
    @classmethod
    def _one_layer(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class SteadySettings(Settings):
    """How much of the dream is carried to the next frame."""

    stability: Annotated[float | str, BeforeValidator(BOUNDS["stability"])] = Field(
        0.9, description="Temporal stability: 0 dreams every frame on its own, 1 carries the most."
    )


class MotionSettings(SteadySettings, SplitSettings):
    """How the dream of a film is carried to the next frame."""

    flow: Literal["dis", "dis-torch", "farneback", "raft-small", "raft-large", "none"] = Field(
        "dis", description="Optical flow estimator. On a GPU dis is dis-torch."
    )
    cuts: bool = Field(True, description="Restart the dream at cuts.")
    loop: bool = Field(
        False, description="The film loops: lead the dream of its end back to that of its start."
    )


class BackgroundSettings(Settings):
    """What transparent areas are laid over."""

    background: Background | None = Field(
        None,
        description="Lay transparent areas over this colour, as white or #20c040. Default: films "
        "and pictures keep them transparent where the output can; else black.",
    )


class SizeSettings(BackgroundSettings):
    """The size that a picture is scaled to."""

    width: Pixels | None = Field(None, description="Scale to this width.")
    height: Pixels | None = Field(None, description="Scale to this height.")
    size: Size | None = Field(None, description="Scale to this size, as 1280x720.")

    @property
    def target_width(self) -> int | None:
        """The width given by `width` or `size`."""
        return int(self.size.split("x")[0]) if self.size else self.width

    @property
    def target_height(self) -> int | None:
        """The height given by `height` or `size`."""
        return int(self.size.split("x")[1]) if self.size else self.height


class FilmSettings(SizeSettings):
    """Which part of a film is read, and at what size."""

    start: Seconds | None = Field(None, description="Start time: seconds or mm:ss.")
    end: Seconds | None = Field(None, description="End time: seconds or mm:ss.")
    frames: Frames | None = Field(None, description="At most this many frames.")
    dream_size: DreamSize | None = Field(
        None,
        description="Dream at this width, or within this size, as 960x540, and add the enlarged "
        f"dream to the film; '{FULL_SIZE}' is the film's own size. Default: {DREAM_LINES} lines "
        "for films above 1920x1080 on a CPU, else the film's own size.",
    )
    rate: Rate | None = Field(None, description="Frames per second of an image sequence.")


class OutputSettings(Settings):
    """How a film is written."""

    codec: str | None = Field(
        None, description="Video codec. Default: by the suffix of the output, else h264."
    )
    crf: float | None = Field(
        None, ge=0, le=63, description="Quality, lower is better. Default: the codec's own."
    )
    repeat_to: Annotated[Seconds, Field(gt=0)] | None = Field(
        None, description="Repeat the film up to this length, for players that cannot loop."
    )
    alpha: Literal["dream"] | None = Field(
        None, description="'dream' writes only the dream, on a transparent background."
    )
    max_flash: int | None = Field(
        None,
        ge=0,
        le=30,
        description="Most flashes within any second, for installations: 3 (WCAG, ITU-R BT.1702). "
        "Further changes of luminance are held back. Default: no limit.",
    )


class LengthSettings(BackgroundSettings):
    """Length and size of a clip."""

    seconds: Annotated[Seconds, Field(gt=0, le=360000)] | None = Field(
        None, description=f"Length: seconds or mm:ss. Default: {DEFAULT_SECONDS}."
    )
    size: Size | None = Field(
        None,
        description="Size, as 1280x720. Default: the picture's, with the longer side at most "
        f"{LONGEST_SIDE}, or {DEFAULT_SIZE}.",
    )

    def size_for(self, picture: tuple[int, int] | None) -> tuple[int, int]:
        """The given (width, height), else that of the picture, else the default.

        Large pictures are shrunk to LONGEST_SIDE: a film of their size would take hours.
        """
        if self.size is None and picture is not None:
            share = min(Fraction(1), Fraction(LONGEST_SIDE, max(picture)))
            return max(2, round(picture[0] * share)), max(2, round(picture[1] * share))
        width, height = (self.size or DEFAULT_SIZE).split("x")
        return int(width), int(height)


class ClipSettings(LengthSettings):
    """Length, frame rate and size of a generated clip."""

    fps: Rate = Field(Fraction(30), description="Frames per second, as 30 or 24000/1001.")
    from_noise: bool = Field(False, description="Start from noise instead of a picture.")

    @model_validator(mode="after")
    def _not_endless(self) -> Self:
        if self.frames > MOST_FRAMES:
            excess = f"{self.frames:,} frames are more than {MOST_FRAMES:,}"
            raise ValueError(f"{excess}: give fewer seconds or fps")
        return self

    @property
    def length(self) -> Fraction:
        """The length in seconds."""
        return Fraction(DEFAULT_SECONDS) if self.seconds is None else self.seconds

    @property
    def frames(self) -> int:
        """The number of frames, at least one."""
        return max(1, round(self.length * self.fps))


class AudioSettings(Settings):
    """The sound of a film."""

    audio: Path | None = Field(
        None,
        description="Audio file that becomes the film's sound; schedules can use its rms, bass, "
        "mid, treble, onset and beats.",
    )


class SoundSettings(AudioSettings):
    """The sound of a film, and the tempo of its schedules."""

    bpm: float | None = Field(
        None, gt=0, le=1000, description="Tempo for beats in schedules. Default: that of the audio."
    )


class ZoomCameraSettings(Settings):
    """The zoom and the rotation of a camera per second."""

    zoom: Annotated[float | str, BeforeValidator(BOUNDS["zoom"])] | None = Field(
        None, description=f"Zoom factor; above 1 zooms in. Default: {DEFAULT_ZOOM}, or 1 per frame."
    )
    rotate: Annotated[float | str, BeforeValidator(BOUNDS["rotate"])] = Field(
        0.0, description="Rotation in degrees, counterclockwise."
    )
    center_x: Annotated[float | str, BeforeValidator(BOUNDS["center_x"])] = Field(
        0.5, description="Fixed point of the motion, 0 left to 1 right."
    )
    center_y: Annotated[float | str, BeforeValidator(BOUNDS["center_y"])] = Field(
        0.5, description="Fixed point of the motion, 0 top to 1 bottom."
    )


class CameraSettings(ZoomCameraSettings):
    """The camera motion per second."""

    pan_x: Annotated[float | str, BeforeValidator(BOUNDS["pan_x"])] = Field(
        0.0, description="Motion of the picture to the right, in widths."
    )
    pan_y: Annotated[float | str, BeforeValidator(BOUNDS["pan_y"])] = Field(
        0.0, description="Motion of the picture downwards, in heights."
    )
    shear_x: Annotated[float | str, BeforeValidator(BOUNDS["shear_x"])] = Field(
        0.0, description="Horizontal shear."
    )
    shear_y: Annotated[float | str, BeforeValidator(BOUNDS["shear_y"])] = Field(
        0.0, description="Vertical shear."
    )
    rates: Literal["per-second", "per-frame"] = Field(
        "per-second",
        description="Time unit of the camera motion; with per-frame, pans are in pixels.",
    )
    edges: Literal["mirror", "replicate", "wrap"] = Field(
        "mirror", description="How the picture is continued beyond its edges."
    )


class PictureSettings(SizeSettings):
    """The size of a picture, and of its dream."""

    dream_size: DreamSize | None = Field(
        None,
        description="Dream at this width, or within this size, as 960x540, and add the enlarged "
        "dream to the picture. Default: its own size.",
    )
