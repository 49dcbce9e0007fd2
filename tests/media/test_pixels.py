"""From RGB frames to a codec: sizes, formats, and the tags that go with them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from dreamvid.media import pixels
from dreamvid.media.codecs import CODECS
from dreamvid.media.info import Colour, FilmInfo
from dreamvid.media.pixels import padded_size, raw_format, to_codec

LIKE = FilmInfo.plain(64, 48, Fraction(25))


@pytest.mark.parametrize(
    ("deep", "alpha", "name"),
    [
        (False, False, "rgb24"),
        (False, True, "rgba"),
        (True, False, "rgb48le"),
        (True, True, "rgba64le"),
    ],
)
def test_frames_are_passed_in_a_format_that_loses_nothing(
    deep: bool, alpha: bool, name: str
) -> None:
    assert raw_format(deep=deep, alpha=alpha) == name


@pytest.mark.parametrize(
    ("codec", "size", "padded"),
    [
        ("h264", (64, 48), (64, 48)),
        ("h264", (63, 47), (64, 48)),
        ("prores", (63, 47), (64, 47)),
        ("hap", (61, 45), (64, 48)),
        ("ffv1", (63, 47), (63, 47)),
        ("gif", (63, 47), (63, 47)),
    ],
)
def test_sizes_are_padded_only_as_far_as_needed(
    codec: str, size: tuple[int, int], padded: tuple[int, int]
) -> None:
    assert padded_size(CODECS[codec], size) == padded
    steps = to_codec(CODECS[codec], LIKE, size)
    assert any(step.startswith("pad=") for step in steps) == (padded != size)
    if padded != size:
        edge = f"right={padded[0] - size[0]}:bottom={padded[1] - size[1]}"
        assert steps[:2] == [f"pad={padded[0]}:{padded[1]}", f"fillborders={edge}:mode=smear"]


@pytest.mark.parametrize("name", [name for name, codec in CODECS.items() if codec.rgb])
def test_codecs_of_rgb_need_no_matrix(name: str) -> None:
    steps = to_codec(CODECS[name], LIKE, (64, 48))
    assert len(steps) == 2 and "colorspace" not in steps[1]
    assert steps[1] == "setparams=color_primaries=bt709:color_trc=bt709"


@pytest.mark.parametrize(
    ("bits", "codec", "last"),
    [(8, "h264", "yuv420p"), (10, "h264", "yuv420p"), (10, "h265", "yuv420p10le")],
)
def test_the_pixel_format_follows_the_bits_that_the_codec_has(
    bits: int, codec: str, last: str
) -> None:
    steps = to_codec(CODECS[codec], replace(LIKE, bits=bits), (64, 48))
    assert f"format={last}" in steps


@pytest.mark.parametrize("zscale", [True, False])
@pytest.mark.parametrize(("full", "span"), [(True, "full"), (False, "limited")])
def test_matrix_and_range_are_applied_and_tagged(
    zscale: bool, full: bool, span: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "filters", lambda: {"zscale"} if zscale else set())
    like = replace(LIKE, colour=Colour("smpte170m", "bt470bg", "smpte170m", full))
    steps = to_codec(CODECS["h264"], like, (64, 48))
    assert steps[-1] == (
        f"setparams=colorspace=smpte170m:range={span}:color_primaries=bt470bg:color_trc=smpte170m"
    )
    scale = next(step for step in steps if step.startswith("scale="))
    assert f"out_range={span}" in scale and "out_color_matrix=smpte170m" in scale
    if zscale:
        assert steps[0] == f"zscale=matrix=6:range={span}:dither=none"
        assert f"in_range={span}" in scale
    else:
        assert "in_range" not in scale and steps[0] is scale


def test_missing_tags_are_written_as_unknown_and_the_matrix_is_guessed_by_the_lines() -> None:
    for lines, matrix in ((480, "smpte170m"), (720, "bt709")):
        like = replace(LIKE, height=lines, colour=Colour())
        steps = to_codec(CODECS["h264"], like, (64, lines))
        assert any(f"out_color_matrix={matrix}" in step for step in steps)
        assert "colorspace=unknown:range=unknown:color_primaries=unknown" in steps[-1]
