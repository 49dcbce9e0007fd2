"""Where a live picture is shown: windows, files, pages, devices, by one protocol."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dreamvid.errors import MissingDependency, UsageError

if TYPE_CHECKING:
    from dreamvid.motion.flow import Array

Size = tuple[int, int]


class Output(Protocol):
    """Shows pictures.

    Making one checks everything that can be checked before the first picture, and raises any
    DreamvidError. `name` is for messages. One that is not `alone` must be called by the main
    thread, as windows must.
    """

    name: str
    alone: bool

    def open(self, size: Size, rate: Fraction) -> None:
        """Begin to show pictures of a size (width, height), about `rate` a second."""
        ...

    def show(self, picture: Array, time: float) -> None:
        """Show a picture [H, W, 3] of uint8, RGB, at `time` seconds after the first."""
        ...

    def close(self) -> None:
        """Finish; also if it was never opened."""
        ...


def output_of(text: str, *, overwrite: bool = False) -> Output:
    """Make the output that a text names."""
    kind, _, rest = text.partition(":")
    if kind == "http":
        from dreamvid.live.outputs.page import Page

        return Page(text)
    if text == "window":
        from dreamvid.live.outputs.window import Window

        return Window()
    if kind in NAMED and (len(kind) > 1 and not Path(text).exists()):
        if not rest.strip():
            raise UsageError("has no name", where=text, remedy=f"write {kind}:NAME")
        return NAMED[kind](rest)
    if re.match(r"\w{2,}:/?/?", text):
        raise UsageError(f"unknown output '{text:.80}'", remedy=FORMS)
    from dreamvid.live.outputs.recording import Recording

    return Recording(Path(text), overwrite=overwrite)


FORMS = "use window, FILE, http://:8080, v4l2:/dev/video9, ndi:NAME, spout:NAME or syphon:NAME"


def require(module: str, extra: str, what: str) -> None:
    """Raise MissingDependency, with the extra to install, unless a module can be found."""
    try:
        found = find_spec(module) is not None
    except (ImportError, ValueError):  # a parent is absent, or it was replaced
        found = False
    if not found:
        raise MissingDependency(
            f"{what} needs the module {module}", remedy=f"pip install 'dreamvid[{extra}]'"
        )


def _v4l2(rest: str) -> Output:
    from dreamvid.live.outputs.v4l2 import VideoDevice

    return VideoDevice(rest)


def _ndi(rest: str) -> Output:
    from dreamvid.live.outputs.shared_pictures import Ndi

    return Ndi(rest)


def _spout(rest: str) -> Output:
    from dreamvid.live.outputs.shared_pictures import Spout

    return Spout(rest)


def _syphon(rest: str) -> Output:
    from dreamvid.live.outputs.shared_pictures import Syphon

    return Syphon(rest)


NAMED: dict[str, Callable[[str], Output]] = {
    "v4l2": _v4l2,
    "ndi": _ndi,
    "spout": _spout,
    "syphon": _syphon,
}
"""The outputs that are named as KIND:NAME."""
