"""Films in: exact times, upright and square pixels, true colours, and what bad input gets."""

from __future__ import annotations

import random
import re
import shutil
import time
import zlib
from collections.abc import Callable
from fractions import Fraction
from numbers import Rational
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from media_clips import MOVING, TONE, Make, ffmpeg, frames_of, from_planes, times
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.media.formats import tracks_alpha_mode
from dreamvid.media.graph import rgb_array
from dreamvid.media.probe import exact
from dreamvid.media.reader import VideoReader
from dreamvid.media.row import natural_key

NTSC = Fraction(24000, 1001)


# --- time -----------------------------------------------------------------------------------


class Numbers:
    """A rational number that is not one of Python's, as PyAV 19 gives them."""

    def __init__(self, numerator: int, denominator: int) -> None:
        self.numerator, self.denominator = numerator, denominator

    def __bool__(self) -> bool:
        return self.numerator != 0


Rational.register(Numbers)


def test_numbers_of_any_pyav_are_fractions_and_none_where_nothing_is_set() -> None:
    assert type(exact(Numbers(24000, 1001))) is Fraction
    assert exact(Numbers(24000, 1001)) == exact(NTSC) == NTSC
    assert exact(Numbers(0, 1)) is None
    assert exact(Numbers(0, 0)) is None
    assert exact(None) is None


def test_a_steady_film_comes_frame_by_frame_at_exact_times(make: Make) -> None:
    clip = make("a.mp4", sound=TONE)
    with VideoReader(clip) as film:
        frames = list(film)
    assert [frame.index for frame in frames] == list(range(24))
    assert [frame.time for frame in frames] == [Fraction(n, 24) for n in range(24)]
    assert {frame.array.shape for frame in frames} == {(48, 64, 3)}
    assert frames[0].array.dtype == np.uint8
    info = film.info
    assert (info.width, info.height, info.rate, info.frames) == (64, 48, Fraction(24), 24)
    assert (info.variable, info.has_audio, info.duration) == (False, True, Fraction(1))
    assert (film.damage, film.warnings) == (None, ())


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_the_rate_is_a_fraction_also_where_the_clock_is_coarse(make: Make, suffix: str) -> None:
    clip = make(f"a{suffix}", source=f"testsrc2=size=64x48:rate={NTSC}:duration=1")
    with VideoReader(clip) as film:
        found = [frame.time for frame in film]
    assert film.info.rate == NTSC
    tick = Fraction(0) if suffix != ".ts" else Fraction(1, 90000)
    assert all(abs(t - n / NTSC) <= tick for n, t in enumerate(found))
    assert all(t % film.info.time_base == 0 for t in found)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_variable_rate_film_gives_each_frame_once_at_its_own_time(
    make: Make, suffix: str
) -> None:
    uneven = "settb=1/1000,setpts='N*37+N*N*3'"
    clip = make(f"a{suffix}", "-vf", uneven, "-fps_mode", "passthrough", "-enc_time_base", "1:1000")
    with VideoReader(clip) as film:
        found = [frame.time for frame in film]
    assert found == [Fraction(n * 37 + n * n * 3, 1000) for n in range(24)]
    assert film.info.variable or suffix == ".mkv"  # which says so nowhere
    assert film.damage is None


def test_frames_left_out_of_a_coarse_steady_clock_keep_their_gaps(make: Make) -> None:
    clip = make("a.mkv", "-vf", "select='not(eq(mod(n,5),3))'", "-fps_mode", "passthrough")
    found = [frame.time for frame in frames_of(clip)]
    assert all(abs(t * 24 - round(t * 24)) < Fraction(3, 100) for t in found)
    assert [round(t * 24) for t in found] == [n for n in range(24) if n % 5 != 3]


def test_the_start_offset_is_reported(make: Make) -> None:
    clip = make("a.mp4", "-output_ts_offset", "2")
    with VideoReader(clip) as film:
        assert film.info.start == 2
        assert film.info.origin == 0
        assert next(film).time == 0


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm", "a.wmv", "a.flv", "a.ts"])
def test_a_start_offset_is_no_part_of_the_duration(make: Make, name: str) -> None:
    codec = {"a.webm": "libvpx-vp9", "a.wmv": "wmv2"}.get(name, "libx264")
    clip = make(name, "-output_ts_offset", "5", "-c:v", codec)
    with VideoReader(clip) as film:
        count = len(list(film))
    assert film.damage is None
    assert film.info.duration is not None and film.info.frames is not None
    assert abs(film.info.duration - count / film.info.rate) < Fraction(1, 10)
    assert abs(film.info.frames - count) <= 2


def test_a_broadcast_clock_has_no_offset_of_its_own(make: Make) -> None:
    with VideoReader(make("a.ts", sound=TONE)) as film:
        assert film.info.start > 1
        assert 0 <= film.info.start - film.info.origin < Fraction(1, 10)


