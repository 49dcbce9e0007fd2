"""Jobs of the queue: a small JSON file for each, with its settings and its log beside it."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, Self

from dreamvid.files import write_whole

State = Literal["queued", "running", "paused", "stopped", "failed", "done"]
OPEN: Final = frozenset({"running", "paused"})
"""The states of a job that has a process."""
TAIL: Final = 20_000
"""Bytes of the end of a log that are read."""
_FRAMES: Final = re.compile(r"(.{1,200}?): (\d+)(?: of (\d+))?(?: ([\d.]+) s/frame| .* left)?")
"""A line of progress of the command line, as `dreamvid.cli.show` writes it."""
BEGINS: Final = "--- begins ---"
"""The line of the log above each start of a job."""


@dataclass
class Job:
    """One run of a command; `source` and `output` are paths, `order` is its place in the queue.

    `pid` and `born` tell the process of a job that runs, also after the server was restarted.
    """

    id: str
    command: str
    source: str | None
    output: str
    order: float
    created: float
    state: State = "queued"
    more: str | None = None
    started: float | None = None
    ended: float | None = None
    pid: int | None = None
    born: str | None = None
    error: str = ""

    @classmethod
    def new(cls, command: str, source: Path | None, output: Path, **given: Any) -> Self:
        """A job at the end of the queue."""
        now = time.time()
        text = None if source is None else str(source)
        return cls(secrets.token_hex(6), command, text, str(output), now, now, **given)


@dataclass(frozen=True)
class Pace:
    """How far a job is, as its log tells: units done of total, and the seconds of one."""

    what: str = ""
    done: int = 0
    total: int | None = None
    seconds_each: float | None = None

    @property
    def seconds_left(self) -> float | None:
        """The time left, if it can be told."""
        if self.total is None or self.seconds_each is None:
            return None
        return max(0, self.total - self.done) * self.seconds_each


class JobFolder:
    """The folder of the jobs; every change is written whole, so it survives any end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paces: dict[str, tuple[tuple[int, int], Pace]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def read(self) -> Iterator[Job]:
        """All jobs; files that are damaged or of another version are left alone."""
        known = {field.name for field in fields(Job)}
        for path in sorted(self.folder.glob("*.json")):
            try:
                values = json.loads(path.read_text("utf-8"))
                yield Job(**{name: value for name, value in values.items() if name in known})
            except (OSError, ValueError, TypeError):
                continue

    def write(self, job: Job) -> None:
        """Write a job; raises OSError."""
        write_whole(self.folder / f"{job.id}.json", json.dumps(asdict(job), indent=1).encode())

    def settings(self, job: Job) -> Path:
        """The settings file of a job."""
        return self.folder / f"{job.id}.toml"

    def log(self, job: Job) -> Path:
        """What a job has printed."""
        return self.folder / f"{job.id}.log"

    def remove(self, job: Job) -> None:
        """Remove the files of a job, not its output."""
        self._paces.pop(job.id, None)
        for suffix in ("json", "toml", "log"):
            (self.folder / f"{job.id}.{suffix}").unlink(missing_ok=True)

    def pace(self, job: Job) -> Pace:
        """How far a job is; a log that has not changed is not read again."""
        log = self.log(job)
        try:
            stat = log.stat()
        except OSError:
            return Pace()
        key = stat.st_mtime_ns, stat.st_size
        if job.id not in self._paces or self._paces[job.id][0] != key:
            self._paces[job.id] = key, pace_of(self.tail(job))
        return self._paces[job.id][1]

    def tail(self, job: Job) -> list[str]:
        """The last lines of the log."""
        try:
            with self.log(job).open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - TAIL))
                return file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return []


def pace_of(lines: list[str]) -> Pace:
    """How far a job is, from the last lines of its log."""
    for line in reversed(lines):
        if line == BEGINS:
            break
        if hit := _FRAMES.fullmatch(line):
            total, each = int(hit[3]) if hit[3] else None, float(hit[4]) if hit[4] else None
            return Pace(hit[1], int(hit[2]), total, each)
    return Pace()


def error_of(lines: list[str]) -> str:
    """The error that the command line ended with, without its name."""
    if BEGINS in lines:
        lines = lines[len(lines) - lines[::-1].index(BEGINS) :]
    told = [line.removeprefix("dreamvid: ") for line in lines if line.startswith("dreamvid: ")]
    return told[-1] if told else (lines[-1] if lines else "")
