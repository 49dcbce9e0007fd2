"""--redream, --keep-state and --split-every, as a user gives them."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from cli_kit import QUICK, dreamvid, without_torch, write_film
from tiny import dream_tiny

from dreamvid.settings.toml import read_toml

STATE = "out.mkv.dreamvid.state"


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.chdir(tmp_path)
    write_film(Path("in.mkv"), frames=20, codec="ffv1")


def dreamed(*more: object) -> None:
    told = dreamvid("video", "in.mkv", "-o", "out.mkv", "--codec", "ffv1", *QUICK, *more)
    assert told.code == 0, told.err


def packets(name: str) -> list[bytes]:
    with av.open(name) as film:
        return [bytes(packet) for packet in film.demux(video=0) if packet.size]


def test_a_stretch_of_a_finished_film_is_dreamed_again() -> None:
    dreamed("--keep-state")
    told = dreamvid("video", "--from", "out.mkv", "-o", "two.mkv", "--redream", "4-9",
                    "--layer", "textures", "--strength", "2")  # fmt: skip
    assert told.code == 0, told.err
    assert "frames 4-9 are dreamed again and joined into out.mkv" in told.err
    one, two = packets("out.mkv"), packets("two.mkv")
    assert [n for n, (a, b) in enumerate(zip(one, two, strict=True)) if a != b] == [*range(4, 10)]
    assert read_toml(Path("two.mkv.dreamvid.toml"))["made"]["redreamed"] == "4-9"
    assert dreamvid("video", "--from", "two.mkv.dreamvid.toml", "-o", "three.mkv",
                    "--redream", "0-0").code == 0  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("--redream", "9-4"), "9-4 is not a stretch of frames; give the first and the last"),
        (("--redream", "4"), "4 is not a stretch of frames"),
        (("--redream", "4-20"), "frames 4-20 are not in the film; its frames are 0-19"),
        (("--redream", "4-9", "--workers", "2"), "is dreamed by one process"),
        (("--redream", "4-9", "--dry-run"), "is dreamed by one process"),
        (("--redream", "4-9", "--codec", "h264"), "the film is ffv1, and only the stretch"),
        (("--frames", "4-9"), "to dream a stretch of a finished film again, use --redream 4-9"),
    ],
)
def test_what_cannot_be_done_is_said(line: tuple[str, ...], said: str) -> None:
    dreamed("--keep-state")
    told = dreamvid("video", "--from", "out.mkv", "-o", "two.mkv", *line)
    assert told.code == 2 and said in told.err.splitlines()[-1], told.err
    assert not Path("two.mkv").exists()


def test_a_stretch_is_refused_before_torch_is_loaded() -> None:
    dreamed("--keep-state")
    told = without_torch("video", "--from", "out.mkv", "-o", "two.mkv", "--redream", "4-20",
                         "--layer", "parts")  # fmt: skip
    assert told.code == 2 and "frames 4-20 are not in the film" in told.line


def test_a_film_without_a_state_is_named() -> None:
    dreamed()
    assert not Path(STATE).exists()
    told = dreamvid("video", "--from", "out.mkv", "-o", "two.mkv", "--redream", "4-9")
    assert "has no state beside it; dream it once more with --keep-state" in told.line
    told = dreamvid("video", "in.mkv", "-o", "two.mkv", "--redream", "4-9")
    assert "of which film?; name the finished film with --from" in told.line


def test_parts_keep_the_state_as_well() -> None:
    dreamed("--keep-state", "--part", "1/1")
    assert Path(STATE).exists()
    dreamed("-y", "--part", "1/1")
    assert not Path(STATE).exists()


def test_a_long_shot_is_split_and_what_it_costs_is_said() -> None:
    line = ("video", "in.mkv", "-o", "out.mkv", *QUICK)
    said = "long shots are split at 1 place: 10 more frames are dreamed (50.0%)"
    told = dreamvid(*line, "--split-every", "12")
    assert told.code == 0 and said in told.err
    told = dreamvid(*line, "-y", "--split-every", "12", "--whole-shots")
    assert told.code == 0 and "split" not in told.err
    told = dreamvid(*line, "-y", "--split-every", "12", "--dry-run", "--workers", "1")
    assert f"split    {said}" in told.out and "for 1 worker" in told.out
    assert "split_every = '1'" in dreamvid(*line, "-y", "--split-every", "1").line
