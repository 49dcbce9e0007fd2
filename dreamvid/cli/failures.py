"""Turn whatever a command raises into an error that a user can act on."""

from __future__ import annotations

import difflib
import errno

from cyclopts import (
    CoercionError,
    CycloptsError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from dreamvid import cli
from dreamvid.bench.doctor import missing
from dreamvid.cli import hints
from dreamvid.errors import (
    DiskFull,
    DreamvidError,
    Interrupted,
    OutOfMemory,
    UsageError,
    no_memory,
)


def explain(error: BaseException, *, stopped: bool = False) -> DreamvidError:
    """The error to show for any exception; an unexpected one is reported as a bug.

    Once the user has `stopped` a command, errors during its shutdown are not reported.
    """
    if stopped and not isinstance(error, Interrupted):
        return cli.stopped()
    match error:
        case DreamvidError():
            return error
        case CycloptsError():
            return _usage(error)
        case KeyboardInterrupt():
            return cli.stopped()
        case ImportError() if (lacking := missing(error)) is not None:
            return lacking
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFull("no space left on the disk", where=error.filename, remedy="make room")
        case ImportError() if no_memory(error):
            return OutOfMemory("not enough memory to start", remedy="raise the limit (ulimit -v)")
        case _ if no_memory(error):
            return OutOfMemory("out of memory", remedy="use a smaller picture or --tile")
        case OSError() if error.filename and error.strerror:
            return DreamvidError(error.strerror, where=error.filename)
    return DreamvidError(
        f"{type(error).__name__}: {error}",
        remedy="this is a bug in dreamvid; please report it, with the traceback that -v prints",
    )


def _usage(error: CycloptsError) -> UsageError:
    """Put an error of cyclopts or pydantic into one line."""
    from pydantic import ValidationError

    from dreamvid.settings.base import usage_error

    command = " ".join(["dreamvid", *(error.command_chain or ())])
    remedy = f"see {command} --help"
    if isinstance(error.__cause__, ValidationError):
        return usage_error(error.__cause__)
    text = str(error).rstrip(".")
    if isinstance(error, UnusedCliTokensError):
        text, better = hints.unexpected(error.unused_tokens or ())
        remedy = better or remedy
    elif isinstance(error, UnknownCommandError):
        text, remedy = _unknown_command((error.unused_tokens or [""])[0])
    elif isinstance(error, UnknownOptionError) and (
        instead := hints.flag(_name(error), (error.command_chain or [""])[0])
    ):
        text, remedy = f"unknown option {_name(error)}", instead
    elif isinstance(error, UnknownOptionError) and "." in _name(error):
        text, remedy = f"unknown option {_name(error)}", f"write ./{_name(error)} for a file"
    elif isinstance(error, RepeatArgumentError):
        text = f"{error.token.keyword} is given more than once"
        remedy = hints.REPEATED.get(error.token.keyword or "", "give it once")
    elif isinstance(error, CoercionError) and error.token and error.token.keyword:
        text = f"{error.token.keyword} {error.token.value}: {text.partition(': ')[2] or text}"
    return UsageError(text, remedy=remedy)


def _unknown_command(word: str) -> tuple[str, str]:
    """The message for a word that is not a command, and the remedy."""
    from dreamvid.cli.app import COMMANDS

    names = [name for group in COMMANDS.values() for name, *_ in group]
    near = difflib.get_close_matches(word, names, n=2)
    instead = hints.command(word) or " or ".join(f"dreamvid {name}" for name in near)
    return (
        f"unknown command {word!r:.80}",
        f"use {instead}" if instead else f"use {', '.join(names)}",
    )


def _name(error: UnknownOptionError) -> str:
    return (error.token.keyword or error.token.value).partition("=")[0]
