"""What a film takes on one device, stage by stage, and how another tool would do."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from dreamvid.bench import speed
from dreamvid.bench.flops import step_flops
from dreamvid.bench.others import ITERATIONS, their_frame
from dreamvid.commands.preflight import open_film
from dreamvid.commands.ready import card_beside
from dreamvid.device.cuda_graph import CALLS_BEFORE_CAPTURE, CudaGraphed, GraphPool
from dreamvid.dream.dreamer import Dreamer, pick_device
from dreamvid.dream.slope import Slope
from dreamvid.image import to_array, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.dis import inverse_search
from dreamvid.motion.flow import Array, estimator
from dreamvid.networks.registry import DEFAULT
from dreamvid.sequence.film_carry import FilmCarry
from dreamvid.sequence.frames import film_frames
from dreamvid.sequence.progress import Progress
from dreamvid.settings.models import VideoSettings

Row = dict[str, Any]

FRAMES: Final = {"cpu": 8, "cuda": 120, "mps": 24}
"""Frames of the film; the second half is timed."""

FLOW_SIZE: Final = (540, 960)
"""Height and width at which flow is timed."""

RATE_SIDE: Final = {"cpu": 2048, "cuda": 8192, "mps": 2048}
"""Side of the matrices whose product gives the rate of the device."""


def film_figures(models: Sequence[str], size: tuple[int, int], device: str) -> list[Row]:
    """The figures of a film of a size (width, height) on a device, for each network."""
    place = pick_device(device)
    rows = [*_flow_rows(place)]
    for model in models or (DEFAULT,):
        network = speed.load_or_random(model)
        bench = FilmBench(network, size, place)
        rows += [{"network": network.name} | row for row in bench.rows()]
    return [{"network": "", **row} for row in rows]


class FilmBench:
    """The figures of a network on a film of a size (width, height)."""

    def __init__(self, network: Any, size: tuple[int, int], device: torch.device) -> None:
        self._network, self._device = network, device
        self._width, self._height = size
        self._image = to_image(speed._texture(*size))
        self._dream = Dreamer(network, device=device.type)

    def rows(self) -> Iterator[Row]:
        """The figures, one by one."""
        count = FRAMES[self._device.type]
        with tempfile.TemporaryDirectory(prefix="dreamvid-bench-") as folder:
            clip = speed.write_clip(
                Path(folder) / "clip.mp4", width=self._width, height=self._height, frames=count
            )
            seconds = self._film(clip)
            yield _row("film", 1 / seconds, "frames/s")
            yield from self._stages(clip, count)
        yield _row("picture, 4 octaves of 10", 1e3 * self._picture(), "ms")
        yield from self._gradients()
        yield from self._theirs(seconds)

    def _film(self, clip: Path) -> float:
        """Seconds for each frame of a film with the defaults, in its second half."""
        times: list[float] = []

        def noted(progress: Progress) -> None:
            if progress.task == "frames":
                times.append(time.perf_counter())

        speed.dream_clip(clip, self._dream, speed.STABILITY, on_progress=noted)
        half = len(times) // 2
        return (times[-1] - times[half - 1]) / (len(times) - half)

    def _stages(self, clip: Path, count: int) -> Iterator[Row]:
        """Milliseconds for each frame of each stage on its own."""
        with open_film(clip, VideoSettings()) as film:
            sources, seconds = self._timed(lambda: list(film))
        yield _row("decode", 1e3 * seconds / count, "ms")
        card = card_beside(self._device)
        frames, seconds = self._timed(
            lambda: list(film_frames(sources, flow=estimator(), card=card))
        )
        yield _row("motion", 1e3 * seconds / (count - 1), "ms")
        carry, memory = FilmCarry(self._dream.fitted(self._height, self._width), 0.9), None
        half = count // 2
        for frame in frames[:half]:
            memory = carry(frame, memory)
        self._wait()
        begin = time.perf_counter()
        for frame in frames[half:]:
            memory = carry(frame, memory)
        self._wait()
        yield _row("dream", 1e3 * (time.perf_counter() - begin) / (count - half), "ms")
        assert memory is not None
        self._strength = self._dream.rate(memory.dreamed, memory.source)
        self._source = memory.source
        yield _row("encode", 1e3 * self._encoding(clip, to_array(memory.dreamed), count), "ms")

    def _encoding(self, clip: Path, array: Array, count: int) -> float:
        """Seconds for each frame that is encoded with the defaults."""
        like = FilmInfo.plain(self._width, self._height, Fraction(24), count)
        begin = time.perf_counter()
        with VideoWriter(clip.with_name("written.mp4"), like=like) as film:
            for k in range(count):
                film.write(np.roll(array, k, axis=1))
        return (time.perf_counter() - begin) / count

    def _picture(self) -> float:
        """Seconds for a picture that is dreamed with 4 octaves of 10 iterations."""
        dream = Dreamer(self._network, device=self._device.type, octaves=4, iterations=10)
        return self._best(lambda: dream(self._image))

    def _gradients(self) -> Iterator[Row]:
        """The gradient in each precision: its time, its share of the rate, its difference."""
        image = self._image.to(self._device)
        flops = step_flops(self._dream.slope.trunk, (self._height, self._width))
        whole: Tensor | None = None
        for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16),
                            ("fp16", torch.float16)):  # fmt: skip
            if name == "fp16" and self._device.type == "cpu":
                continue
            slope = Slope(self._network, self._dream.objective, device=self._device, dtype=dtype)
            gradient, seconds = slope(image)[1], self._best(lambda s=slope: s(image))  # type: ignore[misc]
            yield _row(f"gradient, {name}", 1e3 * seconds, "ms")
            share = flops / seconds / self._rate(dtype)
            yield _row(f"share of the {name} rate", 100 * share, "%")
            if whole is None:
                whole = gradient
            else:
                unlike = float((gradient - whole).norm() / whole.norm())
                yield _row(f"difference from fp32, {name}", 100 * unlike, "%")
        yield from self._compiled(image)

    def _compiled(self, image: Tensor) -> Iterator[Row]:
        """The gradient as a CUDA graph, and by torch.compile, on a GPU."""
        if self._device.type != "cuda":
            return
        slope = self._dream.slope
        graphed = CudaGraphed(slope, GraphPool())
        for _ in range(CALLS_BEFORE_CAPTURE + 1):
            graphed(image)
        yield _row("gradient, CUDA graph", 1e3 * self._best(lambda: graphed(image)), "ms")
        body = torch.compile(slope.trunk._in_format(slope._dtype))
        batch = image[None].to(slope._dtype)

        def step() -> Tensor:
            given = batch.detach().requires_grad_()
            value = torch.stack([one.float().square().mean() for one in body(given).values()]).sum()
            return torch.autograd.grad(value, given)[0]

        with suppress(Exception):  # it needs a compiler of C
            yield _row("gradient, torch.compile", 1e3 * self._best(step), "ms")

    def _theirs(self, ours: float) -> Iterator[Row]:
        """pytorch-deepdream's loop with as many iterations as reach our strength."""
        trunk, name = self._dream.slope.trunk, self._dream.layers[0]
        layer = self._network.resolve(name)
        picture = np.ascontiguousarray(self._source.cpu().permute(1, 2, 0).numpy())
        for iterations in range(1, ITERATIONS + 1):
            made = their_frame(trunk, layer, picture, iterations)
            image = torch.from_numpy(made).permute(2, 0, 1)
            reached = self._dream.rate(image, self._source) / self._strength
            if reached >= 1:
                break
        taken = self._best(lambda: their_frame(trunk, layer, picture, iterations), least=1)
        yield _row(f"pytorch-deepdream, {iterations} iterations", 1 / taken, "frames/s")
        yield _row("its strength over ours", 100 * reached, "%")
        yield _row("times as fast as it", taken / ours, "")

    def _rate(self, dtype: torch.dtype) -> float:
        """Floating-point operations per second of the device in products of matrices."""
        side = RATE_SIDE[self._device.type]
        a, b = torch.rand(2, side, side, device=self._device, dtype=torch.float32).to(dtype)
        return 2 * side**3 / self._best(lambda: a @ b)

    def _timed(self, call: Callable[[], Any]) -> tuple[Any, float]:
        begin = time.perf_counter()
        result = call()
        self._wait()
        return result, time.perf_counter() - begin

    def _best(self, call: Callable[[], object], least: int = 3) -> float:
        return best(call, self._device, least)

    def _wait(self) -> None:
        wait(self._device)


