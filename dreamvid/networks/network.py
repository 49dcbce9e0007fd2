"""A network to dream with, and its trunk: the part up to the deepest layer asked for."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from dreamvid.errors import UsageError
from dreamvid.networks import fused
from dreamvid.networks.graph import Traced, fold_batch_norm, fold_scale

Body = Callable[[Tensor], dict[str, Tensor]]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
IMAGENET_VIEW = 224


@dataclass(frozen=True, kw_only=True)
class Description:
    """What is known of a network without its weights.

    `aliases` maps textures, patterns, parts and objects to layers. `mean` and `std` are the
    constants of its input, for RGB in 0..1. `minimum_size` is the smallest side of a picture, in
    pixels, on which all its layers still see something; `view` that of one in which it sees one
    thing best. `default_step` is in units of the pixel range. `labels` are the classes its last
    layer, `label_layer`, tells apart.
    """

    name: str
    aliases: Mapping[str, str]
    default_layer: str
    default_step: float = 0.011
    minimum_size: int = 32
    view: int = 144
    labels: tuple[str, ...] = ()
    label_layer: str = ""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD


_CPU = torch.device("cpu")


class Network:
    """A convolutional network with named layers, out of which trunks are cut.

    `layers` are all names, in order of depth. `weights_sha256` is the digest of the file the
    weights came from, empty for a network that was only described.
    """

    def __init__(
        self, model: nn.Module, description: Description, *, weights_sha256: str = ""
    ) -> None:
        self.description = description
        self.name = description.name
        self.aliases = dict(description.aliases)
        self.default_layer = description.default_layer
        self.default_step = description.default_step
        self.minimum_size = description.minimum_size
        self.view = description.view
        self.labels = description.labels
        self.label_layer = description.label_layer
        self.weights_sha256 = weights_sha256
        self._traced = Traced(model.requires_grad_(False))
        self.layers = tuple(self._traced.layers)
        self._trunks: dict[tuple[tuple[str, ...], torch.device], Trunk] = {}

    def resolve(self, layer: str) -> str:
        """The name of the layer that a name or an alias means; UsageError with near misses."""
        name = self.aliases.get(layer, layer)
        if name in self._traced.layers:
            return name
        known = [*self.aliases, *self.layers]
        near = difflib.get_close_matches(layer, known, n=5, cutoff=0.5)
        near = near or [n for n in known if layer and layer.lower() in n.lower()][:5]
        hint = f"did you mean {', '.join(near)}?" if near else f"try {', '.join(self.aliases)}"
        raise UsageError(
            f"{self.name} has no layer '{layer}'", remedy=f"{hint} (dreamvid layers {self.name})"
        )

    def labelled(self, name: str) -> tuple[int, ...]:
        """The places of a label, or of all labels of a class: 'fox' means 'fox/front', 'fox/side'.

        Raises UsageError with the near misses when there is none.
        """
        if not self.labels:
            raise UsageError(f"{self.name} knows no labels", where="label", remedy="use --layer")
        found = [
            k for k, known in enumerate(self.labels) if name in (known, known.partition("/")[0])
        ]
        if not found:
            some = [known for known in self.labels if name.lower() in known.lower()]
            near = some or difflib.get_close_matches(name, self.labels, n=5, cutoff=0.5)
            hint = ", ".join((near or self.labels)[:5])
            raise UsageError(f"no label '{name}'", where="label", remedy=f"such as {hint}")
        return tuple(found)

    def stride(self, layer: str) -> int:
        """Pixels of the picture from one activation of `layer` to the next."""
        return self._traced.stride(self.resolve(layer))

    def trunk(self, layers: Sequence[str], device: torch.device = _CPU) -> Trunk:
        """The network cut after the deepest of `layers` (names or aliases), ready on a device.

        The same layers give the same trunk. Raises UsageError for an unknown layer.
        """
        names = tuple(dict.fromkeys(self.resolve(layer) for layer in layers))
        if (names, device) not in self._trunks:
            cut = self._traced.cut(names)
            fold_batch_norm(cut)
            if device != _CPU:  # what is moved would be gone from the trunks that share it
                cut = copy.deepcopy(cut)
            trunk = Trunk(cut, self.description, layers=names)
            self._trunks[names, device] = trunk.to(device).to(memory_format=_layout(device))
        return self._trunks[names, device]


class Trunk(nn.Module):
    """Frozen layers from the picture to the deepest layer asked for.

    Takes a batch [1, 3, H, W] of RGB in 0..1, from any device to its own, and gives a dict from
    layer name to activations; the gradient with respect to the batch is the only one it can give.
    """

    def __init__(
        self, body: fx.GraphModule, description: Description, *, layers: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.layers = layers
        std = torch.tensor(description.std)
        # A picture whose gradient needs no scaling: the first convolution divides by std.
        self._folded = fold_scale(body, 1 / std)
        self.body = body.eval().requires_grad_(False)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(description.mean).view(1, 3, 1, 1))
        self.register_buffer("std", std.view(1, 3, 1, 1))
        self._bodies: dict[torch.dtype, Body] = {}
        self.eval()

    def forward(self, batch: Tensor, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Activations of the layers asked for, by name, reckoned in `dtype` and given in it."""
        batch = batch.to(self.mean.device)
        return self._in_format(dtype)(self._normal(batch).to(dtype))

    def plain(self, batch: Tensor) -> dict[str, Tensor]:
        """The same, under ordinary autograd: what the fused steps are checked against."""
        activations: dict[str, Tensor] = self.body(
            self._normal(batch).to(memory_format=torch.channels_last)
        )
        return activations

    def _normal(self, batch: Tensor) -> Tensor:
        return batch - self.mean if self._folded else (batch - self.mean) / self.std

    def _in_format(self, dtype: torch.dtype) -> Body:
        """The layers in a format of numbers, cast once; fused on a CPU that can."""
        if dtype not in self._bodies:
            body = self.body if dtype == torch.float32 else copy.deepcopy(self.body).to(dtype)
            fits = self.mean.device.type == "cpu" and fused.available(dtype)
            self._bodies[dtype] = fused.Fused(body) if fits else body
        return self._bodies[dtype]


def _layout(device: torch.device) -> torch.memory_format:
    """The order of memory that convolutions are fastest in; on MPS the only one that is right.

    There the gradients of activations that are channels_last come out wrong (pytorch#107214).
    """
    return torch.contiguous_format if device.type == "mps" else torch.channels_last
