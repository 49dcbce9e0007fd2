"""The ffmpeg child process: a thread feeds it frames, stderr is drained, it is always ended."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from dreamvid.errors import DiskFull, DreamvidError
from dreamvid.media.formats import ffmpeg_path

QUEUE_BYTES: Final = 64 << 20
"""Upper bound of the frame queue in bytes."""


class FfmpegChild:
    """Run ffmpeg with `arguments`; `write` queues frames for a thread that feeds its stdin.

    The child runs in its own session, so that Ctrl-C in the terminal does not reach it; the caller
    must end it. `where` names the output in errors. `frame_bytes`, the size of a frame, bounds the
    length of the queue.
    """

    def __init__(self, arguments: Sequence[str], *, where: Path, frame_bytes: int = 1) -> None:
        self._where = where
        self._log: deque[str] = deque(maxlen=20)
        self._process = subprocess.Popen(
            [ffmpeg_path(), "-hide_banner", "-nostats", "-loglevel", "error", "-y", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        self._queue: queue.Queue[NDArray[Any] | None] = queue.Queue(
            max(2, min(16, QUEUE_BYTES // frame_bytes))
        )
        self._log_reader = threading.Thread(target=self._read_log, name="ffmpeg-log", daemon=True)
        self._feeder = threading.Thread(target=self._feed, name="encode", daemon=True)
        self._log_reader.start()
        self._feeder.start()

    def write(self, array: NDArray[Any]) -> None:
        """Queue one frame; blocks while the queue is full.

        Raises DreamvidError or DiskFull, with ffmpeg's stderr, when ffmpeg has exited.
        """
        if not self._put(array):
            raise self._failure()

    def finish(self) -> None:
        """Wait until every frame is encoded and ffmpeg has exited.

        Raises DreamvidError or DiskFull when its exit code is not 0.
        """
        self._put(None)
        self._feeder.join()
        code = self._process.wait()
        self._log_reader.join()
        if code != 0:
            raise self._failure()

    def kill(self) -> None:
        """Kill ffmpeg and wait for it; raises nothing, even if it has already exited."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._feeder.join()
        self._log_reader.join()

    def _put(self, array: NDArray[Any] | None) -> bool:
        while self._feeder.is_alive():
            try:
                self._queue.put(array, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def _feed(self) -> None:
        assert self._process.stdin is not None
        stdin = self._process.stdin
        with contextlib.suppress(OSError):  # ffmpeg exited; the exit code and stderr say why
            while (array := self._queue.get()) is not None:
                view = memoryview(array.reshape(-1).view("u1").data)
                while view:
                    view = view[stdin.write(view) :]
        with contextlib.suppress(OSError):
            stdin.close()

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self._log.append(line.decode("utf-8", "replace").strip())

    def _failure(self) -> DreamvidError:
        code = self._process.wait()
        self._log_reader.join()
        log = " / ".join(line for line in self._log if line)
        if "No space left on device" in log:
            return DiskFull("no space left on the disk", where=self._where, remedy="make room")
        return DreamvidError(f"ffmpeg failed with exit code {code}: {log[:400]}", where=self._where)


def run_ffmpeg(arguments: Sequence[str], *, where: Path) -> None:
    """Run ffmpeg to completion; on any exception the process is killed.

    Raises DreamvidError or DiskFull when its exit code is not 0.
    """
    child = FfmpegChild(arguments, where=where)
    try:
        child.finish()
    finally:
        child.kill()