# --- a stretch of a film -----------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_start_and_end_keep_the_frames_between_them(make: Make, suffix: str) -> None:
    source = "testsrc2=size=64x48:rate=24:duration=4"
    clip = make(f"a{suffix}", "-g", "30", "-crf", "1", source=source)
    whole = frames_of(clip)
    with VideoReader(clip, start=Fraction(5, 2), end=Fraction(3)) as film:
        part = list(film)
    assert [frame.index for frame in part] == list(range(12))
    assert all(np.array_equal(a.array, b.array) for a, b in zip(part, whole[60:72], strict=True))
    tick = film.info.time_base
    assert all(abs(f.time - Fraction(n, 24)) <= tick for n, f in enumerate(part))
    assert (film.info.frames, film.info.cut_out) == (12, True)
    assert film.info.origin == film.info.start
    assert film.damage is None


def test_frames_limits_the_count(make: Make) -> None:
    with VideoReader(make("a.mp4"), start=Fraction(1, 4), frames=5) as film:
        assert len(list(film)) == film.info.frames == 5


@pytest.mark.parametrize(
    "options",
    [
        {"frames": 0},
        {"width": -2},
        {"start": Fraction(-1)},
        {"start": Fraction(2), "end": Fraction(1)},
        {"start": Fraction(9)},
        {"rate": Fraction(0)},
    ],
)
def test_values_that_leave_nothing_are_refused(make: Make, options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        VideoReader(make("a.mp4"), **options)  # type: ignore[arg-type]


# --- shape ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "turn"),
    [
        ("-display_rotation:v 90", lambda a: np.rot90(a, 1)),
        ("-display_rotation:v 180", lambda a: np.rot90(a, 2)),
        ("-display_rotation:v 270", lambda a: np.rot90(a, 3)),
        ("-display_rotation:v 0 -display_hflip:v", lambda a: a[:, ::-1]),
        ("-display_rotation:v 90 -display_hflip:v", lambda a: np.rot90(a, 1)[:, ::-1]),
    ],
)
def test_rotation_is_applied_to_the_pixels(
    make: Make, tmp_path: Path, option: str, turn: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> None:
    clip, turned = make("a.mp4", "-crf", "1"), tmp_path / "turned.mp4"
    ffmpeg(*option.split(), "-i", str(clip), "-c", "copy", str(turned))
    with VideoReader(turned) as film:
        shown = next(film).array
    assert (film.info.height, film.info.width) == shown.shape[:2]
    assert np.array_equal(shown, turn(frames_of(clip)[0].array))
    assert film.warnings


def test_pixels_are_made_square(make: Make) -> None:
    with VideoReader(make("a.mp4", "-vf", "setsar=4/3")) as film:
        assert next(film).array.shape == (48, 86, 3)
        assert (film.info.width, film.info.height) == (86, 48)


def test_width_or_height_keep_the_shape_and_both_set_it(make: Make) -> None:
    clip = make("a.mp4")
    sizes = [
        frames_of(clip, frames=1, **size)[0].array.shape[:2]
        for size in ({"width": 32}, {"height": 96}, {"width": 50, "height": 20}, {"width": 64})
    ]
    assert sizes == [(24, 32), (96, 128), (20, 50), (48, 64)]


@pytest.mark.parametrize("size", ["1x1", "31x17"])
def test_tiny_and_odd_sizes_are_kept(make: Make, size: str) -> None:
    width, height = map(int, size.split("x"))
    scaled = ("-vf", f"scale={width}:{height},setsar=1,format=bgr0", "-c:v", "ffv1")
    clip = make("a.mkv", *scaled)
    assert {frame.array.shape for frame in frames_of(clip)} == {(height, width, 3)}


def test_interlaced_fields_are_woven(make: Make) -> None:
    edge = "geq=lum='if(lt(X,N*2),20,230)':cb=128:cr=128"
    moving = f"color=black:size=64x48:rate=48:duration=1,format=yuv420p,{edge}"
    clip = make(
        *("a.mp4", "-vf", "tinterlace=interleave_top,fieldorder=tff"),
        *("-flags", "+ilme+ildct", "-x264opts", "tff=1", "-crf", "1"),
        source=moving,
    )
    with VideoReader(clip) as film:
        frames = list(film)
    assert len(frames) == 24
    assert "interlaced" in film.warnings[0]
    middle = frames[10].array.astype(int).mean(axis=2)
    comb = np.abs(middle[1:-1] - (middle[:-2] + middle[2:]) / 2).max(axis=0)
    assert comb.max() < 60  # 105 when the fields are left as they are


def test_a_film_that_changes_its_size_goes_on_in_the_first_one(make: Make, tmp_path: Path) -> None:
    first = make("a.ts", "-c:v", "mpeg2video")
    second = make("b.ts", "-c:v", "mpeg2video", source="testsrc2=size=96x64:rate=24:duration=1")
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    frames = frames_of(both)
    assert len(frames) > 40
    assert {frame.array.shape for frame in frames} == {(48, 64, 3)}


# --- colour ---------------------------------------------------------------------------------

WEIGHTS = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "bt2020nc": (0.2627, 0.0593)}


