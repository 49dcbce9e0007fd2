"""The training loop: cross-entropy on pictures and, at no further cost, on their attacked twins.

Robust networks dream clear, shaded forms where others dream speckle (Engstrom et al. 2019). The
attacks are "free" (Shafahi et al. 2019): the pass that learns from a picture also says how to
change it, and the next pass learns from the changed picture.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from dreamvid.networks.training.crew import Crew
from dreamvid.networks.training.recipe import Recipe
from dreamvid.networks.training.stream import Source, stream, to_images

SELDOM, MEMORY = 8, 0.984
"""Steps between two looks of the averaged network, and what it keeps of itself at each."""


@dataclass(frozen=True)
class Lesson:
    """How a training goes: running means of the loss and of the shares of pictures told right.

    `attacked` is the share among attacked pictures. `progress` is the share of the time that is
    over, `pictures` counts those learned from, attacked ones too.
    """

    step: int
    pictures: int
    progress: float
    size: int
    loss: float
    told: float
    attacked: float


class Trainer:
    """Trains a model on a source of pictures, by a recipe: `for lesson in trainer: ...`.

    The model takes pictures normalised by `mean` and `std` and gives logits. `averaged` is the
    running mean of its weights: what is to be used.
    """

    def __init__(
        self,
        model: nn.Module,
        source: Source,
        recipe: Recipe,
        *,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.source, self.recipe, self.device = source, recipe, device
        self.model = model.to(device).to(memory_format=torch.channels_last)
        self.averaged = AveragedModel(
            self.model,
            multi_avg_fn=get_ema_multi_avg_fn(MEMORY),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        # A GPU learns faster than one process can compose; beside a CPU's cores there is no room.
        self._workers = 1 if device.type == "cpu" else max(1, (os.cpu_count() or 2) - 1)
        self._crew = Crew(self.model, mean=mean, std=std, smoothing=recipe.smoothing, dtype=dtype)
        groups: list[dict[str, Any]] = [
            {"params": [p for p in model.parameters() if p.ndim > 1]},
            {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(
            groups, lr=recipe.rate, betas=(0.9, 0.99), weight_decay=recipe.decay, fused=True
        )
        self.step, self.pictures, self.seconds = 0, 0, 0.0
        self._means: dict[str, float] = {}

    def __iter__(self) -> Iterator[Lesson]:
        recipe, began, before = self.recipe, time.monotonic(), self.seconds
        size, batches = 0, iter(list[tuple[Tensor, Tensor]]())
        while (progress := self.seconds / (60 * recipe.minutes)) < 1:
            if size != (size := recipe.size(progress)):
                seed = recipe.seed + 1000003 * (self.step + 1)
                batches = stream(
                    self.source, size=size, batch=recipe.batch, seed=seed, workers=self._workers
                )
            for group in self.optimiser.param_groups:
                group["lr"] = recipe.pace(progress, self.step)
            pictures, targets = next(batches)
            self._learn(pictures, targets, recipe.reach(progress, size))
            self.seconds = before + time.monotonic() - began
            yield Lesson(
                self.step, self.pictures, min(1.0, self.seconds / (60 * recipe.minutes)), size,
                self._means["loss"], self._means["told"], self._means.get("attacked", 0.0),
            )  # fmt: skip

    def _learn(self, pictures: Tensor, targets: Tensor, reach: float) -> None:
        """Learn from a batch and, where attacks have a length, from its attacked twin."""
        images = to_images(pictures.to(self.device))
        targets = targets.to(self.device)
        images.requires_grad_(reach > 0)
        self._pass(images, targets, "told")
        if images.grad is not None:
            lengths = reach * torch.rand(len(images), 1, 1, 1, device=self.device).sqrt()
            size = images.grad.flatten(1).norm(dim=1).clamp_min(1e-12).view_as(lengths)
            attacked = images.detach() + images.grad / size * lengths
            self._pass(attacked.clamp_(0, 1), targets, "attacked")

    def _pass(self, images: Tensor, targets: Tensor, name: str) -> None:
        self.optimiser.zero_grad()
        loss, told = self._crew(images, targets)
        nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
        self.optimiser.step()
        if self.step % SELDOM == 0:
            self.averaged.update_parameters(self.model)
        self.step += 1
        self.pictures += len(images)
        self._note("loss", loss)
        self._note(name, told)

    def _note(self, name: str, value: float) -> None:
        self._means[name] = value + 0.98 * (self._means.get(name, value) - value)

    def probe(self, count: int) -> list[Tensor]:
        """So many batches of pictures that were not learned from, as the model takes them."""
        size = self.recipe.sizes[-1]
        composer = self.source.composer(size=size, seed=self.recipe.seed + 1)
        batches = (composer.batch(self.recipe.batch).pictures for _ in range(count))
        return [self._crew.normal(to_images(torch.from_numpy(batch))) for batch in batches]

    def state(self) -> dict[str, Any]:
        """All that a training needs to go on, as `restore` takes it."""
        return {
            "model": self.model.state_dict(), "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(), "means": dict(self._means),
            "step": self.step, "pictures": self.pictures, "seconds": self.seconds,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.model.load_state_dict(state["model"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._means = dict(state["means"])
        self.step, self.pictures, self.seconds = state["step"], state["pictures"], state["seconds"]
