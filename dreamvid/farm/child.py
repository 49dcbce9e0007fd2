"""The process of one worker: `python -m dreamvid.farm.child`, started by a crew.

It reads its order from standard input and tells what it does on standard output; when nobody reads
that any more, it ends.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

Tell = Callable[[dict[str, Any]], None]


def serve(text: str, tell: Tell) -> None:
    """Carry out an order, as JSON; errors are told."""
    import cv2  # after the environment was set

    from dreamvid.commands.result import Result
    from dreamvid.farm.messages import Order, error_fields, result_fields
    from dreamvid.farm.work import work
    from dreamvid.media.newest import NewestFrame
    from dreamvid.sequence.progress import Progress

    newest: NewestFrame | None = None

    def on_progress(event: Progress) -> None:
        if event.image is not None and newest is not None:
            newest.show(event.image)
        told = asdict(replace(event, image=None))
        del told["image"]
        tell({"progress": told})

    def begun(frames: int, done: Sequence[tuple[int, int]]) -> None:
        tell({"begun": {"frames": frames, "done": done}})

    try:
        order = Order.read(text)
        cv2.setNumThreads(order.threads)
        newest = None if order.newest is None else NewestFrame(order.newest)
        result = work(order.checked(), on_progress, begun, storage=order.store, keep=order.keep)
        if isinstance(result, Result):
            tell({"result": result_fields(result)})
        else:
            tell({"left": asdict(result)})
    except BrokenPipeError:
        raise
    except Exception as error:
        tell({"error": error_fields(error), "trace": traceback.format_exc()})


def main() -> None:
    """Carry out the order on standard input."""
    from dreamvid.networks.allocator import collect_rarely, keep_freed_memory
    from dreamvid.networks.threads import limit_openmp_spin

    limit_openmp_spin()
    keep_freed_memory()
    collect_rarely()

    def tell(message: dict[str, Any]) -> None:
        print_line(json.dumps(message))

    try:
        serve(sys.stdin.read(), tell)
    except BrokenPipeError:
        sys.exit(1)


def print_line(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
