"""The server's end of a worker: a child process that is started when needed and when it ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from dreamvid.errors import DreamvidError

LONGEST_LINE: Final = 1 << 20
MOST_OPEN: Final = 64
"""Most orders that wait for one child."""
FINAL: Final = frozenset({"done", "cancelled", "error", "crashed"})
"""The events that end an order."""

Answer = tuple[dict[str, Any], bytes]


class Busy(DreamvidError):
    """Too many orders wait."""


class WorkerError(DreamvidError):
    """A worker could not do what it was asked for."""


class Worker:
    """A child process, `python -m MODULE`, that carries out orders one after the other.

    It is started by the first order. When it has ended, whatever the reason, its open orders get
    the event "crashed", and the next order starts another one. It is ended when it tells nothing of
    any order for `patience` seconds, and when it has nothing to do for `rest` seconds. At most
    MOST_OPEN orders wait.
    """

    def __init__(
        self,
        module: str,
        *,
        patience: float,
        rest: float,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._module, self._patience, self._rest = module, patience, rest
        self._environment = dict(environment or {})
        self._bedtime: asyncio.TimerHandle | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._open: dict[int, asyncio.Queue[Answer]] = {}
        self._last, self._ended, self._heard = 0, False, 0.0
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process that is running, if any."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def ask(self, order: Mapping[str, Any]) -> AsyncGenerator[Answer, None]:
        """Yield the events of an order with their data; the last one is one of FINAL.

        Whoever stops listening cancels the order.
        """
        if len(self._open) >= MOST_OPEN:
            raise Busy("too much is asked for at once", remedy="wait a moment")
        if self._bedtime is not None:
            self._bedtime.cancel()
        await self._start()
        self._last += 1
        ident, answers = self._last, asyncio.Queue[Answer]()
        if not self._open:  # others wait for their turn: the child is busy, not silent
            self._heard = time.monotonic()
        self._open[ident] = answers
        ended = False
        try:
            self._write({**order, "id": ident})
            while not ended:
                head, data = await self._next(answers)
                ended = head["event"] in FINAL
                yield head, data
        finally:
            self._open.pop(ident, None)
            if not ended:
                self._write({"cancel": ident})
            if not self._open:
                self._bedtime = asyncio.get_running_loop().call_later(self._rest, self._retire)

    async def result(self, order: Mapping[str, Any]) -> Answer:
        """The only event of an order before its end; WorkerError if it fails."""
        found: Answer = {}, b""
        async with contextlib.aclosing(self.ask(order)) as answers:
            async for head, data in answers:
                if head["event"] in ("error", "crashed", "cancelled"):
                    raise WorkerError(head.get("text", "was cancelled"))
                if head["event"] != "done":
                    found = head, data
        return found

    async def _next(self, answers: asyncio.Queue[Answer]) -> Answer:
        """The next event of an order; the child is ended if it has told nothing for too long."""
        while (left := self._heard + self._patience - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(answers.get(), left)
        self.end()
        return {"event": "crashed", "text": "it took too long"}, b""

    def _retire(self) -> None:
        """Let the child end by itself: it has nothing to do, and its memory is of use elsewhere."""
        if self._process is not None and self._process.stdin is not None and not self._open:
            self._process.stdin.close()
            self._ended = True

    def end(self) -> None:
        """Kill the child; the next order starts another one."""
        self._ended = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def close(self) -> None:
        """End the child and wait for it."""
        self.end()
        if self._reader is not None:
            await self._reader

    def _write(self, order: Mapping[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def _start(self) -> None:
        async with self._starting:
            if self._reader is not None and not self._reader.done():
                if not self._ended:
                    return
                await self._reader  # it was killed, and would take the next order with it
            self._ended = False
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # not the folder that it was started in: a film may lie beside an av.py
                "-m",
                self._module,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LONGEST_LINE,
                env=os.environ | self._environment,
                start_new_session=True,  # Ctrl-C ends it by its closed input, after its answers
            )
            self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                head = json.loads(line)
                data = await process.stdout.readexactly(head.pop("bytes"))
                self._heard = time.monotonic()
                if queue := self._open.get(head.pop("id")):
                    queue.put_nowait((head, data))
        except (ValueError, asyncio.IncompleteReadError):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        code = await process.wait()
        why = "there was not enough memory" if code == -9 else f"exit code {code}"
        for queue in self._open.values():
            queue.put_nowait(({"event": "crashed", "text": f"the process ended ({why})"}, b""))