def patches(
    matrix: str, *, full: bool, bits: int
) -> tuple[NDArray[np.float64], NDArray[np.integer[Any]]]:
    """Sixteen colours in patches of 16 by 16: as RGB in 0..255, and as planes of 4:2:0 YUV."""
    rgb = np.random.default_rng(1).uniform(0.1, 0.9, (4, 4, 3))
    kr, kb = WEIGHTS[matrix]
    luma = kr * rgb[..., 0] + (1 - kr - kb) * rgb[..., 1] + kb * rgb[..., 2]
    unit, top = 2 ** (bits - 8), 2**bits - 1
    span, foot, chroma = (top, 0, top) if full else (219 * unit, 16 * unit, 224 * unit)
    y = np.rint(luma * span + foot)
    u = np.rint((rgb[..., 2] - luma) / (2 - 2 * kb) * chroma + 128 * unit)
    v = np.rint((rgb[..., 0] - luma) / (2 - 2 * kr) * chroma + 128 * unit)
    planes = [np.repeat(np.repeat(c, n, 0), n, 1) for c, n in ((y, 16), (u, 8), (v, 8))]
    flat = np.concatenate([plane.ravel() for plane in planes]).reshape(96, 64)
    luma = (y - foot) / span
    red = luma + (2 - 2 * kr) * (v - 128 * unit) / chroma
    blue = luma + (2 - 2 * kb) * (u - 128 * unit) / chroma
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    exact = np.stack([red, green, blue], axis=-1) * 255
    return exact, flat.astype(np.uint8 if bits == 8 else np.uint16)


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt2020nc"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("bits", [8, 10])
def test_colours_come_out_as_they_were_meant(
    tmp_path: Path, matrix: str, full: bool, bits: int
) -> None:
    rgb, planes = patches(matrix, full=full, bits=bits)
    span = "full" if full else "limited"
    clip = from_planes(
        tmp_path / "a.mp4",
        planes,
        "yuv420p" if bits == 8 else "yuv420p10le",
        f"colorspace={matrix}:range={span}:color_primaries=bt709:color_trc=bt709",
    )
    with VideoReader(clip) as film:
        array = next(film).array
    assert (film.info.matrix, film.info.full_range, film.info.bits) == (matrix, full, bits)
    assert array.dtype == (np.uint8 if bits == 8 else np.uint16)
    levels = array[8::16, 8::16].astype(float) / np.iinfo(array.dtype).max * 255
    error = levels - np.clip(rgb, 0, 255)
    assert np.abs(error).max() < (0.6 if bits == 8 else 0.02)  # rounding, and nothing else
    assert np.abs(error.mean(axis=(0, 1))).max() < 0.2


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mov", ("-c:v", "qtrle", "-pix_fmt", "argb")),
        ("a.mov", ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le")),
        ("a.mkv", ("-c:v", "ffv1", "-pix_fmt", "gbrap16le")),
        ("a.mkv", ("-c:v", "ffv1", "-pix_fmt", "yuva420p")),
        ("a.png", ("-frames:v", "1", "-pix_fmt", "rgba")),
        ("a.gif", ("-vf", "split[a][b];[b]palettegen[p];[a][p]paletteuse")),
    ],
)
def test_transparent_areas_are_laid_over_black_and_said(
    tmp_path: Path, name: str, codec: tuple[str, ...]
) -> None:
    rgba = np.full((48, 64, 4), (255, 0, 255, 0), np.uint8)
    rgba[:, :32] = (90, 160, 60, 255)
    if name != "a.gif":
        rgba[:, 48:] = (200, 100, 50, 128)
    source = ("-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", "64x48", "-i", "pipe:0")
    ffmpeg(*source, *codec, str(tmp_path / name), data=rgba.tobytes())
    with VideoReader(tmp_path / name) as film:
        array = next(film).array
    seen = array[24, [16, 40, 56]].astype(float) * 255 / np.iinfo(array.dtype).max
    half = (100, 50, 25) if name != "a.gif" else (0, 0, 0)
    assert np.abs(seen - [(90, 160, 60), (0, 0, 0), half]).max() < 4
    assert (film.warnings, film.transparency) == ((), "transparent areas over black")
    assert film.info.has_alpha


def test_a_row_whose_later_pictures_are_transparent_keeps_that(tmp_path: Path) -> None:
    for n, clear in enumerate((False, True)):
        picture = Image.new("RGBA", (20, 10), (90, 160, 60, 255))
        if clear:
            picture.paste((255, 0, 255, 0), (10, 0, 20, 10))
        (picture if clear else picture.convert("RGB")).save(tmp_path / f"{n}.png")
    with VideoReader(tmp_path, keep_alpha=True) as film:
        first, second = (frame.alpha for frame in film)
    assert first is not None and second is not None
    assert film.transparency == "transparency kept"
    assert first.min() == 255 and second[5, [5, 15]].tolist() == [255, 0]
    with VideoReader(tmp_path, background="white") as film:
        assert [frame.array[5, 15].tolist() for frame in film] == [[90, 160, 60], [255] * 3]


