"""Places of beings go where the ground goes that they stand on, and live as long as it does."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import known_frames, moved, texture, tiny_dreamer

from dreamvid.dream.beings import SIZE
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.objectives import creatures
from dreamvid.dream.views import Place, Places
from dreamvid.image import to_image
from dreamvid.motion.camera import Camera
from dreamvid.motion.estimate import Motion
from dreamvid.sequence.frames import Frame, camera_frames
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.render import render_with_memory
from dreamvid.sequence.tracking import LARGEST, track_places

HEIGHT, WIDTH = 96, 160


def motion(dx: float = 0, dy: float = 0, *, zoom: float = 1.0) -> Motion:
    """The picture moves by (dx, dy) pixels, and grows around its middle."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    y, x = y + 0.5 - HEIGHT / 2, x + 0.5 - WIDTH / 2
    flow = np.stack(((x - dx) / zoom - x, (y - dy) / zoom - y), axis=2)
    return Motion(flow.astype(np.float32), np.ones((HEIGHT, WIDTH), np.float32))


def being(y: float, x: float, size: float = SIZE, label: int = 2) -> Place:
    return Place(y, x, size, "animal", label)


def after(count: int, frames: list[Frame], dream: Dreamer | None = None) -> list[Memory]:
    dream = dream or tiny_dreamer(creatures(), iterations=2)
    return [m for _, m in render_with_memory(frames[:count], dream, stability=0.9)]


def test_a_being_goes_with_its_ground() -> None:
    (now,) = track_places((being(0.5, 0.5),), motion(8, -3))
    assert (now.y * HEIGHT, now.x * WIDTH) == pytest.approx((48 - 3, 80 + 8), abs=0.01)
    assert now.size == pytest.approx(SIZE) and now.label == 2


def test_motion_that_differs_from_place_to_place_is_followed_forward() -> None:
    """The flow is known at the frame it leads from: at the place before it is another."""
    (now,) = track_places((being(0.4, 0.8),), motion(zoom=1.1))
    there = (0.5 - 0.1 * 1.1) * HEIGHT, (0.5 + 0.3 * 1.1) * WIDTH
    assert (now.y * HEIGHT, now.x * WIDTH) == pytest.approx(there, abs=0.3)
    assert now.size == pytest.approx(1.1 * SIZE, rel=0.01)


def test_a_being_that_has_grown_too_large_makes_way() -> None:
    places: Places = (being(0.5, 0.5),)
    sizes = []
    while places:
        sizes.append(places[0].size)
        places = track_places(places, motion(zoom=1.1))
    assert sizes[-1] <= LARGEST < 1.1 * sizes[-1]
    places = (being(0.5, 0.5),)
    for _ in range(5):
        places = track_places(places, motion(zoom=0.9))
    assert places == ()


@pytest.mark.parametrize("y, x, dx, dy", [(0.5, 0.95, 9, 0), (0.04, 0.5, 0, -5)])
def test_a_being_that_leaves_the_picture_is_gone(y: float, x: float, dx: int, dy: int) -> None:
    assert track_places((being(y, x),), motion()) and not track_places(
        (being(y, x),), motion(dx, dy)
    )


def test_where_the_mask_is_empty_nothing_is_left() -> None:
    covered = motion()
    covered.mask[:, 100:] = 0
    places = (being(0.5, 0.3), being(0.5, 0.8))
    assert track_places(places, covered) == (places[0],)


def test_of_two_beings_on_each_other_the_older_stays() -> None:
    old, new = being(0.5, 0.5, label=1), being(0.5, 0.55, label=3)
    assert track_places((old, new), motion()) == (old,)
    assert track_places((new, old), motion()) == (new,)


def test_beings_of_a_film_keep_their_class_and_go_with_it() -> None:
    dx, dy = 2, 1
    arrays = [texture(dx=dx * t, dy=dy * t, height=96, width=128) for t in range(8)]
    frames = known_frames(arrays, dx=dx, dy=dy)
    first, *_, last = after(8, frames)
    assert len(first.places) > 4
    for place in first.places:
        y, x = place.y + 7 * dy / 96, place.x + 7 * dx / 128
        if x < 0.9 and y < 0.9:
            near = [p for p in last.places if abs(p.y - y) < 0.01 and abs(p.x - x) < 0.01]
            assert [p.label for p in near] == [place.label]


def test_where_beings_have_gone_others_come() -> None:
    arrays = [texture(dx=12 * t, height=96, width=160) for t in range(8)]
    frames = known_frames(arrays, dx=12, dy=0)
    memories = after(8, frames)
    counts = [len(memory.places) for memory in memories]
    assert min(counts) >= 0.6 * counts[0]
    assert min(place.x for place in memories[-1].places) < 0.4  # where the picture came from


def test_a_cut_begins_with_other_places() -> None:
    memories = after(6, known_frames(moved(6), cuts=(3,)))
    picture = memories[3].source
    assert memories[3].places == tiny_dreamer(creatures()).places(picture)


def test_beings_of_a_zoom_grow_with_it() -> None:
    rate = Fraction(25)
    camera = Camera({"zoom": 2.0}, fps=rate, width=64, height=48)
    frames = list(camera_frames(to_image(texture()), camera, count=4, rate=rate))
    first, *_, last = after(4, frames)
    kept = [p for p in last.places if p.size > SIZE * 1.01]
    assert kept and all(p.size == pytest.approx(SIZE * 2 ** (3 / 25), rel=0.02) for p in kept)
    assert {p.label for p in kept} <= {p.label for p in first.places}


def test_beings_of_words_no_longer_asked_for_are_gone() -> None:
    frames = known_frames(moved(4))
    dreams = [tiny_dreamer(creatures(word), iterations=2) for word in ("cat", "dog")]
    memories = [
        m for _, m in render_with_memory(frames, lambda index: dreams[index // 2], stability=0.9)
    ]
    words = [{place.word for place in memory.places} for memory in memories]
    assert words == [{"cat"}, {"cat"}, {"dog"}, {"dog"}]


def test_a_film_goes_on_from_a_memory_that_was_read_back_to_the_bit(tmp_path: Path) -> None:
    frames = known_frames(moved(6))
    dream = tiny_dreamer(creatures(), iterations=2)
    memories = after(6, frames, dream)
    memories[2].save(tmp_path / "memory")
    read = Memory.load(tmp_path / "memory", device=torch.device("cpu"))
    assert read.places == memories[2].places and isinstance(read.places[0], Place)
    again = [m for _, m in render_with_memory(frames[3:], dream, stability=0.9, memory=read)]
    for memory, other in zip(memories[3:], again, strict=True):
        assert torch.equal(memory.dreamed, other.dreamed) and memory.places == other.places


def test_without_beings_there_are_no_places() -> None:
    assert all(memory.places == () for memory in after(3, known_frames(moved(3)), tiny_dreamer()))
