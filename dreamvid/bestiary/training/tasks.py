"""The training tasks of a crew member on its slice of a batch: classification and alignment."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from dreamvid.bestiary.training.aligned import agreement
from dreamvid.bestiary.training.crew import Member
from dreamvid.dream.objectives import log_energy

CLASS = ""
"""The goal that stands for the class instead of a layer."""
ALIGNED, CLASSIFIED = 3.0, 0.3
"""Weights of the two losses while gradients are aligned."""


@dataclass(frozen=True)
class Classification:
    """Classification; `whole` is the size of the whole batch.

    Returns the loss and the number of correct predictions, summed over the slice, and the gradient
    with respect to the images if they are to be `attacked`.
    """

    whole: int
    smoothing: float
    attacked: bool

    def __call__(
        self, member: Member, images: Tensor, targets: Tensor
    ) -> tuple[float, float, Tensor | None]:
        images = images.detach().requires_grad_(self.attacked)
        logits = member.logits(images)
        loss = F.cross_entropy(logits, targets, label_smoothing=self.smoothing, reduction="sum")
        torch.autograd.backward(loss / self.whole)
        right = float((logits.argmax(1) == targets.argmax(1)).sum())
        return float(loss.detach()), right, images.grad


@dataclass(frozen=True)
class Alignment:
    """Alignment of the gradient of a goal with the difference `full` - images.

    The goal is the log energy of a layer, or the log probability of the CLASS. Returns the
    agreement of the gradients with that direction, summed over the slice, and the gradients.
    """

    whole: int
    smoothing: float
    goal: str

    def __call__(
        self, member: Member, images: Tensor, full: Tensor, targets: Tensor
    ) -> tuple[float, Tensor]:
        images = images.detach().requires_grad_()
        if self.goal == CLASS:
            logits = member.logits(images)
            heights = (targets * logits.log_softmax(1)).sum(1)
        else:
            activations, logits = member.look(images, self.goal)
            heights = log_energy(activations)
        (gradient,) = torch.autograd.grad(heights.sum(), images, create_graph=True)
        aligned = agreement(gradient, full - images.detach())
        classified = F.cross_entropy(
            logits, targets, label_smoothing=self.smoothing, reduction="sum"
        )
        member.learn((ALIGNED * (1 - aligned).sum() + CLASSIFIED * classified) / self.whole)
        return float(aligned.detach().sum()), gradient.detach()
