"""Jobs on disk, and what is read off their logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamvid.studio.jobs import BEGINS, TAIL, Job, JobFolder, Pace, error_of, pace_of


def test_a_job_survives(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path / "jobs")
    job = Job.new("video", Path("/films/a.mp4"), Path("/out/a.dream.mp4"))
    job.state, job.error = "failed", "why"
    folder.write(job)
    assert list(JobFolder(tmp_path / "jobs").read()) == [job]


def test_a_damaged_job_is_left_alone(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    (tmp_path / "x.json").write_text("{")
    (tmp_path / "y.json").write_text('{"id": "y"}')
    assert list(folder.read()) == []
    assert (tmp_path / "x.json").exists()


def test_a_job_of_a_later_version_is_read(tmp_path: Path) -> None:
    folder, job = JobFolder(tmp_path), Job.new("image", None, Path("/o.png"))
    folder.write(job)
    path = tmp_path / f"{job.id}.json"
    path.write_text(path.read_text().replace('"id"', '"later": 1, "id"'))
    assert list(folder.read()) == [job]


def test_only_the_end_of_a_log_is_read(tmp_path: Path) -> None:
    folder, job = JobFolder(tmp_path), Job.new("image", None, Path("/o.png"))
    assert folder.tail(job) == []
    folder.log(job).write_bytes(b"x" * TAIL + b"\nlast \xff line\n")
    assert folder.tail(job)[-1] == "last \N{REPLACEMENT CHARACTER} line"
    assert len("".join(folder.tail(job))) <= TAIL


@pytest.mark.parametrize(
    ("lines", "pace"),
    [
        ([], Pace()),
        (["shot 1: 3 of 12 0.25 s/frame"], Pace("shot 1", 3, 12, 0.25)),
        (["shot 1: 3 of 12", "a note: of it"], Pace("shot 1", 3, 12)),
        (["shot 2: 5 0.50 s/frame"], Pace("shot 2", 5, None, 0.5)),
        (["drawing the atlas: 3 of 9 about 2 min left"], Pace("drawing the atlas", 3, 9)),
        (["shot 1: 12 of 12 0.1 s/frame", "/o/a: b.mp4: 12 frames"], Pace("shot 1", 12, 12, 0.1)),
        (["shot 1: 3 of 12", BEGINS, "a.mp4: 64x48"], Pace()),
    ],
)
def test_the_pace_of_a_log(lines: list[str], pace: Pace) -> None:
    assert pace_of(lines) == pace


def test_the_time_left() -> None:
    assert Pace("", 3, 12, 0.5).seconds_left == 4.5
    assert Pace("", 3, None, 0.5).seconds_left is None
    assert Pace("", 13, 12, 0.5).seconds_left == 0


def test_the_lines_are_those_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    from dreamvid.cli.show import Show
    from dreamvid.sequence.progress import Progress

    with Show(quiet=False, verbose=True) as show:
        show.on_progress(Progress("frames", 1, 9, "shot 1"))
        show.on_progress(Progress("frames", 2, 9, "shot 1"))
    pace = pace_of(capsys.readouterr().err.splitlines())
    assert (pace.what, pace.done, pace.total) == ("shot 1", 2, 9)
    assert pace.seconds_each is not None


def test_the_error_of_a_log() -> None:
    assert error_of(["dreamvid: old", BEGINS, "dreamvid: a: what; do", "end"]) == "a: what; do"
    assert error_of(["Traceback", "ValueError: x"]) == "ValueError: x"
    assert error_of([]) == ""


def test_a_log_that_does_not_change_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, read = JobFolder(tmp_path), []
    job = Job.new("video", None, tmp_path / "a.mp4")
    assert folder.pace(job) == Pace()
    tail = folder.tail
    monkeypatch.setattr(folder, "tail", lambda job: read.append(job) or tail(job))
    for done in (3, 10):
        with folder.log(job).open("a") as log:
            log.write(f"shot 1: {done} of 12\n")
        assert {folder.pace(job).done for _ in range(5)} == {done}
    assert len(read) == 2
