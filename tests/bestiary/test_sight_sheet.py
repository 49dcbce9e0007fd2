"""The sheet of what a network sees: where pictures stand, outlines, and light."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dreamvid.bestiary.atlas import GAP, PAPER
from dreamvid.bestiary.sight import Sighting
from dreamvid.bestiary.sight_sheet import (
    BOX,
    COLOURS,
    DIM,
    EDGE,
    LINE,
    Seen,
    close_up,
    columns,
    large_size,
    lit,
    main_places,
    outline,
    outlined,
    sight_sheet,
)


def hill(height: int, width: int, y: float, x: float, spread: float = 8) -> Tensor:
    """A map with its peak at a place."""
    down, right = torch.arange(height) - y, torch.arange(width) - x
    return torch.exp(-(down[:, None] ** 2 + right**2) / (2 * spread**2))


def seen(k: int, share: Tensor) -> Seen:
    return Seen(f"5c:{k}", Sighting(k, 3.0, share), torch.full((3, 32, 32), 0.25))


@pytest.mark.parametrize("size", [(400, 600), (600, 400), (30, 30), (100, 900)])
def test_a_large_picture_fills_its_box(size: tuple[int, int]) -> None:
    height, width = large_size(torch.zeros(3, *size))
    assert height <= BOX[0] and width <= BOX[1] and (height == BOX[0] or width == BOX[1])
    assert height / width == pytest.approx(size[0] / size[1], rel=0.02)


@pytest.mark.parametrize(
    ("width", "count", "across"),
    [(1564, 6, 6), (1564, 12, 6), (1000, 6, 3), (1000, 1, 1), (150, 3, 1), (1564, 8, 4)],
)
def test_rows_are_of_equal_length(width: int, count: int, across: int) -> None:
    assert columns(width, count) == across


def test_pictures_stand_in_their_places() -> None:
    image, dreamed = torch.full((3, 310, 390), 0.5), torch.full((3, 310, 390), 0.75)
    maps = [hill(310, 390, 100, 60), hill(310, 390, 250, 300)]
    sheet = sight_sheet(image, dreamed, [seen(k, m) for k, m in enumerate(maps)], [("owl", 0.9)])
    height, width = large_size(image)
    tile = (2 * width + GAP - GAP) // 2
    assert sheet.shape == (
        3,
        2 * EDGE + height + LINE + 2 * tile + GAP + LINE,
        2 * (EDGE + width) + GAP,
    )
    right = sheet[:, EDGE : EDGE + height, EDGE + width + GAP : EDGE + 2 * width + GAP]
    assert torch.allclose(right, torch.tensor(0.75), atol=0.003)
    below = EDGE + height + LINE
    for x in (EDGE, EDGE + tile + GAP):
        light = sheet[:, below : below + tile, x : x + tile]
        assert 0.49 < float(light.amax()) < 0.51 and float(light.amin()) < 0.2
        dream = sheet[:, below + tile + GAP : below + 2 * tile + GAP, x : x + tile]
        assert torch.allclose(dream, torch.tensor(0.25), atol=0.003)
    assert torch.allclose(sheet[:, :EDGE], torch.tensor(PAPER), atol=0.003)


def test_classes_are_written_if_they_are_likely() -> None:
    image = torch.full((3, 310, 390), 0.5)
    given = [seen(0, hill(310, 390, 100, 60))]

    def words(*classes: tuple[str, float]) -> Tensor:
        sheet = sight_sheet(image, image, given, classes)
        height, width = large_size(image)
        return sheet[:, EDGE + height + 8 : EDGE + height + LINE - 8, EDGE : EDGE + width]

    blank, owl, faint = words(), words(("owl", 0.9)), words(("owl", 0.001))
    assert float(blank.amax()) < 0.1 and torch.equal(blank, faint)
    assert float(owl.amax()) > 0.7


def test_an_outline_runs_where_the_map_is_a_half() -> None:
    share = hill(100, 100, 50, 50, 20)
    line = outline(share)
    radius = 20 * (2 * torch.log(torch.tensor(2.0))).sqrt()
    near = (torch.hypot(torch.arange(100)[:, None] - 50.0, torch.arange(100) - 50.0) - radius).abs()
    assert float(line[near < 0.5].min()) > 0.8 and float(line[near > 2.5].max()) == 0


def test_each_outline_has_its_colour() -> None:
    image = torch.full((3, 120, 200), 0.2)
    places = [(60, 40), (60, 150)]
    drawn = outlined(image, [seen(k, hill(120, 200, *at, 12)) for k, at in enumerate(places)])
    for k, (_, x) in enumerate(places):
        half = drawn[:, :, x - 38 : x + 38]
        bright = half.flatten(1)[:, half.sum(0).flatten().argmax()]
        assert torch.allclose(bright, torch.tensor(COLOURS[k]) / 255, atol=0.02)
    assert torch.equal(drawn[:, 60, 95], image[:, 60, 95])  # far from both


def test_small_places_are_not_outlined() -> None:
    share = torch.maximum(hill(100, 200, 50, 50), 0.6 * hill(100, 200, 50, 150))
    kept = main_places(share)
    assert torch.equal(kept[:, :100], share[:, :100]) and float(kept[:, 120:].amax()) < 0.5


def test_light_falls_where_the_map_is() -> None:
    image = torch.zeros(3, 200, 300)
    image[0], image[1] = 0.9, 0.3
    tile = lit(image, hill(50, 75, 25, 37, 3), 90)
    assert tile.shape == (3, 90, 90)
    assert torch.allclose(tile[:, 45, 45], torch.tensor([0.9, 0.3, 0.0]), atol=0.02)
    dark = tile[:, 2, 2]
    assert float(dark.mean()) == pytest.approx(DIM * 0.4, rel=0.05)
    assert float(dark[0] - dark[2]) < 0.1  # pale


@pytest.mark.parametrize("peak", [(0, 0), (99, 149), (50, 75), (0, 149)])
def test_a_close_up_holds_the_peak_and_stays_inside(peak: tuple[int, int]) -> None:
    top, left, length = close_up(hill(100, 150, *peak))
    assert 0 <= top <= peak[0] < top + length <= 100
    assert 0 <= left <= peak[1] < left + length <= 150


def test_a_number_at_the_rim_stays_on_the_picture() -> None:
    image = torch.full((3, 310, 390), 0.5)
    sheet = sight_sheet(image, image, [seen(0, hill(310, 390, 0, 0))], [])
    assert torch.allclose(sheet[:, :EDGE], torch.tensor(PAPER), atol=0.003)
    disc = sheet[:, EDGE : EDGE + 24, EDGE : EDGE + 24]
    colour = torch.tensor(COLOURS[0]).view(3, 1, 1) / 255
    assert int(((disc - colour).abs().amax(0) < 0.02).sum()) > 150