def test_a_film_whose_first_frame_is_opaque_keeps_the_alpha_of_the_others(tmp_path: Path) -> None:
    rgba = np.full((2, 48, 64, 4), 255, np.uint8)
    rgba[1, :, 32:] = (255, 0, 255, 0)
    raw = ("-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", "64x48", "-i", "pipe:0")
    ffmpeg(*raw, "-c:v", "ffv1", "-pix_fmt", "bgra", str(tmp_path / "a.mkv"), data=rgba.tobytes())
    with VideoReader(tmp_path / "a.mkv", keep_alpha=True) as film:
        assert film.transparency == "transparency kept"
        alphas = [frame.alpha for frame in film]
    assert all(
        np.array_equal(alpha, told[..., 3]) for alpha, told in zip(alphas, rgba, strict=True)
    )


@pytest.mark.parametrize("keep", [False, True])
def test_a_gif_that_becomes_transparent_later_says_from_when(tmp_path: Path, keep: bool) -> None:
    colours = (90, 160, 60, 255), (200, 0, 0, 255), (0, 0, 200, 255)
    first, *others = (Image.new("RGBA", (20, 10), colour) for colour in colours)
    for picture in others:
        picture.paste((255, 0, 255, 0), (10, 0, 20, 10))
    first.save(tmp_path / "a.gif", save_all=True, append_images=others, duration=100, disposal=2)
    with VideoReader(tmp_path / "a.gif", keep_alpha=keep) as film:
        assert film.transparency == ""
        frames = list(film)
    assert film.warnings == ("transparent areas over black from 0.200 s on",)
    assert [frame.array[5, 15].tolist() for frame in frames][1:] == [[90, 160, 60], [0, 0, 0]]


@pytest.mark.parametrize(("keep", "over"), [(False, None), (True, None), (False, "white")])
def test_the_alpha_of_linear_light_is_kept_or_laid_over(
    tmp_path: Path, keep: bool, over: str | None
) -> None:
    planes = np.zeros((4, 48, 64), np.float32)  # G, B, R and A, multiplied by alpha
    planes[0, :, :32], planes[3, :, :32] = 0.25, 0.5
    raw = ("-f", "rawvideo", "-pix_fmt", "gbrapf32le", "-video_size", "64x48", "-i", "pipe:0")
    marked = ("-vf", "setparams=alpha_mode=premultiplied") if tracks_alpha_mode() else ()
    ffmpeg(*raw, *marked, "-c:v", "exr", str(tmp_path / "a.exr"), data=planes.tobytes())
    with VideoReader(tmp_path / "a.exr", keep_alpha=keep, background=over) as film:
        frame = next(film)
    seen = frame.array[24, [16, 48]] / 65535 * 255
    half = 188 if keep else 137 if over is None else 221  # linear .5, .25; half of it over white
    assert abs(seen[0, 1] - half) < 2
    assert film.transparency == (
        "transparency kept" if keep else f"transparent areas over {over or 'black'}"
    )
    if keep:
        assert frame.alpha is not None and frame.alpha[24, [16, 48]].tolist() == [32768, 0]
    else:
        assert abs(seen[1, 1] - (255 if over else 0)) < 1


def test_kept_alpha_is_turned_and_scaled_with_its_frame(tmp_path: Path) -> None:
    rgba = np.full((48, 64, 4), (90, 160, 60, 255), np.uint8)
    rgba[:, :32] = (255, 0, 255, 0)
    raw = ("-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", "64x48", "-i", "pipe:0")
    ffmpeg(*raw, "-c:v", "qtrle", "-pix_fmt", "argb", str(tmp_path / "b.mov"), data=rgba.tobytes())
    turn = ("-display_rotation", "90", "-i", str(tmp_path / "b.mov"), "-c", "copy")
    ffmpeg(*turn, str(tmp_path / "a.mov"))
    with VideoReader(tmp_path / "a.mov", width=24, keep_alpha=True) as film:
        frame = next(film)
    assert frame.alpha is not None and frame.array.shape == (32, 24, 3) == (*frame.alpha.shape, 3)
    assert frame.alpha[:14].min() == 255 and frame.alpha[18:].max() == 0
    assert np.abs(frame.array.astype(int) - (90, 160, 60)).max() <= 1


def test_alpha_that_the_decoder_leaves_is_said(make: Make) -> None:
    clip = make("a.webm", "-vf", "format=yuva420p", "-c:v", "libvpx-vp9", "-auto-alt-ref", "0")
    with VideoReader(clip) as film:
        assert film.warnings == ("the alpha channel is dropped",)
        assert film.info.has_alpha


def test_a_picture_with_a_palette_and_a_clear_colour_is_laid_over_black(tmp_path: Path) -> None:
    picture = Image.new("P", (20, 10), 1)
    picture.putpalette([255, 0, 255, 90, 160, 60])
    picture.paste(0, (10, 0, 20, 10))
    picture.save(tmp_path / "a.png", transparency=0)
    with VideoReader(tmp_path / "a.png") as film:
        assert next(film).array[5, [5, 15]].tolist() == [[90, 160, 60], [0, 0, 0]]
    assert (film.warnings, film.transparency) == ((), "transparent areas over black")


