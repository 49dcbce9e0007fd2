"""explain: a sheet of what a network sees in a picture."""

from __future__ import annotations

from torch import Tensor

from dreamvid.bestiary.atlas import pattern
from dreamvid.bestiary.sight import Sighting, classes, sightings
from dreamvid.bestiary.sight_sheet import Seen, large_size, sight_sheet
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.objectives import channel
from dreamvid.dream.octaves import resize
from dreamvid.networks.network import Network
from dreamvid.networks.outline import channels
from dreamvid.sequence.progress import OnProgress, Progress, ignore

CHANNELS = 6
CLASSES = 4
"""Channels and classes that are shown."""


def explain(
    network: Network,
    image: Tensor,
    *,
    layer: str | None = None,
    count: int = CHANNELS,
    on_progress: OnProgress = ignore,
) -> Tensor:
    """Draw the sheet [3, H, W] of what a network sees in an image [3, h, w].

    The channels of a layer, by default the network's own, that this image excites most, where each
    fires, what each dreams from noise, and what the image becomes when all of them are raised.
    Raises UsageError for an unknown layer, or one without positions.
    """
    name = network.resolve(layer or network.default_layer)
    shown = layer or name
    channels(network, [name])  # raises
    found = sightings(network, name, image, count)
    total = len(found) + 1
    seen = []
    for done, one in enumerate(found, start=1):
        dream = pattern(network, channel(name, one.channel))
        seen.append(Seen(f"{shown}:{one.channel}", one, dream))
        on_progress(Progress("pictures", done, total, "dreaming the channels"))
    large = resize(image, large_size(image)).clamp(0, 1)
    dreamed = _dreamed(network, name, found, large)
    on_progress(Progress("pictures", total, total, "dreaming the channels"))
    return sight_sheet(large, dreamed, seen, classes(network, image, CLASSES))


def _dreamed(network: Network, name: str, found: list[Sighting], image: Tensor) -> Tensor:
    """An image dreamed by all of the channels."""
    first, *others = [channel(name, one.channel) for one in found]
    return Dreamer(network, sum(others, start=first))(image).cpu()
