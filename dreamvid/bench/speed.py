"""The speed and memory of dreams on this machine, measured on a synthetic clip."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.bench.chance import random_network
from dreamvid.bench.clips import measure_loops, measure_zooms
from dreamvid.bench.counting import CountingGradient, TimedDreamer
from dreamvid.bench.crews import time_workers
from dreamvid.bench.flops import matmul_rate, now, step_flops
from dreamvid.commands.preflight import open_film
from dreamvid.commands.ready import card_beside, in_time
from dreamvid.dream import objectives
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Gauge
from dreamvid.errors import DreamvidError, MissingDependency, UsageError
from dreamvid.image import to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.flow import estimator
from dreamvid.networks import registry
from dreamvid.networks.network import Network
from dreamvid.networks.peak import peak_memory
from dreamvid.sequence.frames import film_frames
from dreamvid.sequence.job import Job
from dreamvid.sequence.progress import OnProgress, ignore
from dreamvid.settings.models import VideoSettings

Row = dict[str, Any]

STEP_SIZE: Final = (320, 512)
"""Height and width at which dream steps are timed."""

OBJECTS_SIZE: Final = (360, 640)
"""Height and width at which the steps of two networks are compared."""

UPDATE: Final = Dose((1,), 0.01)

SECONDS: Final = 2.0
"""Minimum duration of the timing of a dream step."""

FILM_SIZE: Final = (432, 240)
"""Width and height of the film that is timed."""

STABILITY: Final = float(VideoSettings().motion.stability)
FILM_FRAMES: Final = {0.0: 4, STABILITY: 32}
"""Number of frames to dream, by stability."""

FILM_SIZES: Final = {"360p": (640, 360, 24), "1080p": (1920, 1080, 10), "4K": (3840, 2160, 4)}
"""Width, height and number of frames of the films for the memory measurement."""


def chosen(parts: Sequence[str]) -> tuple[str, ...]:
    """The given parts of the bench, all but `film` if none are; UsageError for an unknown one."""
    for part in parts:
        if part not in PARTS:
            raise UsageError(
                f"unknown part '{part}'", where="bench", remedy=f"use {', '.join(PARTS)}"
            )
    return tuple(parts) or tuple(part for part in PARTS if part != "film")


def machine() -> dict[str, Any]:
    """Describe the machine: cores, threads, load before the start, versions."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": None if load is None else round(load, 2),
        "torch": torch.__version__,
    }


def time_steps(models: Sequence[str] = ()) -> list[Row]:
    """Time one dream step per network on the CPU, and its share of the machine's peak rate.

    `gradient_ms` is the forward and backward pass, from which `gflops` and `share` are computed;
    `step_ms` is the whole update with jitter, normalisation and clipping. The rate of matrix
    products is measured between the networks, and the best one is used, because other programs may
    interfere. Missing weights are replaced by random ones. With one thread times are of the CPU.
    """
    loaded = [load_or_random(name) for name in models or registry.names()]
    rate, timed = matmul_rate(), []
    for network in loaded:
        timed.append(_time_step(network))
        rate = max(rate, matmul_rate(seconds=0.5))
    rows = [row | {"share": round(row["gflops"] * 1e9 / rate, 3)} for row in timed]
    return [{"network": "(matrix products)", **dict.fromkeys(list(rows[0])[1:]),
             "gflops": round(rate / 1e9, 1), "share": 1.0}, *rows]  # fmt: skip


def load_or_random(model: str) -> Network:
    """Load a network, with random weights where its own would have to be downloaded."""
    try:
        return registry.load_network(model, offline=True)
    except MissingDependency:
        return random_network(model)


def _time_step(network: Network) -> Row:
    dream = Dreamer(network, device="cpu", precision="fp32")
    picture = to_image(_texture(STEP_SIZE[1], STEP_SIZE[0]))

    work = step_flops(dream.slope.trunk, STEP_SIZE)
    taken = _best(lambda: dream.slope(picture))
    whole = _best(lambda: dream.ascend(picture, UPDATE, gauge=Gauge()))
    return {
        "network": network.name,
        "layer": network.default_layer,
        "gflop": round(work / 1e9, 1),
        "gradient_ms": round(taken * 1e3, 1),
        "step_ms": round(whole * 1e3, 1),
        "gflops": round(work / taken / 1e9, 1),
    }


