"""Masks as they are written: boxes, files and motion, inverted, by a schedule; and regions."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dreamvid.errors import UsageError
from dreamvid.settings.mask_text import Mask, mask_files, masks_in, parse_mask
from dreamvid.settings.models import ImageSettings, VideoSettings
from dreamvid.settings.regions import MaskSettings, RegionSettings
from dreamvid.settings.toml import to_toml, write_toml


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("matte.png", Mask(path=Path("matte.png"))),
        (" ! matte.mp4 ", Mask(path=Path("matte.mp4"), inverted=True)),
        ("moving", Mask()),
        ("still", Mask(inverted=True)),
        ("!moving", Mask(inverted=True)),
        ("!still", Mask()),
        ("./moving", Mask(path=Path("moving"))),
        ("inside:0,.25,1,0.5", Mask(box=(0, 0.25, 1, 0.5))),
        ("!inside: 0.1, 0.2, 0.9, 0.8", Mask(box=(0.1, 0.2, 0.9, 0.8), inverted=True)),
        ("inside:0,0,1,1", Mask(box=(0, 0, 1, 1))),
    ],
)
def test_a_mask_is_a_file_a_box_or_what_moves(text: str, mask: Mask) -> None:
    assert parse_mask(text) == mask
    assert mask.follows_motion == (mask.box is None and mask.path is None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "mask: no mask is named; give a file, moving or still"),
        ("!", "mask: no mask is named"),
        ("inside:", "mask: cannot read 'inside:'; write inside:LEFT,TOP,WIDTH,HEIGHT"),
        ("inside:0,0,1", "mask: cannot read 'inside:0,0,1'"),
        ("inside:0,0,1,1,1", "mask: cannot read"),
        ("inside:a,0,1,1", "mask: cannot read"),
        ("inside:0.5,0,0.6,1", "mask: 'inside:0.5,0,0.6,1' is not inside the picture; give shares"),
        ("inside:-0.1,0,1,1", "is not inside the picture"),
        ("inside:0,0,0,1", "is not inside the picture"),
        ("inside:0,0,nan,1", "is not inside the picture"),
        ("inside:10,10,200,100", "give shares of its width and height, 0 to 1"),
        ("!inside:0,0,1,1", "nothing would be dreamed; leave ! out"),
    ],
)
def test_a_mask_that_cannot_be_is_told_in_a_line(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_mask(text)
    assert told in str(caught.value)
    for model in (MaskSettings, RegionSettings):
        with pytest.raises(UsageError) as caught:
            model.checked({"mask": text})
        assert told in str(caught.value)


def test_a_schedule_names_all_its_masks() -> None:
    text = "0:(inside:0,0,.5,1), 2s:(!a.png, linear), 4s:(moving), 5s:(b.mp4), 6s:(a.png)"
    assert masks_in(text) == ("inside:0,0,.5,1", "!a.png", "moving", "b.mp4", "a.png")
    assert mask_files(text) == (Path("a.png"), Path("b.mp4"))
    assert masks_in(None) == mask_files(None) == mask_files("still") == ()
    with pytest.raises(UsageError, match="not inside the picture"):
        MaskSettings.checked({"mask": "0:(moving), 1s:(inside:0,0,2,2)"})


@pytest.mark.parametrize("feather", [-0.1, 0.6, "wide"])
def test_a_feather_is_a_share_of_the_height(feather: object) -> None:
    with pytest.raises(UsageError, match="feather"):
        MaskSettings.checked({"feather": feather})


def settings(**tables: Any) -> VideoSettings:
    return VideoSettings.checked(tables)


def test_a_region_takes_what_it_does_not_say_from_the_dream() -> None:
    made = settings(
        dream={"strength": 2.0, "layer": ["parts"], "seed": 7},
        region=[
            {"mask": "sky.png", "strength": 0.5},
            {"mask": "!sky.png", "label": "owl", "feather": 0.1},
        ],
    )
    (sky, first), (ground, second) = made.regions
    assert (sky.mask, sky.feather, ground.mask, ground.feather) == (
        "sky.png", MaskSettings().feather, "!sky.png", 0.1,
    )  # fmt: skip
    assert (first.strength, first.layer, first.seed) == (0.5, ("parts",), 7)
    assert (second.strength, second.layer, second.label) == (2.0, (), "owl")
    assert first.octave_scale == made.dream.octave_scale


def test_without_regions_there_is_one_mask() -> None:
    made = settings(mask={"mask": "moving"}, dream={"strength": 2.0})
    assert made.regions == ((made.mask, made.dream),)
    assert ImageSettings().regions == ((MaskSettings(), ImageSettings().dream),)


@pytest.mark.parametrize("model", [VideoSettings, ImageSettings])
def test_only_the_first_region_may_be_without_a_mask(model: type[VideoSettings]) -> None:
    everywhere, part = {"strength": 2.0}, {"mask": "inside:0,0,0.5,1"}
    assert len(model.checked({"region": [everywhere, part]}).regions) == 2
    for hidden in ([part, everywhere], [everywhere, everywhere]):
        with pytest.raises(UsageError, match="region: one without a mask hides those above it"):
            model.checked({"region": hidden})


def test_a_mask_and_regions_exclude_each_other() -> None:
    told = "mask and region: give only one of them"
    for model in (VideoSettings, ImageSettings):
        with pytest.raises(UsageError, match=told):
            model.checked({"mask": {"mask": "moving"}, "region": [{"mask": "still"}]})
    with pytest.raises(ValidationError):
        VideoSettings(region=({"mask": "still", "width": 3},))  # type: ignore[arg-type]


def test_a_single_table_is_told_how_it_is_written() -> None:
    with pytest.raises(
        UsageError, match=r"region: must be a list: write \[\[region\]\] above each"
    ):
        settings(region={"mask": "still"})


def test_regions_are_written_as_they_were_given() -> None:
    """So that what is changed in [dream] when a film is repeated reaches them as well."""
    made = settings(dream={"strength": 2.0}, region=[{}, {"mask": "still", "layer": "parts"}])
    read = tomllib.loads(write_toml(to_toml(made)))
    assert read["region"] == [{}, {"mask": "still", "layer": ["parts"]}]
    assert settings(**read) == made
    read["dream"]["strength"] = 3.0
    assert [dream.strength for _, dream in settings(**read).regions] == [3.0, 3.0]
