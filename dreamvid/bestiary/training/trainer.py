"""The training loop: gradient alignment, and cross-entropy on images and attacked images.

Robust networks dream clear, shaded forms where others dream noise (Engstrom et al. 2019). The
attacks are "free" (Shafahi et al. 2019): the backward pass on an image also gives the direction of
the attack, and the next pass trains on the attacked image. Once the network can classify, its
gradient is trained directly: see `aligned`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from dreamvid.bestiary.training.aligned import Chains, Shaping, hinted
from dreamvid.bestiary.training.crew import Crew, one_thread_each
from dreamvid.bestiary.training.folding import folded
from dreamvid.bestiary.training.recipe import Recipe
from dreamvid.bestiary.training.stream import Pictures, Source, stream, to_images
from dreamvid.bestiary.training.tasks import Alignment, Classification

AVERAGE_EVERY, DECAY = 8, 0.984
"""Steps between updates of the averaged network, and its decay per update."""


@dataclass(frozen=True)
class Lesson:
    """Training statistics: running means of the loss and of the accuracy.

    `attacked` is the accuracy on attacked images; `aligned` the running mean of the gradient
    agreement, -1..1, None before the alignment phase. `progress` is the share of the time elapsed,
    `pictures` the number of training images, including hinted and attacked ones.
    """

    step: int
    pictures: int
    progress: float
    size: int
    loss: float
    accuracy: float
    attacked: float
    aligned: float | None


class Trainer:
    """Train a model on a source of images with a recipe: `for lesson in trainer: ...`.

    The model takes images normalised by `mean` and `std` and returns logits. `goals` are the layers
    whose gradients are aligned, with sampling weights; CLASS stands for the class. `shaping`
    converts a gradient to a dream step. `averaged` is the running mean of the weights, which is the
    result of the training. Batch norms are folded at the start of the alignment phase.
    """

    def __init__(
        self,
        model: nn.Module,
        source: Source,
        recipe: Recipe,
        *,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        goals: Mapping[str, float],
        shaping: Shaping,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.source, self.recipe, self.device = source, recipe, device
        # A GPU trains faster than one process can generate images; on a CPU all cores are in use.
        self._workers = 1 if device.type == "cpu" else max(1, (os.cpu_count() or 2) - 1)
        self._make_crew = partial(Crew, mean=mean, std=std, dtype=dtype)
        self._goals, self._chains = dict(goals), Chains(shaping)
        self.step, self.pictures, self.seconds = 0, 0, 0.0
        self._means: dict[str, float] = {}
        self._aligned_from: int | None = None
        self._set_model(model)

    def _set_model(self, model: nn.Module) -> None:
        """Set the model to train, with new averages and optimiser state."""
        self.model = model.to(self.device).to(memory_format=torch.channels_last)
        self.averaged = AveragedModel(
            self.model,
            multi_avg_fn=get_ema_multi_avg_fn(DECAY),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        self._crew = self._make_crew(self.model)
        groups: list[dict[str, Any]] = [
            {"params": [p for p in model.parameters() if p.ndim > 1]},
            {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        recipe = self.recipe
        self.optimiser = torch.optim.AdamW(
            groups, lr=recipe.rate, betas=(0.9, 0.99), weight_decay=recipe.decay, fused=True
        )

    def _begin_aligning(self) -> None:
        self._aligned_from = self.step
        self._set_model(folded(self.averaged.module))

    def __iter__(self) -> Iterator[Lesson]:
        recipe, began, before = self.recipe, time.monotonic(), self.seconds
        shape, batches = (0, 0), iter(list[Pictures]())
        while (progress := self.seconds / (60 * recipe.minutes)) < 1:
            if recipe.aligns(progress) and self._aligned_from is None:
                self._begin_aligning()
            if shape != (shape := (recipe.size(progress), recipe.count(progress))):
                seed, (size, count) = recipe.seed + 1000003 * (self.step + 1), shape
                batches = stream(
                    self.source, size=size, batch=count, seed=seed, workers=self._workers
                )
            for group in self.optimiser.param_groups:
                group["lr"] = recipe.pace(progress, self.step - (self._aligned_from or 0))
            self._train_on(next(batches), recipe.reach(progress, shape[0]))
            self.seconds = before + time.monotonic() - began
            yield self._lesson(shape[0])

    def _lesson(self, size: int) -> Lesson:
        means = self._means
        return Lesson(
            self.step, self.pictures, min(1.0, self.seconds / (60 * self.recipe.minutes)), size,
            means["loss"], means["told"], means.get("attacked", 0.0), means.get("aligned"),
        )  # fmt: skip

    def _train_on(self, batch: Pictures, reach: float) -> None:
        """Train on a batch: hinted images, plain images and, if `reach` > 0, attacked images."""
        pictures, grounds, targets = (values.to(self.device) for values in batch)
        images = to_images(pictures)
        if self._aligned_from is not None:
            with one_thread_each(
                self.device
            ):  # many small operations, each of which would synchronise
                self._align(to_images(grounds), images, targets)
        gradient = self._classify(images, targets, "told", attacked=reach > 0)
        if gradient is not None:
            lengths = reach * torch.rand(len(images), 1, 1, 1, device=self.device).sqrt()
            size = gradient.flatten(1).norm(dim=1).clamp_min(1e-12).view_as(lengths)
            attacked = (images + gradient / size * lengths).clamp_(0, 1)
            self._classify(attacked, targets, "attacked", attacked=False)

    def _align(self, grounds: Tensor, full: Tensor, targets: Tensor) -> None:
        """Train the gradient at hinted images and chains to point towards the full images."""
        images, full, targets = self._chains.joined(hinted(grounds, full), full, targets)
        names, weights = list(self._goals), torch.tensor(list(self._goals.values()))
        goal = names[int(torch.multinomial(weights, 1))]
        task = Alignment(len(images), self.recipe.smoothing, goal)
        with self._step(len(images)):
            results = self._crew(task, images, full, targets)
        self._note("aligned", sum(aligned for aligned, _ in results) / len(images))
        self._chains.advance(
            images, full, targets, torch.cat([gradient for _, gradient in results])
        )

    def _classify(
        self, images: Tensor, targets: Tensor, name: str, *, attacked: bool
    ) -> Tensor | None:
        """Train classification; returns the image gradient if it is needed for an attack."""
        task = Classification(len(images), self.recipe.smoothing, attacked)
        with self._step(len(images)):
            results = self._crew(task, images, targets)
        self._note("loss", sum(loss for loss, _, _ in results) / len(images))
        self._note(name, sum(right for _, right, _ in results) / len(images))
        gradients = [gradient for _, _, gradient in results if gradient is not None]
        return torch.cat(gradients) if gradients else None

    @contextmanager
    def _step(self, count: int) -> Iterator[None]:
        """An optimiser step with the gradients computed within the context."""
        self.optimiser.zero_grad()
        yield
        nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
        self.optimiser.step()
        if self.step % AVERAGE_EVERY == 0:
            self.averaged.update_parameters(self.model)
        self.step += 1
        self.pictures += count

    def _note(self, name: str, value: float) -> None:
        self._means[name] = value + 0.98 * (self._means.get(name, value) - value)

    def probe(self, count: int) -> list[Tensor]:
        """`count` normalised batches of images that were not used in training."""
        size = self.recipe.sizes[-1]
        composer = self.source.composer(size=size, seed=self.recipe.seed + 1)
        batches = (composer.batch(self.recipe.batch).pictures for _ in range(count))
        return [self._crew.normal(to_images(torch.from_numpy(batch))) for batch in batches]

    def state(self) -> dict[str, Any]:
        """The checkpoint for `restore`; chains are not included."""
        return {
            "model": self.model.state_dict(), "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(), "means": dict(self._means),
            "step": self.step, "pictures": self.pictures, "seconds": self.seconds,
            "begun": self._aligned_from,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Resume from a `state`."""
        if state["begun"] is not None:
            self._begin_aligning()
        self.model.load_state_dict(state["model"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._means, self._aligned_from = dict(state["means"]), state["begun"]
        self.step, self.pictures, self.seconds = state["step"], state["pictures"], state["seconds"]
