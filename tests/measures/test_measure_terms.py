"""The parts of the measures: sums, series, luma, sharpness, ratios."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from dreamvid.measures.terms import (
    Notes,
    alive,
    along,
    chroma_of,
    hf_of,
    luma_of,
    power_of,
    ratio,
    seam_of,
    unit,
    whole_second,
)

RNG = np.random.default_rng(0)
PICTURE = RNG.random((12, 16, 3), np.float32)


def noted(*powers: float) -> Notes:
    notes = Notes()
    for power in powers:
        notes.note("power", power)
    return notes


def test_sums_and_series_are_told_from_nothing() -> None:
    notes = Notes()
    assert notes.total("a") is None and list(notes.series("a")) == []
    assert notes.mean("a") is None
    notes.add("a", 2)
    notes.add("a", 0.5)
    notes.add("b", 0)
    assert (notes.total("a"), notes.total("b"), notes.total("c")) == (2.5, 0, None)
    assert list(notes.series("a")) == []


@pytest.mark.parametrize(
    ("start", "end", "mean"), [(0, None, 2.5), (2, None, 3.5), (0, 2, 1.5), (4, None, None)]
)
def test_the_mean_of_a_piece_of_a_series(start: int, end: int | None, mean: float | None) -> None:
    assert noted(1, 2, 3, 4).mean("power", start, end) == mean


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_pixels_become_shares_of_their_range(kind: Any) -> None:
    top = np.iinfo(kind).max
    shares = unit(np.array([[[0, top // 2, top]]], kind))
    assert shares.dtype == np.float32 and shares[0, 0, [0, 2]].tolist() == [0, 1]
    assert abs(shares[0, 0, 1] - 0.5) < 0.003


def test_luma_and_chroma_of_grey_and_of_red() -> None:
    grey = np.full((4, 5, 3), 0.4, np.float32)
    assert np.allclose(luma_of(grey), 0.4) and np.abs(chroma_of(grey, luma_of(grey))).max() < 1e-6
    red = np.zeros((4, 5, 3), np.float32)
    red[..., 0] = 1
    luma = luma_of(red)
    assert np.allclose(luma, 0.299) and luma.shape == (4, 5)
    assert np.allclose(chroma_of(red, luma)[0, 0], (0.701, -0.299))


def test_sharpness_is_that_of_the_laplacian() -> None:
    flat = np.full((16, 16), 0.3, np.float32)
    ramp = np.tile(np.arange(16, dtype=np.float32) / 16, (16, 1))
    board = np.indices((16, 16)).sum(axis=0).astype(np.float32) % 2
    assert hf_of(flat) == 0
    assert hf_of(ramp[:, 2:-2]) < 0.1 < 3 < hf_of(board)


def test_a_picture_is_warped_along_the_backward_flow() -> None:
    flow = np.zeros((12, 16, 2), np.float32)
    assert np.abs(along(PICTURE, flow) - PICTURE).max() < 1e-5
    flow[..., 0], flow[..., 1] = 3, -2
    moved = along(PICTURE, flow)
    assert np.abs(moved[2:, :13] - PICTURE[:-2, 3:]).max() < 1e-5
    assert np.abs(moved[2:, -1] - PICTURE[:-2, -1]).max() < 1e-5  # the edge goes on


def test_power_is_the_mean_square_without_a_gradient() -> None:
    image = np.full((4, 6, 3), 255, np.uint8)

    def judge(seen: torch.Tensor) -> torch.Tensor:
        assert seen.shape == (3, 4, 6) and not torch.is_grad_enabled()
        return torch.tensor([[3.0, 4.0]], requires_grad=True) * seen.max()

    assert power_of(judge, image) == 12.5


@pytest.mark.parametrize(
    ("rate", "count", "frames"),
    [(24, 24, 24), (24, 23, None), (23.976, 24, 24), (0.2, 1, 1), (0.2, 0, None), (29.97, 99, 30)],
)
def test_a_second_is_whole_frames(rate: float, count: int, frames: int | None) -> None:
    assert whole_second(rate, count) == frames


@pytest.mark.parametrize(
    ("powers", "rate", "value"),
    [
        ((1, 1, 2, 2, 4, 4), 2, 4),
        ((2, 2, 2, 2, 1, 1), 2, 0.5),
        ((1, 1, 4, 4), 3, 2),  # three and the last: they meet, and do not overlap
        ((1, 1, 4), 3, None),
        ((1, 2), 1, None),
        ((), 1, None),
        ((1, 1, 2, 2, 4, 4), None, None),
        ((0, 0, 4, 4, 4, 4), 2, None),
    ],
)
def test_alive_compares_the_end_with_the_first_second(
    powers: tuple[float, ...], rate: float | None, value: float | None
) -> None:
    assert alive(noted(*powers), rate) == value


@pytest.mark.parametrize(
    ("steps", "seam"), [([0.1, 0.2, 0.3], 2.5), ([0.5], 1), ([], None), ([0, 0, 9], None)]
)
def test_a_seam_is_relative_to_the_median_step(steps: list[float], seam: float | None) -> None:
    first, last = np.zeros((2, 2, 3), np.float32), np.full((2, 2, 3), 0.5, np.float32)
    found = seam_of(first, last, steps)
    assert found == seam if seam is None else math.isclose(found or 0, seam, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("part", "whole", "value"),
    [(1, 2, 0.5), (0, 2, 0), (1, 0, None), (None, 2, None), (1, None, None)],
)
def test_a_ratio_is_none_where_there_is_none(
    part: float | None, whole: float | None, value: float | None
) -> None:
    assert ratio(part, whole) == value
