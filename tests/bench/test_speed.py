"""The bench: what it counts is right; how fast the machine is, is its own affair."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamvid.bench import speed as bench
from dreamvid.bench.chance import random_network
from dreamvid.errors import DreamvidError, UsageError
from dreamvid.media.reader import VideoReader
from dreamvid.networks.peak import peak_memory


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Time next to nothing, on next to nothing."""
    monkeypatch.setattr(bench, "SECONDS", 0.02)
    monkeypatch.setattr(bench, "STEP_SIZE", (64, 96))
    monkeypatch.setattr(bench, "FILM_SIZE", (96, 64))
    monkeypatch.setattr(bench, "FILM_FRAMES", {0.0: 2, 0.9: 6})
    monkeypatch.setattr(bench, "matmul_rate", lambda **options: 1e12)


def test_steps_reach_a_share_of_the_rate(monkeypatch):
    """A gradient of 5 GFLOP in 10 ms is 500 GFLOP/s: half of 1 TFLOP/s."""
    done, taken = [], iter((0.010, 0.012))

    def best(call):
        done.append(call())
        return next(taken)

    monkeypatch.setattr(bench, "_best", best)
    monkeypatch.setattr(bench, "step_flops", lambda trunk, size: 5e9)
    rate, row = bench.time_steps(["bestiary"])
    assert (rate["gflops"], rate["share"]) == (1000, 1)
    assert (row["gflop"], row["gradient_ms"], row["step_ms"]) == (5, 10, 12)
    assert (row["gflops"], row["share"]) == (500, 0.5)
    gradient, dreamed = done
    assert torch.is_tensor(dreamed) and dreamed.shape == (3, 64, 96)
    assert not torch.is_tensor(gradient)  # with the values of the objective


def test_the_time_is_the_best_of_several(monkeypatch):
    clock, waits = [0.0], iter([0, 3, 1, 3])
    monkeypatch.setattr(bench, "now", lambda: clock[0])

    def call():
        clock[0] += next(waits)

    assert bench._best(call) == 1


def test_objects_are_timed_beside_the_classic(monkeypatch):
    monkeypatch.setattr(bench, "OBJECTS_SIZE", (64, 96))
    taken = itertools.cycle((0.003, 0.006))

    def timed(call):
        call()
        return next(taken)

    monkeypatch.setattr(bench, "_timed", timed)
    (row,) = bench.time_objects()
    assert (row["network"], row["layer"]) == ("efficientnet_lite0", "5c")
    assert (row["step_ms"], row["googlenet_ms"], row["of_googlenet"]) == (3, 6, 0.5)
    assert 0.1 < row["of_arithmetic"] < 0.4


def test_films_are_counted_in_full_size_passes():
    alone, carried = bench.time_films()
    assert alone["passes"] == pytest.approx(10, rel=0.01)  # a picture so small has one octave
    assert (alone["frames"], carried["frames"]) == (2, 6)
    assert alone["of_alone"] == 1
    assert carried["of_alone"] == pytest.approx(carried["passes"] / alone["passes"], abs=1e-3)
    assert carried["later"] < carried["of_alone"] < 0.6
    assert alone["later"] == 1
    for row in (alone, carried):
        assert 0 < row["other"] < 1
        assert row["fps"] * row["s_per_frame"] == pytest.approx(1, rel=0.1)


def test_memory_is_that_of_the_film_and_not_of_this_process(monkeypatch):
    monkeypatch.setattr(bench, "FILM_SIZES", {"tiny": (96, 64, 3)})
    ballast = np.ones(300_000_000, np.uint8)
    before = peak_memory()
    (row,) = bench.measure_memory()
    assert ballast.nbytes < before
    assert row["frames"] == 3
    assert 100 < row["peak_mb"] < 1500
    assert row["encoder_mb"] is None or 5 < row["encoder_mb"] < 500


def test_a_child_that_dies_is_reported():
    with pytest.raises(DreamvidError, match=r"the benchmark failed \(it broke\)"):
        bench._peaks([sys.executable, "-c", "import sys; sys.exit('first\\nit broke')"])


def test_the_clip_moves_by_two_right_and_one_down(tmp_path):
    with VideoReader(bench.write_clip(tmp_path / "c.mp4", width=96, height=64, frames=3)) as film:
        arrays = [frame.array.astype(float) for frame in film]
    assert len(arrays) == 3
    still = np.abs(arrays[1] - arrays[0]).mean()
    moved = np.abs(arrays[1][1:, 2:] - arrays[0][:-1, :-2]).mean()
    assert moved < 0.3 * still


def test_parts_are_chosen_by_name():
    assert bench.chosen(()) == ("step", "objects", "video", "memory", "loop", "zoom", "workers")
    assert bench.chosen(("memory", "step")) == ("memory", "step")
    with pytest.raises(UsageError, match="bench: unknown part 'x'; use step, objects, video"):
        bench.chosen(("x",))


@pytest.mark.parametrize("model", ["squeezenet1_1", "mobilenet_v3_large", "convnext_tiny"])
def test_random_networks_are_the_same_for_a_seed_and_can_be_dreamed(model):
    one, two = random_network(model), random_network(model)
    other = random_network(model, seed=1)
    layer = one.default_layer
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    values = [network.trunk((layer,))(picture)[layer] for network in (one, two, other)]
    assert torch.isfinite(values[0]).all()
    assert values[0].std() > 0
    assert torch.equal(values[0], values[1])
    assert not torch.equal(values[0], values[2])


@pytest.mark.skipif(not Path("/proc/self/exe").exists(), reason="needs /proc")
def test_a_child_counts_once_it_is_another_program():
    assert bench._is_still_python("self")
    with subprocess.Popen(["sleep", "60"]) as other:
        assert not bench._is_still_python(str(other.pid))
        other.kill()
