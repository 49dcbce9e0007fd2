"""The settings of masks and regions: where a film or picture is dreamed, and how there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, field_serializer, field_validator, model_validator

from dreamvid.settings.base import Settings
from dreamvid.settings.mask_text import masks_in, parse_mask
from dreamvid.settings.tables import DreamSettings, NetworkSettings
from dreamvid.settings.toml import merge
from dreamvid.settings.values import Words


class MaskSettings(Settings):
    """Where a film or picture is dreamed; everywhere else it is left as it is."""

    mask: Words | None = Field(
        None,
        description="Dream only where this is white: a picture, a film, 'moving', 'still', or "
        "'inside:LEFT,TOP,WIDTH,HEIGHT' in shares of the picture; '!' in front inverts it. A "
        "schedule of them is allowed.",
    )
    feather: float = Field(
        0.02, ge=0, le=0.5, description="Width of the mask's soft edge, as a share of the height."
    )

    @field_validator("mask")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        for text in masks_in(value):
            parse_mask(text)
        return value


class RegionSettings(MaskSettings, DreamSettings):
    """A region with its own mask and dream; what is not given here is as in [dream]."""


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
    def _edge_of_a_mask(self) -> Self:
        given = (self.mask, *self.region)
        usual = MaskSettings.model_fields["feather"].default
        if any(mask.mask is None and mask.feather != usual for mask in given):
            raise ValueError("feather: there is no mask whose edge it could soften")
        return self

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.region and self.mask.mask is not None:
            raise ValueError("mask and region: give only one of them")
        if any(region.mask is None for region in self.region[1:]):
            raise ValueError("region: one without a mask hides those above it: write it first")
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
