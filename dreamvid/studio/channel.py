"""The child's end of a worker: orders come as lines of JSON, answers go as JSON and bytes.

An answer is a line of JSON with the "id" of its order and the number of "bytes" that follow it.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

from dreamvid.errors import DreamvidError

Order = dict[str, Any]


class Cancelled(Exception):
    """The order is not wanted any more."""


class Reply:
    """The way back for one order."""

    def __init__(self, out: BinaryIO, order: Order, cancelled: set[int]) -> None:
        self._out, self._id, self._cancelled = out, int(order["id"]), cancelled

    def check(self) -> None:
        """Raise Cancelled if the order is not wanted any more."""
        if self._id in self._cancelled:
            raise Cancelled

    def send(self, event: str, data: bytes = b"", **fields: Any) -> None:
        """Send an event of the order, with data behind it."""
        head = {"id": self._id, "event": event, "bytes": len(data)} | fields
        self._out.write(json.dumps(head).encode() + b"\n" + data)
        self._out.flush()


Serve = Callable[[Order, Reply], None]


def serve(tasks: dict[str, Serve]) -> None:
    """Carry out the orders of standard input, one after the other, until it ends.

    Every order is answered by one of the events done, cancelled and error, after any others.
    """
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    orders: queue.Queue[Order | None] = queue.Queue()
    cancelled: set[int] = set()
    threading.Thread(target=_listen, args=(orders, cancelled), daemon=True).start()
    while (order := orders.get()) is not None:
        reply = Reply(out, order, cancelled)
        try:
            reply.check()
            tasks[order["task"]](order, reply)
            reply.send("done")
        except Cancelled:
            reply.send("cancelled")
        except BrokenPipeError:
            return
        except MemoryError:
            reply.send(
                "error", text="there is not enough memory; use a smaller size", kind="memory"
            )
        except Exception as error:
            reply.send("error", text=told(error), kind=type(error).__name__)
        cancelled.discard(int(order["id"]))


def told(error: Exception) -> str:
    """An error in one line."""
    if isinstance(error, DreamvidError):
        return str(error)
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def bounded(megabytes: int | None = None) -> None:
    """Let the system end this process rather than others, and bound its memory."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("800")
    if megabytes is not None and sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def _listen(orders: queue.Queue[Order | None], cancelled: set[int]) -> None:
    for line in sys.stdin.buffer:
        order = json.loads(line)
        if "cancel" in order:
            cancelled.add(int(order["cancel"]))
        else:
            orders.put(order)
    orders.put(None)
