"""The files that settings name: @ID in the JSON of the page, a path everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from dreamvid.errors import DreamvidError, UsageError
from dreamvid.networks.known import TIMM, names
from dreamvid.schedules.signals import curves_in
from dreamvid.settings.base import Settings
from dreamvid.settings.dials import guides_of
from dreamvid.settings.envelopes import schedules_in
from dreamvid.settings.mask_text import mask_files
from dreamvid.settings.models import ImageSettings, VideoSettings
from dreamvid.settings.tables import DreamSettings
from dreamvid.settings.values import OWN_PALETTE
from dreamvid.studio.places import TOKEN, Places

DEEPEST: Final = 6
"""Most levels of tables and lists in settings."""


def files_of(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Every file that settings name, with the field that does."""
    tables: Any = settings
    if hasattr(settings, "network"):
        yield from [("network.weights", tables.network.weights)] if tables.network.weights else []
        for name, _ in tables.network.parts:
            if not (name in names() or name.startswith(TIMM)):
                yield "network.model", Path(name)
    if hasattr(settings, "sound") and tables.sound.audio is not None:
        yield "sound.audio", tables.sound.audio
    if isinstance(settings, ImageSettings | VideoSettings):
        for k, (mask, dream) in enumerate(settings.regions):
            own = f"region.{k}" if settings.region else ""
            yield from ((f"{own or 'mask'}.mask", path) for path in mask_files(mask.mask))
            yield from _of_dream(own or "dream", dream, settings)
    elif hasattr(settings, "dream"):
        yield from _of_dream("dream", tables.dream, settings)


def check_files(places: Places, settings: Settings) -> None:
    """Raise UsageError, with the field, for a file that is not in the folders of the studio."""
    for field, path in files_of(settings):
        if not places.holds(path):
            remedy = "start the studio with its folder, or drop the file"
            what = f"{path.name} is not in the folders of the studio"
            raise UsageError(what, where=field, remedy=remedy)


def without_lost(
    places: Places, settings: Settings, values: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The values without files that are not there or not in the folders; and their fields."""
    lost = sorted({field for field, path in files_of(settings)
                   if not (places.holds(path) and path.exists())})  # fmt: skip
    kept = {table: dict(row) if isinstance(row, Mapping) else row for table, row in values.items()}
    for field in lost:
        table, _, name = field.partition(".")
        row = kept.get(table)
        if isinstance(row, dict):
            row.pop(name, None)
        else:
            kept.pop(table, None)  # a region is of no use without its mask
    return kept, lost


def with_paths(places: Places, value: Any) -> Any:
    """The same values with the path of each file in place of its id; UsageError with the field."""

    def path_of(text: str, field: str) -> str:
        try:
            return TOKEN.sub(lambda hit: str(places.path_of(hit[1])), text)
        except DreamvidError as error:
            raise UsageError(error.what, where=field, remedy="pick the file again") from None

    return mapped(value, path_of)


def with_ids(places: Places, settings: Settings, values: Any) -> Any:
    """The same values with the id of each file of the settings in place of its path."""
    paths = sorted({str(path) for _, path in files_of(settings)}, key=len, reverse=True)
    named = {text: f"@{places.id_of(Path(text))}" for text in paths if places.holds(Path(text))}

    def id_of(text: str, field: str) -> str:
        for path, token in named.items():
            text = text.replace(path, token)
        return text

    return mapped(values, id_of)


def mapped(value: Any, change: Callable[[str, str], str], field: str = "", depth: int = 0) -> Any:
    """Plain values with every text changed: `change(text, field)`; UsageError if too deep."""
    if depth > DEEPEST:
        raise UsageError("is nested too deeply", where="settings")
    if isinstance(value, str):
        return change(value, field)
    if isinstance(value, Mapping):
        return {
            str(key): mapped(one, change, f"{field}.{key}".lstrip("."), depth + 1)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [mapped(one, change, field, depth + 1) for one in value]
    return value


def _of_dream(where: str, dream: DreamSettings, settings: Any) -> Iterator[tuple[str, Path]]:
    yield from ((f"{where}.guide", Path(guide)) for guide in guides_of(dream))
    if dream.palette not in (None, OWN_PALETTE):
        yield f"{where}.palette", Path(dream.palette)
    if hasattr(settings, "motion"):
        camera = getattr(settings, "camera", None)
        for schedule in schedules_in(dream, settings.motion, camera):
            for curve in curves_in(schedule.names).values():
                yield f"{where}.{schedule.where}", Path(curve)
