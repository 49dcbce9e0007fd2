"""The queue: order, pause, stop, retry, and what becomes of jobs when the server ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from dreamvid.errors import DiskFull, UnreadableInput, UsageError
from dreamvid.studio import queue as queue_module
from dreamvid.studio.jobs import Job
from dreamvid.studio.queue import Queue, _born, _lives, disk_left, preview_of

FAKE = Path(__file__).with_name("fake_job.py")


class Fake(Queue):
    """Runs the fake job: its command is how it ends."""

    def arguments(self, job: Job) -> list[str]:
        return [sys.executable, str(FAKE), job.command, job.output]


def job_of(folder: Path, how: str = "quick", name: str = "a") -> Job:
    return Job.new(how, folder / "film.mp4", folder / f"{name}.mp4")


async def until(check: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


def with_queue(folder: Path, use: Callable[[Fake], Awaitable[Any]]) -> Any:
    """Use a queue that runs, and end it in order."""

    async def main() -> Any:
        queue = Fake(folder / "jobs")
        runner = asyncio.create_task(queue.run())
        try:
            return await use(queue)
        finally:
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)

    return asyncio.run(main())


def test_jobs_run_in_order_one_at_a_time(tmp_path: Path) -> None:
    async def use(queue: Fake) -> None:
        jobs = [await queue.add(job_of(tmp_path, name=name), "x = 1") for name in "abc"]
        await queue.act(jobs[2].id, "move", jobs[1].id)
        seen = set()
        while any(job.state != "done" for job in jobs):
            seen.add(sum(job.state == "running" for job in jobs))
            await asyncio.sleep(0.005)
        assert seen <= {0, 1}
        a, b, c = jobs
        assert a.ended and b.started and c.started and c.ended
        assert a.ended <= c.started and c.ended <= b.started
        assert queue.files.settings(a).read_text() == "x = 1"

    with_queue(tmp_path, use)


def test_the_progress_is_told(tmp_path: Path) -> None:
    async def use(queue: Fake) -> None:
        job = await queue.add(job_of(tmp_path, "long"), "")
        preview_of(job).write_bytes(b"jpeg")
        await until(lambda: queue.describe(job)["done"] > 2)
        row = queue.describe(job)
        assert row["state"] == "running" and row["total"] == 10_000 and row["what"] == "shot 1"
        assert row["seconds_each"] == 0.05 and row["seconds_left"] > 400
        assert row["newest"] == int(preview_of(job).stat().st_mtime * 1000)
        assert row["source_name"] == "film.mp4" and str(tmp_path) not in str(row)
        seen = queue.version
        await asyncio.wait_for(queue.news(seen), 60)

    with_queue(tmp_path, use)


def test_what_has_not_changed_is_not_told_again(tmp_path: Path) -> None:
    async def use(queue: Fake) -> None:
        job = await queue.add(job_of(tmp_path, "long"), "")
        await until(lambda: queue.describe(job)["done"] > 2)
        await queue.act(job.id, "pause")
        await asyncio.sleep(2 * queue_module.LOOK_EVERY)
        seen = queue.version
        await asyncio.sleep(4 * queue_module.LOOK_EVERY)
        assert queue.version == seen
        await queue.act(job.id, "resume")
        done = queue.describe(job)["done"]
        await until(lambda: queue.describe(job)["done"] > done)
        await asyncio.wait_for(queue.news(queue.version), 60)

    with_queue(tmp_path, use)


def test_a_job_that_fails_says_why_and_the_next_runs(tmp_path: Path) -> None:
    async def use(queue: Fake) -> None:
        bad = await queue.add(job_of(tmp_path, "fails"), "")
        good = await queue.add(job_of(tmp_path, "quick", "b"), "")
        await until(lambda: good.state == "done")
        assert bad.state == "failed" and "export it again" in bad.error
        bad.command = "quick"
        await queue.act(bad.id, "retry")
        await until(lambda: bad.state == "done")
        assert bad.error == "" and Path(bad.output).exists()

    with_queue(tmp_path, use)


def test_a_job_that_cannot_be_started_fails_and_the_next_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    async def use(queue: Fake) -> None:
        bad = await queue.add(job_of(tmp_path / "file"), "")
        good = await queue.add(job_of(tmp_path, "quick", "b"), "")
        await until(lambda: good.state == "done")
        assert bad.state == "failed" and "cannot be started" in bad.error

    with_queue(tmp_path, use)


def test_the_queue_goes_on_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(job: Job) -> None:
        raise OSError(28, "No space left on device")

    async def use(queue: Fake) -> None:
        jobs = [await queue.add(job_of(tmp_path, "quick", name), "") for name in "ab"]
        monkeypatch.setattr(queue.files, "write", full)
        await until(lambda: all(job.state == "done" for job in jobs))
        with pytest.raises(DiskFull):
            await queue.add(job_of(tmp_path, "quick", "c"), "")
        assert len(queue.jobs) == 2

    with_queue(tmp_path, use)


@pytest.mark.parametrize("action", ["stop", "pause"])
def test_a_job_is_stopped_or_paused_while_it_is_being_started(tmp_path: Path, action: str) -> None:
    begun = []

    class Slow(Fake):
        async def _begun(self, job: Job) -> asyncio.subprocess.Process:
            child = await super()._begun(job)
            begun.append(child.pid)
            await asyncio.sleep(0.2)
            return child

    async def use() -> None:
        queue = Slow(tmp_path / "jobs")
        runner = asyncio.create_task(queue.run())
        job = await queue.add(job_of(tmp_path, "long"), "")
        await until(lambda: begun)
        await queue.act(job.id, action)
        state = Path(f"/proc/{begun[0]}/stat")
        if action == "stop":
            assert job.state == "stopped" and _born(begun[0]) is None
        elif state.exists():
            await until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T")
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)

    asyncio.run(use())


def test_a_job_that_is_removed_before_its_turn_does_not_run(tmp_path: Path) -> None:
    async def use(queue: Fake) -> None:
        async with queue._changing:  # as while another one is ended
            job = await queue.add(job_of(tmp_path), "")
            await asyncio.sleep(0.05)
            await queue.act(job.id, "remove")
        await asyncio.sleep(0.2)
        assert job.state == "queued" and not list((tmp_path / "jobs").iterdir())

    with_queue(tmp_path, use)


@pytest.mark.parametrize("how", ["long", "stubborn"])
def test_a_job_is_stopped_within_a_second_even_if_it_does_not_listen(
    tmp_path: Path, how: str
) -> None:
    async def use(queue: Fake) -> None:
        job = await queue.add(job_of(tmp_path, how), "")
        await until(lambda: queue.describe(job)["done"] > 0)
        pid = job.pid
        assert pid is not None
        await queue.act(job.id, "stop")
        assert job.state == "stopped" and _born(pid) is None
        after = await queue.add(job_of(tmp_path, "quick", "b"), "")
        await until(lambda: after.state == "done")

    with_queue(tmp_path, use)
    assert queue_module.GRACE < 1


def test_a_paused_job_rests_and_goes_on(tmp_path: Path) -> None:
    async def use(queue: Fake) -> None:
        job = await queue.add(job_of(tmp_path, "long"), "")
        other = await queue.add(job_of(tmp_path, "quick", "b"), "")
        await until(lambda: queue.describe(job)["done"] > 0)
        await queue.act(job.id, "pause")
        await asyncio.sleep(0.1)
        done = queue.describe(job)["done"]
        await asyncio.sleep(0.3)
        assert queue.describe(job)["done"] == done and other.state == "queued"
        await queue.act(job.id, "resume")
        await until(lambda: queue.describe(job)["done"] > done)
        await queue.act(job.id, "pause")
        await queue.act(job.id, "stop")  # also while it rests
        await until(lambda: other.state == "done")

    with_queue(tmp_path, use)


def test_an_orderly_end_stops_the_job_and_the_next_start_goes_on(tmp_path: Path) -> None:
    async def begin(queue: Fake) -> tuple[Job, int]:
        job = await queue.add(job_of(tmp_path, "long"), "")
        await until(lambda: queue.describe(job)["done"] > 0)
        assert job.pid is not None
        return job, job.pid

    job, pid = with_queue(tmp_path, begin)
    assert job.state == "queued" and _born(pid) is None

    async def go_on(queue: Fake) -> None:
        again = queue.job(job.id)
        await until(lambda: again.state == "running")

    with_queue(tmp_path, go_on)


def test_jobs_of_a_killed_server_are_found_again(tmp_path: Path) -> None:
    """A job that runs on is watched; one that ended well is done; one that was lost runs again."""
    queue = Fake(tmp_path / "jobs")
    rows = {name: job_of(tmp_path, "quick", name) for name in ("lives", "ended", "lost")}
    running = subprocess.Popen(
        [sys.executable, str(FAKE), "long", rows["lives"].output],
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        for name, job in rows.items():
            job.state, job.started, job.pid = "running", 1.0, running.pid
            job.born = _born(running.pid) if name == "lives" else "0"
            queue.files.write(job)
        Path(rows["ended"].output).write_text("a film")

        async def use(found: Fake) -> None:
            lives, ended, lost = (found.job(rows[name].id) for name in rows)
            await until(lambda: found.version > 0)
            assert lives.state == "running"
            os.killpg(running.pid, signal.SIGTERM)
            running.wait()
            Path(lives.output).write_text("a film")
            await until(lambda: {lives.state, ended.state, lost.state} == {"done"})
            assert Path(lost.output).read_text() == "a film"

        with_queue(tmp_path, use)
    finally:
        running.kill()
        running.wait()


def test_a_job_that_is_moved_stays_below_the_one_that_runs(tmp_path: Path) -> None:
    async def use(queue: Fake) -> None:
        long = await queue.add(job_of(tmp_path, "long"), "")
        await until(lambda: long.state == "running")
        b, c = [await queue.add(job_of(tmp_path, name=name), "") for name in "bc"]
        await queue.act(c.id, "move", b.id)
        assert queue.listed() == [long, c, b]

    with_queue(tmp_path, use)


def test_a_process_is_known_by_its_number_and_its_birth() -> None:
    job = job_of(Path("/nowhere"))
    assert not _lives(job)
    job.pid, job.born = os.getpid(), _born(os.getpid())
    assert _lives(job)
    job.born = "1"
    assert not _lives(job)


def test_actions_that_the_state_does_not_allow(tmp_path: Path) -> None:
    async def use(queue: Fake) -> None:
        job = await queue.add(job_of(tmp_path, "quick"), "")
        await until(lambda: job.state == "done")
        for action in ("pause", "resume", "stop", "retry", "move"):
            with pytest.raises(UsageError, match="that is done cannot"):
                await queue.act(job.id, action)
        await queue.act(job.id, "remove")
        assert Path(job.output).exists() and not list((tmp_path / "jobs").iterdir())
        with pytest.raises(UnreadableInput, match="no such job"):
            await queue.act(job.id, "remove")

    with_queue(tmp_path, use)


def test_the_command_of_a_job(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    zoom = Job.new("zoom", None, tmp_path / "z.mp4")
    settings = str(queue.files.settings(zoom))
    words = ["zoom", "-o", str(tmp_path / "z.mp4"), "--settings", settings, "-v"]
    assert queue.arguments(zoom)[1:] == ["-P", "-m", "dreamvid", *words]
    longer = Job.new("zoom", tmp_path / "z.mp4", tmp_path / "y.mp4", more="30")
    assert queue.arguments(longer)[4:7] == ["zoom", "--more", "30"]


def test_the_room_on_the_disk_of_a_folder_that_will_be(tmp_path: Path) -> None:
    assert disk_left(tmp_path / "not" / "yet") > 0
