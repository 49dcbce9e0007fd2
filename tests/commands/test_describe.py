"""What is said of a request before it runs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dreamvid.commands.describe import (
    describe_clip,
    describe_dreamer,
    describe_film,
    describe_ground,
    describe_shrinking,
    describe_transparency,
)
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.settings.tables import ClipSettings, DreamSettings, NetworkSettings


@pytest.mark.parametrize(
    ("rate", "frames", "told"),
    [
        (Fraction(30000, 1001), 1, "1 frame at 29.97 fps"),
        (Fraction(25), None, "at 25 fps"),
        (Fraction(24), 48, "48 frames at 24 fps"),
        (Fraction(1, 3), 0, "0 frames at 0.33333 fps"),
    ],
)
def test_a_film_is_described_by_size_length_and_rate(
    rate: Fraction, frames: int | None, told: str
) -> None:
    info = FilmInfo.plain(64, 48, rate, frames)
    assert describe_film(Path("a.mp4"), info) == f"a.mp4: 64x48, {told}"


def test_a_clip_is_described_by_what_it_starts_from() -> None:
    told = "64x48, 48 frames at 24 fps"
    assert describe_clip(None, 48, (64, 48), Fraction(24)) == f"noise: {told}"
    assert describe_clip(Path("a.png"), 48, (64, 48), Fraction(24)) == f"a.png: {told}"


@pytest.mark.parametrize(
    ("dream", "raised"),
    [
        ({"label": "owl"}, "label owl"),
        ({"guide": "a.png"}, "guide a.png"),
        ({"layer": ("parts", "2b*2")}, "parts + 2b*2"),
        ({}, "5c"),
    ],
)
def test_a_dream_is_described_by_its_network_and_what_it_raises(
    dream: dict[str, object], raised: str
) -> None:
    told = describe_dreamer(NetworkSettings(), DreamSettings(**dream))  # type: ignore[arg-type]
    assert told == f"dreams with efficientnet_lite0, {raised}"


def test_a_network_of_unknown_layers_is_only_named() -> None:
    assert describe_dreamer(NetworkSettings(model="a.safetensors"), DreamSettings()) == (
        "dreams with a.safetensors"
    )


@pytest.mark.parametrize(
    ("channels", "background", "told"),
    [
        (3, None, ""),
        (3, "white", ""),
        (4, None, ", transparent areas over black"),
        (4, "#ff0000", ", transparent areas over #ff0000"),
    ],
)
def test_the_ground_is_named_only_where_it_is_seen(
    channels: int, background: str | None, told: str
) -> None:
    assert describe_ground(np.zeros((2, 2, channels), np.uint8), background) == told


@pytest.mark.parametrize(
    ("name", "codec", "said", "told"),
    [
        ("a.mp4", "h264", "", ""),
        ("a.mp4", "h264", "over black", ", over black, as h264 has no transparency"),
        ("a.mov", "prores4444", "transparency kept", ", transparency kept"),
        ("a.mov", "prores4444", "over white", ", over white"),
        ("a.gif", "h264", "transparency kept", ", transparency kept"),
    ],
)
def test_a_codec_without_transparency_is_named_as_the_reason(
    name: str, codec: str, said: str, told: str
) -> None:
    film = SimpleNamespace(transparency=said)
    assert describe_transparency(film, Output(Path(name), codec)) == told  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "size", "told"),
    [
        ((1000, 1281), None, True),
        ((1281, 1000), None, True),
        ((1280, 1280), None, False),
        ((4000, 4000), "640x640", False),
    ],
)
def test_a_picture_is_said_to_be_shrunk_unless_a_size_is_given(
    shape: tuple[int, int], size: str | None, told: bool
) -> None:
    said = describe_shrinking(np.zeros((*shape, 3), np.uint8), ClipSettings(size=size))
    assert said == (", smaller than the picture (--size changes that)" if told else "")
