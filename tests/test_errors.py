"""Errors: one line each, an exit code each."""

from __future__ import annotations

import errno
import os
import pickle
import re

import pytest

from dreamvid import errors
from dreamvid.errors import DiskFull, DreamvidError, Interrupted, UsageError, writing

EVERY = [
    thing
    for thing in vars(errors).values()
    if isinstance(thing, type) and issubclass(thing, DreamvidError)
]


def test_the_message_says_where_what_and_the_remedy() -> None:
    error = UsageError("is -1", where="seed", remedy="give 0 or more")
    assert str(error) == "seed: is -1; give 0 or more"
    assert (error.where, error.what, error.remedy) == ("seed", "is -1", "give 0 or more")
    assert str(DreamvidError("broken")) == "broken"


def test_the_message_is_always_one_line() -> None:
    error = DreamvidError("first\nsecond\r\n\tthird", where="a\nb", remedy=" do  this\n")
    assert str(error) == "a b: first second third; do this"


def test_a_word_of_absurd_length_is_cut() -> None:
    error = UsageError(f"unknown label '{'x' * 5_000_000}'", where="label", remedy="try owl")
    assert str(error) == f"label: unknown label '{'x' * 79}... try owl"
    path = "a/" * 450
    assert str(DreamvidError("gone", where=path)) == f"{path}: gone"


def test_exit_codes_are_those_of_the_table_in_the_docstring() -> None:
    table = re.findall(r"(\w+) +(\d+)  \w", errors.__doc__ or "")
    assert table == [(thing.__name__, str(thing.exit_code)) for thing in EVERY]
    assert {thing.__name__: thing.exit_code for thing in EVERY} == {
        "DreamvidError": 1,
        "UsageError": 2,
        "UnreadableInput": 3,
        "OutputExists": 4,
        "DamagedInput": 5,
        "MissingDependency": 6,
        "DiskFull": 7,
        "OutOfMemory": 8,
        "Interrupted": 130,
    }


@pytest.mark.parametrize("kind", EVERY)
def test_errors_survive_the_way_between_processes(kind: type[DreamvidError]) -> None:
    error = pickle.loads(pickle.dumps(kind("broken", where="here", remedy="mend it")))
    assert type(error) is kind
    assert str(error) == "here: broken; mend it" and error.where == "here"


def test_a_usage_error_is_a_value_error_and_a_stop_is_no_keyboard_interrupt() -> None:
    assert issubclass(UsageError, ValueError)
    assert not issubclass(Interrupted, KeyboardInterrupt)


def test_a_write_that_fails_names_the_place() -> None:
    denied = r"^out.png: cannot be written \(Permission denied\)"
    with pytest.raises(DreamvidError, match=denied), writing("out.png"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    with pytest.raises(DiskFull, match="make room"), writing("out.png"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(KeyError), writing("out.png"):
        raise KeyError


def test_names_of_files_send_no_codes_to_the_terminal() -> None:
    assert str(DreamvidError("is empty", where="a\x1b[31m\x9b.png")) == "a?[31m?.png: is empty"
