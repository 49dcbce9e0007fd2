"""Weights of other data sets: scenes of Places365, robust networks."""

from __future__ import annotations

import pytest

from dreamvid.errors import MissingDependency
from dreamvid.networks.installed import torchvision_names
from dreamvid.networks.known import check_published, choose, find_label, labels
from dreamvid.networks.registry import load_network
from dreamvid.networks.variants import VARIANTS, places_labels


def test_variants_are_of_architectures_that_exist() -> None:
    assert {about.architecture for about in VARIANTS.values()} <= set(torchvision_names())
    assert all(about.url.startswith("https:") for about in VARIANTS.values() if not about.places)


def test_the_labels_of_places() -> None:
    found = places_labels()
    assert len(found) == len(set(found)) == 365
    assert list(found) == sorted(found, key=lambda label: label.replace(" ", "_"))
    assert (found[0], found[46], found[364]) == ("airfield", "bazaar/indoor", "zen garden")
    assert labels("places365-resnet18") == found and len(labels("robust-resnet18")) == 1000
    assert len(find_label("bazaar", found, model="m")) == 2


def test_weights_without_a_checksum_are_not_downloaded() -> None:
    with pytest.raises(MissingDependency, match=r"no checksum; download http.*--weights"):
        check_published(choose("places365-resnet50"))
    with pytest.raises(MissingDependency, match="no checksum"):
        load_network("places365-resnet50")
    check_published(choose("robust-resnet50"))
