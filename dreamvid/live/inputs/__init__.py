"""What a live picture is taken from: cameras, streams, the screen and files, by one protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dreamvid.errors import UsageError
from dreamvid.settings.live import ShowSettings

if TYPE_CHECKING:
    from dreamvid.motion.flow import Array

SCREEN = "screen"


class Source(Protocol):
    """Something that gives pictures, one after another.

    `name` is for messages. A `still` source may stay as it is; one that `repeats` begins again
    after its end, all others should not have one.
    """

    name: str
    still: bool
    repeats: bool

    def open(self) -> None:
        """Connect; UnreadableInput if that fails. Closed sources can be opened again."""
        ...

    def read(self) -> Array | None:
        """Wait for the next picture, [H, W, 3] of uint8; None at the end. May raise anything."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...


def source_of(wanted: ShowSettings) -> Source:
    """The source that the settings name; nothing is opened yet."""
    from dreamvid.live.inputs.camera import Camera
    from dreamvid.live.inputs.film import Film
    from dreamvid.live.inputs.stream import Stream, address, screen

    if wanted.camera is not None:
        return Camera(wanted.camera)
    if wanted.input is None:
        raise UsageError(
            "nothing to show",
            where="live",
            remedy="give --camera 0, --input FILE, --zoom PICTURE or --loop PICTURE",
        )
    if wanted.input == SCREEN:
        return screen()
    if address(wanted.input):
        return Stream(wanted.input)
    return Film(wanted.input)
