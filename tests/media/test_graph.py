"""The graph that makes RGB of decoded frames."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from dreamvid.media.curves import from_linear
from dreamvid.media.graph import LINEAR, LINEAR_ALPHA, LUMA_WEIGHTS, FrameGraph, Look, rgb_array

WIDTH, HEIGHT = 32, 16
BASE = Fraction(1, 25)


def converted(frame: VideoFrame, look: Look) -> NDArray[np.generic]:
    graph = FrameGraph(frame, BASE, look)
    frame.pts = 0
    found = [*graph.push(frame), *graph.push(None)]
    assert len(found) == 1
    return rgb_array(found[0], look)


def flat_yuv(pixels: str, *levels: int) -> VideoFrame:
    """A frame of one colour, given by the level of each plane."""
    frame = VideoFrame(WIDTH, HEIGHT, pixels)
    for plane, level in zip(frame.planes, levels, strict=True):
        kind = np.uint8 if plane.line_size < 2 * plane.width else np.uint16
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, level, kind).tobytes())
    return frame


@pytest.mark.parametrize("matrix", LUMA_WEIGHTS)
@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deep_grey_is_grey_by_every_matrix(matrix: str, bits: int) -> None:
    unit, pixels = 1 << (bits - 8), f"yuv444p{bits}le"
    look = Look(WIDTH, HEIGHT, matrix, full_range=False, deep=pixels)
    for luma, level in ((16, 0), (126, 128.08), (235, 255)):
        rgb = converted(flat_yuv(pixels, luma * unit, 128 * unit, 128 * unit), look)
        assert rgb.dtype == np.uint16 and rgb.shape == (HEIGHT, WIDTH, 3)
        assert np.abs(rgb / 257 - level).max() < 0.02


@pytest.mark.parametrize("matrix", LUMA_WEIGHTS)
def test_a_deep_colour_comes_out_of_its_matrix(matrix: str) -> None:
    kr, kb = LUMA_WEIGHTS[matrix]
    red, green, blue = 0.8, 0.4, 0.2
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    planes = luma, (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))
    for full in (False, True):
        scale, offset = (65535, 0) if full else (219 * 256, 16 * 256)
        chroma = 65535 if full else 224 * 256
        levels = [round(planes[0] * scale + offset)]
        levels += [round(plane * chroma + 128 * 256) for plane in planes[1:]]
        look = Look(WIDTH, HEIGHT, matrix, full_range=full, deep="yuv444p16le")
        rgb = converted(flat_yuv("yuv444p16le", *levels), look)[0, 0] / 65535
        assert np.abs(rgb - (red, green, blue)).max() < 1e-4


def test_eight_bits_of_limited_range_fill_the_range() -> None:
    look = Look(WIDTH, HEIGHT, "bt709", full_range=False)
    for luma, level in ((16, 0), (235, 255), (126, 128)):
        rgb = converted(flat_yuv("yuv420p", luma, 128, 128), look)
        assert rgb.dtype == np.uint8 and np.abs(rgb.astype(int) - level).max() <= 1


@pytest.mark.parametrize("deep", ["", "rgba64le"])
def test_alpha_stays_straight_beside_the_colours(deep: str) -> None:
    top = 65535 if deep else 255
    array = np.full((HEIGHT, WIDTH, 4), top // 5, np.uint16 if deep else np.uint8)
    array[..., 3] = top // 3
    frame = VideoFrame.from_ndarray(array, format=deep or "rgba")
    rgba = converted(frame, Look(WIDTH, HEIGHT, "bt709", True, deep=deep, alpha=True))
    assert np.array_equal(rgba, array)


def test_deep_yuv_has_its_alpha_as_a_share() -> None:
    pixels = "yuva444p10le"
    look = Look(WIDTH, HEIGHT, "bt709", full_range=False, deep=pixels, alpha=True)
    rgba = converted(flat_yuv(pixels, 235 * 4, 512, 512, 341), look)
    assert rgba.shape == (HEIGHT, WIDTH, 4)
    assert rgba[0, 0].tolist() == [65535, 65535, 65535, round(341 / 1023 * 65535)]


def test_linear_light_is_encoded_and_alpha_divided_off() -> None:
    planes = np.full((HEIGHT, WIDTH, 4), 0.25, np.float32)
    planes[..., 3] = 0.5
    planes[0, 0] = 0
    planes[0, 1] = (np.nan, 9, -1, np.nan)
    frame = VideoFrame.from_ndarray(planes, format="gbrapf32le")
    look = Look(WIDTH, HEIGHT, "bt709", True, deep=LINEAR_ALPHA, alpha=True)
    rgba = converted(frame, look)
    half = int(from_linear(np.array([0.5], np.float32))[0])
    assert rgba[5, 5].tolist() == [half, half, half, 32768]
    assert rgba[0, 0].tolist() == [0, 0, 0, 0] and rgba[0, 1, 3] == 0
    plain = VideoFrame.from_ndarray(planes[..., :3].copy(), format="gbrpf32le")
    quarter = int(from_linear(np.array([0.25], np.float32))[0])
    rgb = converted(plain, Look(WIDTH, HEIGHT, "bt709", True, deep=LINEAR))
    assert rgb[5, 5].tolist() == [quarter] * 3


def test_frames_are_scaled_then_turned() -> None:
    array = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    array[:, : WIDTH // 2] = 200
    look = Look(16, 8, "bt709", True, turn=("transpose=clock",))
    rgb = converted(VideoFrame.from_ndarray(array, format="rgb24"), look)
    assert rgb.shape == (16, 8, 3) and rgb[2].min() > 190 and rgb[13].max() < 10


@pytest.mark.parametrize(
    ("look", "names"),
    [
        (Look(8, 8, "bt709", True), ["scale", "format"]),
        (Look(8, 8, "bt709", True, deinterlace=True), ["bwdif", "scale", "format"]),
        (
            Look(8, 8, "bt709", True, turn=("hflip", "transpose=clock")),
            ["scale", "format", "hflip", "transpose"],
        ),
    ],
)
def test_the_filters_come_in_order(look: Look, names: list[str]) -> None:
    steps = look.steps()
    assert [name for name, _ in steps] == names
    assert dict(steps)["scale"].startswith("w=8:h=8:flags=")


@pytest.mark.parametrize(
    ("deep", "alpha", "pixels", "span"),
    [
        ("", False, "rgb24", ":out_range=full"),
        ("", True, "rgba", ":out_range=full"),
        ("rgb48le", False, "rgb48le", ":out_range=full"),
        ("yuv444p10le", False, "yuv444p10le", ":out_color_matrix=bt601:out_range=limited"),
    ],
)
def test_deep_yuv_leaves_the_graph_as_yuv(deep: str, alpha: bool, pixels: str, span: str) -> None:
    steps = dict(Look(8, 8, "bt601", False, deep=deep, alpha=alpha).steps())
    assert steps["format"] == f"pix_fmts={pixels}" and steps["scale"].endswith(span)
