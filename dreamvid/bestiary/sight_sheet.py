"""A sheet of what a network sees: the picture, and channels with their places and dreams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from dreamvid.bestiary.atlas import GAP, PAPER
from dreamvid.bestiary.sight import Sighting
from dreamvid.dream.octaves import Size, resize
from dreamvid.image import to_array, to_image

BOX = (620, 780)
"""Height and width, in pixels, into which each of the two large pictures is fitted."""
EDGE, LETTERS, LINE = 26, 19, 46
"""The border of the sheet, the height of its text, and that of a line of text, in pixels."""
NARROWEST = 200
"""Smallest side of a tile, in pixels: more channels go into further rows."""
CLOSE = 0.6
"""Side of the part of the picture that a tile shows, as a share of the picture's shorter side."""
DIM, PALE, FULL = 0.3, 0.2, 0.6
"""Light and colour that are left where a channel does not fire, and the map at which all is."""
INK, SOFT = (228, 230, 234), (150, 156, 166)
COLOURS = (
    (240, 185, 92), (108, 198, 232), (240, 128, 112), (143, 214, 148),
    (199, 155, 240), (245, 226, 120), (120, 160, 250), (242, 154, 198),
)  # fmt: skip
"""One for each channel, told apart also by a number."""
DOT = 11
"""Radius of a number's disc, in pixels."""
WIDTH = 1.3
"""Half the width of an outline, in pixels."""
SHADE = 0.4
"""Darkness of the shadow of an outline."""
BELOW, MAIN = 0.4, 0.75
"""Below 0.5, where outlines are; and the peak that a place needs to be outlined."""
LIKELY = 0.02
"""Classes below this probability are not named."""


@dataclass(frozen=True)
class Seen:
    """A channel on the sheet: its name, where it fires, and its dream [3, h, w]."""

    name: str
    sighting: Sighting
    dream: Tensor


