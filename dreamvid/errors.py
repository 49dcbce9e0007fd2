"""The errors dreamvid raises, and the exit code of each.

DreamvidError             1  any other error
|-- UsageError            2  an invalid option or value
|-- UnreadableInput       3  a missing, empty, unsafe or undecodable input
|-- OutputExists          4  the output exists already
|-- DamagedInput          5  the output is complete, but parts of the input were damaged
|-- MissingDependency     6  missing weights or a missing library
|-- DiskFull              7  not enough disk space for the output
|-- OutOfMemory           8  not enough memory for the picture
`-- Interrupted         130  stopped by the user
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

_NO_MEMORY = (
    "out of memory",
    "not enough memory",
    "allocate memory",
    "failed to map segment",  # of a library
    "Insufficient memory",
    "bad_alloc",
    "can't start new thread",  # its stack needs address space
    "could not create a primitive",  # oneDNN, which does not say why
    "ALLOC_FAILED",  # cuBLAS
    "ALLOCATION_FAILED",  # cuDNN
)
"""What the messages of errors say when memory is exhausted."""

LONGEST_WORD = 1000
"""Longer words, such as a label that is a whole file, are cut in messages."""


class DreamvidError(Exception):
    """An error that a user can act on, with a one-line message: `where: what; remedy`.

    `what` is the problem, `where` the file or option concerned, `remedy` what to do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: object = None, remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        place = "" if where is None else f"{where}: "
        words = f"{place}{what}{'; ' + remedy if remedy else ''}".split()
        super().__init__(one_line(" ".join(map(_shortened, words))))


def one_line(text: str) -> str:
    """A text without control characters: file names may hold newlines and codes of terminals."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "?", text)


def _shortened(word: str) -> str:
    return word if len(word) <= LONGEST_WORD else f"{word[:80]}..."


class UsageError(DreamvidError, ValueError):
    """An option or value is invalid."""

    exit_code = 2


class UnreadableInput(DreamvidError):
    """An input is missing, empty, unsafe or cannot be decoded."""

    exit_code = 3


class OutputExists(DreamvidError):
    """The output exists already, and overwriting it was not requested."""

    exit_code = 4


class DamagedInput(DreamvidError):
    """The output is complete, but parts of the input were damaged or missing."""

    exit_code = 5


class MissingDependency(DreamvidError):
    """Weights or a library that the settings need are missing."""

    exit_code = 6


class DiskFull(DreamvidError):
    """There is not enough disk space for the output."""

    exit_code = 7


class OutOfMemory(DreamvidError):
    """The picture, the network or both do not fit into memory."""

    exit_code = 8


class Interrupted(DreamvidError):
    """The user or the system stopped the run."""

    exit_code = 130


def no_memory(error: BaseException) -> bool:
    """Whether an error of any library means that memory is exhausted."""
    if isinstance(error, MemoryError | OutOfMemory):
        return True
    return any(sign in str(error) for sign in _NO_MEMORY)


def no_such_file(path: object) -> UnreadableInput:
    """The error for an input file that does not exist."""
    address = re.match(r"\w{2,}:/", str(path))  # Path turns two slashes into one
    remedy = "download it first; only local files are read" if address else "check the path"
    return UnreadableInput("no such file", where=path, remedy=remedy)


def no_such_folder(path: object) -> UnreadableInput:
    """The error for a folder of pictures that does not exist."""
    return UnreadableInput("no such folder of pictures", where=path, remedy="check the path")


@contextmanager
def writing(where: object) -> Iterator[None]:
    """Turn an OSError raised while writing `where` into DiskFull or DreamvidError."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (DiskFull if full else DreamvidError)(
            f"cannot be written ({error.strerror or error})",
            where=where,
            remedy="make room and start again" if full else "check the folder",
        ) from error
