"""Checks of masks before any work: what cannot be is refused, and what a summary says."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import texture

from dreamvid.commands.mask_checks import all_mask_files, follows_motion, held_masks
from dreamvid.commands.preflight import check_image, check_video
from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.image import to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.media.writer import VideoWriter
from dreamvid.settings.models import ImageSettings, VideoSettings


def write(path: Path, level: Callable[[int], int | None], count: int = 8) -> Path:
    """A film at 25 frames a second of plain frames, or of a texture where there is no level."""
    with VideoWriter(path, like=FilmInfo.plain(64, 48, Fraction(25), count), codec="ffv1") as out:
        for n in range(count):
            shade = level(n)
            array = texture() if shade is None else np.full((48, 64, 3), shade, np.uint8)
            out.write(to_image(array), n / Fraction(25))
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write(tmp_path / "in.mkv", lambda n: None)


@pytest.mark.parametrize(
    ("mask", "error", "told"),
    [
        ("gone.png", UnreadableInput, "gone.png: no such file"),
        ("gone.mp4", UnreadableInput, "gone.mp4: no such file"),
        ("black.png", UsageError, "nothing would be dreamed"),
        ("wide.png", UsageError, "a mask of 80x20 has another shape than 64x48"),
        ("0:(gone.png), 1:(moving)", UnreadableInput, "gone.png: no such file"),
    ],
)
def test_a_mask_is_checked_before_anything_is_made(
    mask: str, error: type[Exception], told: str, film: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Image.new("L", (64, 48)).save("black.png")
    Image.new("L", (80, 20), 255).save("wide.png")
    before = sorted(tmp_path.iterdir())
    for tables in ({"mask": {"mask": mask}}, {"region": [{"mask": mask}, {"mask": "still"}]}):
        with pytest.raises(error, match=told):
            check_video(film, tmp_path / "out.mkv", VideoSettings.checked(tables))
    assert sorted(tmp_path.iterdir()) == before


def test_a_black_mask_may_be_part_of_a_schedule(film: Path, tmp_path: Path) -> None:
    Image.new("L", (64, 48)).save(tmp_path / "black.png")
    text = f"0:({tmp_path / 'black.png'}), 4:(moving, linear)"
    settings = VideoSettings.checked({"mask": {"mask": text}})
    check_video(film, tmp_path / "out.mkv", settings).reader.close()


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        ("moving", "mask: nothing moves in a single picture; give a picture or inside:LEFT"),
        ("!still", "mask: nothing moves in a single picture"),
        ("in.mkv", "in.mkv: a film cannot mask a single picture; give a picture"),
        ("0:(inside:0,0,1,1), 1:(inside:0,0,.5,1)", "mask: schedules are not allowed for a single"),
    ],
)
def test_a_picture_has_neither_motion_nor_time(
    mask: str, told: str, film: Path, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for tables in ({"mask": {"mask": mask}}, {"region": [{"mask": mask}]}):
        with pytest.raises(UsageError) as caught:
            check_image(picture, tmp_path / "out.png", ImageSettings.checked(tables))
        assert str(caught.value).startswith(told)


def test_motion_needs_flow(film: Path, tmp_path: Path) -> None:
    settings = VideoSettings.checked({"mask": {"mask": "moving"}, "motion": {"flow": "none"}})
    with pytest.raises(UsageError, match="flow: masks that follow motion need it; use --flow dis"):
        check_video(film, tmp_path / "out.mkv", settings)


def test_a_mask_is_never_overwritten(film: Path, picture: Path, tmp_path: Path) -> None:
    for name in ("m.png", "m.mkv"):
        (tmp_path / name).touch()
    told = "the output is a mask file; use another name"
    table = {"region": [{"mask": str(tmp_path / "m.mkv")}]}
    with pytest.raises(UsageError, match=told):
        check_video(film, tmp_path / "m.mkv", VideoSettings.checked(table), overwrite=True)
    table = {"region": [{"mask": f"!{tmp_path / 'm.png'}"}]}
    with pytest.raises(UsageError, match=told):
        check_image(picture, tmp_path / "m.png", ImageSettings.checked(table), overwrite=True)


def test_the_dream_of_every_region_is_checked(film: Path, picture: Path, tmp_path: Path) -> None:
    for wrong, told in (
        ({"layer": ["nowhere"]}, "no layer 'nowhere'"),
        ({"guide": "gone.png"}, "gone.png: no such file"),
    ):
        table = {"region": [wrong, {"mask": "inside:0,0,.5,1"}]}
        with pytest.raises((UsageError, UnreadableInput), match=told):
            check_video(film, tmp_path / "out.mkv", VideoSettings.checked(table))
        with pytest.raises((UsageError, UnreadableInput), match=told):
            check_image(picture, tmp_path / "out.png", ImageSettings.checked(table))
    table = {"region": [{"strength": "0:(1), 5:(nowhere)"}, {"mask": "still"}]}
    with pytest.raises(UsageError, match="nowhere"):
        check_video(film, tmp_path / "out.mkv", VideoSettings.checked(table))


def test_a_summary_says_what_is_dreamed_where(film: Path, tmp_path: Path) -> None:
    table = {"region": [{"layer": "patterns"}, {"mask": "moving", "layer": "objects"}]}
    with check_video(film, tmp_path / "out.mkv", VideoSettings.checked(table)).reader:
        said = check_video(film, tmp_path / "out.mkv", VideoSettings.checked(table)).summary
    (network,) = VideoSettings().network.model
    assert said.endswith(
        f"; dreams with {network}, patterns; dreams with {network}, objects in moving"
    )


def test_a_reader_says_where_it_begins(film: Path) -> None:
    for start, begins in ((None, 0), (Fraction(1, 10), Fraction(3, 25))):
        with VideoReader(film, start=start) as reader:
            assert reader.begins == begins


def test_files_and_motion_of_all_regions_are_known() -> None:
    table = {"region": [{}, {"mask": "0:(a.png), 1:(moving)"}, {"mask": "!b.mp4"}]}
    settings = VideoSettings.checked(table)
    assert all_mask_files(settings) == (Path("a.png"), Path("b.mp4"))
    assert follows_motion(settings)
    assert not follows_motion(VideoSettings.checked({"mask": {"mask": "moving.png"}}))
    assert not follows_motion(VideoSettings())


@pytest.mark.parametrize(("count", "held"), [(4, True), (7, True), (8, False), (20, False)])
def test_a_mask_film_is_held_if_it_ends_before_the_last_frame(
    count: int, held: bool, film: Path, tmp_path: Path
) -> None:
    matte = write(tmp_path / "m.mkv", lambda n: 255, count)
    settings = VideoSettings.checked({"mask": {"mask": str(matte)}})
    for start, frames in ((None, None), (Fraction(1, 10), None)):
        with VideoReader(film, start=start, frames=frames) as reader:
            told = held_masks(settings, reader)
        assert bool(told) == held
    if held:
        assert told == (f"{matte} ends after {count / 25:.3g} s; its last frame is held",)