def best(call: Callable[[], object], device: torch.device, least: int = 3) -> float:
    """The shortest of several runs, in seconds, after one that is not counted."""
    call()
    taken: list[float] = []
    while len(taken) < least or (device.type != "cpu" and sum(taken) < 0.2 and len(taken) < 50):
        wait(device)
        begin = time.perf_counter()
        call()
        wait(device)
        taken.append(time.perf_counter() - begin)
    return min(taken)


def wait(device: torch.device) -> None:
    """Wait for all that was queued on a device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _flow_rows(device: torch.device) -> Iterator[Row]:
    """The time of flow both ways, by the inverse search and by OpenCV's DIS."""
    height, width = FLOW_SIZE
    wide = speed._texture(width + 8, height + 4)
    a, b = (np.ascontiguousarray(wide[t : t + height, t : t + width]) for t in (0, 4))
    first, second = (to_image(x).mean(0)[None, None].to(device) * 255 for x in (a, b))
    both, other = torch.cat((first, second)), torch.cat((second, first))
    graphed = device.type == "cuda"
    run: Callable[..., Any] = inverse_search
    if graphed:
        run = CudaGraphed(lambda x, y: (inverse_search(x, y),), GraphPool())
        for _ in range(CALLS_BEFORE_CAPTURE + 1):
            run(both, other)
    where = f"flow both ways, {width}x{height}"
    yield _row(f"{where}, dis-torch", 1e3 * best(lambda: run(both, other), device), "ms")
    dis = estimator("dis")
    taken = best(lambda: (dis(a, b), dis(b, a)), torch.device("cpu"))
    yield _row(f"{where}, dis (CPU)", 1e3 * taken, "ms")


def _row(figure: str, value: float, unit: str) -> Row:
    return {"figure": figure, "value": round(value, 3 - min(2, len(str(int(value))))), "unit": unit}
