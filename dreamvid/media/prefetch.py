"""Run an iterator in a background thread with a bounded buffer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")


class Prefetcher(Generic[Item]):
    """Iterate over `items`, which a thread produces at most `size` items ahead; a context manager.

    An exception in the thread is raised by the iteration at the same position. `stop` ends the
    thread at its next item and waits for it.
    """

    def __init__(self, items: Iterator[Item], size: int) -> None:
        self._queue: queue.Queue[tuple[Item] | BaseException | None] = queue.Queue(size)
        self._stopping = threading.Event()
        self._done = False
        self._thread = threading.Thread(
            target=self._run, args=(items,), name="prefetch", daemon=True
        )
        self._thread.start()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        if self._done:
            raise StopIteration
        item = self._queue.get()
        if isinstance(item, tuple):
            return item[0]
        self._done = True
        self._thread.join()
        try:
            raise StopIteration if item is None else item
        finally:
            del item  # with its traceback it would keep itself, and what ran out of memory

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the thread, even if it is blocked on a full buffer; the iteration ends."""
        self._done = True
        self._stopping.set()
        self._thread.join()

    def _run(self, items: Iterator[Item]) -> None:
        last: BaseException | None = None
        try:
            for item in items:
                if not self._put((item,)):
                    return
        except BaseException as error:
            last = error
        self._put(last)
        del last

    def _put(self, item: tuple[Item] | BaseException | None) -> bool:
        while not self._stopping.is_set():
            try:
                self._queue.put(item, timeout=0.05)
                return True
            except queue.Full:
                continue
        return False
