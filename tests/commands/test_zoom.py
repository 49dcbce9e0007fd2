"""Zooms: their length and size, songs, going on, what cannot be used."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from tiny import dream_tiny, read

from dreamvid.commands import shared
from dreamvid.commands.preflight import check_zoom
from dreamvid.commands.zoom import beginning, dream_zoom, fill
from dreamvid.errors import Interrupted, UnreadableInput, UsageError
from dreamvid.media.reader import VideoReader
from dreamvid.sequence.progress import Progress
from dreamvid.settings.models import ZoomSettings

QUICK = {"octaves": 2, "iterations": 2}
SMALL = {"size": "64x48", "fps": 6, "seconds": 1}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)


def zoom_settings(**tables: dict[str, Any]) -> ZoomSettings:
    return ZoomSettings.checked(
        {"dream": QUICK, "clip": SMALL, "output": {"codec": "ffv1"}} | tables
    )


def test_a_song_drives_the_dials_and_sounds(picture: Path, song: Path, tmp_path: Path) -> None:
    settings = zoom_settings(
        dream=QUICK | {"strength": "0.5+onset"},
        camera={"zoom": "1.2+beat"},
        sound={"audio": str(song)},
    )
    dream_zoom(picture, tmp_path / "out.mkv", settings)
    with av.open(str(tmp_path / "out.mkv")) as out:
        assert len(out.streams.audio) == 1
        assert float(out.duration or 0) / 1e6 == pytest.approx(1, abs=0.15)
    assert len(read(tmp_path / "out.mkv")) == 6


def test_a_zoom_has_its_length_rate_and_size(picture: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    result = dream_zoom(picture, tmp_path / "out.mkv", zoom_settings(), on_progress=told.append)
    assert (result.frames, [p.done for p in told if p.task == "frames"]) == (6, [1, 2, 3, 4, 5, 6])
    with VideoReader(tmp_path / "out.mkv") as out:
        assert (out.info.width, out.info.height, out.info.rate) == (64, 48, 6)
        assert len(list(out)) == 6


def test_a_zoom_from_noise_is_the_same_for_one_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        settings = zoom_settings(
            clip=SMALL | {"from_noise": True, "seconds": "0.5"}, dream=QUICK | {"seed": seed}
        )
        dream_zoom(None, tmp_path / f"{name}.mkv", settings)
    a, b, c = (read(tmp_path / f"{name}.mkv") for name in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_a_zoom_goes_on_where_it_was_stopped(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamvid.sequence.folder.PART_FRAMES", 2)
    settings = zoom_settings(
        camera={"zoom": "0:(1.2), 5:(2)", "rotate": 30}, dream=QUICK | {"strength": "1+t/10"}
    )

    def stop(progress: Progress) -> None:
        if progress.done == 5:
            raise KeyboardInterrupt

    dream_zoom(picture, tmp_path / "whole.mkv", settings)
    with pytest.raises(Interrupted):
        dream_zoom(picture, tmp_path / "out.mkv", settings, on_progress=stop)
    told: list[Progress] = []
    dream_zoom(picture, tmp_path / "out.mkv", settings, on_progress=told.append)
    assert (
        next(p.done for p in told if p.task == "frames") == 5
    )  # two parts of two frames were there
    assert np.array_equal(read(tmp_path / "out.mkv"), read(tmp_path / "whole.mkv"))


def test_the_sidecar_repeats_a_zoom(picture: Path, tmp_path: Path) -> None:
    dream_zoom(picture, tmp_path / "out.mkv", zoom_settings(camera={"zoom": "0:(1.2), 5:(2)"}))
    record = tomllib.loads((tmp_path / "out.mkv.dreamvid.toml").read_text("utf-8"))
    assert tmp_path / record.pop("made")["source"] == picture
    dream_zoom(picture, tmp_path / "again.mkv", ZoomSettings.checked(record))
    assert np.array_equal(read(tmp_path / "again.mkv"), read(tmp_path / "out.mkv"))


@pytest.mark.parametrize(
    "source, tables, error",
    [
        (None, {}, "no picture given"),
        ("in.png", {"clip": {"from_noise": True}}, "not allowed together with a picture"),
        ("gone.png", {}, "no such file"),
        ("in.png", {"output": {"alpha": "dream"}}, "a zoom has no source film"),
        ("in.png", {"output": {"codec": "hap-q"}}, "hap-q cannot be stored in"),
        ("in.png", {"sound": {"audio": "in.png"}}, "no audio track"),
        ("in.png", {"sound": {"audio": "gone.wav"}}, "no such file"),
        ("in.png", {"camera": {"zoom": "beats"}}, "needs a tempo"),
    ],
    ids=str,
)
def test_what_cannot_be_used_leaves_nothing_behind(
    source: str | None,
    tables: dict[str, Any],
    error: str,
    picture: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shared, "load_network", None)
    with pytest.raises((UsageError, UnreadableInput), match=error):
        dream_zoom(source, "out.mp4", ZoomSettings.checked(tables))
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_a_picture_fills_the_size_without_being_squeezed() -> None:
    wide = torch.zeros(3, 20, 60)
    wide[:, :, 20:40] = 1
    fitted = fill(wide, 40, 40)
    assert fitted.shape == (3, 40, 40)
    assert float(fitted[:, :, 4:-4].min()) > 0.9


def test_the_size_is_that_of_the_picture_unless_given(picture: Path) -> None:
    for size, shape in ((None, (3, 48, 64)), ("32x32", (3, 32, 32))):
        settings = ZoomSettings.checked({"clip": {"size": size}})
        assert beginning(check_zoom(picture, Path("out.mp4"), settings)).shape == shape
