"""Films with transparency: kept where the output has it, else laid over a colour, always said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from tiny import dream_tiny, texture

from dreamvid.commands.loop import dream_loop
from dreamvid.commands.looped import LoopedFilm
from dreamvid.commands.preflight import check_loop, check_video
from dreamvid.commands.video import dream_video
from dreamvid.errors import Interrupted, UsageError
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence.progress import Progress
from dreamvid.settings.loops import FilmLoop
from dreamvid.settings.models import VideoSettings

QUICK = {"octaves": 1, "iterations": 2}
COUNT = 4
MAGENTA, GREEN = (255, 0, 255), (0, 255, 0)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)


def clear(t: int, hidden: tuple[int, int, int] = MAGENTA) -> NDArray[np.uint8]:
    """A moving texture [48, 64, 4]: opaque, then half opaque, then clear over a hidden colour."""
    rgba = np.dstack([texture(dx=2 * t), np.full((48, 64), 255, np.uint8)])
    rgba[:, 32:48, 3] = 128
    rgba[:, 48:] = (*hidden, 0)
    return rgba


def row(folder: Path, hidden: tuple[int, int, int] = MAGENTA) -> Path:
    """A folder of RGBA pictures."""
    folder.mkdir()
    for t in range(COUNT):
        Image.fromarray(clear(t, hidden)).save(folder / f"{t}.png")
    return folder


def settings(**tables: dict[str, Any]) -> VideoSettings:
    return VideoSettings.checked({"dream": QUICK} | tables)


def rgba_of(path: Path) -> NDArray[np.uint8]:
    """The frames of a film [T, H, W, 4], or of a row by its pattern."""
    if "%" in path.name:
        files = sorted(path.parent.glob("out_*.png"))
        return np.stack([np.asarray(Image.open(file)) for file in files])
    with av.open(str(path)) as film:
        return np.stack([frame.to_ndarray(format="rgba") for frame in film.decode(video=0)])


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("out.mkv", "ffv1"),
        ("out.mov", "prores4444"),
        ("out_%02d.png", None),
        ("out.apng", None),
        ("out.gif", None),
    ],
)
def test_transparency_is_kept_where_the_output_has_it(
    tmp_path: Path, name: str, codec: str | None
) -> None:
    source, target = row(tmp_path / "in"), tmp_path / name
    wanted = settings(output={"codec": codec} if codec else {})
    said: list[str] = []
    with check_video(source, target, wanted).reader as film:
        said.append(film.transparency)
    dream_video(source, target, wanted)
    made = rgba_of(target)
    assert said == ["transparency kept"] and made.shape == (COUNT, 48, 64, 4)
    halves = (255, 255, 0) if name == "out.gif" else (255, 128, 0)
    assert np.abs(made[:, 24, [16, 40, 60], 3].astype(int) - halves).max() <= 1
    plain = np.stack([clear(t) for t in range(COUNT)])
    assert 2 < np.abs(made[:, :, :32, :3].astype(int) - plain[:, :, :32, :3]).mean() < 60


def test_without_strength_the_visible_colours_come_back(tmp_path: Path) -> None:
    source, target = row(tmp_path / "in"), tmp_path / "out.mkv"
    dream = QUICK | {"strength": 0}
    dream_video(source, target, settings(dream=dream, output={"codec": "ffv1"}))
    made, plain = rgba_of(target), np.stack([clear(t) for t in range(COUNT)])
    assert np.array_equal(made[..., 3], plain[..., 3])
    assert np.array_equal(made[:, :, :48], plain[:, :, :48])


@pytest.mark.parametrize("film", [{}, {"width": 50}, {"height": 96}])
@pytest.mark.parametrize("name", ["out.mkv", "out.mp4"])
def test_hidden_colours_change_nothing(tmp_path: Path, name: str, film: dict[str, int]) -> None:
    made = []
    for hidden in (MAGENTA, GREEN):
        folder = tmp_path / str(hidden[1])
        folder.mkdir()
        source = row(folder / "in", hidden)
        output = {"codec": "ffv1"} if name == "out.mkv" else {}
        dream_video(source, folder / name, settings(output=output, film=film))
        made.append((folder / name).read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("name", "background", "colour", "said"),
    [
        ("out.mp4", None, (0, 0, 0), "over black, as h264 has no transparency; dreams"),
        ("out.mp4", "white", (255, 255, 255), "over white, as h264 has no transparency; dreams"),
        ("out_%d.png", "#20c040", (32, 192, 64), "transparent areas over #20c040; dreams"),
    ],
)
def test_transparent_areas_are_laid_over_a_colour_and_said(
    tmp_path: Path,
    name: str,
    background: str | None,
    colour: tuple[int, int, int],
    said: str,
) -> None:
    source, target = row(tmp_path / "in"), tmp_path / name
    wanted = settings(dream=QUICK | {"strength": 0}, film={"background": background})
    request = check_video(source, target, wanted)
    request.reader.close()
    assert said in request.summary
    result = dream_video(source, target, wanted)
    made = rgba_of(target)
    if name == "out_%d.png":
        assert made.shape[-1] == 3
    assert np.abs(made[:, 24, 60, :3].astype(int) - colour).max() <= 3
    assert not any("transparen" in note for note in result.notes)


def test_an_opaque_film_says_nothing_and_stays_opaque(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for t in range(2):
        Image.fromarray(texture(dx=t)).save(tmp_path / "in" / f"{t}.png")
    request = check_video(tmp_path / "in", tmp_path / "out_%d.png", settings())
    request.reader.close()
    assert "transparen" not in request.summary
    dream_video(tmp_path / "in", tmp_path / "out_%d.png", settings())
    assert rgba_of(tmp_path / "out_%d.png").shape[-1] == 3


def test_an_interrupted_film_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 2)
    source, wanted = row(tmp_path / "in"), settings(output={"codec": "ffv1"})

    def stop(progress: Progress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    dream_video(source, tmp_path / "whole.mkv", wanted)
    with pytest.raises(Interrupted):
        dream_video(source, tmp_path / "out.mkv", wanted, on_progress=stop)
    assert rgba_of(tmp_path / "out.partial.mkv")[..., 3].min() == 0
    dream_video(source, tmp_path / "out.mkv", wanted)
    assert (tmp_path / "out.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()


def test_a_smaller_dream_leaves_the_transparency_at_full_size(tmp_path: Path) -> None:
    source = row(tmp_path / "in")
    small = {"dream_size": "32"}
    dream_video(source, tmp_path / "a.mkv", settings(film=small, output={"codec": "ffv1"}))
    made = rgba_of(tmp_path / "a.mkv")
    assert np.array_equal(made[..., 3], np.stack([clear(t)[..., 3] for t in range(COUNT)]))


def test_a_film_that_loops_keeps_its_transparency(tmp_path: Path) -> None:
    source, target = row(tmp_path / "in"), tmp_path / "out.mkv"
    wanted = settings(motion={"loop": True}, output={"codec": "ffv1"})
    dream_video(source, target, wanted)
    assert np.array_equal(rgba_of(target)[..., 3], np.stack([clear(t)[..., 3] for t in range(4)]))


def test_the_lead_in_of_a_loop_sees_the_frames_of_the_film(tmp_path: Path) -> None:
    source, wanted = row(tmp_path / "in"), settings(motion={"loop": True})
    looped = LoopedFilm.look(source, wanted, (48, 64), keep_alpha=True)
    with VideoReader(source, keep_alpha=True) as film:
        for before, frame in zip(looped.approach(), film, strict=True):
            assert np.array_equal(before.array, frame.array)
            assert np.array_equal(before.alpha, frame.alpha)  # type: ignore[arg-type]


def test_the_dream_alone_stays_within_what_is_visible(tmp_path: Path) -> None:
    source, target = row(tmp_path / "in"), tmp_path / "out.mkv"
    dream_video(source, target, settings(output={"codec": "ffv1", "alpha": "dream"}))
    alpha = rgba_of(target)[..., 3].astype(int)
    assert alpha[:, :, 48:].max() == 0 < alpha[:, :, :32].mean()
    assert alpha[:, :, 32:48].max() <= 128


def test_a_film_joined_into_a_loop_is_laid_over_the_background(tmp_path: Path) -> None:
    like = FilmInfo.plain(64, 48, Fraction(12), 8)
    with VideoWriter(tmp_path / "in.mkv", like=like, codec="ffv1") as out:
        for t in range(8):
            out.write(torch.from_numpy(clear(t)).permute(2, 0, 1).float() / 255)
    loop = {"loop": {"kind": "film", "ping_pong": True}, "clip": {"background": "white"}}
    wanted = FilmLoop.checked(loop | {"output": {"codec": "ffv1"}})
    request = check_loop(tmp_path / "in.mkv", tmp_path / "out.mkv", wanted)
    assert request.summary.endswith("at 12 fps, transparent areas over white")
    dream_loop(tmp_path / "in.mkv", tmp_path / "out.mkv", wanted)
    with VideoReader(tmp_path / "out.mkv") as film:
        assert next(film).array[24, 60].tolist() == [255, 255, 255]


def test_an_unknown_background_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="background = 'whitish': must be a colour such as white or #20"
    ):
        settings(film={"background": "whitish"})
