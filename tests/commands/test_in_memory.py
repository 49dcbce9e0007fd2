"""Dreams on images in memory: the same as those on files, and films that go on."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import dream_tiny, moved, texture, tiny_network

from dreamvid.commands.image import dream_image
from dreamvid.commands.in_memory import (
    Carried,
    Dreaming,
    LoadedNetworks,
    dream_frames,
    dream_images,
    dream_zoom_frames,
)
from dreamvid.commands.video import dream_video
from dreamvid.commands.zoom import dream_zoom
from dreamvid.errors import UsageError
from dreamvid.image import load_image, read_picture, save_image, to_array, to_image
from dreamvid.settings.models import ImageSettings, VideoSettings, ZoomSettings
from dreamvid.settings.tables import (
    CameraSettings,
    ClipSettings,
    DreamSettings,
    MotionSettings,
    NetworkSettings,
    SteadySettings,
)

DREAM = {"octaves": 2, "iterations": 3, "step": 0.03}
NETWORK = {"device": "cpu", "precision": "fp32"}
RATE = Fraction(25)
LOADED = LoadedNetworks(NetworkSettings(**NETWORK), (tiny_network(),))


def dreaming(*pictures: torch.Tensor, **dream: Any) -> Dreaming:
    return Dreaming(LOADED, DreamSettings(**DREAM | dream), pictures)


def images(count: int = 6) -> list[torch.Tensor]:
    return [to_image(array) for array in moved(count)]


def film(
    images: list[torch.Tensor], look: Dreaming, after: Carried | None = None, **motion: Any
) -> tuple[list[torch.Tensor], Carried]:
    found = list(dream_frames(images, look, MotionSettings(**motion), rate=RATE, after=after))
    return [image for image, _ in found], found[-1][1]


def alike(these: list[torch.Tensor], those: list[torch.Tensor]) -> bool:
    return len(these) == len(those) and all(map(torch.equal, these, those))


# --- the same as with files -------------------------------------------------------------


@pytest.mark.parametrize("dream", [{}, {"label": "bee"}, {"layer": "one"}])
def test_an_image_is_dreamed_as_a_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dream: dict[str, Any]
) -> None:
    dream_tiny(monkeypatch)
    save_image(tmp_path / "in.png", to_image(texture()))
    settings = ImageSettings.checked({"dream": DREAM | dream, "network": NETWORK})
    dream_image(tmp_path / "in.png", tmp_path / "out.png", settings)
    made = next(dream_images([to_image(texture())], dreaming(**dream)))
    assert np.array_equal(to_array(made), read_picture(tmp_path / "out.png"))


def test_a_guide_in_memory_guides_as_a_file_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dream_tiny(monkeypatch)
    for name, seed in (("in", 0), ("guide", 5)):
        save_image(tmp_path / f"{name}.png", to_image(texture(seed)))
    guide = {"guide": str(tmp_path / "guide.png"), "guide_match": "cosine"}
    settings = ImageSettings.checked({"dream": DREAM | guide, "network": NETWORK})
    dream_image(tmp_path / "in.png", tmp_path / "out.png", settings)
    look = dreaming(to_image(texture(5)), guide_match="cosine")
    made = next(dream_images([to_image(texture())], look))
    assert np.array_equal(to_array(made), read_picture(tmp_path / "out.png"))


def test_frames_are_dreamed_as_a_film_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)
    (tmp_path / "in").mkdir()
    for number, image in enumerate(images(4)):
        save_image(tmp_path / "in" / f"{number:03}.png", image)
    settings = VideoSettings.checked({"dream": DREAM, "network": NETWORK, "film": {"rate": RATE}})
    dream_video(tmp_path / "in", tmp_path / "out%03d.png", settings)
    files = [read_picture(path) for path in sorted(tmp_path.glob("out*.png"))]
    made, _ = film(images(4), dreaming())
    assert len(files) == 4
    assert all(np.array_equal(to_array(a), b) for a, b in zip(made, files, strict=True))


def test_a_zoom_is_dreamed_as_one_into_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dream_tiny(monkeypatch)
    save_image(tmp_path / "in.png", to_image(texture()))
    tables: dict[str, Any] = {
        "clip": {"seconds": 1, "fps": 4},
        "camera": {"zoom": 2, "rotate": 30},
        "motion": {"stability": 0.5},
    }
    settings = ZoomSettings.checked({"dream": DREAM, "network": NETWORK} | tables)
    dream_zoom(tmp_path / "in.png", tmp_path / "out%03d.png", settings)
    files = [read_picture(path) for path in sorted(tmp_path.glob("out*.png"))]
    zoom = dream_zoom_frames(
        load_image(tmp_path / "in.png"),
        dreaming(),
        CameraSettings(**tables["camera"]),
        ClipSettings(**tables["clip"]),
        SteadySettings(**tables["motion"]),
    )
    made = [to_array(image) for image, _ in zoom]
    assert len(files) == 4 and all(map(np.array_equal, made, files))


# --- films that go on ---------------------------------------------------------------------


@pytest.mark.parametrize("dream", [{}, {"strength": "0:(0), 3:(1)"}, {"layer": "creatures:bee"}])
def test_a_film_goes_on_where_it_was_left(dream: dict[str, Any]) -> None:
    whole, _ = film(images(), dreaming(**dream))
    first, memory = film(images()[:2], dreaming(**dream))
    second, memory = film(images()[2:3], dreaming(**dream), memory)
    third, memory = film(images()[3:], dreaming(**dream), memory)
    assert alike(first + second + third, whole) and memory.index == 5


def test_a_dream_that_changes_is_adapted_to_as_by_a_schedule() -> None:
    whole, _ = film(images(), dreaming(layer="0:(one, hold), 3:(two)"))
    first, memory = film(images()[:3], dreaming(layer="one"))
    second, after = film(images()[3:], dreaming(layer="two"), memory)
    assert alike(first + second, whole)
    assert after.memory.reference.height is None  # no longer known: that was another objective


def test_a_zoom_goes_on_after_a_film_but_no_film_after_a_zoom() -> None:
    dreamed, memory = film(images(2), dreaming())
    clip = ClipSettings(seconds=Fraction(1, 5), fps=10)
    zoom = list(dream_zoom_frames(None, dreaming(), clip=clip, after=memory))
    assert [carried.index for _, carried in zoom] == [2, 3]
    assert (zoom[0][0] - dreamed[-1]).abs().mean() < 0.1
    with pytest.raises(UsageError, match="memory: a film cannot go on after a zoom"):
        film(images(2), dreaming(), zoom[-1][1])


def test_equal_guides_are_the_same_dream_and_others_are_not() -> None:
    one, same, other = (dreaming(to_image(texture(seed))) for seed in (5, 5, 6))
    assert one.same(same) and not one.same(other) and not one.same(dreaming())
    assert not one.same(dreaming(to_image(texture(5)), seed=1))


def test_no_images_are_no_film() -> None:
    assert list(dream_frames([], dreaming(), rate=RATE)) == []
    assert list(dream_images([], dreaming())) == []


@pytest.mark.parametrize("size", [(48, 32), (32, 64)])
def test_frames_of_another_size_are_refused(size: tuple[int, int]) -> None:
    odd = torch.rand(3, *size)
    _, memory = film(images(2), dreaming())
    with pytest.raises(UsageError, match="memory: the images are"):
        film([odd], dreaming(), memory)
    with pytest.raises(UsageError, match="the frames differ in size"):
        film([images(1)[0], odd], dreaming())
    clip = ClipSettings(seconds=1, fps=2, size=f"{size[1]}x{size[0]}")
    with pytest.raises(UsageError, match="memory: the images are"):
        next(dream_zoom_frames(None, dreaming(), clip=clip, after=memory))


def test_images_may_differ_in_size_but_not_be_tiny() -> None:
    sizes = [(48, 64), (32, 40), (48, 64)]
    made = list(dream_images([torch.rand(3, *size) for size in sizes], dreaming()))
    assert [tuple(image.shape[1:]) for image in made] == sizes
    with pytest.raises(UsageError, match="an image of 40x8 is too small; use 16 pixels"):
        next(dream_images([torch.rand(3, 8, 40)], dreaming()))


def test_a_label_and_a_guide_are_not_raised_together() -> None:
    with pytest.raises(UsageError, match="label and guide: give only one"):
        next(dream_images(images(1), dreaming(images(1)[0], label="bee")))


# --- steps --------------------------------------------------------------------------------


def test_steps_are_counted_for_each_image() -> None:
    steps: list[tuple[int, int]] = []
    list(dream_images(images(2), dreaming(), on_step=lambda *step: steps.append(step)))
    assert steps == [(done, 6) for done in range(6)] * 2


def test_a_step_can_stop_a_dream() -> None:
    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise Stop

    for dreams in (
        dream_images(images(1), dreaming(), on_step=stop),
        dream_frames(images(2), dreaming(), rate=RATE, on_step=stop),
        dream_zoom_frames(images(1)[0], dreaming(), on_step=stop),
    ):
        with pytest.raises(Stop):
            list(dreams)


def test_networks_are_loaded_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)
    loaded = LoadedNetworks.load(NetworkSettings(model=("one", "two*0.5")))
    assert [network.name for network in loaded.networks] == ["tiny", "tiny"]
    assert LoadedNetworks.load().settings == NetworkSettings()
