"""Networks with random weights, for timing, where the picture does not matter."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from dreamvid.networks import zoo
from dreamvid.networks.network import Network

_NORMS = (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)


def random_network(model: str, *, seed: int = 0) -> Network:
    """A network with random weights (He et al. 2015), which are equal for equal seeds.

    `model` is the name of an architecture of torchvision or timm.
    """
    about = replace(zoo.describe(model), labels=())
    network = zoo.architecture(model).to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, _NORMS):
                for name, value in (*module.named_parameters(), *module.named_buffers()):
                    value.fill_(1.0 if name in ("weight", "running_var") else 0.0)
                continue
            for name, value in module.named_parameters(recurse=False):
                fan_in = max(1, value[0].numel() if value.ndim else 1)
                if fan_in == 1:  # a bias or a gain for each channel
                    value.fill_(0.0 if name.endswith("bias") else 1.0)
                else:
                    value.normal_(0, (2 / fan_in) ** 0.5, generator=generator)
    return Network(zoo.prepared(model, network), about)
