"""Previews: one at a time, the newest wins, and what can wait waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from test_worker import HERE

from dreamvid.studio.preview import Previews
from dreamvid.studio.worker import Worker, WorkerError

LONG = {"task": "count", "upto": 10**6}


def with_previews(use: Callable[[Previews], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        previews = Previews()
        previews.worker = Worker("fake_worker", patience=60, rest=60, environment=HERE)
        try:
            return await use(previews)
        finally:
            await previews.worker.close()

    return asyncio.run(main())


async def events(previews: Previews, order: dict[str, Any], begun: Any = None) -> list[str]:
    found = []
    async with contextlib.aclosing(previews.preview(order)) as answers:
        async for head, _ in answers:
            found.append(head["event"])
            if begun is not None:
                begun.set()
    return found


def test_a_preview_to_its_end() -> None:
    async def use(previews: Previews) -> None:
        found = await events(previews, {"task": "count", "upto": 3})
        assert found == ["number"] * 3 + ["done"]

    with_previews(use)


def test_the_newest_wins() -> None:
    async def use(previews: Previews) -> None:
        begun = asyncio.Event()
        old = asyncio.ensure_future(events(previews, LONG, begun))
        await begun.wait()
        between = asyncio.ensure_future(events(previews, LONG))
        await asyncio.sleep(0)
        new = await events(previews, {"task": "count", "upto": 2})
        assert new == ["number", "number", "done"]
        assert (await old)[-1] == "cancelled" and (await between)[-1] == "cancelled"

    with_previews(use)


def test_the_old_one_ends_at_once_even_if_its_child_does_not_listen() -> None:
    async def use(previews: Previews) -> None:
        await events(previews, {"task": "count", "upto": 1})
        old = asyncio.ensure_future(events(previews, {"task": "hang"}))
        await asyncio.sleep(0.1)
        new = asyncio.ensure_future(events(previews, {"task": "count", "upto": 1}))
        assert (await old) == ["cancelled"]  # else it would be done, or have crashed
        new.cancel()
        await asyncio.gather(new, return_exceptions=True)

    with_previews(use)


def test_it_is_stopped() -> None:
    async def use(previews: Previews) -> None:
        begun = asyncio.Event()
        old = asyncio.ensure_future(events(previews, LONG, begun))
        await begun.wait()
        await previews.stop()
        assert (await old)[-1] == "cancelled"

    with_previews(use)


def test_a_picture_waits_for_previews_and_is_begun_again() -> None:
    async def use(previews: Previews) -> None:
        begun = asyncio.Event()
        old = asyncio.ensure_future(events(previews, LONG, begun))
        await begun.wait()
        picture = asyncio.ensure_future(previews.picture({"task": "echo", "text": "drawn"}))
        await asyncio.sleep(0.1)
        assert not picture.done()
        await previews.stop()
        assert await asyncio.wait_for(picture, 60) == b"drawn"
        await old

    with_previews(use)


def test_a_preview_does_not_wait_for_pictures() -> None:
    async def use(previews: Previews) -> None:
        await events(previews, {"task": "count", "upto": 1})
        previews.warm({"task": "count", "upto": 10**6})
        await asyncio.sleep(0.2)
        found = await asyncio.wait_for(events(previews, {"task": "count", "upto": 1}), 60)
        assert found == ["number", "done"]
        for task in previews._tasks:
            task.cancel()

    with_previews(use)


def test_a_picture_that_cannot_be_drawn() -> None:
    async def use(previews: Previews) -> None:
        with pytest.raises(WorkerError, match="is wrong"):
            await previews.picture({"task": "fail", "how": "usage"})
        with pytest.raises(WorkerError, match="ended"):
            await previews.result({"task": "die"})

    with_previews(use)


def test_a_crash_is_told_and_the_next_preview_works() -> None:
    async def use(previews: Previews) -> None:
        assert await events(previews, {"task": "die"}) == ["crashed"]
        assert (await events(previews, {"task": "count", "upto": 1}))[-1] == "done"

    with_previews(use)


def test_an_order_that_ends_without_its_picture_is_an_error() -> None:
    async def use(previews: Previews) -> None:
        with pytest.raises(WorkerError, match="gave no picture"):
            await asyncio.wait_for(previews.picture({"task": "count", "upto": 2}), 60)

    with_previews(use)
