"""The queue: it runs its jobs one at a time, each as a process of the command line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from dreamvid.errors import UnreadableInput, UsageError, writing
from dreamvid.files import write_whole
from dreamvid.studio.jobs import BEGINS, OPEN, Job, JobFolder, error_of

LOOK_EVERY: Final = 0.25
"""Seconds between two looks at the job that runs."""
GRACE: Final = 0.7
"""Seconds that a job has to end by itself when it is stopped; its finished parts are kept."""
ACTIONS: Final = ("pause", "resume", "stop", "retry", "remove", "move")


class Queue:
    """Runs queued jobs in their order; `changed` tells whoever waits for news.

    A job goes on while the server is away if that was killed; at an orderly end it is stopped, and
    queued again: the parts that it has finished are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.files = JobFolder(folder)
        self.jobs = {job.id: job for job in self.files.read()}
        self.changed = asyncio.Condition()
        self.version = 0
        self._child: asyncio.subprocess.Process | None = None
        self._wake = asyncio.Event()
        self._changing = asyncio.Lock()
        """Held while a process is started or ended: neither happens in the middle of the other."""

    def listed(self) -> list[Job]:
        """The jobs in their order."""
        return sorted(self.jobs.values(), key=lambda job: (job.order, job.id))

    async def news(self, version: int) -> None:
        """Wait until anything has changed since a version."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.version != version)

    def job(self, ident: str) -> Job:
        """A job by its id; UnreadableInput if there is none."""
        if ident not in self.jobs:
            raise UnreadableInput("no such job", where=ident[:20])
        return self.jobs[ident]

    async def add(self, job: Job, settings: str) -> Job:
        """Queue a job with the text of its settings file; DiskFull if there is no room for it."""
        with writing(self.files.folder):
            write_whole(self.files.settings(job), settings.encode())
            self.files.write(job)
        self.jobs[job.id] = job
        self._wake.set()
        await self._tell()
        return job

    async def act(self, ident: str, action: str, before: str | None = None) -> None:
        """Do one of ACTIONS with a job; UsageError if its state does not allow it."""
        job = self.job(ident)
        match action, job.state:
            case ("pause", "running") if hasattr(signal, "SIGSTOP"):
                job.state = "paused"
                async with self._changing:
                    _signal(job, signal.SIGSTOP)
            case ("resume", "paused"):
                _signal(job, signal.SIGCONT)
                job.state = "running"
            case ("stop", "running" | "paused" | "queued"):
                job.state, job.ended = "stopped", time.time()
                await self._stop(job)
            case ("retry" | "resume", "stopped" | "failed"):
                job.state, job.error, job.ended = "queued", "", None
            case ("remove", "queued" | "stopped" | "failed" | "done"):
                del self.jobs[ident]
                self.files.remove(job)
                return await self._tell()
            case ("move", "queued"):
                job.order = self._place(job, before)
            case _:
                what = f"a job that is {job.state} cannot {action}"
                raise UsageError(what, where="action", remedy="reload the page")
        await self._put(job)

    async def run(self) -> None:
        """Run jobs until this is cancelled; those found running are watched on."""
        try:
            while True:
                job = next((job for job in self.listed() if job.state in OPEN), None)
                if job is None:
                    job = next((job for job in self.listed() if job.state == "queued"), None)
                    if job is not None:
                        await self._start(job)
                if job is None:
                    self._wake.clear()
                    await self._wake.wait()
                else:
                    await self._watch(job)
        finally:
            await self._leave()

    def describe(self, job: Job) -> dict[str, Any]:
        """The state and the progress of a job, as plain values without paths."""
        pace = self.files.pace(job)
        newest = _newest(job)
        return {
            "id": job.id,
            "command": job.command,
            "state": job.state,
            "source_name": None if job.source is None else Path(job.source).name,
            "output_name": Path(job.output).name,
            "created": job.created,
            "started": job.started,
            "ended": job.ended,
            "error": job.error,
            "what": pace.what,
            "done": pace.done,
            "total": pace.total,
            "seconds_each": pace.seconds_each,
            "seconds_left": pace.seconds_left if job.state == "running" else None,
            "newest": newest,
        }

    async def _start(self, job: Job) -> None:
        """Start a job; one that cannot be started has failed, and the queue goes on."""
        async with self._changing:  # the last one has ended; this one is stopped once it has begun
            if job.state != "queued" or job.id not in self.jobs:
                return
            job.started, job.state, job.error = time.time(), "running", ""
            try:
                self._child = await self._begun(job)
            except OSError as error:
                job.state, job.ended = "failed", time.time()
                job.error = f"cannot be started: {error.strerror or error}"
            else:
                job.pid, job.born = self._child.pid, _born(self._child.pid)
        await self._note(job)

    async def _begun(self, job: Job) -> asyncio.subprocess.Process:
        """The new process of a job; raises OSError."""
        Path(job.output).parent.mkdir(parents=True, exist_ok=True)
        with self.files.log(job).open("ab") as log:
            log.write(f"{BEGINS}\n".encode())
            log.flush()
            return await asyncio.create_subprocess_exec(
                *self.arguments(job),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def arguments(self, job: Job) -> list[str]:
        """The command of a job: that of the command line."""
        words = [sys.executable, "-P", "-m", "dreamvid", job.command]
        if job.more is not None:
            return [*words, "--more", job.more, str(job.source), "-o", job.output, "-v"]
        source = [] if job.source is None else [job.source]
        return [
            *words,
            *source,
            "-o",
            job.output,
            "--settings",
            str(self.files.settings(job)),
            "-v",
        ]

    async def _watch(self, job: Job) -> None:
        """Wait until a job ends, or is stopped, and tell its progress when it has changed."""
        told: dict[str, Any] = {}
        child = self._child if self._child is not None and self._child.pid == job.pid else None
        while job.state in OPEN and job.id in self.jobs:
            if child is not None and child.returncode is not None:
                return await self._ended(job, child.returncode)
            if child is None and not _lives(job):
                return await self._ended(job, None)
            if (row := self.describe(job)) != told:
                told = row
                await self._tell()
            with contextlib.suppress(TimeoutError):
                if child is not None:
                    await asyncio.wait_for(asyncio.shield(child.wait()), LOOK_EVERY)
                else:
                    await asyncio.sleep(LOOK_EVERY)

    async def _ended(self, job: Job, code: int | None) -> None:
        """Note the end of a job; one that ended unseen and left no output is queued again."""
        lines = self.files.tail(job)
        job.pid = job.born = None
        if code in (0, 5) or (code is None and Path(job.output).exists()):
            job.state, job.ended = "done", time.time()
            job.error = error_of(lines) if code == 5 else ""
        elif code is None:
            job.state = "queued"
        else:
            job.state, job.ended, job.error = "failed", time.time(), _why(code, lines)
        await self._note(job)

    async def _stop(self, job: Job) -> None:
        """End the process of a job within a second; what it has finished is kept."""
        async with self._changing:
            _signal(job, signal.SIGTERM)
            _signal(job, signal.SIGCONT)
            until = time.monotonic() + GRACE
            while _lives(job) and time.monotonic() < until:
                await asyncio.sleep(0.02)
            _signal(job, signal.SIGKILL)
            child = self._child
            if child is not None and child.pid == job.pid:
                await child.wait()
            job.pid = job.born = None
            if Path(job.output).exists():  # it had just become complete
                job.state = "done"

    async def _leave(self) -> None:
        """Stop what runs, to go on at the next start; what is paused waits to be resumed."""
        for job in self.listed():
            if job.state in OPEN:
                job.state = "queued" if job.state == "running" else "stopped"
                await self._stop(job)
                self._keep(job)

    def _place(self, job: Job, before: str | None) -> float:
        """The order that puts a job before another, or at the end."""
        others = [one for one in self.listed() if one is not job]
        waits = [one.id == before and one.state == "queued" for one in others]
        at = waits.index(True) if any(waits) else len(others)
        if at == len(others):
            return time.time()
        above = others[at - 1].order if at else others[at].order - 2
        return (above + others[at].order) / 2

    async def _put(self, job: Job) -> None:
        self.files.write(job)
        self._wake.set()
        await self._tell()

    async def _note(self, job: Job) -> None:
        """Tell what has become of a job."""
        self._keep(job)
        await self._tell()

    def _keep(self, job: Job) -> None:
        """Write a job if there is room: on a full disk the queue goes on as it is in memory."""
        with contextlib.suppress(OSError):
            self.files.write(job)

    async def _tell(self) -> None:
        async with self.changed:
            self.version += 1
            self.changed.notify_all()


def disk_left(folder: Path) -> int:
    """The bytes that are free where a folder is, or will be."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free


