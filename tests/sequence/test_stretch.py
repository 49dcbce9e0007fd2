"""Stretches: the parts of a shot are those of the whole film, and it is resumed on its own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tiny import known_frames, moved, tiny_dreamer

from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence.digests import memory_of, seconds_of
from dreamvid.sequence.folder import part_at
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.sequence.stretch import Stretch

COUNT, CUT, HIDDEN = 12, 3, 8
"""A planned cut, and one that the plan does not know."""
FRAMES = known_frames(moved(COUNT), cuts=(CUT, HIDDEN))
LIKE = FilmInfo.plain(64, 48, Fraction(25), COUNT)


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 2)


def made(folder: Path, first: int = 0, end: int | None = None) -> Stretch:
    return Stretch(folder, Output(folder / "film.mp4"), like=LIKE, first=first, end=end)


def run(one: Stretch, on_progress: OnProgress = ignore) -> list[Frame]:
    frames = FRAMES[one.done : one.end]
    one.run(frames, tiny_dreamer(iterations=2), stability=0.8, on_progress=on_progress)
    return frames


def parts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("part-*.film*")}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The folder with all parts of the film."""
    folder = tmp_path / "whole"
    folder.mkdir()
    run(made(folder))
    return folder


def test_shots_in_any_order_make_the_parts_of_the_film(whole: Path, tmp_path: Path) -> None:
    for first, end in ((CUT, COUNT), (0, CUT)):
        shot = made(tmp_path, first, end)
        assert not shot.complete
        run(shot)
        assert shot.complete and shot.done == end
    assert parts(tmp_path) == parts(whole)
    names = sorted(name for name in parts(whole) if name.endswith(".film"))
    assert names == [f"part-{n:09d}.film" for n in (0, 2, 3, 5, 7, 8, 10)]
    assert all(seconds_of(tmp_path / name) > 0 for name in names)


def test_a_shot_goes_on_after_its_last_part(whole: Path, tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def killed(event: Progress) -> None:
        if event.done == 7:
            raise Killed

    shot = made(tmp_path, CUT, COUNT)
    with pytest.raises(Killed):
        run(shot, killed)
    shot.abort()
    assert not list(tmp_path.glob("*.draft"))
    again = made(tmp_path, CUT, COUNT)
    assert (again.done, again.notes) == (5, ())
    assert len(run(again)) == COUNT - 5
    assert parts(tmp_path).items() <= parts(whole).items()


def test_a_complete_shot_needs_no_memory_and_others_do(whole: Path) -> None:
    for part in whole.glob("part-*.film"):
        memory_of(part).unlink(missing_ok=True)
    assert made(whole, 0, CUT).complete
    part_at(whole, 7).unlink()
    broken = made(whole, CUT, COUNT)
    assert (broken.done, broken.complete) == (CUT, False)
    assert broken.notes == (f"the parts after frame {CUT} are damaged and are dreamed again",)


def test_parts_beyond_the_shot_are_not_its_own(whole: Path) -> None:
    assert [part.name for part in made(whole, 0, CUT).parts] == [
        part_at(whole, n).name for n in (0, 2)
    ]
    assert made(whole).done == COUNT and not made(whole).complete


def test_what_an_encoder_of_a_killed_run_still_writes_is_not_read(
    whole: Path, tmp_path: Path
) -> None:
    """Its draft is another file, under the same name."""
    draft = tmp_path / f"{part_at(tmp_path, 0).name}.draft"
    with draft.open("wb") as left:
        left.write(b"left")
        left.flush()

        def still_writes(event: Progress) -> None:
            left.write(b"more" * 5000)
            left.flush()

        run(made(tmp_path, 0, CUT), still_writes)
    assert parts(tmp_path).items() <= parts(whole).items()
