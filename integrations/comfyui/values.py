"""What the nodes hand to one another: networks, objectives, guides, memories."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from dreamvid import Carried, LoadedNetworks
from dreamvid.errors import UsageError
from dreamvid.schedules.parse import is_keyed

NETWORK, OBJECTIVE, GUIDE, MEMORY = (
    "DREAMVID_NETWORK",
    "DREAMVID_OBJECTIVE",
    "DREAMVID_GUIDE",
    "DREAMVID_MEMORY",
)
"""The types of the inputs and outputs."""

__all__ = ["GUIDE", "MEMORY", "NETWORK", "OBJECTIVE", "Carried", "Guide", "LoadedNetworks",
           "Objective", "weighted"]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Guide:
    """Pictures [3, H, W] that guide, and how they are matched."""

    pictures: tuple[torch.Tensor, ...]
    match: str


@dataclass(frozen=True, eq=False)
class Objective:
    """What is raised: layers, as in the settings, or a label; perhaps as in a guide."""

    layers: tuple[str, ...] = ()
    label: str = ""
    guide: Guide | None = None

    def added_to(self, other: Objective) -> Objective:
        """The sum of two; UsageError for two guides, or a label and anything else."""
        if self.guide and other.guide:
            raise UsageError("both objectives have a guide", where="guide",
                             remedy="chain the Guide nodes instead")  # fmt: skip
        if self.label or other.label:
            raise UsageError("a label is raised alone", where="label",
                             remedy="write label:NAME as a layer to add it")  # fmt: skip
        return replace(self, layers=other.layers + self.layers, guide=self.guide or other.guide)


def weighted(layer: str, weight: float) -> str:
    """The text of a layer, which may have a weight, with its weight multiplied."""
    if weight == 1:
        return layer
    if is_keyed(layer):
        raise UsageError("a schedule of layers has its weights inside it", where="weight",
                         remedy="write them behind the layers, as parts*0.5")  # fmt: skip
    name, star, own = layer.partition("*")
    return f"{name}*({own})*{weight!r}" if star else f"{name}*{weight!r}"
