"""Measurements of loops and zooms: speed, seam, flicker at the centre, drift of the tone."""

from __future__ import annotations

import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from dreamvid.dream.dreamer import Dreamer
from dreamvid.loops.closing import SeamMeter
from dreamvid.loops.exact import ExactLoop, texture_density
from dreamvid.loops.lattice import fit_lattice, zoom_view
from dreamvid.loops.texture import noise_texture
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.camera import Camera
from dreamvid.networks.network import Network
from dreamvid.sequence.frames import camera_frames
from dreamvid.sequence.render import render
from dreamvid.sequence.tone import sharpness
from dreamvid.settings.models import ZoomSettings
from dreamvid.settings.values import DEFAULT_ZOOM

Row = dict[str, Any]

LARGE: Final = (1920, 1080)
SMALL: Final = (480, 270)
"""Width and height of the loops that are timed, and of those whose frames are measured."""

TIMED: Final = 24
LAP: Final = 48
"""Number of frames that are timed, and of frames in the lap that is measured."""

ZOOM_SIZE: Final = (160, 96)
ZOOM_FRAMES: Final = 1000

MOVES: Final = {
    "in": {"zoom": DEFAULT_ZOOM},
    "out": {"zoom": 1 / DEFAULT_ZOOM},
    "rotate": {"zoom": 1.0, "rotate": 12.0},
}
"""The camera motions that are measured."""


def measure_loops() -> list[Row]:
    """Measure an exact zoom loop of noise, whose speed and seam equal those of a dream.

    `fps` is frames per second at LARGE, `written` the same with H.264 encoding. The others are
    measured at SMALL: `seam`, `closes` (whether frame N equals frame 0), and `centre`, the flicker
    of the centre over that of the ring at half the height's radius.
    """
    loop = clouds_loop(LARGE, TIMED * 4)
    taken = seconds_of(loop, TIMED)
    small = clouds_loop(SMALL, LAP)
    frames = np.array([small.frame(index) for index in range(LAP)])
    meter = SeamMeter()
    for frame in frames:
        meter.look(frame)
    closes = all(np.array_equal(small.frame(LAP + k), frames[k]) for k in range(0, LAP, 7))
    return [
        {
            "size": f"{LARGE[0]}x{LARGE[1]}",
            "fps": round(TIMED / taken, 1),
            "written": round(TIMED / written(loop, TIMED), 1),
            "seam": round(meter.seam or 0.0, 3),
            "closes": closes,
            "centre": round(centre_flicker(frames), 3),
        }
    ]


def clouds_loop(size: tuple[int, int], frames: int) -> ExactLoop:
    """A loop of fine noise that zooms by 4 per lap."""
    lattice = fit_lattice(4.0, texture_density(*size))
    fine = torch.rand(
        (3, lattice.height, lattice.width), generator=torch.Generator().manual_seed(0)
    )
    clouds = noise_texture((lattice.height, lattice.width), contrast=0.2) + 0.3 * (fine - 0.5)
    texture = clouds.clamp(0, 1)
    return ExactLoop([texture], zoom_view(lattice, *size), frames=frames, periods=(1, 0))


def seconds_of(loop: ExactLoop, count: int) -> float:
    """The seconds that `count` frames take, after a first one."""
    loop.frame(0)
    begin = time.perf_counter()
    for index in range(count):
        loop.frame(index)
    return time.perf_counter() - begin


def written(loop: ExactLoop, count: int) -> float:
    """The seconds that `count` frames take including encoding."""
    height, width = loop.frame(0).shape[:2]
    with tempfile.TemporaryDirectory(prefix="dreamvid-bench-") as folder:
        begin = time.perf_counter()
        like = FilmInfo.plain(width, height, Fraction(60), count)
        with VideoWriter(Path(folder) / "loop.mp4", like=like) as film:
            for index in range(count):
                film.write(loop.frame(index))
        return time.perf_counter() - begin


def centre_flicker(frames: Any) -> float:
    """Flicker at the centre of frames [N, H, W, 3] over that of the ring at half the radius.

    Flicker is the mean absolute second difference of luma over time.
    """
    height, width = frames.shape[1:3]
    y, x = np.mgrid[:height, :width]
    radius = np.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2) / (height / 2)
    luma = frames.mean(axis=3)
    flicker = np.abs(luma[2:] - 2 * luma[1:-1] + luma[:-2]).mean(axis=0)
    return float(flicker[radius < 0.06].mean() / flicker[np.abs(radius - 0.5) < 0.05].mean())


def measure_zooms(network: Network) -> list[Row]:
    """Measure ZOOM_FRAMES frames of zoom feedback from noise, with the defaults, per motion.

    Frames around the hundredth and the last are compared: `hf` is the ratio of their sharpness,
    `brightness` and `colour` the relative change of mean and standard deviation.
    """
    return [{"move": name} | measure_zoom(network, move) for name, move in MOVES.items()]


def measure_zoom(network: Network, move: dict[str, float]) -> Row:
    """Measure one camera motion."""
    rate = ZoomSettings().clip.fps
    stability = float(ZoomSettings().motion.stability)
    camera = Camera(move, fps=rate, width=ZOOM_SIZE[0], height=ZOOM_SIZE[1])
    start = noise_texture((ZOOM_SIZE[1], ZOOM_SIZE[0]))
    begin = time.perf_counter()
    seen = []
    frames = camera_frames(start, camera, count=ZOOM_FRAMES, rate=rate)
    for image in render(frames, Dreamer(network), stability=stability):
        spread = float(image.flatten(1).std(dim=1).mean())
        seen.append((sharpness(image), float(image.mean()), spread))
    taken = time.perf_counter() - begin
    table = np.array(seen)
    around = max(1, ZOOM_FRAMES // 50)
    early = table[ZOOM_FRAMES // 10 - around : ZOOM_FRAMES // 10 + around].mean(axis=0)
    late = table[-around:].mean(axis=0)
    return {
        "frames": ZOOM_FRAMES,
        "s_per_frame": round(taken / ZOOM_FRAMES, 3),
        "hf": round(float(late[0] / early[0]), 3),
        "brightness": 0.0 + round(float(late[1] / early[1] - 1), 4),
        "colour": 0.0 + round(float(late[2] / early[2] - 1), 4),
    }
