"""The settings of each command, composed of tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_serializer, field_validator, model_validator

from dreamvid.settings.base import Settings
from dreamvid.settings.tables import (
    CameraSettings,
    ClipSettings,
    DreamSettings,
    FilmSettings,
    MaskSettings,
    MotionSettings,
    NetworkSettings,
    OutputSettings,
    PictureSettings,
    RegionSettings,
    SoundSettings,
    SteadySettings,
)
from dreamvid.settings.toml import merge
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


class MaskedSettings(Settings):
    """What is dreamed, and where: in one mask, or in regions that each have their own dream."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    mask: MaskSettings = MaskSettings()
    region: tuple[RegionSettings, ...] = ()

    @field_validator("region", mode="before")
    @classmethod
    def _a_list(cls, value: object) -> object:
        if isinstance(value, Mapping):
            raise ValueError("must be a list: write [[region]] above each")
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.region and self.mask.mask is not None:
            raise ValueError("mask and region: give only one of them")
        return self

    @field_serializer("region")
    def _only_given(self, regions: tuple[RegionSettings, ...]) -> list[dict[str, Any]]:
        """Without what a region takes from [dream], which may be changed when it is repeated."""
        return [region.model_dump(mode="json", exclude_unset=True) for region in regions]

    @property
    def regions(self) -> tuple[tuple[MaskSettings, DreamSettings], ...]:
        """Each mask with its dream, the last on top."""
        common = self.dream.model_dump(exclude_unset=True)
        return tuple(
            (region, DreamSettings.checked(merge(common, _dream_of(region))))
            for region in self.region
        ) or ((self.mask, self.dream),)


def _dream_of(region: RegionSettings) -> dict[str, Any]:
    return region.model_dump(exclude_unset=True, exclude=set(MaskSettings.model_fields))


class ImageSettings(MaskedSettings):
    """Settings of `dreamvid image`."""

    picture: PictureSettings = PictureSettings()


class VideoSettings(MaskedSettings):
    """Settings of `dreamvid video`."""

    motion: MotionSettings = MotionSettings()
    film: FilmSettings = FilmSettings()
    sound: SoundSettings = SoundSettings()
    output: OutputSettings = OutputSettings()


class ZoomSettings(Settings):
    """Settings of `dreamvid zoom`."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    motion: SteadySettings = SteadySettings()
    camera: CameraSettings = CameraSettings()
    clip: ClipSettings = ClipSettings()
    sound: SoundSettings = SoundSettings()
    output: OutputSettings = OutputSettings()
