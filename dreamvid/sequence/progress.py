"""What a command tells while it works: events, given to one callback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Progress:
    """One event of a command: `done` of `total` (None: unknown) units of a task, or a text.

    Units are frames (of a film, of the lead-in of a loop, looked at before, or timed), bytes of a
    download, renders, presets or pictures drawn, and thousandths of the time of a training. `text`
    describes the task in words, `detail` its state. A "note" is a line for the user, and "sidecar"
    has the text of the new sidecar, before dreaming starts. `image` is the frame that was just
    made: an image [3 or 4, H, W] or an array [H, W, 3], which may change later.
    """

    task: Literal[
        "frames", "lead-in", "looking", "sample", "download", "renders", "presets", "pictures",
        "training",
        "note", "sidecar",
    ]  # fmt: skip
    done: int = 0
    total: int | None = None
    text: str = ""
    detail: str = ""
    image: torch.Tensor | NDArray[Any] | None = field(default=None, repr=False, compare=False)


OnProgress = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Do nothing: the default callback."""


def counted(
    on_progress: OnProgress, task: Literal["download", "renders", "presets"], text: str
) -> Callable[[int, int], None]:
    """A callback for `done` and `total` that passes them on as events."""
    return lambda done, total: on_progress(Progress(task, done, total, text))
