"""Evaluate a network: accuracy on renders, live channels, and vividness of its dreams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dreamvid.bestiary.atlas import from_noise, whole_thing
from dreamvid.bestiary.training.pictures import ENDINGS
from dreamvid.bestiary.training.prune import note_firing
from dreamvid.bestiary.training.stream import to_images
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.objectives import layer
from dreamvid.dream.octaves import shrink
from dreamvid.errors import UnreadableInput
from dreamvid.image import load_image
from dreamvid.networks.network import Network
from dreamvid.renders import Compositor, Mixture, labels, render_layers

SEED = 7_000_003
"""Seed of the test renders, which differs from training seeds."""
SIDE = 128
CLASS_SIDE = 96
"""Size in pixels of the dreams shown to a reader network: both were trained at this size."""
BAND = (4.0, 32.0)
"""Range of wavelengths in pixels, between pixel noise and blur."""
LONGEST = 640
"""Longer side, in pixels, of the photographs that are dreamed on."""


@dataclass(frozen=True)
class Knowledge:
    """Accuracy by class and by label on unseen renders with cluttered backgrounds.

    `alive` is the share of channels, over all layers, that are active on any of them.
    """

    by_class: float
    by_label: float
    alive: float


@dataclass(frozen=True)
class Vividness:
    """Statistics of a dream on an image.

    `colourfulness` of the dream (Hasler and Suesstrunk 2003, RGB in 0..255); `band`, the share of
    the energy of the change at wavelengths of 4 to 32 pixels; `rms` of the change, RGB in 0..1.
    """

    colourfulness: float
    band: float
    rms: float


def knowledge(network: Network, *, count: int = 2048) -> Knowledge:
    """Test a network that was trained on renders on unseen ones with cluttered backgrounds.

    Size, position, rotation, background and light are sampled as in training; each image shows one
    object.
    """
    right = own = 0
    active = ActiveChannels(network)
    for images, wanted in _unseen(count):
        rows = active.add(images)[network.label_layer]
        named = [network.labels[k] for k in rows.argmax(1).tolist()]
        right += sum(_class(a) == _class(b) for a, b in zip(named, wanted, strict=True))
        own += sum(a == b for a, b in zip(named, wanted, strict=True))
    return Knowledge(right / count, own / count, active.share)


class ActiveChannels:
    """Count the channels of a network, over all blocks, that were active on any image."""

    def __init__(self, network: Network) -> None:
        blocks = [name for name in network.layers if "." not in name]
        self._trunk = network.trunk(blocks)
        self._fired: dict[str, Tensor] = {}

    def add(self, images: Tensor) -> dict[str, Tensor]:
        """Process images [N, 3, H, W]; returns the activations of the blocks and the logits."""
        with torch.no_grad():
            found: dict[str, Tensor] = self._trunk(images)
        for name, activations in found.items():
            if activations.ndim == 4:  # the others are spatial means and logits
                note_firing(self._fired, name, activations)
        return found

    @property
    def share(self) -> float:
        """The share of active channels."""
        return float(torch.cat(list(self._fired.values())).float().mean())


def active_share(network: Network, photos: Path) -> float:
    """The share of a network's channels that are active on a folder of photographs."""
    active = ActiveChannels(network)
    for path in photographs(photos):
        active.add(shrink(load_image(path), LONGEST)[None])
    return active.share


def _unseen(count: int, *, batch: int = 32) -> Iterator[tuple[Tensor, list[str]]]:
    """Batches of images [N, 3, S, S] and their labels."""
    bank = render_layers(count, size=SIDE, seed=SEED)
    compositor = Compositor(bank, size=SIDE, seed=SEED, mixture=Mixture(second=0.0))
    for _ in range(0, count, batch):
        made = compositor.batch(batch)
        yield (
            to_images(torch.from_numpy(made.pictures)),
            [labels()[k] for k in made.targets.argmax(1)],
        )


def _class(name: str) -> str:
    return name.partition("/")[0]


def vividness(dreamed: Tensor, source: Tensor) -> Vividness:
    """Measure a dream, an image [3, H, W], against its source."""
    change = (dreamed - source).double()
    return Vividness(
        colourfulness(dreamed), band_share(change), float(change.square().mean().sqrt())
    )


