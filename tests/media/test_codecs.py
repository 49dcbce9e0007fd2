"""The table of codecs: what every row must hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamvid.media.codecs import BY_NAME, CODECS, OTHER_WORDS, USUAL, Codec
from dreamvid.media.formats import CONTAINERS, part_codec, usual_codec

EACH = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)


@EACH
def test_a_codec_has_a_format_for_eight_bits_or_is_deep(codec: Codec) -> None:
    assert codec.pixels and set(codec.pixels) <= {8, 10}
    for bits in (8, 10):
        assert codec.pixel_format(bits) in codec.pixels.values()
        assert codec.is_deep(bits) == (codec.pixel_format(bits) != codec.pixels.get(8))


@EACH
def test_alpha_comes_at_the_depths_of_the_colours(codec: Codec) -> None:
    if codec.alpha:
        assert set(codec.alpha) == set(codec.pixels)
        for bits in (8, 10):
            assert codec.pixel_format(bits, alpha=True) in codec.alpha.values()


@EACH
def test_a_codec_names_alternatives_that_exist(codec: Codec) -> None:
    assert codec.near and codec.name not in codec.near
    assert all(name in CODECS for name in codec.near)


@EACH
def test_suffixes_fit_a_container_or_pictures(codec: Codec) -> None:
    assert codec.suffixes and all(suffix.startswith(".") for suffix in codec.suffixes)
    if codec.pictures is None:
        assert set(codec.suffixes) <= set(CONTAINERS)
    else:
        assert not set(codec.suffixes) & set(CONTAINERS)


@EACH
def test_quality_is_within_its_scale(codec: Codec) -> None:
    assert codec.crf is None or 0 < codec.crf < codec.top_crf


@EACH
def test_sizes_between_the_limits_are_held_and_others_not(codec: Codec) -> None:
    for size in (codec.smallest, codec.largest, (640, 480)):
        assert codec.holds(size)
    (least, low), (most, high) = codec.smallest, codec.largest
    for size in ((least - 1, 480), (640, low - 1), (most + 1, 480), (640, high + 1)):
        assert not codec.holds(size)


@EACH
def test_frames_without_times_are_those_of_hap_and_of_files(codec: Codec) -> None:
    numbered = codec.pictures is not None and codec.pictures.numbered
    assert codec.even == (codec.name.startswith("hap") or numbered)


@pytest.mark.parametrize(
    ("name", "bits", "alpha", "pixels"),
    [
        ("h264", 10, False, "yuv420p"),
        ("h265", 8, False, "yuv420p"),
        ("h265", 10, False, "yuv420p10le"),
        ("h265", 12, False, "yuv420p10le"),
        ("prores4444", 8, True, "yuva444p10le"),
        ("webm", 8, True, "yuva420p"),
        ("ffv1", 10, True, "gbrap16le"),
        ("hap-alpha", 10, True, "rgba"),
        ("png16", 8, False, "gbrp16le"),
        ("gif", 10, True, "bgra"),
    ],
)
def test_a_film_is_rounded_to_the_depth_of_its_codec(
    name: str, bits: int, alpha: bool, pixels: str
) -> None:
    assert CODECS[name].pixel_format(bits, alpha=alpha) == pixels


@pytest.mark.parametrize(
    ("path", "codec", "part"),
    [
        ("a.mp4", "h264", "h264"),
        ("a.gif", "h264", "gif"),
        ("a.GIF", "prores", "gif"),
        ("a.png", "apng", "apng"),
        ("a_%05d.png", "h264", "png"),
        ("a_%05d.png", "png16", "png16"),
        ("a_%05d.exr", "png", "png"),
        ("a.mkv", "nosuch", "nosuch"),
    ],
)
def test_the_suffix_of_pictures_wins_over_a_codec_of_films(
    path: str, codec: str, part: str
) -> None:
    assert part_codec(Path(path), codec) == part


@pytest.mark.parametrize(("path", "codec"), [("a.webm", "webm"), ("a.WEBM", "webm"), ("a", "h264")])
def test_the_usual_codec_follows_the_suffix(path: str, codec: str) -> None:
    assert usual_codec(Path(path)) == codec


def test_names_of_other_tools_lead_to_codecs() -> None:
    for table in (BY_NAME, USUAL, OTHER_WORDS):
        assert set(table.values()) <= set(CODECS)
    assert not set(OTHER_WORDS) & set(CODECS)
    for suffix, name in (BY_NAME | USUAL).items():
        assert suffix in CODECS[name].suffixes
