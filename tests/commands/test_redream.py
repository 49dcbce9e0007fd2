"""Stretches of a finished film that are dreamed again: nothing changes outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tiny import dream_tiny, read, texture

from dreamvid.commands.preflight import check_video
from dreamvid.commands.redream import run_again
from dreamvid.commands.redream_checks import Again, check_again
from dreamvid.commands.result import Result
from dreamvid.commands.video import dream_video
from dreamvid.errors import DreamvidError, Interrupted, UnreadableInput, UsageError
from dreamvid.image import to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.state import FilmState, state_of
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence.folder import folder_of
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.settings.models import VideoSettings
from dreamvid.settings.toml import read_toml

COUNT, CUT, PART = 40, 20, 6
OLD = {"octaves": 1, "iterations": 2, "layer": ["textures"]}
NEW = {"octaves": 1, "iterations": 4, "layer": ["objects"], "strength": 3}
Redream = Callable[..., Result]


@pytest.fixture(autouse=True)
def tiny_and_short(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.setattr(parts_folder, "PART_FRAMES", PART)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.mkv"
    like = FilmInfo.plain(64, 48, 25, COUNT)  # type: ignore[arg-type]
    with VideoWriter(path, like=like, codec="ffv1") as out:
        for t in range(COUNT):
            out.write(to_image(texture(0 if t < CUT else 9, dx=t, dy=t)))
    return path


def settings(codec: str = "ffv1", dream: Any = OLD, **tables: Any) -> VideoSettings:
    return VideoSettings.checked({"dream": dream, "output": {"codec": codec}} | tables)


@pytest.fixture
def film(source: Path, tmp_path: Path) -> Path:
    path = tmp_path / "film.mkv"
    dream_video(source, path, settings(), keep_state=True)
    return path


@pytest.fixture
def redream(source: Path, tmp_path: Path, film: Path) -> Redream:
    def redream(
        first: int,
        end: int,
        on_progress: OnProgress = ignore,
        *,
        name: str = "again.mkv",
        base: Path = film,
        **options: Any,
    ) -> Result:
        request = check_video(source, tmp_path / name, settings(**{"dream": NEW} | options))
        again = Again(FilmState.read(base), first, end)
        try:
            check_again(request, again)
        except BaseException:
            request.reader.close()
            raise
        return run_again(request, again, on_progress)

    return redream


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(video=0) if packet.size]


def changed(one: Path, two: Path) -> list[int]:
    pairs = zip(packets(one), packets(two), strict=True)
    return [n for n, (a, b) in enumerate(pairs) if a != b]


def test_only_the_stretch_has_other_bytes(film: Path, redream: Redream, tmp_path: Path) -> None:
    told: list[Progress] = []
    result = redream(8, 17, told.append)
    assert result.frames == COUNT
    assert changed(film, tmp_path / "again.mkv") == list(range(8, 17))
    frames = [event for event in told if event.task == "frames"]
    assert [event.done for event in frames] == list(range(1, 10))
    assert {(event.total, event.text) for event in frames} == {(9, "frames 8-16")}
    assert not folder_of(tmp_path / "again.mkv").exists()


@pytest.mark.parametrize(
    ("first", "end"),
    [(0, 5), (0, COUNT), (35, COUNT), (6, 12), (7, 8), (18, 23), (1, 3), (PART, PART + 1)],
)
def test_any_stretch_is_joined(
    first: int, end: int, film: Path, redream: Redream, tmp_path: Path
) -> None:
    redream(first, end)
    found = changed(film, tmp_path / "again.mkv")
    assert set(found) <= set(range(first, end)) and first in found


def test_the_dream_grows_out_of_the_film_and_back(
    film: Path, redream: Redream, tmp_path: Path
) -> None:
    """The steps at both ends are those of the film; without the lead they are larger."""
    redream(22, 38)
    old, new = (np.stack(read(path)).astype(float) for path in (film, tmp_path / "again.mkv"))
    steps = [abs(frames[1:] - frames[:-1]).mean(axis=(1, 2, 3)) for frames in (old, new)]
    differences = abs(new - old).mean(axis=(1, 2, 3))
    assert differences[29] > 4 * differences[37] > 0
    assert steps[1][37] < 1.1 * steps[0][37]  # the step to frame 38
    assert steps[1][21] < 1.5 * steps[0][21]


def test_a_stretch_up_to_a_cut_is_not_led_back(
    film: Path, redream: Redream, tmp_path: Path
) -> None:
    redream(12, CUT)
    redream(12, CUT - 1, name="led.mkv")
    old, cut, led = (read(tmp_path / name) for name in ("film.mkv", "again.mkv", "led.mkv"))

    def away(new: list[np.ndarray], index: int) -> float:
        return float(abs(new[index].astype(float) - old[index]).mean())

    assert away(cut, CUT - 1) > 0.6 * away(cut, 15)
    assert away(led, CUT - 2) < 0.5 * away(led, 15)


def test_a_stopped_stretch_goes_on(film: Path, redream: Redream, tmp_path: Path) -> None:
    redream(8, 30, name="whole.mkv")

    def stop(event: Progress) -> None:
        if event.task == "frames" and event.done == 9:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="frames 8-29 stopped; repeat the command to resume"):
        redream(8, 30, stop)
    told: list[Progress] = []
    redream(8, 30, told.append)
    assert next(event.done for event in told if event.task == "frames") == 7
    assert packets(tmp_path / "again.mkv") == packets(tmp_path / "whole.mkv")


def test_it_can_be_done_once_more(film: Path, redream: Redream, tmp_path: Path) -> None:
    redream(8, 17)
    again = tmp_path / "again.mkv"
    assert state_of(again).exists()
    redream(24, 28, base=again, name="third.mkv")
    assert changed(again, tmp_path / "third.mkv") == list(range(24, 28))
    assert changed(film, tmp_path / "third.mkv") == [*range(8, 17), *range(24, 28)]


def test_the_sidecar_tells_of_the_film(film: Path, redream: Redream, tmp_path: Path) -> None:
    redream(8, 17)
    made = read_toml(tmp_path / "again.mkv.dreamvid.toml")["made"]
    assert (made["redreamed"], made["joined_into"]) == ("8-16", "film.mkv")
    assert len(made["joined_sha256"]) == 64


@pytest.mark.parametrize("codec", ["h264", "h265", "prores"])
def test_of_a_lossy_codec_only_the_parts_around_are_encoded_again(
    codec: str, source: Path, redream: Redream, tmp_path: Path
) -> None:
    suffix = "mov" if codec == "prores" else "mp4"
    film = tmp_path / f"lossy.{suffix}"
    dream_video(source, film, settings(codec), keep_state=True)
    redream(8, 15, base=film, codec=codec, name=f"again.{suffix}")
    found = changed(film, tmp_path / f"again.{suffix}")
    assert found and set(found) <= set(range(6, 18))
    assert len(read(tmp_path / f"again.{suffix}")) == COUNT


def test_of_an_odd_size_what_is_padded_is_left_out(
    source: Path, redream: Redream, tmp_path: Path
) -> None:
    film, odd = tmp_path / "odd.mp4", {"width": 51, "height": 37}
    dream_video(source, film, settings("h264", film=odd), keep_state=True)
    assert redream(8, 15, base=film, codec="h264", film=odd, name="a.mp4").frames == COUNT


@pytest.mark.parametrize(
    "tables",
    [{"film": {"dream_size": "32x24"}}, {"region": [{"mask": "inside:0,0,0.5,1", "strength": 2}]},
     {"film": {"start": "0.2", "frames": 25}}],
)  # fmt: skip
def test_films_that_are_dreamed_otherwise(
    tables: Any, source: Path, redream: Redream, tmp_path: Path
) -> None:
    film = tmp_path / "other.mkv"
    dream_video(source, film, settings(**tables), keep_state=True)
    redream(8, 14, base=film, **tables)
    assert changed(film, tmp_path / "again.mkv") == list(range(8, 14))


@pytest.mark.parametrize(
    ("stretch", "options", "said"),
    [
        ((8, 41), {}, "frames 8-40 are not in the film; its frames are 0-39"),
        ((8, 12), {"name": "film.mkv"}, "the output is the film itself"),
        ((8, 12), {"codec": "h264", "name": "a.mp4"}, "the film is ffv1, and only the stretch"),
        ((8, 12), {"film": {"width": 32}}, "the film is 64x48, the stretch 32x24; leave out"),
        ((8, 12), {"motion": {"loop": True}}, "loop: concerns the whole film"),
    ],
)
def test_what_cannot_be_joined_is_refused(
    stretch: tuple[int, int], options: Any, said: str, redream: Redream, film: Path
) -> None:
    if options.get("name") == "film.mkv":
        film.rename(film.with_name("moved.mkv"))
        film.with_name("film.mkv.dreamvid.state").rename(state_of(film.with_name("moved.mkv")))
        film.symlink_to("moved.mkv")
        options = {"name": "film.mkv", "base": film.with_name("moved.mkv")}
        with pytest.raises(DreamvidError, match="already exists"):
            redream(*stretch, **options)
        return
    with pytest.raises(UsageError, match=said):
        redream(*stretch, **options)


def test_another_source_that_is_shorter_is_an_error(
    film: Path, tmp_path: Path, source: Path, redream: Redream
) -> None:
    with pytest.raises(UnreadableInput, match="ends before frame 29"):
        redream(8, 30, film={"frames": 20})


def test_without_a_state_it_says_what_to_do(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "bare.mkv"
    dream_video(source, path, settings())
    with pytest.raises(UnreadableInput, match="has no state beside it; keep it"):
        FilmState.read(path, "keep it")
