"""The base of all settings models: strict names, mutually exclusive settings, one-line errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    model_validator,
)

from dreamvid.errors import UsageError
from dreamvid.schedules.schedule import ScheduleError

EXCLUSIVE = (
    ("label", "layer"),
    ("label", "guide"),
    ("keep_colours", "palette"),
    ("size", "width"),
    ("size", "height"),
)
"""Pairs of settings of one table that exclude each other."""


PLAIN = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "finite_number": "must be a finite number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "model_attributes_type": "must be a table",
    "model_type": "must be a table",
    "path_type": "must be a path",
    "string_type": "must be text",
    "tuple_type": "must be a list",
}
"""What to say of an invalid value by the kind of pydantic's error, where its own words are of
types and parsing."""


class Settings(BaseModel):
    """A settings model: frozen, strict about names, without NaN and infinity."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    @model_validator(mode="after")
    def _mutually_exclusive(self) -> Self:
        for pair in EXCLUSIVE:
            if all(getattr(self, name, None) for name in pair):
                raise ValueError(f"{' and '.join(pair)}: give only one of them")
        return self

    @classmethod
    def tables(cls) -> dict[str, type[Settings]]:
        """The fields that are tables of settings, and their models."""
        found = ((name, field.annotation) for name, field in cls.model_fields.items())
        return {
            name: kind
            for name, kind in found
            if isinstance(kind, type) and issubclass(kind, Settings)
        }

    @classmethod
    def inherited(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """The plain values of an earlier run that are also meant for this model: all of them."""
        return dict(values)

    @classmethod
    def checked(cls, values: Mapping[str, Any], *, where: object = None) -> Self:
        """Validate plain values; UsageError names the first invalid one."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise usage_error(error, where=where) from None


def usage_error(error: ValidationError, *, where: object = None) -> UsageError:
    """Turn the first error of a ValidationError into a UsageError of one line."""
    first = min(error.errors(), key=lambda fault: fault["loc"] != ("made",))
    if first["loc"] == ("made",):
        remedy = "give it to --from, or remove its [made] table"
        return UsageError("is the sidecar of a film", where=where, remedy=remedy)
    name = ".".join(str(part) for part in first["loc"] if not str(part).startswith("function-"))
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ScheduleError):
        return cause.about(name if where is None else f"{where}: {name}", "see docs/zooms.md")
    if isinstance(cause, UsageError):
        if where is None or cause.where is None:
            return cause
        return UsageError(cause.what, where=f"{where}: {cause.where}", remedy=cause.remedy)
    given = first.get("input")
    plain = PLAIN.get(first["type"], "").format(**first.get("ctx", {}))
    message, remedy = plain or first["msg"].removeprefix("Value error, "), "see --help"
    if first["type"] == "extra_forbidden":
        message, remedy = "unknown setting", "see --help, or use the version that wrote the file"
    tables = any(isinstance(part, dict) for part in (given if type(given) is list else [given]))
    about = name if tables else f"{name} = {given!r:.80}"
    what = f"{about}: {message}" if about else message
    return UsageError(what, where=where, remedy=remedy)
