"""Looks: the settings of a command as the page, TOML files and the command line write them."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from dreamvid.errors import DreamvidError, UnreadableInput, UsageError
from dreamvid.settings.base import Settings, usage_error
from dreamvid.settings.toml import to_toml, write_toml
from dreamvid.studio.commands import COMMANDS, checked_settings, model_of
from dreamvid.studio.look_files import (
    check_files,
    mapped,
    with_ids,
    with_paths,
    without_lost,
)
from dreamvid.studio.places import Places

LONGEST: Final = 100_000
"""Most characters of a settings file."""
NAMED: Final = "# dreamvid "
"""The beginning of a settings file of the studio, before the command."""
WRITERS: Final = {"film": "video", "picture": "image", "loop": "loop", "camera": "zoom"}
"""The commands whose settings have a table that those before them do not have."""
OF_A_LOOK: Final = ("dream", "motion", "camera", "loop")
"""The tables that make a look; the others are of one film or one machine."""
OF_A_FILM: Final = ("guide", "palette", "mask", "loop")
"""What is left out of a look: files, and whether the film loops."""


class Look:
    """The checked settings of a command, whose files all lie in the folders of the studio."""

    def __init__(self, command: str, settings: Settings) -> None:
        self.command, self.settings = command, settings

    @classmethod
    def of(cls, places: Places, command: object, values: object) -> Look:
        """Check the settings that the page sends; UsageError for the first that is wrong."""
        settings = checked_settings(command, with_paths(places, _tables(values)))
        check_files(places, settings)
        return cls(str(command), settings)

    @property
    def tables(self) -> Any:
        """The settings, of which each command has its own tables."""
        return self.settings

    @property
    def stated(self) -> dict[str, Any]:
        """The settings that were given, as plain values."""
        return self.settings.model_dump(mode="json", exclude_unset=True, exclude_none=True)

    @property
    def toml(self) -> str:
        """The settings that were given, as a settings file whose first line names the command."""
        return f"{NAMED}{self.command}\n" + write_toml(self.stated)

    @property
    def shared(self) -> str:
        """The look alone, for other films and other people: without files, sizes and lengths."""
        tables = {name: row for name, row in self.stated.items() if name in OF_A_LOOK}
        kept = {
            table: {name: value for name, value in row.items() if name not in OF_A_FILM}
            for table, row in tables.items()
        }
        return f"{NAMED}{self.command}\n" + write_toml({k: row for k, row in kept.items() if row})

    def command_line(self, source: Path | None, out: Path) -> str:
        """The same as a command; what no flag can say is left out: see `flags_say_all`."""
        words = ["dreamvid", self.command]
        words += [] if source is None else [str(source)]
        return shlex.join([*words, "-o", str(out), *_flags(self.stated, self.settings)])

    @property
    def flags_say_all(self) -> bool:
        """Whether flags can say all of it: regions and single signals have none."""
        rows = (row for row in self.stated.values() if isinstance(row, Mapping))
        return "region" not in self.stated and not any(
            isinstance(value, Mapping) for row in rows for value in row.values()
        )

    def resolved(self, places: Places) -> Any:
        """All settings with their defaults, for the page."""
        return with_ids(places, self.settings, to_toml(self.settings))


def faults(places: Places, command: object, values: object) -> list[dict[str, str]]:
    """What is wrong with settings, each with the field that it concerns."""
    try:
        Look.of(places, command, values)
    except DreamvidError as error:
        first = [{"field": _field_of(error, values), "text": str(error)}]
        return (_all_faults(places, command, values) if command != "loop" else []) or first
    return []


def read_look(places: Places, text: str, command: str | None = None) -> dict[str, Any]:
    """The command and the settings of a settings file or sidecar, as JSON for the page.

    Settings that are the default are left out, and so are files that are not in the folders of the
    studio: their fields are "left_out". "media" is the source of a sidecar, if it is there.
    UnreadableInput if it is not TOML, UsageError if its settings are not of any command.
    """
    values = _read(text)
    made = values.pop("made", None)
    command = command or _command_of(text, values)
    settings = checked_settings(command, _tables(values))
    given = settings.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    if command == "loop":  # the kind decides which settings there are
        given["loop"] = given.get("loop", {}) | {"kind": to_toml(settings)["loop"]["kind"]}
    given.get("network", {}).pop("device", None)  # of the machine that made it
    given.get("network", {}).pop("precision", None)
    kept, lost = without_lost(places, settings, given)
    source = made.get("source_absolute") if isinstance(made, dict) else None
    return {
        "command": command,
        "settings": with_ids(
            places, settings, {k: row for k, row in kept.items() if row not in ({}, [])}
        ),
        "left_out": lost,
        "media": media_of(places, source),
    }


def media_of(places: Places, source: object) -> str | None:
    """The id of a source by its path, if it is there and in the folders of the studio."""
    if not isinstance(source, str) or not places.holds(Path(source)) or not Path(source).is_file():
        return None
    return places.id_of(Path(source))


def _read(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise UnreadableInput("is too long for a settings file", remedy="give a settings file")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # Python limits the digits of a number
        raise UnreadableInput(f"not a readable settings file ({str(error)[:200]})") from None


def _command_of(text: str, values: Mapping[str, Any]) -> str:
    """The command that the first line names, else the one that has these tables."""
    first = text.partition("\n")[0].strip()
    named = first.removeprefix(NAMED) if first.startswith(NAMED) else ""
    if named in COMMANDS:
        return named
    return next((name for table, name in WRITERS.items() if table in values), "video")


def _flags(values: Mapping[str, Any], settings: Settings) -> list[str]:
    """Settings as flags."""
    words: list[str] = []
    for table, row in values.items():
        model = type(settings).tables().get(table)
        for name, value in row.items() if model is not None else ():
            flag = "--" + name.replace("_", "-")
            if isinstance(value, bool):
                off = [f"--no-{flag[2:]}"] if model and model.model_fields[name].default else []
                words += [flag] if value else off
            elif isinstance(value, list):
                words += [word for one in value for word in (flag, str(one))]
            elif not isinstance(value, Mapping):
                words += [flag, str(value)]
    return words


def _tables(values: object) -> dict[str, Any]:
    """Settings as tables; UsageError if they are anything else, or nested too deeply."""
    if not isinstance(values, Mapping):
        raise UsageError("must be tables of settings", where="settings")
    plain: dict[str, Any] = mapped(dict(values), lambda text, field: text)
    return plain


def _all_faults(places: Places, command: object, values: object) -> list[dict[str, str]]:
    """Every invalid field; none if what is wrong is something else."""
    try:
        plain = with_paths(places, _tables(values))
        model_of(command, plain).model_validate(plain)
    except ValidationError as error:
        return [_fault(error, k) for k in range(len(error.errors()))]
    except DreamvidError:
        pass
    return []


def _field_of(error: DreamvidError, values: object) -> str:
    """The field that an error concerns: TABLE.NAME if it can be told."""
    named = re.match(r"[\w.]+(?= = |: )", error.what)
    name = str(error.where) if error.where is not None else named[0] if named else ""
    rows = values.items() if isinstance(values, Mapping) else ()
    holds = (table for table, row in rows if isinstance(row, Mapping) and name in row)
    return next((f"{table}.{name}" for table in holds), name)


def _fault(error: ValidationError, index: int) -> dict[str, str]:
    """One of the errors, worded as the command line does."""
    details = error.errors()[index]
    one = ValidationError.from_exception_data(error.title, [
        {"type": details["type"], "loc": details["loc"], "input": details["input"],
         "ctx": details.get("ctx", {})}
    ])  # fmt: skip
    place = [str(part) for part in details["loc"] if not str(part).startswith("function-")]
    return {"field": ".".join(place), "text": str(usage_error(one))}
