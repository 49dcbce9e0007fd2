"""The ffmpeg child process: fed frames through a thread, heard out, and always ended."""

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
"""At most so many bytes of frames wait for the encoder."""


class FfmpegChild:
    """Runs ffmpeg with `arguments`; `write` hands frames to a thread that feeds it.

    The child does not get the terminal's Ctrl-C: who started it ends it. `where` names the
    output in errors. `frame_bytes` is the size of a frame, which bounds the queue.
    """

    def __init__(self, arguments: Sequence[str], *, where: Path, frame_bytes: int = 1) -> None:
        self._where = where
        self._said: deque[str] = deque(maxlen=20)
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
        self._listener = threading.Thread(target=self._listen, name="ffmpeg-log", daemon=True)
        self._feeder = threading.Thread(target=self._feed, name="encode", daemon=True)
        self._listener.start()
        self._feeder.start()

    def write(self, array: NDArray[Any]) -> None:
        """Hand over one frame; waits while the queue is full.

        Raises DreamvidError or DiskFull, with what ffmpeg said, when it has died.
        """
        if not self._put(array):
            raise self._failure()

    def finish(self) -> None:
        """Wait until every frame is encoded and ffmpeg has ended.

        Raises DreamvidError or DiskFull when it did not end well.
        """
        self._put(None)
        self._feeder.join()
        code = self._process.wait()
        self._listener.join()
        if code != 0:
            raise self._failure()

    def kill(self) -> None:
        """End ffmpeg at once and wait for it; nothing is raised, also when it has ended already."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._feeder.join()
        self._listener.join()

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
        with contextlib.suppress(OSError):  # ffmpeg died; its exit code and its words tell why
            while (array := self._queue.get()) is not None:
                view = memoryview(array.reshape(-1).view("u1").data)
                while view:
                    view = view[stdin.write(view) :]
        with contextlib.suppress(OSError):
            stdin.close()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self._said.append(line.decode("utf-8", "replace").strip())

    def _failure(self) -> DreamvidError:
        code = self._process.wait()
        self._listener.join()
        said = " / ".join(line for line in self._said if line)
        if "No space left on device" in said:
            return DiskFull(
                "no space left on the disk", where=self._where, remedy="free some space"
            )
        return DreamvidError(
            f"ffmpeg failed with exit code {code}: {said[:400]}", where=self._where
        )


def run_ffmpeg(arguments: Sequence[str], *, where: Path) -> None:
    """Run ffmpeg to its end; whatever happens meanwhile, it does not outlive this call.

    Raises DreamvidError or DiskFull when it did not end well.
    """
    child = FfmpegChild(arguments, where=where)
    try:
        child.finish()
    finally:
        child.kill()
