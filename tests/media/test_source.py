"""Sources told apart by their path, before they are opened."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.media.source import NUMBER, STILL_SUFFIXES, check_file, check_rate, is_sequence


@pytest.mark.parametrize(
    ("name", "sequence"),
    [
        ("film.mp4", False),
        ("folder", True),
        ("gone", False),
        ("frame_%05d.png", True),
        ("frame_%d.png", True),
        ("100%.mp4", False),
        ("100%d.mp4", True),
        ("there_%d.png", False),
        ("%5d.png", False),
    ],
)
def test_a_sequence_is_a_folder_or_a_pattern_that_is_no_file(
    tmp_path: Path, name: str, sequence: bool
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "film.mp4").touch()
    (tmp_path / "there_%d.png").touch()
    assert is_sequence(tmp_path / name) == sequence


@pytest.mark.parametrize(
    ("text", "width"), [("%d", None), ("a%03db", "3"), ("%010d", "10"), ("%3d", "no"), ("%s", "no")]
)
def test_a_number_in_a_name_is_padded_with_zeros_or_not(text: str, width: str | None) -> None:
    found = NUMBER.search(text)
    assert (found is None) == (width == "no")
    assert found is None or found[1] == width


def test_a_rate_is_for_sequences_only(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.touch()
    check_rate(None, film)
    check_rate(Fraction(25), tmp_path)
    check_rate(Fraction(25), film, tmp_path)
    check_rate(Fraction(25), tmp_path / "frame_%d.png")
    with pytest.raises(UsageError, match="rate: applies only to image sequences; omit it"):
        check_rate(Fraction(25), film)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone.mp4", "gone.mp4: no such file; check the path"),
        ("empty.mp4", "empty.mp4: the file is empty; copy it again"),
        ("folder", "folder: not a file; give a film or an image"),
        ("file.mp4/under", "cannot be read"),
        ("a\0b.mp4", "cannot be read"),
        ("x" * 300, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_a_film_is_refused_in_a_line(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "file.mp4").write_bytes(b"x")
    with pytest.raises(UnreadableInput, match=says) as caught:
        check_file(tmp_path / name)
    assert "\n" not in str(caught.value) and "\0" not in str(caught.value)


def test_a_file_with_something_in_it_passes(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    check_file(tmp_path / "a.mp4")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableInput, match="not a file"):
        check_file(tmp_path / "pipe")


def test_suffixes_of_stills_are_lower_case_and_hold_no_animation_only() -> None:
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in STILL_SUFFIXES)
    assert ".gif" not in STILL_SUFFIXES and {".png", ".exr", ".jpg"} <= STILL_SUFFIXES
