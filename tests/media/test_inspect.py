"""The plan to convert a film, made from its first frame and what its container states."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from av.video.frame import VideoFrame

from dreamvid.media.decode import Damage, Facts
from dreamvid.media.graph import LINEAR, LINEAR_ALPHA
from dreamvid.media.inspect import Treatment, has_alpha, inspect, upright

RATE = Fraction(25)


def frame_of(
    pixels: str = "yuv420p",
    size: tuple[int, int] = (64, 48),
    **tags: Any,
) -> VideoFrame:
    frame = VideoFrame(*size, pixels)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    for name, value in tags.items():
        setattr(frame, name, value)
    return frame


def looked_at(
    frame: VideoFrame,
    *,
    time: Fraction = Fraction(0),
    width: int | None = None,
    height: int | None = None,
    on_black: bool = True,
    **facts: Any,
) -> Treatment:
    decoder = SimpleNamespace(
        path=Path("a.mp4"),
        facts=Facts(RATE, 1 / RATE, **facts),
        damage=Damage(),
        first_time=Fraction(0),
    )
    return inspect(decoder, (time, frame), width=width, height=height, on_black=on_black)  # type: ignore[arg-type]


def size_of(treatment: Treatment) -> tuple[int, int]:
    return treatment.info.width, treatment.info.height


@pytest.mark.parametrize(
    ("wanted", "size"),
    [
        ({}, (64, 48)),
        ({"width": 32}, (32, 24)),
        ({"height": 24}, (32, 24)),
        ({"width": 30}, (30, 22)),  # even, as most codecs need it
        ({"width": 64}, (64, 48)),
        ({"height": 48}, (64, 48)),
        ({"width": 17, "height": 90}, (17, 90)),
        ({"width": 16}, (16, 12)),
    ],
)
def test_one_side_keeps_the_aspect_ratio(wanted: dict[str, int], size: tuple[int, int]) -> None:
    assert size_of(looked_at(frame_of(), **wanted)) == size  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(65, 49), (63, 48), (1, 1)])
def test_odd_sizes_stay_as_they_are(size: tuple[int, int]) -> None:
    assert size_of(looked_at(frame_of("rgb24", size))) == size


@pytest.mark.parametrize(
    ("aspect", "size"),
    [(Fraction(1), (64, 48)), (Fraction(64, 45), (92, 48)), (Fraction(1, 2), (32, 48))],
)
def test_pixels_are_made_square_by_the_width(aspect: Fraction, size: tuple[int, int]) -> None:
    made = looked_at(frame_of(), aspect=aspect)
    assert size_of(made) == size
    said = f"pixels of {aspect.numerator}:{aspect.denominator} were converted to square pixels"
    assert made.warnings == (() if aspect == 1 else (said,))


@pytest.mark.parametrize(
    ("pixels", "deep", "bits", "alpha"),
    [
        ("yuv420p", "", 8, False),
        ("rgb24", "", 8, False),
        ("rgba", "", 8, True),
        ("yuva420p", "", 8, True),
        ("yuv422p10le", "yuv444p10le", 10, False),
        ("yuv420p12le", "yuv444p12le", 10, False),
        ("yuva444p10le", "yuva444p10le", 10, True),
        ("yuv444p14le", "yuv444p16le", 10, False),
        ("rgb48le", "rgb48le", 10, False),
        ("gray16le", "rgb48le", 10, False),
        ("rgba64le", "rgba64le", 10, True),
        ("gbrp10le", "rgb48le", 10, False),
        ("gbrpf32le", LINEAR, 10, False),
        ("gbrapf32le", LINEAR, 10, False),
    ],
)
def test_deep_films_are_converted_at_their_depth(
    pixels: str, deep: str, bits: int, alpha: bool
) -> None:
    made = looked_at(frame_of(pixels))
    assert (made.look.deep, made.info.bits, made.look.alpha) == (deep, bits, alpha)


def test_the_alpha_of_linear_light_is_read_only_where_it_is_needed() -> None:
    assert looked_at(frame_of("gbrapf32le"), on_black=False).look.deep == LINEAR_ALPHA
    assert looked_at(frame_of("gbrpf32le"), on_black=False).look.deep == LINEAR


def test_frames_with_alpha_are_scaled_after_the_graph() -> None:
    plain, clear = (looked_at(frame_of(p), width=32) for p in ("rgb24", "rgba"))
    assert (plain.look.width, plain.look.height) == (32, 24)
    assert (clear.look.width, clear.look.height) == (64, 48)
    assert size_of(plain) == size_of(clear) == (32, 24)


@pytest.mark.parametrize(
    ("tags", "height", "written", "assumed"),
    [
        ({}, 48, ("smpte170m",) * 3, "matrix smpte170m, primaries smpte170m, transfer smpte170m"),
        ({}, 720, ("bt709",) * 3, "matrix bt709, primaries bt709, transfer bt709"),
        ({"colorspace": 5}, 48, ("bt470bg", "bt470bg", "smpte170m"), "primaries bt470bg"),
        ({"colorspace": 9}, 48, ("bt2020nc", "unknown", "unknown"), "limited range"),
    ],
)
def test_what_a_film_does_not_tell_is_tagged_as_it_was_read(
    tags: dict[str, int], height: int, written: tuple[str, ...], assumed: str
) -> None:
    made = looked_at(frame_of(size=(64, height), **tags))
    colour = made.info.colour
    assert (colour.matrix, colour.primaries, colour.transfer) == written
    assert made.look.matrix == written[0] and colour.full_range is False
    assert made.assumed.startswith("not tagged, so assumed: ") and assumed in made.assumed


def test_a_film_that_tells_all_is_not_assumed_anything() -> None:
    tags = {"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 1}
    made = looked_at(frame_of(**tags))
    assert made.assumed == "" and made.info.matrix == "bt709"
    assert looked_at(frame_of("rgb24")).assumed == ""


@pytest.mark.parametrize(("pixels", "full"), [("yuvj420p", True), ("yuv420p", False)])
def test_the_range_follows_the_format(pixels: str, full: bool) -> None:
    assert looked_at(frame_of(pixels)).look.full_range is full
    assert looked_at(frame_of("yuv420p", color_range=2)).look.full_range


def test_the_time_before_the_first_frame_is_no_part_of_the_film() -> None:
    made = looked_at(frame_of(), time=Fraction(3), duration=Fraction(10), clock_zero=Fraction(1))
    assert (made.info.start, made.info.duration, made.info.origin) == (3, 7, 1)
    late = looked_at(frame_of(), time=Fraction(30), duration=Fraction(10))
    assert late.info.duration == 0


@pytest.mark.parametrize(
    ("until", "frames", "started", "expected"),
    [
        (None, None, False, (10, 250, 0, False)),
        (Fraction(2), None, False, (2, 50, 0, True)),
        (Fraction(99), None, False, (10, 250, 0, True)),
        (None, 50, False, (2, 50, 0, True)),
        (Fraction(2), 20, False, (Fraction(4, 5), 20, 0, True)),
        (Fraction(1, 100), None, False, (Fraction(1, 100), 1, 0, True)),
        (None, None, True, (10, 250, 3, False)),
        (None, 1000, False, (10, 250, 0, True)),
    ],
)
def test_a_trimmed_film_knows_its_length(
    until: Fraction | None, frames: int | None, started: bool, expected: tuple[Any, ...]
) -> None:
    made = looked_at(frame_of(), time=Fraction(3), duration=Fraction(13), frames=250)
    info = made.trimmed(until, frames, started=started)
    assert (info.duration, info.frames, info.origin, info.cut_out) == expected


def test_the_length_of_a_film_of_unknown_length_is_what_is_asked_for() -> None:
    made = looked_at(frame_of())
    assert made.trimmed(Fraction(2), None, started=False).frames == 50
    assert made.trimmed(None, None, started=False).frames is None


@pytest.mark.parametrize(
    ("pixels", "level", "told"),
    [("rgba", 255, True), ("bgra", 255, False), ("bgra", 0, True), ("rgb24", 0, False)],
)
def test_alpha_that_every_gif_has_counts_only_where_it_is_seen(
    pixels: str, level: int, told: bool
) -> None:
    array = np.full((4, 6, 4), level, np.uint8)
    frame = VideoFrame.from_ndarray(array[..., : 3 + (pixels != "rgb24")].copy(), format=pixels)
    assert has_alpha(frame) == told


def test_alpha_beside_the_frames_is_said_to_be_dropped() -> None:
    assert looked_at(frame_of(), has_alpha=True).warnings == ("the alpha channel is dropped",)
    kept = looked_at(frame_of(), some_alpha=True)
    assert kept.warnings == () and kept.look.alpha and kept.transparent and kept.info.has_alpha


def test_a_frame_without_a_matrix_is_upright() -> None:
    assert upright(frame_of()) == ()
