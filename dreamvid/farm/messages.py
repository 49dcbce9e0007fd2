"""What a worker process is told, and what it tells: one JSON object a line.

A process of its own, because torch keeps its threads and its memory for itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from dreamvid import errors
from dreamvid.commands.preflight import Film, check_video
from dreamvid.commands.result import Result
from dreamvid.errors import DreamvidError
from dreamvid.farm.left import Left
from dreamvid.farm.sources import local_source
from dreamvid.farm.storage import Storage, storage_at
from dreamvid.settings.models import VideoSettings
from dreamvid.settings.toml import to_toml


@dataclass(frozen=True)
class Order:
    """The film that a worker is to help dream, with so many threads.

    It shows its newest frame in the file `newest`, if there is one. The parts also go to a
    `storage`, if one is given: a folder, or an fsspec URL. Who joins the film may `keep` its state.
    """

    source: Path
    target: Path
    settings: VideoSettings
    overwrite: bool
    threads: int
    newest: Path | None = None
    storage: str | None = None
    keep: bool = False

    @property
    def text(self) -> str:
        """The order as JSON, from which `read` restores it."""
        newest = None if self.newest is None else str(self.newest)
        plain = {"source": str(self.source), "target": str(self.target), "newest": newest}
        return json.dumps(vars(self) | plain | {"settings": to_toml(self.settings)})

    @classmethod
    def read(cls, text: str) -> Self:
        """Restore an order."""
        found = json.loads(text)
        paths = Path(found["source"]), Path(found["target"])
        settings = VideoSettings.checked(found["settings"])
        newest = None if found["newest"] is None else Path(found["newest"])
        said = found["overwrite"], found["threads"]
        return cls(*paths, settings, *said, newest, found["storage"], found["keep"])

    def checked(self) -> Film:
        """The checked request, which is open."""
        source = local_source(self.source)
        return check_video(source, self.target, self.settings, overwrite=self.overwrite)

    @property
    def store(self) -> Storage | None:
        """The storage of the job; None if its parts are only here."""
        return None if self.storage is None else storage_at(self.storage, self.target.name)


def result_fields(result: Result) -> dict[str, Any]:
    """A result as plain values."""
    return asdict(result) | {"path": str(result.path)}


def result_of(fields: Mapping[str, Any]) -> Result:
    """Restore a result from `result_fields`."""
    return Result(Path(fields["path"]), fields["frames"], tuple(fields["notes"]), fields["damage"])


def left_of_fields(fields: Mapping[str, Any]) -> Left:
    """Restore what is left of a film from its fields."""
    numbers = tuple(fields["missing"]), tuple(fields["mine"])
    return Left(fields["shots"], *numbers, fields["stored"])


def error_fields(error: BaseException) -> dict[str, str | None]:
    """An error as plain values; of other errors than dreamvid's the kind and the message."""
    if not isinstance(error, DreamvidError):
        return {"kind": type(error).__name__, "what": str(error)}
    known = (base.__name__ for base in type(error).__mro__)
    kind = next(name for name in known if hasattr(errors, name))
    where = None if error.where is None else str(error.where)
    return {"kind": kind, "what": error.what, "where": where, "remedy": error.remedy}


def error_of(fields: Mapping[str, Any]) -> Exception:
    """Restore an error of dreamvid from `error_fields`; of others a RuntimeError."""
    kind = getattr(errors, fields["kind"], None)
    if not (isinstance(kind, type) and issubclass(kind, DreamvidError)):
        return RuntimeError(f"{fields['kind']}: {fields['what']}")
    return kind(fields["what"], where=fields["where"], remedy=fields["remedy"])
