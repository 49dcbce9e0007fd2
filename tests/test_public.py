"""The public names: which they are, that each says what it is, and that the README's code runs."""

from __future__ import annotations

import inspect
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import moved, texture

import dreamvid
from dreamvid.image import save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.networks.network import Network
from dreamvid.networks.registry import describe

NAMES = [
    "DreamvidError",
    "Dreamer",
    "Frame",
    "ImageSettings",
    "LoopSettings",
    "Result",
    "TrainSettings",
    "VideoReader",
    "VideoSettings",
    "VideoWriter",
    "ZoomSettings",
    "channel",
    "creatures",
    "direction",
    "dream_image",
    "dream_loop",
    "dream_video",
    "dream_zoom",
    "film_frames",
    "layer",
    "load_image",
    "neuron",
    "render",
    "save_image",
    "train_network",
]
README = Path(__file__).parent.parent / "README.md"


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


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)


def test_the_code_in_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert blocks()

    def untrained(model: str, **options: Any) -> Network:
        return describe(model)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dreamvid.commands.shared.load_network", untrained)
    monkeypatch.setattr("dreamvid.dream.dreamer.load_network", untrained)
    Path("samples").mkdir()
    save_image("samples/dusk.png", to_image(texture()))
    info = FilmInfo.plain(64, 48, Fraction(25))
    with dreamvid.VideoWriter("samples/drift.mp4", like=info) as film:
        for number, array in enumerate(moved(2)):
            film.write(to_image(array), number / info.rate)
    namespace: dict[str, Any] = {}
    torch.manual_seed(0)
    for block in blocks():
        exec(compile(block, str(README), "exec"), namespace)
