"""What is called for each frame starts no threads: OpenCV keeps memory for every one it has met."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scenes import picture

from dreamvid.loops.lattice import fit_lattice, zoom_view
from dreamvid.loops.torus import TorusView
from dreamvid.motion.estimate import estimate_motion
from dreamvid.motion.flow import estimator
from dreamvid.motion.warp import warp


def motion() -> Callable[[], object]:
    flow, a, b = estimator("dis"), picture(40, 60), picture(40, 60, dx=1)
    return lambda: estimate_motion(flow, a, b)


def warped() -> Callable[[], object]:
    image, flow = torch.rand(7, 40, 60), np.ones((40, 60, 2), np.float32)
    return lambda: warp(image, flow)


def loop() -> Callable[[], object]:
    lattice = fit_lattice(2.0, 64)
    view = zoom_view(lattice, 64, 36)
    torus = TorusView(torch.rand(3, lattice.height, lattice.width), view, periods=(1, 0), threads=2)
    return lambda: torus.frame(1, 4)


@pytest.mark.parametrize("make", [motion, warped, loop])
def test_a_frame_starts_no_thread_once_all_have_been_started(
    make: Callable[[], Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    call, started = make(), []
    for _ in range(20):
        call()
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda self: started.append(start(self)))
    for _ in range(5):
        call()
    assert not started