def preview_of(job: Job) -> Path:
    """The picture of the newest frame that the command line writes."""
    output = Path(job.output)
    return output.with_name(f"{output.name}.preview.jpg")


def _newest(job: Job) -> int | None:
    """When the newest frame was written, in milliseconds: a new number for a new picture."""
    try:
        return int(preview_of(job).stat().st_mtime * 1000)
    except OSError:
        return None


def _why(code: int, lines: list[str]) -> str:
    if code == -signal.SIGKILL:
        return "the system ended it, perhaps for want of memory; use a smaller size, then retry"
    return error_of(lines) or f"ended with exit code {code}"


def _signal(job: Job, number: int) -> None:
    """Signal the process group of a job, if it still is the one that was started."""
    if job.pid is not None and _lives(job):
        with contextlib.suppress(OSError):
            os.killpg(job.pid, number)


def _lives(job: Job) -> bool:
    """Whether the process of a job runs: the same one, not another with its number."""
    return job.pid is not None and _born(job.pid) is not None and _born(job.pid) == job.born


def _born(pid: int) -> str | None:
    """When a process began, in ticks since the start of the system; None if it has ended."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state == "Z" else rest[18]
    except OSError:
        pass
    if Path("/proc/self").exists():
        return None
    try:  # not Linux: the number alone has to do
        os.kill(pid, 0)
    except OSError:
        return None
    return "?"
