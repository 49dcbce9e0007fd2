"""What all settings models share: strict names, rivals, and errors of one line."""

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

RIVALS = (("label", "layer"), ("label", "guide"), ("size", "width"), ("size", "height"))
"""Settings of one table of which only one has its way."""


class Settings(BaseModel):
    """A settings model: frozen, strict about names and rivals, NaN and infinity refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    @model_validator(mode="after")
    def _without_rivals(self) -> Self:
        for pair in RIVALS:
            if all(getattr(self, name, None) for name in pair):
                raise ValueError(f"{' and '.join(pair)}: give only one of them")
        return self

    @classmethod
    def checked(cls, values: Mapping[str, Any], *, where: object = None) -> Self:
        """Validate plain values; UsageError names the first that is wrong."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise usage_error(error, where=where) from None


def usage_error(error: ValidationError, *, where: object = None) -> UsageError:
    """Turn the first complaint of a ValidationError into one line."""
    first = min(error.errors(), key=lambda fault: fault["loc"] != ("made",))
    if first["loc"] == ("made",):
        remedy = "give it to --from, or take [made] out of it"
        return UsageError("is the sidecar of a film", where=where, remedy=remedy)
    name = ".".join(str(part) for part in first["loc"] if not str(part).startswith("function-"))
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ScheduleError):
        return cause.about(name if where is None else f"{where}: {name}", "see README, 'Schedules'")
    given = first.get("input")
    message, remedy = first["msg"].removeprefix("Value error, "), "see --help"
    if first["type"] == "extra_forbidden":
        message, remedy = "no such setting", "see --help, or use the dreamvid that wrote it"
    about = f"{name} = {given!r:.80}" if not isinstance(given, dict) else name
    told = f"{about}: {message}" if about else message
    return UsageError(told, where=where, remedy=remedy)
