"""Planning: the cuts that a run in one process finds, whoever looks, and looked for once."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from farm_kit import FIRSTS, FRAMES, SHOTS, request_for, write_shots

from dreamvid.commands.planning import make_plan, plan_of, reopened
from dreamvid.commands.ready import Ready, prepare
from dreamvid.errors import UnreadableInput
from dreamvid.sequence.folder import PLAN
from dreamvid.sequence.frames import film_frames
from dreamvid.sequence.plan import Plan, Shot
from dreamvid.sequence.progress import Progress, ignore


def ready_for(source: Path, target: Path, **tables: Any) -> Ready:
    request = request_for(source, target, **tables)
    request.reader.close()
    with ExitStack() as films:
        return prepare(request, films, ignore)


def test_the_shots_are_found(shots: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    plan = make_plan(ready_for(shots, tmp_path / "out.mp4"), told.append)
    assert [shot.first for shot in plan.shots] == list(FIRSTS)
    assert [shot.frames for shot in plan.shots] == list(SHOTS)
    assert (plan.damage, plan.warnings) == (None, ())
    assert [(event.task, event.done, event.total) for event in told] == [
        ("looking", n, FRAMES) for n in range(1, FRAMES + 1)
    ]


@pytest.mark.parametrize("size", [None, "32x24"])
def test_they_are_those_of_the_frames_that_are_dreamed(
    size: str | None, shots: Path, tmp_path: Path
) -> None:
    tables = {"film": {"dream_size": size} if size else {}}
    ready = ready_for(shots, tmp_path / "out.mp4", **tables)
    plan = make_plan(ready, ignore)
    with reopened(ready) as film:
        frames = film_frames(ready.small(film), flow=ready.flow)
        cuts = [frame.index for frame in frames if frame.motion is None]
    assert {shot.first for shot in plan.shots} <= set(cuts)


def test_a_piece_of_a_film_is_planned_as_it_is_dreamed(shots: Path, tmp_path: Path) -> None:
    ready = ready_for(shots, tmp_path / "out.mp4", film={"start": "0.08", "frames": 9})
    assert make_plan(ready, ignore).shots == (Shot(0, 3), Shot(3, 6), Shot(6, 9))


def test_without_cuts_it_is_one_shot(shots: Path, tmp_path: Path) -> None:
    ready = ready_for(shots, tmp_path / "out.mp4", motion={"cuts": False})
    assert make_plan(ready, ignore).shots == (Shot(0, FRAMES),)


def test_a_plan_is_made_once(shots: Path, tmp_path: Path) -> None:
    ready = ready_for(shots, tmp_path / "out.mp4")
    (tmp_path / "job.toml").touch()
    told: list[Progress] = []
    first = plan_of(ready, tmp_path, told.append)
    assert told and first is not None
    text = (tmp_path / PLAN).read_text()
    told.clear()
    assert plan_of(ready, tmp_path, told.append) == first and not told
    (tmp_path / PLAN).unlink()
    assert plan_of(ready, tmp_path, ignore) == first
    assert (tmp_path / PLAN).read_text() == text


def test_of_a_film_that_is_joined_nothing_is_planned(shots: Path, tmp_path: Path) -> None:
    ready = ready_for(shots, tmp_path / "out.mp4")
    assert plan_of(ready, tmp_path / "gone", ignore) is None
    assert not (tmp_path / "gone").exists()


def test_damage_is_kept_in_the_plan(tmp_path: Path) -> None:
    film = write_shots(tmp_path / "film.mkv", (4, 5))
    data = film.read_bytes()
    film.write_bytes(data[: len(data) * 3 // 4])
    plan = make_plan(ready_for(film, tmp_path / "out.mp4"), ignore)
    assert plan.frames < 9 and plan.damage is not None
    assert Plan.read(tmp_path) is None


def test_no_frames_at_all_are_an_error(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = ready_for(shots, tmp_path / "out.mp4")
    monkeypatch.setattr("dreamvid.commands.ready.shrunk", lambda film, size: iter(()))
    with pytest.raises(UnreadableInput, match="no frame can be decoded"):
        make_plan(ready, ignore)
