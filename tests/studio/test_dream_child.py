"""The child that dreams: previews, strips, motion, presets and layers, on a tiny network."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import dream_tiny, moved, texture, tiny_dreamer, tiny_network

from dreamvid.errors import UsageError
from dreamvid.image import load_image, save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.studio import drawing, painting
from dreamvid.studio.channel import Cancelled
from dreamvid.studio.dream_child import Studio
from dreamvid.studio.painting import Checked, Painter, checking

SMALL = {"dream": {"octaves": 2, "iterations": 3}}


class Ear:
    """Hears what an order is answered; from `enough` events on it is not wanted any more."""

    def __init__(self, enough: int = 1000) -> None:
        self.events: list[dict[str, Any]] = []
        self.pictures: list[np.ndarray[Any, Any]] = []
        self.enough = enough

    def check(self) -> None:
        if len(self.events) >= self.enough:
            raise Cancelled

    def send(self, event: str, data: bytes = b"", **fields: Any) -> None:
        self.events.append({"event": event} | fields)
        if data:
            self.pictures.append(np.asarray(Image.open(io.BytesIO(data)), float))


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.setattr(painting, "PAINT_EVERY", 0)
    monkeypatch.setattr(painting, "DRAFT", 100)
    monkeypatch.setattr(painting, "FINAL", 100)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    with VideoWriter(path, like=FilmInfo.plain(64, 48, Fraction(12), 6)) as out:
        for array in moved(6):
            out.write(array)
    return path


def order(command: str, path: Path | None, settings: Any = SMALL, **more: Any) -> dict[str, Any]:
    plain = {"command": command, "path": None if path is None else str(path), "width": 64,
             "settings": settings, "frame": 0, "frames": 6, "rate": "12", "count": 3}  # fmt: skip
    return plain | more


def preview(**more: Any) -> Ear:
    ear = Ear()
    Studio().preview(more.pop("asked"), ear)  # type: ignore[arg-type]
    return ear


@pytest.mark.usefixtures("here_or_pretended")
def test_a_preview_grows_octave_by_octave(picture: Path) -> None:
    ear = preview(asked=order("image", picture))
    assert ear.events[0] == {"event": "source"}
    rows = [(row["octave"], row["iteration"]) for row in ear.events[1:-1]]
    assert rows == sorted(rows) and {octave for octave, _ in rows} == {1, 2}
    assert ear.events[-1] == {"event": "picture", "octave": 2, "octaves": 2, "iteration": 0,
                              "final": True}  # fmt: skip
    source, *grown = ear.pictures
    far = [np.abs(image - source).mean() for image in grown]
    assert far[-1] > far[0] and all(image.shape == source.shape for image in grown)


def test_the_last_picture_is_that_of_the_command(picture: Path, tmp_path: Path) -> None:
    from dreamvid.commands.image import dream_image
    from dreamvid.settings.models import ImageSettings

    dream_image(picture, tmp_path / "out.png", ImageSettings.checked(SMALL))
    wanted = load_image(tmp_path / "out.png").permute(1, 2, 0).numpy() * 255
    shown = preview(asked=order("image", picture)).pictures[-1]
    assert np.abs(wanted - shown).mean() < 3  # a JPEG


def test_it_ends_between_two_updates(picture: Path) -> None:
    ear = Ear(enough=2)
    with pytest.raises(Cancelled):
        Studio().preview(order("image", picture), ear)  # type: ignore[arg-type]
    assert len(ear.events) == 2


def test_masks_hide_while_it_grows(picture: Path) -> None:
    settings = SMALL | {"mask": {"mask": "inside:0,0,0.5,1", "feather": 0}}
    source, *grown = preview(asked=order("image", picture, settings)).pictures
    for image in grown:
        assert np.abs(image - source)[:, 40:].mean() < 2
    assert np.abs(grown[-1] - source)[:, :24].mean() > 3


@pytest.mark.usefixtures("here_or_pretended")
def test_regions_grow_one_after_the_other(picture: Path) -> None:
    regions = [{"mask": "inside:0,0,0.5,1"}, {"mask": "inside:0.5,0,0.5,1", "strength": 2}]
    ear = preview(asked=order("image", picture, SMALL | {"region": regions}))
    source, *grown = ear.pictures
    assert np.abs(grown[0] - source)[:, 40:].mean() < 2  # the second has not begun
    assert np.abs(grown[-1] - source)[:, 40:].mean() > 3
    assert sum(row.get("final", False) for row in ear.events) == 1


def test_a_frame_of_a_film_has_the_values_of_its_time(film: Path) -> None:
    settings = {"dream": SMALL["dream"] | {"strength": "0:(0, hold), 3:(1, hold)"}}
    still = preview(asked=order("video", film, settings, frame=2)).pictures
    assert len(still) == 2 and np.abs(still[1] - still[0]).mean() < 3  # strength 0: only a JPEG
    moving = preview(asked=order("video", film, settings, frame=4)).pictures
    assert np.abs(moving[-1] - moving[0]).mean() > 3


def test_signals_of_a_film_are_0_and_that_is_said(film: Path) -> None:
    settings = {"dream": SMALL["dream"] | {"strength": "0.5+motion"}}
    ear = preview(asked=order("video", film, settings))
    assert "taken as 0" in next(row["text"] for row in ear.events if row["event"] == "note")
    assert ear.events[-1]["final"]


@pytest.mark.parametrize("command", ["zoom", "loop"])
def test_from_noise(command: str) -> None:
    ear = preview(asked=order(command, None, SMALL | {"clip": {"size": "128x64"}}))
    assert ear.pictures[-1].shape == (32, 64, 3)


def test_a_zoom_fills_its_frame(picture: Path) -> None:
    settings = SMALL | {"clip": {"size": "64x32"}}
    assert preview(asked=order("zoom", picture, settings)).pictures[0].shape == (32, 64, 3)


def test_an_error_is_that_of_the_command(picture: Path) -> None:
    with pytest.raises(UsageError, match="nothing"):
        preview(asked=order("image", picture, {"dream": {"layer": ["nothing"]}}))


def strip(asked: dict[str, Any], enough: int = 1000) -> Ear:
    ear = Ear(enough)
    Studio().strip(asked, ear)  # type: ignore[arg-type]
    return ear


@pytest.mark.usefixtures("here_or_pretended")
def test_a_strip_of_a_film_carries_the_dream(film: Path) -> None:
    carried = strip(order("video", film, SMALL, frame=1))
    assert [row["index"] for row in carried.events] == [0, 1, 2]
    alone = strip(order("video", film, SMALL | {"motion": {"stability": 0}}, frame=1))
    assert np.abs(carried.pictures[0] - alone.pictures[0]).mean() < 1
    assert np.abs(carried.pictures[2] - alone.pictures[2]).mean() > 1


def test_a_strip_is_the_film_of_the_command(film: Path, tmp_path: Path) -> None:
    from dreamvid.commands.video import dream_video
    from dreamvid.media.reader import VideoReader
    from dreamvid.settings.models import VideoSettings

    dream_video(film, tmp_path / "out.mkv", VideoSettings.checked(
        SMALL | {"film": {"frames": 3}, "output": {"codec": "ffv1"}}))  # fmt: skip
    with VideoReader(tmp_path / "out.mkv") as made:
        wanted = [frame.array.astype(float) for frame in made]
    shown = strip(order("video", film)).pictures
    assert max(np.abs(a - b).mean() for a, b in zip(wanted, shown, strict=True)) < 6  # JPEGs


def test_a_strip_ends_when_it_is_not_wanted(film: Path) -> None:
    with pytest.raises(Cancelled):
        strip(order("video", film), enough=1)


def test_a_strip_of_a_zoom() -> None:
    ear = strip(order("zoom", None, SMALL | {"clip": {"size": "64x48", "seconds": 1}}))
    assert len(ear.pictures) == 3


def test_pictures_have_no_strip(picture: Path) -> None:
    with pytest.raises(UsageError, match="no frames that carry"):
        strip(order("image", picture))


def test_the_motion_of_a_camera(picture: Path) -> None:
    ear = Ear()
    clip = {"clip": {"seconds": 2, "fps": "24"}, "camera": {"zoom": 3}}
    Studio().motion(order("zoom", picture, clip, count=8), ear)  # type: ignore[arg-type]
    assert [row["index"] for row in ear.events] == list(range(8)) and ear.events[0]["fps"] == 4
    assert np.abs(ear.pictures[7] - ear.pictures[0]).mean() > 3


@pytest.mark.parametrize("asked", [("image", {}), ("loop", {"loop": {"kind": "pan"}}),
                                   ("loop", {"loop": {"kind": "zoom"}})])  # fmt: skip
def test_what_has_no_camera(picture: Path, asked: tuple[str, Any]) -> None:
    with pytest.raises(UsageError, match="camera"):
        Studio().motion(order(asked[0], picture, asked[1]), Ear())  # type: ignore[arg-type]


def test_warm(picture: Path) -> None:
    studio = Studio()
    studio.warm({"command": "video", "settings": SMALL}, Ear())  # type: ignore[arg-type]
    assert len(studio._networks) == 1


def test_only_some_networks_are_kept() -> None:
    from dreamvid.settings.tables import NetworkSettings

    studio = Studio()
    for name in ("a", "b", "c", "d", "d"):
        studio.keep(NetworkSettings(model=(name,)))
    assert len(studio._networks) == 1


@pytest.mark.usefixtures("here_or_pretended")
def test_a_preset_and_a_layer_as_pictures() -> None:
    from dreamvid.settings.tables import NetworkSettings

    how = NetworkSettings(device="cpu", precision="fp32")
    name = "gentle"
    drawn = drawing.preset(name, how, 64, Ear())  # type: ignore[arg-type]
    assert Image.open(io.BytesIO(drawn)).size == (64, 64)
    layer = drawing.layer_picture(tiny_network(), "parts", Ear())  # type: ignore[arg-type]
    assert Image.open(io.BytesIO(layer)).format == "JPEG"
    with pytest.raises(Cancelled):
        drawing.layer_picture(tiny_network(), "parts", Ear(enough=0))  # type: ignore[arg-type]


def test_the_layers_of_a_network() -> None:
    ear = Ear()
    drawing.layers({"model": "bestiary"}, ear)  # type: ignore[arg-type]
    (row,) = ear.events
    assert any("parts" in layer["aliases"] for layer in row["layers"]) and row["labels"]


def test_watching_changes_nothing() -> None:
    image, dream = to_image(texture()), tiny_dreamer()
    painter = Painter(Ear(), image)  # type: ignore[arg-type]
    assert torch.equal(painter.watch(dream)(image), dream(image))


def test_checked_dreamers_are_the_same_while_those_behind_them_are() -> None:
    dreams = [tiny_dreamer(), tiny_dreamer()]
    checked = Checked(Ear(), lambda index: dreams[index // 2], 0)  # type: ignore[arg-type]
    assert checked(0) is checked(1) and checked(1) is not checked(2)
    assert checked(2) is checked(3)


def test_an_objective_that_is_given_up() -> None:
    dream = tiny_dreamer()
    ear = Ear(enough=0)
    objective = checking(ear, dream.objective)  # type: ignore[arg-type]
    with pytest.raises(Cancelled):
        tiny_dreamer(objective)(to_image(texture()))
    assert checking(Ear(), dream.objective).layers == dream.objective.layers  # type: ignore[arg-type]


def test_the_picture_is_read_once(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dreamvid.studio import dream_child

    read: list[Path] = []
    plain = dream_child.read_frame

    def counted(path: Path, number: int, width: int) -> Any:
        read.append(path)
        return plain(path, number, width)

    monkeypatch.setattr(dream_child, "read_frame", counted)
    studio = Studio()
    for _ in range(2):
        studio.scene(order("image", picture))
    save_image(picture, to_image(texture(9)))
    studio.scene(order("image", picture))
    assert len(read) == 2
