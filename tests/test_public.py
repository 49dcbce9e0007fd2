"""The public names: which they are, and that each says what it is."""

from __future__ import annotations

import inspect
import re

import pytest

import dreamvid

NAMES = [
    "Carried",
    "DreamvidError",
    "Dreamer",
    "Dreaming",
    "FeedbackLoop",
    "FilmLoop",
    "Frame",
    "ImageSettings",
    "LoadedNetworks",
    "PanLoop",
    "Progress",
    "Result",
    "TrainSettings",
    "VideoReader",
    "VideoSettings",
    "VideoWriter",
    "ZoomLoop",
    "ZoomSettings",
    "channel",
    "creatures",
    "direction",
    "dream_frames",
    "dream_image",
    "dream_images",
    "dream_loop",
    "dream_video",
    "dream_zoom",
    "dream_zoom_frames",
    "film_frames",
    "layer",
    "load_image",
    "neuron",
    "render",
    "save_image",
    "train_network",
]


def test_the_public_names_are_these() -> None:
    assert list(dreamvid.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    thing = getattr(dreamvid, name)
    assert thing.__doc__ and re.match(r"[A-Z].+[.:]($|\n)", thing.__doc__)
    members = vars(thing).items() if inspect.isclass(thing) else ()
    for member, value in members:
        if not member.startswith("_") and (
            inspect.isfunction(value) or isinstance(value, property)
        ):
            assert value.__doc__, f"{name}.{member}"


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'dream_cake'"):
        _ = dreamvid.dream_cake
