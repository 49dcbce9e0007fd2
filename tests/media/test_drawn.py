"""Curves drawn in files: what is read, and where an error points."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dreamvid.errors import UnreadableInput
from dreamvid.media import drawn
from dreamvid.media.drawn import read_curve


def write(folder: Path, text: str, name: str = "a.csv") -> Path:
    (folder / name).write_bytes(text.encode())
    return folder / name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "0,1\n0.2,3\n0.4,2"),
        ("a.csv", "time,value\n0,1\n0.2,3\n\n# a note\n0.4,2\n"),
        ("a.csv", '\ufeff"Seconds";"Value"\r\n"0";"1"\r\n0.2;3\r\n.4;2'),
        ("a.txt", "0\t1\n0.2\t3\n0.4\t2"),
        ("a.txt", "0 1\n0.2   3\n0.4 2"),
        ("a.csv", "frame,value\n0,1\n2,3\n4,2"),
        ("a.json", "[[0, 1], [0.2, 3], [0.4, 2]]"),
        ("A.JSON", '{"seconds": [[0, 1], [0.2, 3], [0.4, 2]]}'),
        ("a.json", '{"frames": [[0, 1], [2, 3], [4, 2]]}'),
    ],
)
def test_points_are_joined_by_lines_and_the_ends_are_kept(
    name: str, text: str, tmp_path: Path
) -> None:
    curve = read_curve(write(tmp_path, text, name))
    np.testing.assert_allclose(curve.at(7, Fraction(10)), [1, 2, 3, 2.5, 2, 2, 2])


def test_frames_are_not_seconds_at_another_rate(tmp_path: Path) -> None:
    seconds = read_curve(write(tmp_path, "s,v\n0,0\n1,1"))
    frames = read_curve(write(tmp_path, "f,v\n0,0\n1,1"))
    assert seconds.at(3, Fraction(4)).tolist() == [0, 0.25, 0.5]
    assert frames.at(3, Fraction(4)).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("a.csv", "", "the file is empty"),
        ("a.csv", "time,value\n", "there are no points in it"),
        ("a.csv", "when,what\n0,1", "line 1: unknown unit 'when'; use seconds or frames"),
        ("a.csv", "0,1\n\n2,x", "line 3: 'x' is not a number"),
        ("a.csv", "0,1\n1,nan", "line 2: 'nan' is not a number"),
        ("a.csv", "0,1\n1,2,3", "line 2: not a pair"),
        ("a.csv", "0,1\n2,1\n2,3", "line 3: the time 2 is not after 2; sort"),
        ("a.csv", "\x00\x01", "not a pair"),
        ("a.json", "[[0,1", "not readable JSON"),
        ("a.json", "[" * 100_000, "not readable JSON"),
        ("a.json", "{}", "not a list of pairs"),
        ("a.json", "[]", "no points"),
        ("a.json", '{"minutes": [[0, 1]]}', "unknown unit 'minutes'"),
        ("a.json", "[[0,1],[true,1]]", "point 2: 'True' is not a number"),
        ("a.json", '[[0,1],["1",null]]', "point 2: 'None' is not a number"),
        ("a.json", "[[0,1],1]", "point 2: not a pair"),
    ],
)
def test_what_is_no_curve_is_told_with_its_place(
    name: str, text: str, what: str, tmp_path: Path
) -> None:
    path = write(tmp_path, text, name)
    with pytest.raises(UnreadableInput, match=what) as caught:
        read_curve(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnreadableInput, match="no such file"):
        read_curve(tmp_path / "gone.csv")
    with pytest.raises(UnreadableInput, match="not a file"):
        read_curve(tmp_path)
    (tmp_path / "b.csv").write_bytes(b"0,1\n\xff\xfe")
    with pytest.raises(UnreadableInput, match="not a readable text"):
        read_curve(tmp_path / "b.csv")
    monkeypatch.setattr(drawn, "MOST_BYTES", 2)
    with pytest.raises(UnreadableInput, match="has more than"):
        read_curve(write(tmp_path, "0,1\n1,1"))
