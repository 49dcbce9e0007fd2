"""Film files that are measured: which part, at which size, and what is said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import texture, tiny_network

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.measures.files import measure_films, measure_standalone_film
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.estimate import Motion
from dreamvid.sequence.progress import Progress
from dreamvid.settings.tables import FilmSettings

RATE = Fraction(12)
JUDGE: dict[str, Any] = {"judge": tiny_network(), "layer": "two", "device": "cpu"}


def write(path: Path, count: int, *, size: tuple[int, int] = (64, 48), add: int = 0) -> Path:
    """A film of a moving texture, brighter by `add`."""
    with VideoWriter(path, like=FilmInfo.plain(*size, RATE, count), codec="ffv1") as out:
        for t in range(count):
            array = texture(width=size[0], height=size[1], dx=2 * t).astype(int) + add
            out.write(array.clip(0, 255).astype(np.uint8))
    return path


def measured(source: Path, dreamed: Path, **film: Any) -> tuple[Any, list[str]]:
    told: list[Progress] = []
    found = measure_films(
        source, dreamed, film=FilmSettings.checked(film), on_progress=told.append, **JUDGE
    )
    assert {event.task for event in told} <= {"note"}
    return found, [event.text for event in told]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("films") / "in.mkv", 5)


def test_a_film_is_measured_against_itself(film: Path) -> None:
    found, told = measured(film, film)
    assert (found.frames, found.r, found.damage, told) == (5, None, None, [])
    assert found.gain == pytest.approx(1) and found.legible == pytest.approx(1)


def test_a_shorter_dream_is_compared_as_far_as_it_goes(film: Path, tmp_path: Path) -> None:
    dream = write(tmp_path / "dream.mkv", 3, add=20)
    found, told = measured(film, dream)
    assert found.frames == 3
    assert told == [f"{film}: is longer than the 3 frames that were compared"]
    found, told = measured(dream, film)
    assert told == [f"{film}: is longer than the 3 frames that were compared"]


def test_the_part_that_was_dreamed_is_compared(film: Path, tmp_path: Path) -> None:
    dream = tmp_path / "dream.mkv"
    with VideoWriter(dream, like=FilmInfo.plain(64, 48, RATE, 2), codec="ffv1") as out:
        for t in (2, 3):
            out.write(texture(dx=2 * t))
    found, told = measured(film, dream, start="2/12", frames=2)
    assert found.frames == 2 and told == [] and found.legible == pytest.approx(1)
    assert measured(film, dream, start="0")[0].legible < 0.999


def test_a_dream_of_another_size_is_compared_at_its_own(film: Path, tmp_path: Path) -> None:
    small = write(tmp_path / "small.mkv", 5, size=(32, 24))
    found, told = measured(film, small)
    assert found.frames == 5
    assert told == [f"{film}: measured at 32x24, the size of the dream"]


def test_what_a_codec_has_padded_is_cut_off(film: Path, tmp_path: Path) -> None:
    odd = write(tmp_path / "odd.mkv", 3, size=(61, 45))
    padded = tmp_path / "padded.mkv"
    with VideoWriter(padded, like=FilmInfo.plain(64, 48, RATE, 3), codec="ffv1") as out:
        for t in range(3):
            array = np.full((48, 64, 3), 255, np.uint8)
            array[:45, :61] = texture(width=61, height=45, dx=2 * t)
            out.write(array)
    found, told = measured(odd, padded)
    assert told == [] and found.legible == pytest.approx(1)


def test_a_dream_of_another_shape_is_no_dream_of_it(film: Path, tmp_path: Path) -> None:
    tall = write(tmp_path / "tall.mkv", 2, size=(32, 64))
    with pytest.raises(UsageError, match=r"the dream is 32x64, the source 64x48; give the source"):
        measured(film, tall)


@pytest.mark.parametrize("missing", ["source", "dream"])
def test_a_missing_film_is_an_error(film: Path, tmp_path: Path, missing: str) -> None:
    gone = tmp_path / "gone.mkv"
    pair = (gone, film) if missing == "source" else (film, gone)
    with pytest.raises(UnreadableInput, match=r"gone\.mkv: no such file"):
        measured(*pair)


def test_a_film_alone_is_measured_by_its_own_motion(film: Path) -> None:
    asked: list[tuple[int, int]] = []
    backward = np.full((48, 64, 2), (-2, 0), np.float32)
    motion = Motion(backward, np.ones((48, 64), np.float32))

    def moves(width: int, height: int) -> Any:
        asked.append((width, height))
        return lambda index: motion if index else None

    found = measure_standalone_film(film, film=FilmSettings(frames=4), moves=moves, **JUDGE)
    assert asked == [(64, 48)] and found.frames == 4 and found.damage is None
    assert found.r is not None and found.r < 0.05
    assert measure_standalone_film(film, film=FilmSettings(), **JUDGE).r is None


def test_the_seam_is_measured_where_it_is_asked_for(film: Path) -> None:
    assert measure_standalone_film(film, film=FilmSettings(), **JUDGE).seam is None
    looped = measure_standalone_film(film, film=FilmSettings(), loop=True, **JUDGE)
    assert looped.seam is not None and looped.seam > 1.5