def test_a_gif_without_clear_pixels_says_nothing(make: Make) -> None:
    with VideoReader(make("a.gif")) as film:
        assert (film.warnings, film.transparency, film.info.has_alpha) == ((), "", False)


def test_mastering_data_that_is_lost_is_said(make: Make) -> None:
    display = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    hdr = ("-c:v", "libx265", "-x265-params", f"log-level=error:{display}:max-cll=1000,400")
    with VideoReader(make("a.mp4", "-pix_fmt", "yuv420p10le", *hdr)) as film:
        assert film.warnings == ("HDR10 mastering display and light level metadata is dropped",)


# --- pictures -------------------------------------------------------------------------------


def grey_pictures(folder: Path, names: dict[str, int]) -> None:
    folder.mkdir(exist_ok=True)
    for name, level in names.items():
        Image.new("RGB", (20, 10), (level, level, level)).save(folder / name)


def levels(path: Path, **options: object) -> list[int]:
    return [int(frame.array[0, 0, 0]) for frame in frames_of(path, **options)]


def test_a_folder_is_read_in_the_order_people_count(tmp_path: Path) -> None:
    grey_pictures(tmp_path / "f", {"x100.png": 100, "x9.png": 9, "x10.png": 10, ".x1.png": 1})
    (tmp_path / "f" / "notes.txt").write_text("no picture")
    assert levels(tmp_path / "f") == [9, 10, 100]
    assert [f.time for f in frames_of(tmp_path / "f", rate=Fraction(10))] == [
        Fraction(n, 10) for n in range(3)
    ]
    assert sorted(["a10b2", "a2b10", "a2b9"], key=natural_key) == ["a2b9", "a2b10", "a10b2"]


def test_a_pattern_is_read_by_number_and_its_gaps_are_reported(tmp_path: Path) -> None:
    names = {f"frame_{n:05d}.png": n * 10 for n in (7, 8, 10)}
    grey_pictures(tmp_path / "f", names)
    with VideoReader(tmp_path / "f" / "frame_%05d.png") as film:
        frames = list(film)
    assert [int(f.array[0, 0, 0]) for f in frames] == [70, 80, 100]
    assert [f.time * 24 for f in frames] == [0, 1, 3]
    assert film.damage is not None and "1 of 4 frames" in film.damage
    assert levels(tmp_path / "f" / "frame_%05d.png", start=Fraction(1, 24)) == [80, 100]


@pytest.mark.parametrize(
    ("numbers", "notes"),
    [
        ((1, 2, 4, 5, 6, 10), ("4 images are missing, the first number 3: the gap is skipped",)),
        ((8, 9, 11, 12), ("1 image is missing, the first number 10: the gap is skipped",)),
        ((8, 9, 10, 11), ()),
        ((2, 4, 6, 8), ()),
        ((7,), ()),
    ],
)
def test_gaps_in_the_numbers_of_a_folder_are_noted(
    tmp_path: Path, numbers: tuple[int, ...], notes: tuple[str, ...]
) -> None:
    grey_pictures(tmp_path / "f", {f"frame_{n}.png": n for n in numbers})
    with VideoReader(tmp_path / "f") as film:
        assert [int(f.array[0, 0, 0]) for f in film] == list(numbers)
    assert (film.damage, film.warnings) == (None, notes)


def test_pictures_of_two_sizes_are_refused(tmp_path: Path) -> None:
    grey_pictures(tmp_path / "f", {"a1.png": 1})
    Image.new("RGB", (30, 10)).save(tmp_path / "f" / "a2.png")
    for n in (3, 4):
        Image.new("RGB", (20, 10)).save(tmp_path / "f" / f"a{n}.png")
    with pytest.raises(
        UnreadableInput,
        match=r"f: 1 of 4 images are not 20x10, the size of most: a2.png \(30x10\); resize or",
    ):
        VideoReader(tmp_path / "f")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp", ".ppm", ".exr"])
def test_odd_sizes_are_found_in_the_headers_however_late_they_come(
    tmp_path: Path, suffix: str
) -> None:
    for n in range(1, 9):
        size = (30, 20) if n in (1, 8) else (20, 20)
        target = tmp_path / f"{n}{suffix}"
        if suffix == ".exr":
            options = ("-f", "lavfi", "-i", f"color=red:s={size[0]}x{size[1]}", "-frames:v", "1")
            ffmpeg(*options, "-pix_fmt", "gbrpf32le", str(target))
        else:
            Image.new("RGB", size).save(target)
    odd = rf"2 of 8 .* not 20x20, .* most: 1{suffix} \(30x20\), 8{suffix} \(30x20\)"
    for path in (tmp_path, tmp_path / f"%d{suffix}"):
        with pytest.raises(UnreadableInput, match=odd):
            VideoReader(path)


