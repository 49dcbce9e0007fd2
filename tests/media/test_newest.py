"""The newest frame of a run: whole, small, now and then, and never the end of a run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny import texture

from dreamvid.errors import OutputExists, UsageError
from dreamvid.image import read_picture, save_image, to_image
from dreamvid.media import newest
from dreamvid.media.newest import NewestFrame


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still, until a test moves it."""
    now = [100.0]
    monkeypatch.setattr(newest, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_the_first_frame_is_shown_at_once_and_others_now_and_then(
    tmp_path: Path, clock: list[float]
) -> None:
    shown = NewestFrame.of(tmp_path / "out.mp4")
    place = tmp_path / "out.mp4.preview.jpg"
    for level, seconds, seen in ((0.2, 0.0, 0.2), (0.5, 2.9, 0.2), (0.8, 0.2, 0.8)):
        clock[0] += seconds
        shown.show(torch.full((3, 16, 24), level))
        assert read_picture(place).mean() / 255 == pytest.approx(seen, abs=0.01)
    assert [path.name for path in tmp_path.iterdir()] == [place.name]
    shown.remove()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "frame",
    [
        to_image(texture(width=1400)),
        torch.cat([to_image(texture(width=1400)), torch.zeros(1, 48, 1400)]),
        texture(width=1400),
        texture(width=1400).astype(np.uint16) << 8,
    ],
)
def test_wide_frames_are_shown_smaller_with_their_colours(
    frame: torch.Tensor, tmp_path: Path
) -> None:
    NewestFrame(tmp_path / "a.jpg").show(frame)
    seen = read_picture(tmp_path / "a.jpg")
    assert seen.shape == (24, 700, 3)
    assert np.abs(seen.mean((0, 1)) - texture(width=1400).mean((0, 1))).max() < 3


def test_a_picture_of_the_user_is_neither_replaced_nor_deleted(tmp_path: Path) -> None:
    place = tmp_path / "out.mp4.preview.jpg"
    save_image(place, to_image(texture()))
    before = place.read_bytes()
    shown = NewestFrame.of(tmp_path / "out.mp4")
    shown.show(torch.zeros(3, 16, 16))
    shown.remove()
    assert place.read_bytes() == before
    with pytest.raises(OutputExists, match="another --preview"):
        NewestFrame.of(tmp_path / "out.mp4", place)


def test_one_that_a_stopped_run_has_left_is_replaced(tmp_path: Path) -> None:
    NewestFrame(tmp_path / "a.jpg").show(torch.zeros(3, 16, 16))
    again = NewestFrame.of(tmp_path / "out.mp4", tmp_path / "a.jpg")
    again.show(torch.ones(3, 16, 16))
    assert read_picture(tmp_path / "a.jpg").min() > 250


def test_a_folder_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    shown = NewestFrame(tmp_path / "sub" / "a.jpg")
    (tmp_path / "sub").rmdir()
    shown.show(torch.zeros(3, 16, 16))
    shown.remove()
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_if_it_is_off(tmp_path: Path) -> None:
    shown = NewestFrame.of(tmp_path / "out.mp4", off=True)
    shown.show(torch.zeros(3, 16, 16))
    assert not list(tmp_path.iterdir())


def test_only_a_jpeg_in_a_folder_that_is_there_can_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"end it in \.jpg"):
        NewestFrame.of(tmp_path / "out.mp4", tmp_path / "a.png")
    with pytest.raises(UsageError, match="no such folder"):
        NewestFrame.of(tmp_path / "out.mp4", tmp_path / "gone" / "a.jpg")
