"""Renders: one picture by label, or a bank of many, as premultiplied RGBA layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context

import cv2
import numpy as np

from dreamvid.errors import UsageError

from .catalogue import REGISTER
from .maths import Array, edge
from .registry import Kind

SMALLEST, LARGEST = 64, 512
CHUNK = 256


@dataclass(frozen=True)
class Bank:
    """Many layers: `layers` uint8 [N, S, S, 4], premultiplied; `labels` int64 [N] into labels()."""

    layers: Array
    labels: Array


def classes() -> tuple[str, ...]:
    """Return the names of all classes."""
    return tuple(REGISTER.kinds)


@cache
def labels() -> tuple[str, ...]:
    """Return all labels, such as 'fox/side', class by class."""
    return tuple(
        f"{kind.name}/{name}" for kind in REGISTER.kinds.values() for name in kind.painters
    )


@cache
def families() -> dict[str, str]:
    """Return the family of each class."""
    return {kind.name: kind.family for kind in REGISTER.kinds.values()}


def kind_of(label: str) -> Kind:
    """Return the class a label belongs to."""
    return REGISTER.kind(label.split("/", 1)[0])


@cache
def full_frame() -> Array:
    """Return which labels fill the whole frame (bool [number of labels])."""
    return np.array([kind_of(label).full for label in labels()])


def labels_of(names: Sequence[str] | None) -> tuple[int, ...]:
    """Return the indices of the labels of these classes (or single labels); None means all.

    Raises UsageError for a name that is neither.
    """
    if names is None:
        return tuple(range(len(labels())))
    chosen: list[int] = []
    for name in names:
        if name in labels():
            chosen.append(labels().index(name))
            continue
        prefix = REGISTER.kind(name).name + "/"
        chosen += [k for k, label in enumerate(labels()) if label.startswith(prefix)]
    return tuple(chosen)


@cache
def _vignette(size: int) -> Array:
    """Return a soft rounded frame, so that what leaves a layer is not cut off by a ruler."""
    at = np.abs(np.linspace(-1, 1, size, dtype=np.float32))
    away = (at[None] ** 6 + at[:, None] ** 6) ** np.float32(1 / 6)
    return edge(away - 0.985, 0.05)


def _premultiplied(rgb: Array, alpha: Array, rng: np.random.Generator) -> Array:
    gamma, gain = rng.uniform(0.8, 1.2), rng.uniform(0.92, 1.18)
    table = np.clip(np.linspace(0, 1, 256) ** gamma * gain, 0, 1).astype(np.float32)
    levels = np.clip(rgb * 255 + 0.5, 0, 255).astype(np.uint8)
    return np.dstack([table[levels] * alpha[..., None], alpha]).astype(np.float32)


def render(label: str, *, seed: int | Sequence[int], size: int = 128) -> Array:
    """Render one picture: premultiplied RGBA, uint8 [size, size, 4].

    The same label, seed and size give the same bytes. Drawn a quarter larger, then area-reduced.
    Raises UsageError for an unknown label or a size outside 64..512.
    """
    if not SMALLEST <= size <= LARGEST:
        raise UsageError(f"size {size}", where="renders", remedy=f"use {SMALLEST}..{LARGEST}")
    kind, variant = kind_of(label), label.split("/", 1)[-1]
    painter = kind.painters[variant]
    rng = np.random.default_rng(seed)
    drawn = size * 5 // 4 if size <= 256 else size
    vignette: Array | float = 1.0 if kind.full else _vignette(drawn)
    for _ in range(8):
        rgb, alpha = painter(rng, drawn)
        layer = _premultiplied(rgb, alpha * vignette, rng)
        if alpha.mean() > 0.06:
            break
    if drawn != size:
        layer = cv2.resize(layer, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(layer * 255 + 0.5).astype(np.uint8)


def _chunk(task: tuple[tuple[int, ...], int, int, int]) -> Array:
    chosen, size, seed, start = task
    cv2.setNumThreads(1)
    names = labels()
    return np.stack(
        [render(names[k], seed=(seed, start + j), size=size) for j, k in enumerate(chosen)]
    )


def render_layers(
    count: int,
    *,
    size: int = 128,
    seed: int = 0,
    workers: int = 1,
    classes: Sequence[str] | None = None,
    into: Array | None = None,
    drawn: Callable[[int, int], None] = lambda done, total: None,
) -> Bank:
    """Render a bank of `count` layers in which all labels are equally frequent.

    The bank depends on the seed, not on the number of workers. `classes` are names of classes or
    labels. `into` is where the layers go, such as an array on disk; `drawn(done, total)` counts
    them.
    """
    pool = np.array(labels_of(classes))
    rng = np.random.default_rng(seed)
    rounds = [rng.permutation(pool) for _ in range(-(-count // len(pool)))]
    order = np.concatenate(rounds)[:count].astype(np.int64)
    tasks = [
        (tuple(int(k) for k in order[start : start + CHUNK]), size, seed, start)
        for start in range(0, count, CHUNK)
    ]
    layers = np.empty((count, size, size, 4), np.uint8) if into is None else into
    with _mapped(workers) as each:
        for task, made in zip(tasks, each(_chunk, tasks), strict=True):
            layers[task[3] : task[3] + len(made)] = made
            drawn(task[3] + len(made), count)
    return Bank(layers, order)


@contextmanager
def _mapped(workers: int) -> Iterator[Callable[..., Iterator[Array]]]:
    """Give a `map`: the built-in one, or that of so many processes."""
    if workers == 1:
        yield map
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        yield executor.map
