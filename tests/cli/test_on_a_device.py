"""Every way to dream on a device that is not the CPU, as far as this can be tried without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pretend
import pytest
import torch
from cli_kit import QUICK, dreamvid, write_film
from PIL import Image
from tiny import texture

from dreamvid.dream import dreamer

pytestmark = pytest.mark.pretended

FILM = ("video", "film.mp4", "-o", "out.mkv", "--codec", "ffv1", *QUICK)
PICTURE = ("image", "picture.png", "-o", "out.png", "--model", "bestiary", *QUICK)
ZOOM = ("zoom", "picture.png", "-o", "out.mp4", "--seconds", "0.2", *QUICK)
LOOP = ("loop", "-o", "out.mp4", "--size", "64x48", "--seconds", "0.6", *QUICK)

WAYS = {
    "film": FILM,
    "film, frame by frame": (*FILM, "--stability", "0"),
    "film, in half precision": (*FILM, "--precision", "fp16"),
    "film, dreamed smaller": (*FILM, "--dream-size", "48x36"),
    "film, flow of OpenCV": (*FILM, "--flow", "farneback"),
    "film, in a mask": (*FILM, "--mask", "mask.png"),
    "film, in what moves": (*FILM, "--mask", "moving"),
    "film, outside of a mask, smaller": (*FILM, "--mask", "!mask.png", "--dream-size", "48x36"),
    "film, guided by a film": (*FILM, "--guide", "guide.mp4"),
    "film, held back": (*FILM, "--pull", "0.2", "--smooth", "0.1", "--palette", "source"),
    "film, in colours of a picture": (*FILM, "--palette", "guide.png", "--detail", "1.5"),
    "film, in its own colours": (*FILM, "--keep-colours"),
    "film, of no flashes": (*FILM, "--max-flash", "3"),
    "film, as a loop": (*FILM, "--loop"),
    "film, creatures": (*FILM, "--model", "bestiary", "--layer", "creatures"),
    "picture": PICTURE,
    "picture, in tiles": (*PICTURE, "--width", "200", "--tile", "128"),
    "picture, label": (*PICTURE, "--label", "owl"),
    "picture, in a mask": (*PICTURE, "--label", "owl", "--mask", "mask.png"),
    "picture, anchored": (*PICTURE, "--layer", "objects:anchored"),
    "picture, many objectives": (
        *(*PICTURE, "--layer", "parts:top5", "--layer", "textures:p4*0.3"),
        *("--layer", "objects:7@0.3x0.6", "--layer", "label:owl*-0.1"),
    ),
    "picture, two networks": (*PICTURE, "--model", "efficientnet_lite0*0.5"),
    "picture, guided by dot product": (*PICTURE, "--guide", "guide.png", "--guide-match", "dot"),
    "picture, guided by cosine": (*PICTURE, "--guide", "guide.png", "--guide-match", "cosine"),
    "picture, guided by Gram": (*PICTURE, "--guide", "guide.png", "--guide-match", "gram"),
    "zoom": ZOOM,
    "zoom, out": (*ZOOM, "--zoom", "0.6", "--rotate", "30"),
    "zoom, creatures": (*ZOOM, "--model", "bestiary", "--layer", "creatures"),
    "loop, zoom": (*LOOP, "--kind", "zoom"),
    "loop, pan": (*LOOP, "--kind", "pan"),
    "loop, feedback": (*LOOP, "--kind", "feedback"),
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_film(folder / "film.mp4", frames=5)
    write_film(folder / "guide.mp4", frames=5, cut=0)
    for seed, name in enumerate(("picture.png", "guide.png")):
        Image.fromarray(texture(seed)).save(folder / name)
    mask = np.zeros((48, 64), np.uint8)
    mask[8:40, 10:40] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return folder


@pytest.fixture
def elsewhere(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to run in, of which all inputs are linked."""
    for path in inputs.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    pretend.dream_elsewhere(monkeypatch)
    return tmp_path


@pytest.mark.parametrize("way", WAYS)
def test_a_dream_on_a_device(way: str, elsewhere: Path) -> None:
    pretend.DONE.clear()
    told = dreamvid(*WAYS[way])
    assert told.code == 0, told.err
    assert list(elsewhere.glob("out.*")), told.out
    assert pretend.DONE["convolution"] and pretend.DONE["convolution_backward"]


@pytest.mark.parametrize("way", [way for way in WAYS if way.startswith("picture")])
def test_a_picture_of_a_device_is_that_of_the_cpu(
    way: str, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dreamvid(*WAYS[way]).code == 0
    there = np.asarray(Image.open("out.png"), np.int16)
    monkeypatch.undo()
    monkeypatch.chdir(elsewhere)
    assert dreamvid(*WAYS[way], "-y", "--precision", "fp32", "--device", "cpu").code == 0
    here = np.asarray(Image.open("out.png"), np.int16)
    grown = np.abs(here - np.asarray(Image.open("picture.png").resize(here.shape[1::-1]))).mean()
    assert np.abs(there - here).mean() < 0.05 * grown


def test_the_pretended_device_refuses_what_a_gpu_refuses() -> None:
    here, there = torch.ones(2, 3), torch.ones(2, 3, device=pretend.device())
    assert there.device == pretend.device() != here.device
    with pytest.raises(AssertionError, match="of the CPU beside one of a device"):
        there + here
    with pytest.raises(TypeError):
        there.numpy()
    with pytest.raises(AssertionError, match="float64"):
        there.double()
    assert torch.equal((there + torch.tensor(1.0)).cpu(), here + 1)
    assert dreamer.pick_device("auto").type == "cpu" or torch.cuda.is_available()
