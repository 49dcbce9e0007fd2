"""Previews: one at a time, and the newest settings win; pictures for the page wait for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from dreamvid.studio.worker import FINAL, Answer, Worker, WorkerError

PATIENCE: Final = 120.0
"""Most seconds between two events of a preview: a network is loaded, at worst downloaded."""

REST: Final = 1200.0
"""Seconds without a preview after which the child and its networks leave the memory."""


class Previews:
    """The dreams that the page asks for, in one child that keeps the network loaded."""

    def __init__(self) -> None:
        self.worker = Worker("dreamvid.studio.dream_child", patience=PATIENCE, rest=REST)
        self._newest = 0
        self._turn = asyncio.Lock()
        self._replaced = asyncio.Event()
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Condition()

    async def preview(self, order: Mapping[str, Any]) -> AsyncGenerator[Answer, None]:
        """Yield the events of a preview, which ends at once when a newer one is asked for."""
        self._newest += 1
        mine = self._newest
        self._replaced.set()
        self._replaced = replaced = asyncio.Event()
        self._waiting += 1
        try:
            async with self._turn:
                if mine != self._newest:
                    yield {"event": "cancelled"}, b""
                    return
                async with contextlib.aclosing(self._until(order, replaced)) as answers:
                    async for answer in answers:
                        yield answer
        finally:
            self._waiting -= 1
            async with self._idle:
                self._idle.notify_all()

    def warm(self, order: Mapping[str, Any]) -> None:
        """Begin an order whose answer nobody waits for; a preview takes its turn."""
        task = asyncio.ensure_future(self._ended(order))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def picture(self, order: Mapping[str, Any]) -> bytes:
        """A picture that can wait: it is begun again when a preview came between."""
        return (await self._waited(order, "picture"))[1]

    async def result(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """What an order that can wait tells, as `picture`."""
        head, _ = await self._waited(order, str(order["task"]))
        return head

    async def _ended(self, order: Mapping[str, Any]) -> None:
        with contextlib.suppress(WorkerError):
            await self._waited(order, "done")

    async def _waited(self, order: Mapping[str, Any], event: str) -> Answer:
        while True:
            async with self._idle:
                await self._idle.wait_for(lambda: self._waiting == 0)
            async with self._turn:
                if self._waiting:
                    continue
                async with contextlib.aclosing(self._until(order, self._replaced)) as answers:
                    async for head, data in answers:
                        if head["event"] == event:
                            return head, data
                        if head["event"] in ("error", "crashed", "done"):
                            raise WorkerError(str(head.get("text", f"gave no {event}")))

    async def stop(self) -> None:
        """End the preview that runs, if any."""
        self._replaced.set()
        self._replaced = asyncio.Event()

    async def _until(
        self, order: Mapping[str, Any], replaced: asyncio.Event
    ) -> AsyncGenerator[Answer, None]:
        """The events of an order, up to its end or to when it is replaced."""
        over = asyncio.ensure_future(replaced.wait())
        step: asyncio.Future[Answer] | None = None
        async with contextlib.aclosing(self.worker.ask(order)) as answers:
            try:
                ended = False
                while not ended:
                    step = asyncio.ensure_future(anext(answers))
                    await asyncio.wait({step, over}, return_when=asyncio.FIRST_COMPLETED)
                    answer = step.result() if step.done() else ({"event": "cancelled"}, b"")
                    ended = answer[0]["event"] in FINAL
                    yield answer
            finally:
                over.cancel()
                if step is not None and not step.done():
                    step.cancel()
                    await asyncio.gather(step, return_exceptions=True)
