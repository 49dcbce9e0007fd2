"""What a member of the crew does with its piece of a batch: tell it apart, align its gradients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from dreamvid.bestiary.training.aligned import agreement
from dreamvid.bestiary.training.crew import Member

CLASS = ""
"""The goal that is no layer: the class."""
ALIGNED, TOLD = 3.0, 0.3
"""Weights of the two losses while gradients are aligned."""
LEAST = 1e-8
"""Energy of a layer that is dead, whose logarithm must be a number."""


@dataclass(frozen=True)
class Telling:
    """Tells pictures apart; `whole` is the length of the whole batch.

    Gives the loss and the number told right, summed over the piece, and the gradient of the images
    when they are to be `attacked`.
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
class Aligning:
    """Draws the gradient of a goal towards what images lack of the images `full`.

    The goal is the logarithm of the energy of a layer, or of the probability of the CLASS. Gives
    the agreement of gradients with what is wanted, summed over the piece, and the gradients.
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
            heights = (activations.square().flatten(1).mean(1) + LEAST).log()
        (gradient,) = torch.autograd.grad(heights.sum(), images, create_graph=True)
        aligned = agreement(gradient, full - images.detach())
        told = F.cross_entropy(logits, targets, label_smoothing=self.smoothing, reduction="sum")
        member.learn((ALIGNED * (1 - aligned).sum() + TOLD * told) / self.whole)
        return float(aligned.detach().sum()), gradient.detach()
