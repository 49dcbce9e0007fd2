"""The errors dreamvid raises, and the exit code of each.

DreamvidError             1  anything that is none of the following
|-- UsageError            2  an option or value that cannot be used
|-- UnreadableInput       3  a missing, empty, unsafe or undecodable input
|-- OutputExists          4  the output is there already
|-- DamagedInput          5  the work is done, but parts of the input were damaged
|-- MissingDependency     6  weights or a library that are not at hand
|-- DiskFull              7  no room for the output
|-- OutOfMemory           8  the picture does not fit the memory
`-- Interrupted         130  stopped by the user
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class DreamvidError(Exception):
    """An error that a user can act on, told in one line: where, what, and the remedy.

    `what` says what is wrong, `where` names the file or option it is about,
    `remedy` says what to do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: object = None, remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        place = "" if where is None else f"{where}: "
        super().__init__(" ".join(f"{place}{what}{'; ' + remedy if remedy else ''}".split()))


class UsageError(DreamvidError, ValueError):
    """An option or a value that cannot be used."""

    exit_code = 2


class UnreadableInput(DreamvidError):
    """An input that is missing, empty, unsafe or cannot be decoded."""

    exit_code = 3


class OutputExists(DreamvidError):
    """The output is there already, and nobody said that it may be overwritten."""

    exit_code = 4


class DamagedInput(DreamvidError):
    """The output is complete, but parts of the input were damaged or missing."""

    exit_code = 5


class MissingDependency(DreamvidError):
    """Weights or a library that the settings ask for are not at hand."""

    exit_code = 6


class DiskFull(DreamvidError):
    """There is no room for the output."""

    exit_code = 7


class OutOfMemory(DreamvidError):
    """The picture, the network or both do not fit the memory."""

    exit_code = 8


class Interrupted(DreamvidError):
    """The user or the system stopped the work."""

    exit_code = 130


def no_such_file(path: object) -> UnreadableInput:
    """The error for an input that is not there."""
    address = re.match(r"\w{2,}:/", str(path))  # a Path makes one slash of two
    remedy = "download it first, for only files are read" if address else "check the path"
    return UnreadableInput("no such file", where=path, remedy=remedy)


def no_such_folder(path: object) -> UnreadableInput:
    """The error for a folder of pictures that is not there."""
    return UnreadableInput("no such folder of pictures", where=path, remedy="check the path")


@contextmanager
def writing(where: object) -> Iterator[None]:
    """Turn an OSError while `where` is written into DiskFull or a DreamvidError that names it."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (DiskFull if full else DreamvidError)(
            f"cannot be written ({error.strerror or error})",
            where=where,
            remedy="make room and start again" if full else "check the folder",
        ) from error
