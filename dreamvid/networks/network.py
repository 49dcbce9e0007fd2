"""A network to dream with, and its trunks: the part up to the deepest requested layer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, fx, nn

from dreamvid.networks import fused
from dreamvid.networks.graph import Traced, fold_batch_norm, fold_constants, fold_scale
from dreamvid.networks.kinds import telling
from dreamvid.networks.known import Description, find_label, unknown_layer
from dreamvid.networks.landmarks import landmarks, not_cut

Body = Callable[[Tensor], dict[str, Tensor]]

_CPU = torch.device("cpu")


class Network:
    """A convolutional network with named layers, from which trunks are cut.

    `layers` are all names, in order of depth. `weights_sha256` is the digest of the weights file,
    empty for a network without weights. Raises UsageError if it cannot be cut.
    """

    def __init__(
        self, model: nn.Module, description: Description, *, weights_sha256: str = ""
    ) -> None:
        self._traced = _traced(model.requires_grad_(False), description.name)
        self._strides: dict[str, int] = {}
        if not description.default_layer:
            description = self._explored(description)
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
        self.layers = tuple(self._traced.layers)
        self._trunks: dict[tuple[tuple[str, ...], torch.device], Trunk] = {}

    def _explored(self, about: Description) -> Description:
        """The description with what can be computed: aliases, smallest size, layer of labels."""
        found = landmarks(self._traced, name=about.name)
        self._strides = found.strides
        return replace(
            about,
            aliases=found.aliases,
            default_layer=found.aliases["parts"],
            minimum_size=found.minimum_size,
            label_layer=next(reversed(self._traced.layers)),
        )

    def resolve(self, layer: str) -> str:
        """Resolve a layer name or alias to a layer name; UsageError with suggestions."""
        name = self.aliases.get(layer, layer)
        if name in self._traced.layers:
            return name
        known = [*self.aliases, *self.layers]
        raise unknown_layer(self.name, layer, known, tuple(self.aliases))

    def module(self, layer: str) -> nn.Module:
        """The module of a layer, by its name or alias."""
        return self._traced.model.get_submodule(self.resolve(layer))

    def labelled(self, name: str) -> tuple[int, ...]:
        """The indices of a label, or of all labels of a class; see `find_label`."""
        return find_label(name, self.labels, model=self.name)

    def view_of(self, name: str) -> tuple[int, ...]:
        """The indices to raise for one thing: of a class the label of its most telling view.

        All views of it at once would be mixed. Words for several classes are as in `labelled`.
        """
        indices = self.labelled(name)
        labels = [self.labels[index] for index in indices]
        if len({label.partition("/")[0] for label in labels}) > 1:
            return indices
        return (indices[labels.index(telling(labels))],)

    def stride(self, layer: str) -> int:
        """The stride of `layer`: image pixels between neighbouring activations."""
        name = self.resolve(layer)
        return self._strides.get(name) or self._traced.stride(name)

    def trunk(self, layers: Sequence[str], device: torch.device = _CPU) -> Trunk:
        """The network cut after the deepest of `layers` (names or aliases), on a device; cached.

        Raises UsageError for an unknown layer.
        """
        names = tuple(dict.fromkeys(self.resolve(layer) for layer in layers))
        if (names, device) not in self._trunks:
            cut = self._traced.cut(names)
            fold_batch_norm(cut)
            fold_constants(cut)
            if device != _CPU:  # moving it would also move trunks that share modules
                cut = copy.deepcopy(cut)
            trunk = Trunk(cut, self.description, layers=names)
            self._trunks[names, device] = trunk.to(device).to(memory_format=_layout(device))
        return self._trunks[names, device]


class Trunk(nn.Module):
    """Frozen layers from the image to the deepest requested layer.

    Takes a batch [1, 3, H, W] of RGB in 0..1 on any device and returns a dict from layer name to
    activations. Only the gradient with respect to the batch is available.
    """

    def __init__(
        self, body: fx.GraphModule, description: Description, *, layers: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.layers = layers
        std = torch.tensor(description.std)
        # The first convolution divides by std, which saves scaling image and gradient.
        self._folded = fold_scale(body, 1 / std)
        self.body = body.eval().requires_grad_(False)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(description.mean).view(1, 3, 1, 1))
        self.register_buffer("std", std.view(1, 3, 1, 1))
        self._bodies: dict[torch.dtype, Body] = {}
        self.eval()

    def forward(self, batch: Tensor, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Activations of the requested layers, by name, computed and returned in `dtype`."""
        batch = batch.to(self.mean.device)
        return self._in_format(dtype)(self._normalised(batch).to(dtype))

    def plain(self, batch: Tensor) -> dict[str, Tensor]:
        """The same with standard autograd: the reference for the fused steps."""
        activations: dict[str, Tensor] = self.body(
            self._normalised(batch).to(memory_format=torch.channels_last)
        )
        return activations

    def _normalised(self, batch: Tensor) -> Tensor:
        return batch - self.mean if self._folded else (batch - self.mean) / self.std

    def _in_format(self, dtype: torch.dtype) -> Body:
        """The layers converted to a dtype, cached; fused on a CPU that supports it."""
        if dtype not in self._bodies:
            body = self.body if dtype == torch.float32 else copy.deepcopy(self.body).to(dtype)
            fits = self.mean.device.type == "cpu" and fused.available(dtype)
            self._bodies[dtype] = fused.Fused(body) if fits else body
        return self._bodies[dtype]


def _traced(model: nn.Module, name: str) -> Traced:
    try:
        return Traced(model)
    except Exception as error:  # whatever the code of any network raises for a symbol
        raise not_cut(name, f"its steps depend on the picture ({str(error)[:80]})") from error


def _layout(device: torch.device) -> torch.memory_format:
    """The memory format that is fastest for convolutions; on MPS, the only correct one.

    MPS computes wrong gradients for channels_last activations (pytorch#107214).
    """
    return torch.contiguous_format if device.type == "mps" else torch.channels_last