def test_of_many_odd_pictures_the_first_few_are_named(tmp_path: Path) -> None:
    for n in range(20):
        Image.new("RGB", (20 + (n < 8), 10)).save(tmp_path / f"{n}.png")
    with pytest.raises(UnreadableInput, match=r"0.png \(21x10\), .*4.png \(21x10\) and 3 more;"):
        VideoReader(tmp_path)


@pytest.mark.parametrize(
    ("names", "taken", "left"),
    [
        (
            ("f1.png", "f2.png", "f_depth1.png", "f_depth2.png"),
            "f1 f2",
            "f_depth1.png, f_depth2.png",
        ),
        (("1.png", "2.png", "depth_1.png", "depth_2.png"), "1 2", "depth_1.png, depth_2.png"),
        (("cover.png", "f1.png", "f2.png"), "f1 f2", "cover.png"),
        (("f1.png", "f2.png", "f3.JPG"), "f1 f2", "f3.JPG"),
        (("f1.jpg", "f2.jpeg", "f3.JPG"), "f1 f2 f3", ""),
        (("s1_f1.png", "s1_f2.png", "s2_f1.png"), "s1_f1 s1_f2 s2_f1", ""),
        (("lake.png", "sea.png"), "lake sea", ""),
    ],
)
def test_of_two_rows_in_a_folder_one_is_taken_and_the_other_named(
    tmp_path: Path, names: tuple[str, ...], taken: str, left: str
) -> None:
    order = taken.split()
    for name in names:
        stem = Path(name).stem
        shade = 10 * order.index(stem) if stem in order else 200
        Image.new("RGB", (20, 10), (shade,) * 3).save(tmp_path / name)
    with VideoReader(tmp_path) as film:
        shades = [int(frame.array.mean().round(-1)) for frame in film]
    assert shades == [10 * n for n in range(len(order))]
    count = left.count(",") + 1
    told = (f"{count} other image{'s are' if count > 1 else ' is'} left out: {left}",)
    assert film.warnings == (told if left else ())


def test_a_broken_picture_in_a_row_is_reported(tmp_path: Path) -> None:
    grey_pictures(tmp_path / "f", {"a1.png": 10, "a2.png": 20, "a3.png": 30})
    (tmp_path / "f" / "a2.png").write_bytes(b"no picture at all")
    with VideoReader(tmp_path / "f") as film:
        assert [int(f.array[0, 0, 0]) for f in film] == [10, 30]
    assert film.damage is not None and "1 of 3 frames" in film.damage
    assert film.damage.endswith("; unreadable: a2.png")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "100% %d.png"])
def test_a_single_picture_is_a_film_of_one_frame(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (20, 10), (200, 100, 50)).save(tmp_path / name)
    frames = frames_of(tmp_path / name)
    assert len(frames) == 1
    assert np.abs(frames[0].array[5, 5].astype(int) - (200, 100, 50)).max() <= 4


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_photograph_is_turned_upright_as_its_exif_asks(tmp_path: Path, orientation: int) -> None:
    across, down = np.meshgrid(np.arange(0, 240, 5), np.arange(0, 240, 10))
    picture = Image.fromarray(np.dstack([across, down, 0 * down]).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(tmp_path / "a.jpg", exif=exif, quality=95)
    with Image.open(tmp_path / "a.jpg") as saved:
        wanted = np.asarray(ImageOps.exif_transpose(saved)).astype(int)
    found = frames_of(tmp_path / "a.jpg")[0].array
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).mean() < 2


def test_a_picture_that_ffmpeg_does_not_decode_is_reported_for_what_it_is(tmp_path: Path) -> None:
    Image.new("1", (13000, 13000)).save(tmp_path / "wide.png")
    whole = (tmp_path / "wide.png").read_bytes()
    side = (60000).to_bytes(4, "big")
    head = whole[12:16] + side + side + whole[24:29]
    head += zlib.crc32(head).to_bytes(4, "big")
    (tmp_path / "wide.png").write_bytes(whole[:12] + head + whole[33:])
    with pytest.raises(UnreadableInput, match=r"wide.png: has more than 150,000,000 pixels"):
        frames_of(tmp_path / "wide.png")
    (tmp_path / "torn.webp").write_bytes(b"RIFF0000WEBP")
    with pytest.raises(UnreadableInput, match=r"torn.webp: not a"):
        frames_of(tmp_path / "torn.webp")
    (tmp_path / "b_1.png").write_bytes(b"no picture")
    with pytest.raises(UnreadableInput, match=r"b_%d.png: no frame can be decoded"):
        frames_of(tmp_path / "b_%d.png")


@pytest.mark.skipif("webp_anim" in av.formats_available, reason="this PyAV reads them")
def test_an_animated_webp_is_not_told_to_be_damaged(tmp_path: Path) -> None:
    pair = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    pair[0].save(tmp_path / "a.webp", save_all=True, append_images=pair[1:])
    with pytest.raises(UnreadableInput, match=r"this WEBP cannot be read as a film.*give a PNG"):
        frames_of(tmp_path / "a.webp")


