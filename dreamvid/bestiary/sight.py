"""What a network sees in one picture: the channels that it excites more than others do, and where.

The largest activation may be that of a channel that is always large. A channel is therefore
compared with itself on other pictures: on drawn things of many classes, and on noise that has the
colours and the spectrum of this picture but nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.bestiary.atlas import spread
from dreamvid.dream.objectives import planes_of
from dreamvid.dream.octaves import resize, shrink, soften
from dreamvid.image import to_image
from dreamvid.networks.network import Network
from dreamvid.renders import labels, sheet

LONGEST = 512
"""Longer side of a picture, in pixels, at which it is looked at."""
PEAK = 0.04
"""Share of the positions, the strongest, whose mean is the response of a channel."""
THINGS, SHEETS, CELL = 48, 4, 128
"""Drawn things to compare with, on how many sheets, and the side of each in pixels."""
MIRRORED = 64
"""Pixels by which pictures are continued beyond their borders, at most."""
NOISES = 3
"""Noise pictures to compare with."""
ALIKE = 0.5
"""Correlation from which the maps of two channels show the same place: only one is kept."""


@dataclass(frozen=True)
class Sighting:
    """A channel that is excited: its score in standard deviations, and its map [H, W] in 0..1."""

    channel: int
    score: float
    map: Tensor


def sightings(network: Network, layer: str, image: Tensor, count: int) -> list[Sighting]:
    """The `count` channels of a layer that an image [3, H, W] excites most, at different places.

    A score is the response, less the mean over all positions of other pictures, in standard
    deviations; to each the median of all channels is added, so that silent channels do not win.
    Maps are 0 where a channel does what it usually does, and 1 at its peak.
    """
    seen = shrink(image, LONGEST)
    here = maps(network, layer, [seen])[0]
    others = (*drawn_things(), *(spectral_noise(seen, k) for k in range(NOISES)))
    mean, deviation = usual(network, layer, others)
    scores = (peaks(here) - mean) / (deviation + deviation.median() + 1e-9)
    excess = soften((here - (mean + deviation)[:, None, None]).clamp_min(0))
    shares = excess / excess.amax(dim=(1, 2), keepdim=True).clamp_min(1e-9)
    chosen = distinct(scores, shares, count)
    size = (int(seen.shape[1]), int(seen.shape[2]))
    return [
        Sighting(k, float(scores[k]), resize(shares[k][None], size)[0].clamp(0, 1)) for k in chosen
    ]


def maps(network: Network, layer: str, images: Sequence[Tensor]) -> list[Tensor]:
    """The activations [C, h, w] of a layer at each of the images.

    The images are mirrored beyond their borders, which would otherwise excite channels themselves.
    """
    name = network.resolve(layer)
    trunk, stride = network.trunk([name]), network.stride(name)
    found = []
    for image in images:
        image = _large(network, image)
        height, width = (-(-int(side) // stride) for side in image.shape[1:])
        rim = min(MIRRORED // stride, (min(image.shape[1:]) - 1) // stride)
        wide = functional.pad(image[None], (rim * stride,) * 4, mode="reflect")
        with torch.no_grad():
            planes = planes_of(trunk(wide)[name])[0]
        found.append(planes[:, rim : rim + height, rim : rim + width])
    return found


def usual(network: Network, layer: str, images: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """The mean and the standard deviation of each channel [C] over all positions of the images.

    One image is held at a time: the first layers have many positions.
    """
    count, total, squares = 0, torch.zeros(()).double(), torch.zeros(()).double()
    for image in images:
        flat = maps(network, layer, [image])[0].flatten(1).double()
        count += flat.shape[1]
        total, squares = total + flat.sum(1), squares + flat.square().sum(1)
    mean = total / count
    return mean.float(), (squares / count - mean.square()).clamp_min(0).sqrt().float()


def peaks(planes: Tensor) -> Tensor:
    """The mean of the strongest positions of each channel [C] of activations [C, h, w]."""
    flat = planes.flatten(1)
    return flat.topk(max(1, round(PEAK * flat.shape[1])), dim=1).values.mean(1)


def distinct(scores: Tensor, shares: Tensor, count: int) -> list[int]:
    """The channels with the highest scores whose maps differ; then others, if too few do."""
    order = scores.argsort(descending=True, stable=True).tolist()
    flat = shares.flatten(1)
    flat = flat - flat.mean(1, keepdim=True)
    flat = flat / flat.norm(dim=1, keepdim=True).clamp_min(1e-9)
    chosen: list[int] = []
    for k in order:
        if len(chosen) == count:
            return chosen
        if all(float(flat[k] @ flat[other]) < ALIKE for other in chosen):
            chosen.append(k)
    left = [k for k in order if k not in chosen]
    return (chosen + left)[:count]


@cache
def drawn_things() -> tuple[Tensor, ...]:
    """Pictures of many drawn things, to compare with."""
    chosen, each = spread(labels(), THINGS), THINGS // SHEETS
    return tuple(
        to_image(sheet(chosen[k : k + each], seed=1, cell=CELL)) for k in range(0, THINGS, each)
    )


def spectral_noise(image: Tensor, seed: int) -> Tensor:
    """Noise [3, H, W] with the spectrum and the colours of an image: random phases, the same in
    each plane (Galerne et al. 2011, "Random phase textures")."""
    generator = torch.Generator().manual_seed(seed)
    size = (int(image.shape[1]), int(image.shape[2]))
    mean = image.mean(dim=(1, 2), keepdim=True)
    phases = torch.fft.rfft2(torch.randn(size, generator=generator)).angle()
    turned = torch.fft.rfft2(image - mean) * torch.polar(torch.ones_like(phases), phases)
    noise: Tensor = mean + torch.fft.irfft2(turned, s=size)
    return noise.clamp(0, 1)


def classes(network: Network, image: Tensor, count: int) -> list[tuple[str, float]]:
    """The likeliest classes of an image with their probabilities; empty without labels.

    The labels of one class, `fox/front` and `fox/side`, are added up.
    """
    if not network.labels:
        return []
    share = network.view / min(image.shape[1:])
    small = resize(image, (round(image.shape[1] * share), round(image.shape[2] * share)))
    with torch.no_grad():
        told = network.trunk([network.label_layer])(small.clamp(0, 1)[None])
    chances = told[network.resolve(network.label_layer)].float().flatten().softmax(0)
    sums: dict[str, float] = {}
    for name, chance in zip(network.labels, chances.tolist(), strict=True):
        word = name.partition("/")[0]
        sums[word] = sums.get(word, 0.0) + chance
    return sorted(sums.items(), key=lambda one: -one[1])[:count]


def _large(network: Network, image: Tensor) -> Tensor:
    """The image, enlarged where the network needs more pixels."""
    share = network.minimum_size / min(image.shape[1:])
    if share <= 1:
        return image
    height, width = (-(-int(side) * network.minimum_size // min(image.shape[1:]))
                     for side in image.shape[1:])  # fmt: skip
    return resize(image, (height, width)).clamp(0, 1)
