"""What a machine of a cluster does of a film: it makes the plan, and dreams single pieces.

A task gets the text of an order and answers in plain values: which pieces there are, where the
parts of one lie with their digests, or an error. What happens meanwhile goes to a board. The film
and the network stay open between the tasks of one process.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace

from dreamvid.errors import UnreadableInput
from dreamvid.farm.board import Answer, Telling
from dreamvid.farm.messages import Order, error_fields
from dreamvid.farm.remote import local_copy
from dreamvid.farm.work import Worker, hired
from dreamvid.media.newest import EVERY, small_jpeg
from dreamvid.networks.allocator import keep_freed_memory
from dreamvid.sequence.digests import digests_of
from dreamvid.sequence.progress import OnProgress, Progress


def plan_film(text: str, run: str, board: Telling) -> Answer:
    """Plan the film of an order: the first frame and the end of each piece, and what is done.

    `run` tells one run from others with the same order.
    """

    def planned(worker: Worker) -> Answer:
        shots = worker.plan.shots
        pieces = [(shot.first, shot.end) for shot in shots]
        return {"pieces": pieces, "done": worker.done(shots)}

    return _answer(text, run, board, planned)


def dream_piece(
    text: str, run: str, number: int, tile: int | None, shows: bool, board: Telling
) -> Answer:
    """Dream the piece with a number, from 0 on, unless another process does.

    `tile` is as in Worker.dream. One that `shows` tells the newest frame now and then.
    """

    def dreamed(worker: Worker) -> Answer:
        shot = worker.plan.shots[number]
        worker.check(shot)
        worker.dream([shot], tile=tile)
        if worker.is_over():
            return {"over": True}
        complete = not worker.missing([shot])
        parts = [(str(part), digests_of(part).read_text("utf-8")) for part in worker.parts(shot)]
        worker.discard(shot)
        return {"complete": complete, "parts": parts, "notes": worker.notes}

    return _answer(text, run, board, dreamed, shows=shows)


def versions_here() -> dict[str, str]:
    """What this machine would dream with."""
    from dreamvid.commands.sidecar import versions

    found = versions()
    return {"host": platform.node(), "dreamvid": found["dreamvid"], "torch": found["torch"]}


@dataclass
class _Open:
    """The film of an order that is open in this process."""

    of: tuple[str, str]
    worker: Worker
    stack: ExitStack
    listener: list[OnProgress]


_open: list[_Open] = []

_gpus: list[str | None] = []
"""What CUDA_VISIBLE_DEVICES was when this process began to use CUDA, which it stays with."""


def _answer(
    text: str,
    run: str,
    board: Telling,
    do: Callable[[Worker], Answer],
    *,
    shows: bool = False,
) -> Answer:
    """What is done with the worker of an order; errors are answers too, and close the film."""
    order = Order.read(text)
    try:
        worker = _worker(order, run, _listening(board, shows))
        return do(worker) if worker is not None else {"over": True}
    except Exception as error:
        close()
        return {"error": error_fields(_placed(error, order)), "trace": traceback.format_exc()}


def close() -> None:
    """Close the film that is open in this process, if there is one."""
    while _open:
        _open.pop().stack.close()


def _worker(order: Order, run: str, on_progress: OnProgress) -> Worker | None:
    """The worker of an order; None if another process has joined its film."""
    import cv2
    import torch

    of = order.text, run
    gpus = [os.environ.get("CUDA_VISIBLE_DEVICES")]
    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        _gpus[:] = gpus
    if gpus != _gpus:
        sys.exit()  # this process stays on its first GPU, so another one is to take this one
    if _open and _open[0].of == of:
        _open[0].listener[0] = on_progress
        return _open[0].worker
    close()
    keep_freed_memory()
    torch.set_num_threads(order.threads)
    cv2.setNumThreads(order.threads)
    here = order if order.storage is None else _at_home(order)
    listener: list[OnProgress] = [on_progress]
    with ExitStack() as stack:
        hiring = hired(here.checked(), lambda event: listener[0](event), here.store)
        worker = stack.enter_context(hiring)
        if worker is not None:
            _open.append(_Open(of, worker, stack.pop_all(), listener))
    return worker


def _at_home(order: Order) -> Order:
    """The order with a folder of this machine, to which nobody else looks."""
    place = f"{order.storage}/{order.target.name}"
    return replace(order, target=local_copy(place) / order.target.name)


def _placed(error: Exception, order: Order) -> Exception:
    """An error about a file that only this machine does not have says so."""
    if not isinstance(error, UnreadableInput) or order.source.exists():
        return error
    remedy = "give a path that all machines see, or a URL"
    return UnreadableInput(f"{error.what} on {platform.node()}", where=error.where, remedy=remedy)


def _listening(board: Telling, shows: bool) -> OnProgress:
    """Tells a board what happens, and what the newest frame looks like."""
    last = [-EVERY]

    def on_progress(event: Progress) -> None:
        if shows and event.image is not None and time.monotonic() - last[0] >= EVERY:
            last[0] = time.monotonic()
            board.tell.remote({"newest": small_jpeg(event.image)})
        told = asdict(replace(event, image=None))
        del told["image"]
        board.tell.remote({"progress": told})

    return on_progress
