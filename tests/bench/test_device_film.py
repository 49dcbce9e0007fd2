"""The figures of a film on a device: all are there, on a CPU too."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tiny import texture

from dreamvid.bench import film, speed
from dreamvid.bench.others import their_frame
from dreamvid.cli.machine import bench
from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import UsageError
from dreamvid.networks.registry import load_network


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "FRAMES", {"cpu": 4, "cuda": 40})
    monkeypatch.setattr(film, "FLOW_SIZE", (64, 96))
    monkeypatch.setattr(film, "RATE_SIDE", {"cpu": 64, "cuda": 512})
    monkeypatch.setattr(film, "ITERATIONS", 2)


DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("device", DEVICES)
def test_every_figure_is_there_and_plausible(device: str) -> None:
    rows = speed.time_film(["bestiary"], size="96x64", device=device)
    found = {row["figure"]: row for row in rows}
    wanted = ["flow both ways, 96x64, dis-torch", "flow both ways, 96x64, dis (CPU)", "film",
              "decode", "motion", "dream", "encode", "picture, 4 octaves of 10", "gradient, fp32",
              "share of the fp32 rate", "gradient, bf16", "share of the bf16 rate",
              "difference from fp32, bf16", "its strength over ours",
              "times as fast as it"]  # fmt: skip
    assert set(wanted) <= set(found)
    assert any(figure.startswith("pytorch-deepdream") for figure in found)
    assert all(np.isfinite(row["value"]) and row["value"] >= 0 for row in rows)
    assert found["film"]["network"] == "bestiary" and found["film"]["unit"] == "frames/s"
    assert 0 < found["difference from fp32, bf16"]["value"] < 50


def test_the_command_passes_size_and_device_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []

    def figures(*args: object) -> list[dict[str, object]]:
        asked.extend(args)
        return [{"figure": "film", "value": 3.0}]

    monkeypatch.setattr(film, "film_figures", figures)
    bench("film", size="128x72", device="cpu", json=True)
    assert asked == [(), (128, 72), "cpu"]
    assert json.loads(capsys.readouterr().out)["film"] == [{"figure": "film", "value": 3.0}]


@pytest.mark.parametrize("size", ["128", "12x900", "axb", "128x72x3"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(UsageError, match="is not a size; give one as 1280x720"):
        speed.time_film(size=size)


def test_the_bench_measures_a_film_only_when_asked() -> None:
    assert "film" not in speed.chosen(()) and speed.chosen(("film",)) == ("film",)


def test_the_loop_of_the_other_tool_raises_the_objective_with_its_iterations() -> None:
    network = load_network("bestiary")
    dream = Dreamer(network, device="cpu", precision="fp32")
    layer = network.resolve(network.default_layer)
    picture = texture(height=96, width=128).astype(np.float32) / 255
    rates = []
    for iterations in (1, 3):
        made = their_frame(dream.slope.trunk, layer, picture, iterations)
        assert made.shape == picture.shape and made.min() >= 0 and made.max() <= 1
        rates.append(dream.rate(torch.from_numpy(made).permute(2, 0, 1)))
    before = dream.rate(torch.from_numpy(picture).permute(2, 0, 1))
    assert before < rates[0] < rates[1]
