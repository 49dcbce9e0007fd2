"""Recordings are whole, with the times at which their frames were shown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tiny import texture

from dreamvid.errors import OutputExists, UsageError
from dreamvid.live.outputs.recording import Recording
from dreamvid.media.reader import VideoReader

SIZE, RATE = (64, 48), Fraction(25)


def times(path: Path) -> list[float]:
    with VideoReader(path) as film:
        return [float(frame.time) for frame in film]


def test_frames_keep_the_times_at_which_they_were_shown(tmp_path: Path) -> None:
    path, shown = tmp_path / "wall.mp4", [0.0, 0.04, 0.5, 0.54, 1.25]
    recording = Recording(path)
    recording.open(SIZE, RATE)
    for time in shown:
        recording.show(texture(), 7 + time)
    assert not path.exists(), "it appears when it is complete"
    recording.close()
    assert times(path) == pytest.approx(shown, abs=0.002)
    assert recording.made == (path,)


def test_two_frames_of_one_moment_are_kept_apart(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "wall.mkv")
    recording.open(SIZE, RATE)
    for time in (0.0, 0.0, 0.0001, 0.3):
        recording.show(texture(), time)
    recording.close()
    assert len(times(tmp_path / "wall.mkv")) == 4


def test_it_goes_on_in_another_file(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "wall.mp4", longest=1.0)
    recording.open(SIZE, RATE)
    for number in range(50):
        recording.show(texture(), number / 20)
    recording.close()
    names = ["wall.mp4", "wall-2.mp4", "wall-3.mp4"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert [len(times(tmp_path / name)) for name in names] == [20, 20, 10]
    assert recording.made == tuple(tmp_path / name for name in names[1:])


def test_it_goes_on_past_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "wall-2.mp4").write_bytes(b"mine")
    recording = Recording(tmp_path / "wall.mp4", longest=1.0)
    recording.open(SIZE, RATE)
    for number in range(30):
        recording.show(texture(), number / 20)
    recording.close()
    assert (tmp_path / "wall-2.mp4").read_bytes() == b"mine"
    assert [len(times(tmp_path / name)) for name in ("wall.mp4", "wall-3.mp4")] == [20, 10]


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "wall.mp4").write_bytes(b"mine")
    with pytest.raises(OutputExists):
        Recording(tmp_path / "wall.mp4")
    recording = Recording(tmp_path / "wall.mp4", overwrite=True)
    recording.open(SIZE, RATE)
    recording.close()
    assert (tmp_path / "wall.mp4").read_bytes() == b"mine", "nothing was shown"


def test_a_size_that_its_codec_cannot_have_is_refused(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "wall.webp")
    with pytest.raises(UsageError):
        recording.open((20000, 20000), RATE)