def time_objects(models: Sequence[str] = ()) -> list[Row]:
    """Time a dream step on `objects` of a network against GoogLeNet's inception4c, in turn."""
    classic = Dreamer(load_or_random("googlenet"), device="cpu")
    picture = to_image(_texture(OBJECTS_SIZE[1], OBJECTS_SIZE[0]))
    rows = []
    for model in models or (registry.DEFAULT,):
        network = load_or_random(model)
        name = network.resolve("objects")
        dreams = Dreamer(network, objectives.layer(name), device="cpu"), classic
        taken: list[list[float]] = [[], []]
        while sum(map(sum, taken)) < 2 * SECONDS or len(taken[0]) < 3:
            for times, dream in zip(taken, dreams, strict=True):
                times.append(_timed(lambda d=dream: d.ascend(picture, UPDATE, gauge=Gauge())))  # type: ignore[misc]
        ours, theirs = map(min, taken)
        flops, whole = (step_flops(dream.slope.trunk, OBJECTS_SIZE) for dream in dreams)
        rows.append({
            "network": network.name, "layer": name, "step_ms": round(ours * 1e3, 1),
            "googlenet_ms": round(theirs * 1e3, 1), "of_googlenet": round(ours / theirs, 3),
            "of_arithmetic": round(flops / whole, 3),
        })  # fmt: skip
    return rows


def _timed(call: Callable[[], object]) -> float:
    begin = now()
    call()
    return now() - begin


def _best(call: Callable[[], object]) -> float:
    call()
    taken: list[float] = []
    while sum(taken) < SECONDS / 2 or len(taken) < 3:
        taken.append(_timed(call))
    return min(taken)


def time_films(models: Sequence[str] = ()) -> list[Row]:
    """Time a film with the defaults, and one with independently dreamed frames.

    `passes` are full-size forward and backward passes per frame, including the first frame of the
    shot; a forward pass alone counts as half. `of_alone` is their ratio to those of independent
    frames, `later` that ratio for the frames after the first. `other` is the share of the wall time
    outside the dream step: reading, motion, warping, encoding, joining the parts. Loading the
    network is not included.
    """
    rows = []
    for model in models or (registry.DEFAULT,):
        network = load_or_random(model)
        rows += [_time_film(network, *how) for how in FILM_FRAMES.items()]
        alone, carried = rows[-2:]
        for row in (alone, carried):
            row["of_alone"] = round(row["passes"] / alone["passes"], 3)
            first, count = alone["passes"], row["frames"]
            row["later"] = round((row["passes"] * count - first) / (count - 1) / first, 3)
    return rows


def _time_film(network: Network, stability: float, frames: int) -> Row:
    width, height = FILM_SIZE
    dream = TimedDreamer(network).fitted(height, width)
    counter = CountingGradient(dream.gradient)
    dream = dream.with_gradient(lambda _: counter)
    dream.ascend(torch.rand(3, *STEP_SIZE), Dose((2,), 0.01), gauge=Gauge())  # warm up
    dream.seconds, counter.pixels = 0.0, 0.0
    with _clip(width, height, frames) as clip:
        begin = time.perf_counter()
        done = dream_clip(clip, dream, stability)
        wall = time.perf_counter() - begin
    return {
        "network": network.name,
        "stability": stability,
        "frames": done,
        "fps": round(done / wall, 2),
        "s_per_frame": round(wall / done, 3),
        "passes": round(counter.pixels / (width * height * done), 2),
        "other": round(1 - dream.seconds / wall, 3),
    }


def dream_clip(
    clip: Path, dream: Dreamer, stability: float, on_progress: OnProgress = ignore
) -> int:
    """Dream a film like `dream_video`, with a given Dreamer; returns its number of frames."""
    wanted = VideoSettings()
    with open_film(clip, wanted) as film:
        job = Job(Output(clip.with_name("dream.mp4")), like=film.info, record="")
        card = card_beside(dream.device)
        flow = estimator(wanted.motion.flow if stability else "none")
        with in_time(film_frames(film, flow=flow, card=card), card) as timely:
            job.run(timely, dream, stability=stability, on_progress=on_progress)
        return job.done


def measure_memory(models: Sequence[str] = ()) -> list[Row]:
    """Measure the peak memory of dreaming a film, in a separate process for each size.

    `peak_mb` is the resident memory of dreamvid, `encoder_mb` that of its ffmpeg child (None where
    the system does not report it). With one iteration per octave: more need no more memory.
    """
    rows = []
    for name, (width, height, frames) in FILM_SIZES.items():
        with _clip(width, height, frames) as clip:
            begin = time.perf_counter()
            model = models[0] if models else registry.DEFAULT
            peak, encoder = _peaks(_command(clip, model))
            seconds = round(time.perf_counter() - begin, 1)
        rows.append({"size": name, "frames": frames, "seconds": seconds,
                     "peak_mb": peak, "encoder_mb": encoder})  # fmt: skip
    return rows


