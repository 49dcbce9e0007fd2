"""Both ends of a worker: answers, cancelling, and children that fail, hang and die."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dreamvid.studio import worker as worker_module
from dreamvid.studio.channel import Cancelled, Reply, told
from dreamvid.studio.worker import Busy, Worker, WorkerError

HERE = {"PYTHONPATH": f"{Path(__file__).parent}:{Path(worker_module.__file__).parents[2]}"}


def with_worker(
    use: Callable[[Worker], Awaitable[Any]], *, patience: float = 60, rest: float = 60
) -> Any:
    async def main() -> Any:
        worker = Worker("fake_worker", patience=patience, rest=rest, environment=HERE)
        try:
            return await use(worker)
        finally:
            await worker.close()

    return asyncio.run(main())


async def events(worker: Worker, order: dict[str, Any]) -> list[Any]:
    async with contextlib.aclosing(worker.ask(order)) as answers:
        return [(head, data) async for head, data in answers]


def test_an_answer_with_bytes(tmp_path: Path) -> None:
    async def use(worker: Worker) -> None:
        assert worker.pid is None
        head, data = await worker.result({"task": "echo", "text": "a\nb\0c"})
        assert data == b"a\nb\0c" and head["pid"] == worker.pid
        again, _ = await worker.result({"task": "echo", "text": ""})
        assert again["pid"] == head["pid"]

    with_worker(use)


def test_orders_are_answered_apart() -> None:
    async def use(worker: Worker) -> None:
        many = await asyncio.gather(
            *(worker.result({"task": "echo", "text": str(k)}) for k in range(20))
        )
        assert [data for _, data in many] == [str(k).encode() for k in range(20)]

    with_worker(use)


def test_whoever_stops_listening_cancels() -> None:
    async def use(worker: Worker) -> None:
        async with contextlib.aclosing(worker.ask({"task": "count", "upto": 10**6})) as answers:
            async for head, _ in answers:
                if head["value"] == 3:
                    break
        head, _ = await asyncio.wait_for(worker.result({"task": "echo", "text": "x"}), 60)
        assert head["pid"] == worker.pid

    with_worker(use)


@pytest.mark.parametrize(
    ("how", "text"),
    [("usage", "dial: is wrong"), ("bug", "ValueError: a"), ("memory", "not enough memory")],
)
def test_errors_are_told_and_the_child_goes_on(how: str, text: str) -> None:
    async def use(worker: Worker) -> None:
        with pytest.raises(WorkerError, match=text) as error:
            await worker.result({"task": "fail", "how": how})
        assert "\n" not in str(error.value)
        pid = worker.pid
        await worker.result({"task": "echo", "text": ""})
        assert worker.pid == pid

    with_worker(use)


def test_an_unknown_task_is_an_error() -> None:
    async def use(worker: Worker) -> None:
        with pytest.raises(WorkerError, match="KeyError"):
            await worker.result({"task": "nothing"})

    with_worker(use)


@pytest.mark.parametrize("number", [9, 11])
def test_a_child_that_dies_is_told_and_replaced(number: int) -> None:
    async def use(worker: Worker) -> None:
        first, _ = await worker.result({"task": "echo", "text": ""})
        waiting = asyncio.ensure_future(events(worker, {"task": "die", "signal": number}))
        behind = asyncio.ensure_future(events(worker, {"task": "echo", "text": ""}))
        ends = [row[-1][0] for row in await asyncio.gather(waiting, behind)]
        assert [head["event"] for head in ends] == ["crashed", "crashed"]
        assert ("memory" in ends[0]["text"]) == (number == 9)
        again, _ = await worker.result({"task": "echo", "text": ""})
        assert again["pid"] != first["pid"]

    with_worker(use)


@pytest.mark.parametrize("task", ["hang", "garbage"])
def test_a_child_that_hangs_or_talks_nonsense_is_killed(task: str) -> None:
    async def use(worker: Worker) -> None:
        await worker.result({"task": "echo", "text": ""})
        if task == "hang":
            worker._patience = 0.5  # the start is not what is waited for here
        found = await events(worker, {"task": task})
        assert found[-1][0]["event"] == "crashed"
        worker._patience = 60.0
        await worker.result({"task": "echo", "text": ""})

    with_worker(use)


def test_an_order_that_waits_for_its_turn_does_not_end_the_child() -> None:
    async def use(worker: Worker) -> None:
        await worker.result({"task": "echo", "text": ""})
        worker._patience = 5.0  # the start is not what is waited for here
        long = asyncio.ensure_future(events(worker, {"task": "count", "upto": 600}))
        await asyncio.sleep(0)
        head, _ = await worker.result({"task": "echo", "text": "x"})
        assert head["pid"] == worker.pid and (await long)[-1][0]["event"] == "done"

    with_worker(use)


def test_a_child_that_has_nothing_to_do_ends() -> None:
    async def use(worker: Worker) -> None:
        await worker.result({"task": "echo", "text": ""})
        while worker.pid is not None:
            await asyncio.sleep(0.01)
        await worker.result({"task": "echo", "text": ""})  # another one is started

    with_worker(use, rest=0.05)


def test_only_so_many_orders_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "MOST_OPEN", 2)

    async def use(worker: Worker) -> None:
        asked = [asyncio.ensure_future(events(worker, {"task": "count", "upto": 10**6}))
                 for _ in range(2)]  # fmt: skip
        await asyncio.sleep(0)
        while len(worker._open) < 2:
            await asyncio.sleep(0.01)
        with pytest.raises(Busy, match="too much"):
            await worker.result({"task": "echo", "text": ""})
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    with_worker(use)


def test_a_reply_is_a_line_and_its_bytes() -> None:
    out = io.BytesIO()
    Reply(out, {"id": 7}, set()).send("picture", b"ab", octave=2)
    line, data = out.getvalue().split(b"\n")
    assert json.loads(line) == {"id": 7, "event": "picture", "bytes": 2, "octave": 2}
    assert data == b"ab"


def test_a_reply_that_is_not_wanted() -> None:
    reply = Reply(io.BytesIO(), {"id": 7}, {7})
    with pytest.raises(Cancelled):
        reply.check()


def test_errors_in_one_line() -> None:
    assert told(ValueError("a\nb")) == "ValueError: a"
    assert len(told(ValueError("x" * 10_000))) < 400


def test_files_where_the_studio_was_started_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit('imported')")
    (tmp_path / "json.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)

    async def use(worker: Worker) -> None:
        await worker.result({"task": "echo", "text": ""})

    with_worker(use)
