"""Many processes, as a user runs them: parts, workers, status and join."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_kit import QUICK, dreamvid, environment, frames_of, without_torch, write_film

from dreamvid.cli.farming import Many, part_of
from dreamvid.errors import UsageError
from dreamvid.settings.models import VideoSettings

CUT, FRAMES = 6, 14
HELD_WORKER = f"""
import json, time
from dreamvid.farm import child

tell = child.print_line


def print_line(line):
    tell(line)
    told = json.loads(line).get("progress", {{}})
    if told.get("task") == "frames" and told["done"] == {FRAMES}:
        time.sleep(60)


child.print_line = print_line
child.main()
"""
HELD = f"""
import subprocess
from types import SimpleNamespace
from dreamvid import cli
from dreamvid.farm import crew


def start(words, **how):
    return subprocess.Popen([words[0], "-c", {HELD_WORKER!r}], **how)


crew.subprocess = SimpleNamespace(Popen=start, PIPE=subprocess.PIPE)
cli.main()
"""
"""Dreamvid, with workers that wait at the last frame: whoever stops them may be late."""


@pytest.fixture(scope="module")
def two_shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two") / "film.mp4"
    return write_film(path, frames=FRAMES, cut=CUT, sound=True)


@pytest.fixture(scope="module")
def whole(two_shots: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("whole") / "out.mp4"
    told = dreamvid("video", two_shots, "-o", out, *QUICK)
    assert told.code == 0, told.err
    return out.read_bytes()


@pytest.mark.parametrize("text", ["0/1", "2/1", "1", "1/", "a/b", "-1/2", "1/2/3", " 1/2", "1/0"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a part"):
        part_of(text)
    assert part_of("3/40") == (3, 40)


def test_parts_status_and_join(two_shots: Path, whole: bytes, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    told = dreamvid("video", two_shots, "-o", out, *QUICK, "--part", "2/2")
    assert told.code == 0
    said = f"{out}: shot 1 of 2 missing; whoever dreams the last one joins the film"
    assert said in told.err.splitlines()
    assert f"part 2 of 2: {FRAMES - CUT} of {FRAMES - CUT}" in told.err

    told = dreamvid("status", out)
    assert (told.code, told.err) == (0, "")
    frames, shots, pace, newest = told.out.splitlines()
    assert frames == f"{out}: {FRAMES - CUT} of {FRAMES} frames"
    assert shots == "shots: 1 of 2 done, 0 running, 1 missing"
    assert pace.endswith(" s a frame for one worker")
    assert newest == f"newest frame: {out}.preview.jpg"
    found = json.loads(dreamvid("status", out, "--json").out)
    assert (found["frames"], found["shots_done"], found["complete"]) == (FRAMES, 1, False)

    told = without_torch("join", out)
    assert (told.code, told.line) == (
        1,
        f"dreamvid: {out}: shot 1 of 2 missing; repeat the commands that dream them",
    )
    told = dreamvid("video", two_shots, "-o", out, *QUICK, "--part", "1/2")
    assert told.code == 0 and f"{out}: {FRAMES} frames" in told.err
    assert out.read_bytes() == whole
    assert not Path(f"{out}.preview.jpg").exists()
    assert dreamvid("status", out).out == f"{out}: complete\n"
    assert dreamvid("join", out).code == 3


def test_join_finishes_what_was_killed_before_it_could(
    two_shots: Path, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dreamvid.farm.left import Left
    from dreamvid.farm.work import Worker

    out = tmp_path / "out.mp4"
    with monkeypatch.context() as patch:
        patch.setattr(Worker, "join", lambda self: Left())
        assert dreamvid("video", two_shots, "-o", out, *QUICK, "--part", "1/1").code == 0
    monkeypatch.chdir("/")
    told = dreamvid("join", out)
    assert told.code == 0, told.err
    assert told.err.splitlines() == [f"{out}: {FRAMES} frames"]
    assert out.read_bytes() == whole


def test_a_zoom_is_not_joined(tmp_path: Path) -> None:
    folder = tmp_path / ".out.mp4.parts"
    folder.mkdir()
    (folder / "job.toml").write_text("[made]\n[camera]\n")
    told = dreamvid("join", tmp_path / "out.mp4")
    assert told.code == 2 and "no film is dreamed there" in told.err


def test_workers_that_are_stopped_leave_what_one_process_goes_on_with(
    two_shots: Path, whole: bytes, tmp_path: Path
) -> None:
    """Real processes: stopped after some frames, they are all gone, and nothing is lost."""
    out = tmp_path / "out.mp4"
    command = ["video", two_shots, "-o", out, *QUICK]
    with subprocess.Popen(
        [sys.executable, "-c", HELD, *map(str, command), "--workers", "2", "-v"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        said = []
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line.strip())
            if line.startswith(f"2 workers: {FRAMES - 1} of"):
                process.send_signal(signal.SIGINT)
        code = process.wait(timeout=60)
    assert code == 130, said
    assert not any("Traceback" in line for line in said)
    assert said[-1].startswith(f"dreamvid: {out}: stopped")  # perhaps before a part was finished
    if (partial := tmp_path / "out.partial.mp4").exists():
        assert frames_of(partial) == CUT
    told = dreamvid(*command)
    assert told.code == 0, told.err
    assert out.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        out.name,
        f"{out.name}.dreamvid.toml",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"workers": 2, "part": "1/2"}, "--workers: not allowed together with --part"),
        ({"part": "1/2", "ray": "auto"}, "--part: not allowed together with --ray"),
        ({"storage": "s3://x"}, "--storage: is for many processes; use it with --ray"),
        ({"workers": 0}, "--workers: 0 is too small"),
        (
            {"part": "1/2", "storage": "x", "keep": True},
            "--keep-state: no part joins the film; give it to dreamvid join",
        ),
        ({"ray": "here"}, "--ray: here is no address of a cluster"),
        ({"together": 2, "workers": 2}, "--workers: not allowed together with --together"),
        ({"together": 2, "ray": "auto"}, "--ray: not allowed together with --together"),
        ({"together": 2, "storage": "x"}, "--storage: is for many processes; use it with --ray"),
        ({"together": 0}, "--together: 0 is too small; give 1 to 32"),
        ({"together": 33, "part": "1/2"}, "--together: 33 is too large; give 1 to 32"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(options: dict[str, Any], said: str) -> None:
    many = Many(**dict.fromkeys(("workers", "part", "ray", "storage")) | options)
    with pytest.raises(UsageError, match=said):
        many.check(VideoSettings())


def test_a_film_that_loops_is_not_dreamed_together() -> None:
    settings = VideoSettings.checked({"motion": {"loop": True}})
    with pytest.raises(
        UsageError, match=r"loop: a loop is dreamed by one process; leave out .*tog"
    ):
        Many(None, None, None, None, together="auto").check(settings)


def test_shots_together_in_one_process(
    two_shots: Path, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mp4"
    command = ["video", two_shots, "-o", out, *QUICK, "--device", "cpu", "--together"]
    told = without_torch(*command, "2")
    assert told.code == 2 and told.line == (
        "dreamvid: --together: several shots at once in one process are for a CUDA GPU; "
        "use --workers 2"
    )
    with monkeypatch.context() as patch:
        patch.setattr("dreamvid.farm.check.check_gpu", lambda *_: None)
        told = dreamvid(*command, "2")
    assert told.code == 0, told.err
    assert "2 shots at once" in told.err.splitlines()
    assert f"all shots: {FRAMES} of {FRAMES}" in told.err
    assert out.read_bytes() == whole
    told = dreamvid(*command, "auto", "-y", "--part", "1/1")
    assert told.code == 0, told.err
    assert "one shot at a time" in told.err.splitlines()
    assert out.read_bytes() == whole


def test_auto_is_one_worker_for_each_core(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[int] = []
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    monkeypatch.setattr(
        "dreamvid.farm.crew.dream_by_workers", lambda request, count, *_, **__: asked.append(count)
    )
    many = Many("auto", None, None, None)
    assert many.check(VideoSettings())
    many.run(None, tmp_path, lambda event: None, None)  # type: ignore[arg-type]
    assert asked == [6]


def test_parts_in_a_storage_are_joined_from_it(
    two_shots: Path, whole: bytes, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    for part in ("2/2", "1/2"):
        folder = tmp_path / part.replace("/", "-")
        folder.mkdir()
        told = dreamvid(
            "video", two_shots, "-o", folder / "out.mp4", *QUICK, "--part", part, "--storage", store
        )
        assert told.code == 0, told.err
        if part == "2/2":
            told = dreamvid("status", tmp_path / "out.mp4", "--storage", store)
            assert told.out.splitlines() == [
                f"{tmp_path / 'out.mp4'}: {FRAMES - CUT} of {FRAMES} frames",
                "shots: 1 of 2 done",
            ]
    assert "all shots are dreamed; dreamvid join makes the film of them" in told.err
    told = dreamvid("join", tmp_path / "out.mp4", "--storage", store, "--keep-state")
    assert told.code == 0, told.err
    assert (tmp_path / "out.mp4.dreamvid.state").exists()
    assert (tmp_path / "out.mp4").read_bytes() == whole
    told = dreamvid("join", tmp_path / "other.mp4", "--storage", store)
    assert told.code == 3 and "no shots are dreamed for it" in told.err
