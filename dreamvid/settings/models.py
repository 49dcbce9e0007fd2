"""The settings of each command, composed of tables."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from dreamvid.settings.base import Settings
from dreamvid.settings.envelopes import SignalSettings
from dreamvid.settings.regions import MaskedSettings
from dreamvid.settings.tables import (
    CameraSettings,
    ClipSettings,
    DreamSettings,
    FilmSettings,
    MotionSettings,
    NetworkSettings,
    OutputSettings,
    PictureSettings,
    SoundSettings,
    SteadySettings,
)
from dreamvid.settings.values import Device


class TrainSettings(Settings):
    """How a network is trained, and for how long."""

    minutes: float = Field(30, gt=0, le=100_000, description="Training time in minutes.")
    model: str = Field(
        "bestiary", description="Network to start from, by name, or a .safetensors file."
    )
    weights: Path | None = Field(
        None, description="Read its weights from this file instead of downloading them."
    )
    blank: bool = Field(False, description="Discard the weights and train from scratch.")
    attack: float = Field(
        2.0,
        ge=0,
        le=20,
        description="Strength of adversarial training: more makes smoother, clearer forms, 0 makes "
        "speckle.",
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Random seed.")
    device: Device = Field("auto", description="Device to train on.")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="Number format.")
    offline: bool = Field(False, description="Never download weights.")


class ImageSettings(MaskedSettings):
    """Settings of `dreamvid image`."""

    picture: PictureSettings = PictureSettings()


class VideoSettings(MaskedSettings):
    """Settings of `dreamvid video`."""

    motion: MotionSettings = MotionSettings()
    film: FilmSettings = FilmSettings()
    sound: SoundSettings = SoundSettings()
    signals: SignalSettings = SignalSettings()
    output: OutputSettings = OutputSettings()


class ZoomSettings(Settings):
    """Settings of `dreamvid zoom`."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    motion: SteadySettings = SteadySettings()
    camera: CameraSettings = CameraSettings()
    clip: ClipSettings = ClipSettings()
    sound: SoundSettings = SoundSettings()
    signals: SignalSettings = SignalSettings()
    output: OutputSettings = OutputSettings()