def sight_sheet(
    image: Tensor,
    dreamed: Tensor,
    seen: Sequence[Seen],
    classes: Sequence[tuple[str, float]],
) -> Tensor:
    """Draw the sheet [3, H, W] of an image [3, h, w] and of what it becomes, both of one size.

    On the left the image, with the place of each channel outlined, on the right the image dreamed
    by all of them; below each channel, the part of the image on which it fires above its dream.
    """
    size = large_size(image)
    left, right = (resize(picture, size).clamp(0, 1) for picture in (image, dreamed))
    across = columns(2 * size[1] + GAP, len(seen))
    tile = (2 * size[1] + GAP - (across - 1) * GAP) // across
    rows = -(-len(seen) // across)
    deep = 2 * tile + GAP + LINE
    sheet = torch.full(
        (3, 2 * EDGE + size[0] + LINE + rows * deep, 2 * (size[1] + EDGE) + GAP), PAPER
    )
    _put(sheet, outlined(left, seen), EDGE, EDGE)
    _put(sheet, right, EDGE, EDGE + size[1] + GAP)
    below = EDGE + size[0] + LINE
    for k, one in enumerate(seen):
        y, x = below + k // across * deep, EDGE + k % across * (tile + GAP)
        _put(sheet, lit(image, one.sighting.map, tile), y, x)
        _put(sheet, resize(one.dream, (tile, tile)).clamp(0, 1), y + tile + GAP, x)
    return _written(sheet, seen, classes, size, (across, tile, deep))


def large_size(image: Tensor) -> Size:
    """The size of a large picture: the image fitted into BOX."""
    height, width = int(image.shape[1]), int(image.shape[2])
    share = min(BOX[0] / height, BOX[1] / width)
    return round(height * share), round(width * share)


def columns(width: int, count: int) -> int:
    """The number of tiles in a row: as many as fit, in rows of equal length."""
    fit = max(1, min(count, (width + GAP) // (NARROWEST + GAP)))
    return -(-count // -(-count // fit))


def outlined(image: Tensor, seen: Sequence[Seen]) -> Tensor:
    """An image [3, H, W] on which a line runs round the place of each channel, in its colour."""
    size = (int(image.shape[1]), int(image.shape[2]))
    for k, one in enumerate(seen):
        share = main_places(resize(one.sighting.map[None], size)[0])
        colour = torch.tensor(COLOURS[k % len(COLOURS)]).view(3, 1, 1) / 255
        image = image * (1 - SHADE * outline(share, 2.4 * WIDTH))
        image = torch.lerp(image, colour.expand_as(image), outline(share))
    return image


def main_places(share: Tensor) -> Tensor:
    """A map [H, W] without the places in which it stays below MAIN: they would be clutter."""
    areas, named = cv2.connectedComponents((share > BELOW).numpy().astype(np.uint8))
    for k in range(1, areas):
        place = torch.from_numpy(named == k)
        if float(share[place].amax()) < MAIN:
            share = share.masked_fill(place, BELOW)
    return share


def outline(share: Tensor, width: float = WIDTH) -> Tensor:
    """Where a map [H, W] crosses 0.5: 1 on the line and 0 beside it, smooth between."""
    down, right = torch.gradient(share)
    distance = (share - 0.5).abs() / torch.hypot(down, right).clamp_min(1e-4)
    return (width + 0.5 - distance).clamp(0, 1)


def lit(image: Tensor, share: Tensor, side: int) -> Tensor:
    """The part of an image round the peak of a map, [3, side, side]: bright where the map is."""
    size = (int(image.shape[1]), int(image.shape[2]))
    light = resize(share[None], size)
    top, left, length = close_up(light[0])
    part = (slice(None), slice(top, top + length), slice(left, left + length))
    image, light = (resize(planes[part], (side, side)).clamp(0, 1) for planes in (image, light))
    light = (light / FULL).clamp(0, 1)
    light = light * light * (3 - 2 * light)  # smooth at both ends: no edge of the light shows
    grey = image.mean(dim=0, keepdim=True).expand_as(image)
    return torch.lerp(DIM * torch.lerp(grey, image, PALE), image, light)


def close_up(light: Tensor) -> tuple[int, int, int]:
    """The top, the left and the side of a square round the peak of a map [H, W], inside it."""
    height, width = light.shape
    length = max(1, round(CLOSE * min(height, width)))
    y, x = divmod(int(light.argmax()), width)
    top = min(max(0, y - length // 2), height - length)
    return top, min(max(0, x - length // 2), width - length), length


def _put(sheet: Tensor, image: Tensor, y: int, x: int) -> None:
    sheet[:, y : y + image.shape[1], x : x + image.shape[2]] = image


def _written(
    sheet: Tensor,
    seen: Sequence[Seen],
    classes: Sequence[tuple[str, float]],
    size: Size,
    grid: tuple[int, int, int],
) -> Tensor:
    """The sheet with its numbers and texts."""
    picture = Image.fromarray(to_array(sheet))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=LETTERS)
    across, tile, deep = grid
    x, y = float(EDGE), EDGE + size[0] + LINE / 2
    for name, chance in classes:
        if chance >= LIKELY:
            pen.text((x, y), name, fill=INK, font=font, anchor="lm")
            x += font.getlength(f"{name} ")
            pen.text((x, y), f"{chance:.0%}", fill=SOFT, font=font, anchor="lm")
            x += font.getlength("100%") + LETTERS
    layer = seen[0].name.partition(":")[0]
    told = f"dreamed by these channels of {layer}"
    pen.text((EDGE + size[1] + GAP, y), told, fill=SOFT, font=font, anchor="lm")
    for k, one in enumerate(seen):
        colour = COLOURS[k % len(COLOURS)]
        x = EDGE + k % across * (tile + GAP)
        y = EDGE + size[0] + LINE + k // across * deep + 2 * tile + GAP
        _numbered(pen, (x + DOT, y + LINE / 2), k + 1, colour)
        pen.text((x + 30, y + LINE / 2), one.name, fill=INK, font=font, anchor="lm")
        _numbered(pen, _peak(one.sighting.map, size), k + 1, colour)
    return to_image(np.array(picture))


def _peak(share: Tensor, size: Size) -> tuple[float, float]:
    """The place of the peak of a map on the large picture of the sheet."""
    height, width = share.shape
    y, x = divmod(int(share.argmax()), width)
    right, down = (x + 0.5) / width * size[1], (y + 0.5) / height * size[0]
    inside = (min(max(right, DOT), size[1] - DOT), min(max(down, DOT), size[0] - DOT))
    return EDGE + inside[0], EDGE + inside[1]


def _numbered(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], number: int, colour: tuple[int, int, int]
) -> None:
    x, y = place
    box = (x - DOT, y - DOT, x + DOT, y + DOT)
    pen.ellipse(box, fill=colour, outline=(12, 12, 14), width=1)
    font = ImageFont.load_default(size=15)
    pen.text((x, y), str(number), fill=(12, 12, 14), font=font, anchor="mm")