def test_a_gif_keeps_its_times(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (20, 10), (n * 80, 0, 0)) for n in range(3)]
    path = tmp_path / "a.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[100, 250, 50])
    frames = frames_of(path)
    assert [frame.time for frame in frames] == [0, Fraction(1, 10), Fraction(35, 100)]
    assert [int(frame.array[0, 0, 0]) for frame in frames] == [0, 80, 160]


# --- damage ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_film_cut_off_in_the_middle_is_read_as_far_as_it_goes(make: Make, name: str) -> None:
    fast = ("-movflags", "+faststart") if name == "a.mp4" else ()
    clip = make(name, *fast, "-g", "12", source="testsrc2=size=96x64:rate=24:duration=4")
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 55 // 100])
    with VideoReader(clip) as film:
        count = len(list(film))
    assert 20 < count < 80
    assert film.damage is not None and "missing" in film.damage


def zero(clip: Path, *shares: tuple[int, int]) -> None:
    """Overwrite stretches of a file, told in percent, with zeros."""
    data = bytearray(clip.read_bytes())
    for first, last in shares:
        begin, end = (len(data) * share // 100 for share in (first, last))
        data[begin:end] = bytes(end - begin)
    clip.write_bytes(data)


def test_frames_lost_amid_a_film_without_an_index_are_counted(make: Make) -> None:
    clip = make("a.mkv", "-g", "12", source="testsrc2=size=96x64:rate=24:duration=4")
    zero(clip, (30, 35), (70, 80))
    with VideoReader(clip) as film:
        lost = 96 - len(list(film))
    assert lost > 5
    assert film.damage is not None and film.damage.startswith(f"{lost} of 96 frames are missing")


def test_frames_left_out_without_a_sign_of_damage_are_noted(make: Make) -> None:
    drop = ("-vf", "select=not(between(n\\,12\\,16))", "-fps_mode", "passthrough")
    source = "testsrc2=size=64x48:rate=24:duration=2"
    with VideoReader(make("a.mkv", *drop, source=source)) as film:
        assert len(list(film)) == 43
    assert film.damage is None
    assert film.warnings == (
        "5 frames are missing from 0.458 s on: dropped when the file was made, or damaged",
    )
    some = ("-vf", "select=not(mod(n\\,5))+mod(n\\,3)", "-fps_mode", "passthrough")
    with VideoReader(make("b.mkv", *some, source=source)) as film:
        assert len(list(film)) < 43
    assert (film.damage, film.warnings) == (None, ())


def test_damage_is_reported_at_the_seconds_of_the_film(make: Make) -> None:
    clip = make("a.ts", "-g", "12", source="testsrc2=size=96x64:rate=24:duration=2")
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    with VideoReader(clip) as film:  # whose clock begins at 1.4 s
        last = list(film)[-1].time
    found = re.search(r"from (.*) s on", film.damage or "")
    assert found is not None and abs(float(found[1]) - float(last)) < 0.3


def test_a_flash_film_with_sound_that_is_cut_off_tells_how_much_is_missing(make: Make) -> None:
    sound = "sine=frequency=440:duration=4"
    source = "testsrc2=size=96x64:rate=24:duration=4"
    clip = make("a.flv", "-c:v", "libx264", "-ar", "44100", source=source, sound=sound)
    with VideoReader(clip) as film:
        assert len(list(film)) == 96
    assert film.damage is None
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    with VideoReader(clip) as film:
        last = list(film)[-1].time
    found = re.search(r"the last (.*) s are missing", film.damage or "")
    assert found is not None and abs(float(found[1]) + float(last) - 4) < 0.3


def test_a_stream_that_begins_midway_is_passed_over(make: Make) -> None:
    source, sound = f"{MOVING[:-1]}4", f"{TONE[:-1]}4"
    mp3 = ("-c:a", "libmp3lame", "-ar", "44100")
    clip = make("a.flv", "-c:v", "flv", *mp3, source=source, sound=sound)
    data, place = clip.read_bytes(), 13
    for _ in range(120):  # tags: a kind, a length, 7 bytes, data, the length of it all
        place += 15 + int.from_bytes(data[place + 1 : place + 4], "big")
    aac, size, stamp = b"\xaf\x01\0\0", (4).to_bytes(3, "big"), data[place + 4 : place + 8]
    tag = b"\x08" + size + stamp + bytes(3) + aac + (15).to_bytes(4, "big")
    clip.write_bytes(data[:place] + tag + data[place:])
    with VideoReader(clip) as film:
        assert len(list(film)) == 96
    assert film.damage is None


def test_the_empty_packets_of_an_avi_are_no_lost_frames(make: Make) -> None:
    drop = ("-vf", "select=not(between(n\\,12\\,16))", "-fps_mode", "passthrough")
    with VideoReader(make("a.avi", "-c:v", "mpeg4", *drop)) as film:
        assert [frame.time * 24 for frame in film] == [*range(12), *range(17, 24)]
    assert (film.damage, film.info.frames) == (None, 19)


def test_the_empty_packets_of_theora_are_no_lost_frames(make: Make) -> None:
    with VideoReader(make("a.ogv", "-c:v", "libtheora", "-q:v", "7")) as film:
        shown = [frame.time * 24 for frame in film]
    assert (shown[0], shown[-1], len(shown) < 24) == (0, 23, True)  # most stay for a while
    assert film.damage is None


def test_sound_that_outlasts_the_picture_of_a_wmv_is_no_damage(make: Make) -> None:
    with VideoReader(make("a.wmv", sound=f"{TONE[:-1]}3")) as film:
        assert len(list(film)) == 24
    assert film.damage is None


def test_an_mp4_without_its_index_says_so(make: Make) -> None:
    clip = make("a.mp4")
    clip.write_bytes(clip.read_bytes()[:3000])
    with pytest.raises(UnreadableInput, match="moov"):
        VideoReader(clip)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_bytes_never_stop_the_reading(make: Make, seed: int) -> None:
    clip = make("a.mp4", "-movflags", "+faststart", source="testsrc2=size=96x64:rate=24:duration=2")
    data = bytearray(clip.read_bytes())
    begin, dice = data.index(b"mdat") + 2000, random.Random(seed)
    for _ in range(60):
        data[dice.randrange(begin, len(data))] = dice.randrange(256)
    clip.write_bytes(data)
    runs = []
    for _ in range(2):
        with VideoReader(clip) as film:
            runs.append([(frame.time, frame.array.tobytes()) for frame in film])
        assert (film.damage is not None and "damaged" in film.damage) or "missing" in film.damage
    assert len(runs[0]) > 24
    assert all(a < b for (a, _), (b, _) in zip(runs[0], runs[0][1:], strict=False))
    assert runs[0] == runs[1]


# --- what cannot be read ----------------------------------------------------------------------


def missing(path: Path) -> None:
    path.unlink(missing_ok=True)


def words(path: Path) -> None:
    path.write_text("This is a letter, not a film.\n" * 50)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(5000))


