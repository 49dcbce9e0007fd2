"""Published weights of other data sets and trainings, for architectures of torchvision.

Places365 (Zhou et al. 2017, CC BY) holds scenes. Its publisher gives no checksums, so these weights
are never downloaded, only read from a file. The robust networks (Salman et al. 2020, MIT) were
trained against adversarial attacks; their host announces the sha256 of each file.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.resources import files

_PLACES = "http://places2.csail.mit.edu/models_places365/"
_ROBUST = "https://huggingface.co/madrylab/robust-imagenet-models/resolve/main/"


@dataclass(frozen=True)
class Variant:
    """An architecture of torchvision, and where its other weights are published.

    `places` is true for those of Places365, which have its labels and no published checksum.
    """

    architecture: str
    url: str
    places: bool = False


VARIANTS = {
    f"places365-{name}": Variant(name, f"{_PLACES}{name}_places365.pth.tar", places=True)
    for name in ("resnet18", "resnet50", "alexnet", "densenet161")
} | {
    f"robust-{name}": Variant(name, f"{_ROBUST}{name}_l2_eps3.ckpt")
    for name in ("resnet18", "resnet50")
}
"""The variants by name. The GoogLeNet of Places365 was published for Caffe only."""


@functools.cache
def places_labels() -> tuple[str, ...]:
    """The 365 labels of Places365; those of one kind are as in `bazaar/indoor`."""
    return tuple(files(__package__).joinpath("places365.txt").read_text("utf-8").splitlines())
