"""A film of a few shots, and workers that are forked from the tests: started at once, and tiny."""

from __future__ import annotations

import gc
import json
import os
import signal
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

from tiny import texture
from waiting import wait_for

from dreamvid.commands.preflight import Film, check_video
from dreamvid.farm.child import serve
from dreamvid.farm.messages import Order
from dreamvid.image import to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.settings.models import VideoSettings

SHOTS = (5, 3, 6, 4, 2, 7)
"""The frames of each shot of the film."""
FRAMES = sum(SHOTS)
FIRSTS = tuple(sum(SHOTS[:n]) for n in range(len(SHOTS)))
QUICK = {"octaves": 1, "iterations": 1}


def write_shots(path: Path, shots: Sequence[int] = SHOTS, width: int = 64) -> Path:
    """Write a film of moving textures, another one in each shot."""
    like = FilmInfo.plain(width, 48, Fraction(25), sum(shots))
    with VideoWriter(path, like=like, codec="ffv1") as out:
        for shot, count in enumerate(shots):
            for t in range(count):
                out.write(to_image(texture(shot, width=width, height=48, dx=2 * t, dy=t)))
    return path


def request_for(source: Path, target: Path, *, overwrite: bool = False, **tables: Any) -> Film:
    """A checked request for a film, dreamed on the CPU: a process that uses a GPU cannot fork."""
    settings = VideoSettings.checked({"dream": QUICK, "network": {"device": "cpu"}} | tables)
    return check_video(source, target, settings, overwrite=overwrite)


class Fork:
    """A process that is forked from the tests to run `task`, with all that they have patched."""

    def __init__(self, task: Callable[[], object]) -> None:
        self.pid = os.fork()
        self._code: int | None = None
        if not self.pid:
            code = 1
            gc.freeze()  # a decoder of the parent cannot be freed here: its threads are not
            try:
                os.setsid()
                task()
                code = 0
            finally:
                os._exit(code)

    def kill(self) -> None:
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code


class Forked(Fork):
    """A worker of a crew.

    It waits after each frame for a file of its number in the folder `heard`, if there is one.
    """

    heard: Path | None = None

    def __init__(self, order: Order) -> None:
        reads, writes = os.pipe()

        def task() -> None:
            os.close(reads)
            with os.fdopen(writes, "w", encoding="utf-8") as out:

                def tell(message: dict[str, Any]) -> None:
                    out.write(json.dumps(message) + "\n")
                    out.flush()
                    progress = message.get("progress", {})
                    if Forked.heard is not None and progress.get("task") == "frames":
                        wait_for((Forked.heard / str(progress["done"])).exists)

                serve(order.text, tell)

        super().__init__(task)
        os.close(writes)
        self.stdout: IO[str] | None = os.fdopen(reads, encoding="utf-8")


class Hired:
    """Starts workers and remembers them."""

    def __init__(self) -> None:
        self.all: list[Forked] = []

    def __call__(self, order: Order) -> Forked:
        self.all.append(Forked(order))
        return self.all[-1]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def parts_in(folder: Path) -> dict[str, bytes]:
    """The parts in a folder by name, with their times."""
    return {file.name: file.read_bytes() for file in folder.glob("part-*.film*")}