def script(path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", MOVING, str(path.with_name("neighbour.mp4")))
    path.write_text("ffconcat version 1.0\nfile neighbour.mp4\n")


def playlist(path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", MOVING, str(path.with_name("neighbour.ts")))
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nneighbour.ts\n#EXT-X-ENDLIST\n")


def sound_only(path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", TONE, "-c:a", "aac", str(path))


def cover_only(path: Path) -> None:
    song, cover = path.with_name("song.m4a"), path.with_name("cover.png")
    Image.new("RGB", (20, 20)).save(cover)
    ffmpeg("-f", "lavfi", "-i", TONE, "-c:a", "aac", str(song))
    ffmpeg(
        *("-i", str(song), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy"),
        *("-disposition:v", "attached_pic", str(path)),
    )


@pytest.mark.parametrize(
    "spoil", [missing, words, empty, zeros, script, playlist, sound_only, cover_only]
)
def test_what_is_no_film_is_refused_in_one_line(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    path = tmp_path / "clip.mp4"
    spoil(path)
    with pytest.raises(UnreadableInput) as told:
        VideoReader(path)
    assert "clip.mp4" in str(told.value)
    assert "\n" not in str(told.value)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="no images"):
        VideoReader(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["a b.mp4", 'it\'s "so".mp4', "-y.mp4", "a:b.mp4", "träume 夢.mp4", "50%d.mp4", "a,b;c.mp4"],
)
def test_any_name_will_do(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shutil.move(make("plain.mp4"), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(frames_of(Path(name))) == 24


# --- reading ahead ----------------------------------------------------------------------------


def test_closing_midway_ends_the_thread_at_once(
    make: Make, monkeypatch: pytest.MonkeyPatch, begun: Callable[..., set[str]]
) -> None:
    clip = make("a.mp4", source="testsrc2=size=640x360:rate=24:duration=3")
    read: list[object] = []
    monkeypatch.setattr(
        "dreamvid.media.reader.rgb_array", lambda *said: read.append(said) or rgb_array(*said)
    )
    with VideoReader(clip) as film:
        next(film)
        assert begun("prefetch")
    assert not begun("prefetch")
    assert len(read) < 24  # of 72 frames: what waits, and one


def test_reading_ahead_is_bounded(make: Make) -> None:
    clip = make("a.mp4", source="testsrc2=size=64x48:rate=24:duration=4")
    with VideoReader(clip) as film:
        next(film)
        time.sleep(0.3)
        assert film._prefetcher is not None
        assert film._prefetcher._queue.qsize() <= 16


def test_an_error_of_the_thread_reaches_the_caller(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make("a.mp4")
    with VideoReader(clip) as film:

        def fail(*_: object) -> None:
            raise MemoryError("no room")

        monkeypatch.setattr("dreamvid.media.reader.rgb_array", fail)
        with pytest.raises(MemoryError, match="no room"):
            list(film)
        with pytest.raises(StopIteration):
            next(film)


def test_times_agree_with_the_file(make: Make) -> None:
    clip = make("a.mp4")
    assert [frame.time for frame in frames_of(clip)] == times(clip)
