"""Looks: the settings of a command as the page, TOML files and the command line write them.

In the JSON of the page a file is written @ID in any text; everywhere else it is a path.
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from dreamvid.errors import DreamvidError, UnreadableInput, UsageError
from dreamvid.networks.known import TIMM, names
from dreamvid.schedules.signals import curves_in
from dreamvid.settings.base import Settings, usage_error
from dreamvid.settings.dials import guides_of
from dreamvid.settings.envelopes import schedules_in
from dreamvid.settings.mask_text import mask_files
from dreamvid.settings.models import ImageSettings, VideoSettings
from dreamvid.settings.toml import to_toml, write_toml
from dreamvid.settings.values import OWN_PALETTE
from dreamvid.studio.commands import COMMANDS, checked_settings, model_of
from dreamvid.studio.places import TOKEN, Places

LONGEST: Final = 100_000
"""Most characters of a settings file."""
DEEPEST: Final = 6
"""Most levels of tables and lists in settings."""
NAMED: Final = "# dreamvid "
"""The beginning of a settings file of the studio, before the command."""
WRITERS: Final = {"film": "video", "picture": "image", "loop": "loop", "camera": "zoom"}
"""The commands whose settings have a table that those before them do not have."""


class Look:
    """The checked settings of a command, whose files all lie in the folders of the studio."""

    def __init__(self, command: str, settings: Settings) -> None:
        self.command, self.settings = command, settings

    @classmethod
    def of(cls, places: Places, command: object, values: object) -> Look:
        """Check the settings that the page sends; UsageError for the first that is wrong."""
        plain = with_paths(places, _tables(values))
        settings = checked_settings(command, plain)
        for path in files_of(settings):
            if not places.holds(path):
                raise UsageError(
                    "is not in the folders of the studio",
                    where=path.name,
                    remedy="start the studio with its folder, or drop the file",
                )
        return cls(str(command), settings)

    @property
    def tables(self) -> Any:
        """The settings, of which each command has its own tables."""
        return self.settings

    @property
    def stated(self) -> dict[str, Any]:
        """The settings that were given, as plain values."""
        return stated_values(self.settings)

    @property
    def toml(self) -> str:
        """The settings that were given, as a settings file whose first line names the command."""
        return f"{NAMED}{self.command}\n" + write_toml(self.stated)

    def command_line(self, source: Path | None, out: Path) -> str:
        """The same as a command."""
        words = ["dreamvid", self.command]
        words += [] if source is None else [str(source)]
        return shlex.join([*words, "-o", str(out), *flags_of(self.stated, self.settings)])


def faults(places: Places, command: object, values: object) -> list[dict[str, str]]:
    """What is wrong with settings, each with the field that it concerns."""
    try:
        plain = with_paths(places, _tables(values))
        model = model_of(command, plain)
    except DreamvidError as error:
        return [{"field": str(error.where or ""), "text": str(error)}]
    try:
        model.model_validate(plain)
    except ValidationError as error:
        return [_fault(error, k) for k in range(len(error.errors()))]
    try:
        Look.of(places, command, values)
    except DreamvidError as error:
        return [{"field": str(error.where or ""), "text": str(error)}]
    return []


def read_look(text: str) -> tuple[str, dict[str, Any]]:
    """The command and the settings of a settings file or sidecar.

    UnreadableInput if it is not TOML, UsageError if its settings are not of any command.
    """
    if len(text) > LONGEST:
        raise UnreadableInput("is too long for a settings file", remedy="give a settings file")
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableInput(f"not a readable settings file ({str(error)[:200]})") from None
    values.pop("made", None)
    first = text.partition("\n")[0].strip()
    command = first.removeprefix(NAMED) if first.startswith(NAMED) else ""
    if command not in COMMANDS:
        command = next((name for table, name in WRITERS.items() if table in values), "video")
    settings = checked_settings(command, _tables(values))
    return command, stated_values(settings)


def read_command(command: str, text: str) -> dict[str, Any]:
    """The settings of a known command from the text of its settings file."""
    return stated_values(checked_settings(command, tomllib.loads(text)))


def stated_values(settings: Settings) -> dict[str, Any]:
    """The settings that were given, as plain values without those that are None."""
    return settings.model_dump(mode="json", exclude_unset=True, exclude_none=True)


def resolved_values(settings: Settings) -> dict[str, Any]:
    """All settings with their defaults."""
    return to_toml(settings)


def flags_of(values: Mapping[str, Any], settings: Settings) -> list[str]:
    """Settings as flags; UsageError never: what no flag can say is left to a settings file."""
    words: list[str] = []
    for table, row in values.items():
        model = type(settings).tables().get(table)
        for name, value in row.items() if model is not None else ():
            flag = "--" + name.replace("_", "-")
            if isinstance(value, bool):
                words += [flag] if value else [flag.replace("--", "--no-", 1)]
            elif isinstance(value, list):
                words += [word for one in value for word in (flag, str(one))]
            elif not isinstance(value, Mapping):
                words += [flag, str(value)]
    return words


def has_flags(values: Mapping[str, Any]) -> bool:
    """Whether flags can say all of these settings: regions and single signals have none."""
    rows = (row for row in values.values() if isinstance(row, Mapping))
    return "region" not in values and not any(
        isinstance(value, Mapping) for row in rows for value in row.values()
    )


def files_of(settings: Settings) -> Iterator[Path]:
    """Every file that settings name."""
    tables: Any = settings
    network = getattr(settings, "network", None)
    if network is not None:
        yield from [network.weights] if network.weights is not None else []
        yield from (Path(name) for name, _ in network.parts if _is_path(name))
    audio = getattr(getattr(settings, "sound", None), "audio", None)
    yield from [audio] if audio is not None else []
    masked = isinstance(settings, ImageSettings | VideoSettings)
    regions = tables.regions if masked else ()
    for mask, _ in regions:
        yield from mask_files(mask.mask)
    plain = () if masked or not hasattr(settings, "dream") else (tables.dream,)
    dreams = [*(dream for _, dream in regions), *plain]
    for dream in dreams:
        yield from map(Path, guides_of(dream))
        yield from [Path(dream.palette)] if dream.palette not in (None, OWN_PALETTE) else []
        motion = getattr(settings, "motion", None)
        if motion is not None:
            camera = getattr(settings, "camera", None)
            names = {n for one in schedules_in(dream, motion, camera) for n in one.names}
            yield from map(Path, curves_in(names).values())


def with_paths(places: Places, value: Any) -> Any:
    """The same values with the path of each file in place of its id."""
    return _mapped(value, lambda text: TOKEN.sub(lambda hit: str(places.path_of(hit[1])), text))


def with_ids(places: Places, settings: Settings, values: Any) -> Any:
    """The same values with the id of each file of the settings in place of its path."""
    paths = sorted({str(path) for path in files_of(settings)}, key=len, reverse=True)
    named = {text: f"@{places.id_of(Path(text))}" for text in paths if places.holds(Path(text))}

    def change(text: str) -> str:
        for path, token in named.items():
            text = text.replace(path, token)
        return text

    return _mapped(values, change)


def _mapped(value: Any, change: Callable[[str], str], depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise UsageError("is nested too deeply", where="settings")
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {str(key): _mapped(one, change, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(one, change, depth + 1) for one in value]
    return value


def _tables(values: object) -> dict[str, Any]:
    """Settings as tables; UsageError if they are anything else, or far too many."""
    if not isinstance(values, Mapping):
        raise UsageError("must be tables of settings", where="settings")
    plain: dict[str, Any] = _mapped(dict(values), str)
    return plain


def _fault(error: ValidationError, index: int) -> dict[str, str]:
    """One of the errors, worded as the command line does."""
    details = error.errors()[index]
    one = ValidationError.from_exception_data(error.title, [
        {"type": details["type"], "loc": details["loc"], "input": details["input"],
         "ctx": details.get("ctx", {})}
    ])  # fmt: skip
    place = [str(part) for part in details["loc"] if not str(part).startswith("function-")]
    return {"field": ".".join(place), "text": str(usage_error(one))}


def _is_path(model: str) -> bool:
    return not (model in names() or model.startswith(TIMM))