def dream_once(clip: str, model: str) -> float | None:
    """Dream a film, one iteration per octave; returns the peak memory of this process in bytes."""
    dream = Dreamer(load_or_random(model), iterations=1)
    dream_clip(Path(clip), dream, STABILITY)
    return peak_memory()


def _command(clip: Path, model: str) -> list[str]:
    run = f"from dreamvid.bench.speed import dream_once as d; print(d({str(clip)!r}, {model!r}))"
    return [sys.executable, "-c", run]


def _peaks(command: Sequence[str]) -> tuple[int | None, int | None]:
    """Run a command; return its peak memory and that of its largest child process, in MB."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        encoder = 0.0
        while process.poll() is None:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            with _ignoring_missing_processes():
                for child in children.read_text().split():
                    if not _is_still_python(child):
                        encoder = max(encoder, peak_memory(child) or 0)
            time.sleep(0.05)
        printed, errors = process.communicate()
    if process.returncode:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise DreamvidError(f"the benchmark failed ({lines[-1] if lines else 'no error output'})")
    return _megabytes(float(printed) if printed.strip() != b"None" else 0), _megabytes(encoder)


def _is_still_python(child: str) -> bool:
    """Whether a child is still a fork of Python, with all its memory, before ffmpeg is started."""
    return Path(f"/proc/{child}/exe").resolve() == Path(sys.executable).resolve()


@contextmanager
def _ignoring_missing_processes() -> Iterator[None]:
    """Ignore errors of /proc: processes may have ended, and other systems do not have it."""
    try:
        yield
    except (OSError, ValueError):
        return


def _megabytes(size: float) -> int | None:
    return round(size / 1e6) or None


@contextmanager
def _clip(width: int, height: int, frames: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dreamvid-bench-") as folder:
        yield write_clip(Path(folder) / "clip.mp4", width=width, height=height, frames=frames)


def write_clip(path: Path, *, width: int, height: int, frames: int) -> Path:
    """Write a silent film of a texture that moves 2 pixels right and 1 pixel down per frame."""
    rate = Fraction(24)
    wide = _texture(width + 2 * frames, height + frames)
    with VideoWriter(path, like=FilmInfo.plain(width, height, rate, frames)) as film:
        for t in range(frames):
            left, top = 2 * (frames - t), frames - t
            view = wide[top : top + height, left : left + width]
            film.write(to_image(np.ascontiguousarray(view)), t / rate)
    return path


def _texture(width: int, height: int) -> NDArray[np.uint8]:
    """Noise [height, width, 3] with equal energy per octave, from a fixed seed."""
    random = np.random.default_rng(0)
    total = np.zeros((height, width, 3), np.float32)
    for size in (4, 8, 16, 32, 64):
        cells = random.standard_normal((height // size + 2, width // size + 2, 3), np.float32)
        total += cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(127.5 + 25 * total, 0, 255), np.uint8)


def time_film(
    models: Sequence[str] = (), *, size: str | None = None, device: str = "auto"
) -> list[Row]:
    """The figures of a film of a size ("1280x720") on a device; UsageError for a bad size."""
    from dreamvid.bench.film import film_figures  # it uses this module

    width, _, height = (size or f"{FILM_SIZE[0]}x{FILM_SIZE[1]}").partition("x")
    if not (width.isdecimal() and height.isdecimal() and min(int(width), int(height)) >= 64):
        raise UsageError(f"'{size}' is not a size", where="size", remedy="give one as 1280x720")
    return film_figures(models, (int(width), int(height)), device)


PARTS: Final[dict[str, Callable[[Sequence[str]], list[Row]]]] = {
    "step": time_steps,
    "objects": time_objects,
    "video": time_films,
    "memory": measure_memory,
    "loop": lambda models: measure_loops(),
    "zoom": lambda models: [
        {"network": model} | row
        for model in models or (registry.DEFAULT,)
        for row in measure_zooms(load_or_random(model))
    ],
    "film": lambda models: time_film(models),
    "workers": time_workers,
}
"""The parts of the bench by name; each takes the names of the networks to measure."""

TITLES: Final = {
    "step": f"One dream step at {STEP_SIZE[1]}x{STEP_SIZE[0]}, float32, CPU",
    "objects": f"One dream step at {OBJECTS_SIZE[1]}x{OBJECTS_SIZE[0]} compared with GoogLeNet",
    "video": f"video at {FILM_SIZE[0]}x{FILM_SIZE[1]}",
    "memory": "Peak memory of video",
    "loop": "Exact loops, without the dream",
    "zoom": "A long zoom feedback",
    "film": "A film on one device",
    "workers": "video with cuts, by many workers",
}
"""The headings of the tables."""