def colourfulness(image: Tensor) -> float:
    """Colourfulness of an image [3, H, W] (Hasler and Suesstrunk 2003, equation 3)."""
    red, green, blue = 255 * image.double()
    opponent = torch.stack([red - green, (red + green) / 2 - blue]).flatten(1)
    deviation, mean = opponent.std(1).square().sum().sqrt(), opponent.mean(1).square().sum().sqrt()
    return float(deviation + 0.3 * mean)


def band_share(change: Tensor) -> float:
    """Share of the energy of planes [C, H, W], without their means, at wavelengths in `BAND`."""
    height, width = change.shape[-2:]
    window = torch.hann_window(height)[:, None] * torch.hann_window(width)
    plane = (change - change.mean((1, 2), keepdim=True)) * window
    energy = torch.fft.fft2(plane).abs().square().sum(0)
    energy[0, 0] = 0
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None])
    inside = (frequency >= 1 / BAND[1]) & (frequency <= 1 / BAND[0])
    return float(energy[inside].sum() / energy.sum())


@dataclass(frozen=True)
class Comparison:
    """Two dreams of one image with the same RMS change, and their statistics."""

    picture: str
    layer: str
    ours: Vividness
    theirs: Vividness
    sheet: Tensor

    def row(self) -> dict[str, str | float]:
        """The statistics as a table row; ratios are ours over theirs."""
        ours, theirs = self.ours, self.theirs
        return {
            "picture": self.picture,
            "layer": self.layer,
            "rms": ours.rms,
            "rms ratio": ours.rms / theirs.rms,
            "colourfulness": ours.colourfulness,
            "colour ratio": ours.colourfulness / theirs.colourfulness,
            "band": ours.band,
            "band ratio": ours.band / theirs.band,
        }


def compare(
    ours: Network, theirs: Network, photos: Path, names: Sequence[str]
) -> Iterator[Comparison]:
    """Dream on each photograph of a folder with both networks.

    `theirs` raises its default layer with its default dose; `ours` raises each of the layers
    `names`, with a step that gives the same RMS change.
    """
    for path in photographs(photos):
        image = shrink(load_image(path), LONGEST)
        reference = Dreamer(theirs)(image).cpu()
        wanted = vividness(reference, image)
        for name in names:
            dream = _matched(ours, name, image, wanted.rms)
            made = torch.cat([image, reference, dream], 2)
            yield Comparison(path.stem, name, vividness(dream, image), wanted, made)


def photographs(folder: Path) -> list[Path]:
    """The images of a folder, sorted by name; UnreadableInput if there are none."""
    if not folder.is_dir():
        raise UnreadableInput("no such folder", where=folder, remedy="give a folder of images")
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in ENDINGS)
    if not found:
        raise UnreadableInput("no images found", where=folder, remedy="give a folder of images")
    return found


def _matched(network: Network, name: str, image: Tensor, rms: float) -> Tensor:
    """A dream with this RMS change, within 3 % if that is reached in six attempts."""
    step = network.default_step
    for _ in range(6):
        dream = Dreamer(network, layer(network.resolve(name)), step=step)(image).cpu()
        found = vividness(dream, image).rms
        if abs(found / rms - 1) < 0.03:
            break
        step *= rms / found
    return dream


def recognised(
    network: Network, reader: Network, *, size: int = CLASS_SIDE, seed: int = 0
) -> Iterator[tuple[str, bool, Tensor]]:
    """Dream each class from noise and test whether another network has it in its top five.

    A class counts once in the reader's ranking, however many labels it has. Yields the class,
    whether it was recognised, and the dream.
    """
    trunk = reader.trunk([reader.label_layer])
    for name in dict.fromkeys(map(_class, network.labels)):
        goal = whole_thing(network, *network.view_of(name))  # what it draws without an exemplar
        dream = from_noise(network, goal, size=size, seed=seed)
        with torch.no_grad():
            order = trunk(dream[None])[reader.label_layer][0].argsort(descending=True)
        best = list(dict.fromkeys(_class(reader.labels[k]) for k in order.tolist()))[:5]
        yield name, name in best, dream
