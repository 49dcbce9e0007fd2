"""Many films and pictures, one after the other: which ones, with what settings, and what is done.

Nothing here imports torch before something is dreamed.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from dreamvid.commands.preflight import check_image, check_video
from dreamvid.commands.result import Result
from dreamvid.commands.room import check_room
from dreamvid.errors import DreamvidError, OutputExists, UsageError, no_such_file, writing
from dreamvid.files import sha256, write_whole
from dreamvid.image import picture_format
from dreamvid.media.formats import suited
from dreamvid.media.output import Output
from dreamvid.media.source import FILM_SUFFIXES, STILL_SUFFIXES
from dreamvid.sequence.progress import OnProgress
from dreamvid.settings.base import Settings
from dreamvid.settings.models import ImageSettings, VideoSettings
from dreamvid.settings.toml import merge, read_toml, to_toml, write_toml

S = TypeVar("S", bound=Settings)

MODELS: tuple[type[Settings], ...] = (VideoSettings, ImageSettings)

WILD = re.compile(r"[*?\[]")

DECIDED: Mapping[str, object] = {
    "network.device": "auto", "network.precision": "auto", "dream.layer": [], "dream.tile": None,
    "dream.step": None, "dream.octaves": None, "film.dream_size": None,
}  # fmt: skip
"""Settings that a sidecar has as they were decided, and the values that leave them open."""


@dataclass(frozen=True)
class Item:
    """A film or a picture, and where its dream goes, without the suffix that its codec needs."""

    source: Path
    place: Path

    @property
    def is_film(self) -> bool:
        """Whether it is a film; a GIF is one."""
        return self.source.suffix.lower() not in STILL_SUFFIXES

    @property
    def own(self) -> Path:
        """The settings file of this source alone."""
        return self.source.with_name(f"{self.source.name}.toml")


def find_items(sources: Iterable[str], out: Path) -> list[Item]:
    """The films and pictures in folders, patterns and files, in order; their names are mirrored.

    Raises UnreadableInput for a file that is missing, UsageError if two dreams would have one name.
    """
    items: dict[Path, Item] = {}
    for text in sources:
        for source, name in _found(text, out):
            item = Item(source, out / name)
            other = items.setdefault(item.place, item)
            if other.source != source:
                raise UsageError(
                    f"{other.source} and {source} would have the same dream",
                    where=item.place,
                    remedy="give the folder that has both, or dream them into two folders",
                )
    return [items[place] for place in sorted(items)]


def check_out(sources: Iterable[str], out: Path) -> None:
    """Raise UsageError if `out` is a file, or the folder of the sources."""
    if out.exists() and not out.is_dir():
        raise UsageError("not a folder", where=out, remedy="give a folder for the dreams")
    for text in sources:
        if out.exists() and Path(text).is_dir() and out.samefile(text):
            raise UsageError(
                "is the folder of the sources", where=out, remedy="give another folder for -o"
            )


def _found(text: str, out: Path) -> Iterator[tuple[Path, Path]]:
    """The sources that a text names, each with its name below the output folder."""
    path = Path(text)
    if path.is_dir():
        files, root = sorted(path.rglob("*")), path
    elif path.exists() or not WILD.search(text):
        if not path.is_file():
            raise no_such_file(path)
        yield path, Path(path.name)
        return
    else:
        files = sorted(map(Path, glob.iglob(text, recursive=True)))
        root = Path(*path.parts[: _first_wild(path)])
    inside = out.absolute() if out.absolute().is_relative_to(root.absolute()) else None
    for file in files:
        name = file.relative_to(root)
        hidden = any(part.startswith(".") for part in name.parts)
        known = file.suffix.lower() in FILM_SUFFIXES | STILL_SUFFIXES
        if hidden or not known or not file.is_file():
            continue
        if inside is None or not file.absolute().is_relative_to(inside):
            yield file, name


def _first_wild(path: Path) -> int:
    return next(n for n, part in enumerate(path.parts) if WILD.search(part))


@dataclass(frozen=True)
class Look:
    """The settings of all films and pictures, as plain values that were checked for both."""

    values: Mapping[str, Any]

    @classmethod
    def checked(cls, values: Mapping[str, Any], where: Path | None) -> Look:
        """UsageError for a setting that neither films nor pictures have, or that is invalid."""
        for name, value in values.items():
            if not any(_has(model, name) for model in MODELS):
                VideoSettings.checked({name: value}, where=where)
            for field in value if isinstance(value, Mapping) else ():
                if not any(_has(model, name, field) for model in MODELS):
                    VideoSettings.checked({name: {field: value[field]}}, where=where)
        for model in MODELS:
            model.checked(fitting(values, model), where=where)
        return cls(values)

    def of(self, item: Item) -> VideoSettings | ImageSettings:
        """The settings of a source: those of its own file win."""
        own, where = (read_toml(item.own), item.own) if item.own.is_file() else ({}, None)
        model = VideoSettings if item.is_film else ImageSettings
        found = model.checked(merge(fitting(self.values, model), own), where=where)
        assert isinstance(found, VideoSettings | ImageSettings)
        return found


def fitting(values: Mapping[str, Any], model: type[Settings]) -> dict[str, Any]:
    """The tables and fields of plain values that a settings model has."""
    return {
        name: {field: row for field, row in value.items() if _has(model, name, field)}
        if isinstance(value, Mapping)
        else value
        for name, value in values.items()
        if _has(model, name)
    }


def _has(model: type[Settings], name: str, field: str | None = None) -> bool:
    if name not in model.model_fields:
        return False
    table = model.tables().get(name)
    return field is None or table is None or field in table.model_fields


def target_of(item: Item, settings: VideoSettings | ImageSettings) -> Path:
    """The file of a dream: the mirrored name; another suffix is added where its own cannot be."""
    place = item.place
    if isinstance(settings, VideoSettings):
        fits = suited(place, settings.output.codec)
        return fits if fits.suffix == place.suffix else suited(
            place.with_name(f"{place.name}{fits.suffix}"), settings.output.codec
        )  # fmt: skip
    try:
        picture_format(place)
    except UsageError:
        return place.with_name(f"{place.name}.png")
    return place


def changes(item: Item, settings: VideoSettings | ImageSettings, target: Path) -> str | None:
    """What is different from the dream that is there, "" if nothing is; None if none is there.

    A dream is known by its sidecar: the checksum of its source, and all settings.
    """
    output = Output(target)
    if not (output.files() if isinstance(settings, VideoSettings) else target.is_file()):
        return None
    try:
        values = read_toml(output.sidecar)
        made = values.pop("made", {})
        before = _flat(to_toml(type(settings).checked(values)))
    except DreamvidError:
        return "it has no sidecar that can be read"
    now = _flat(to_toml(settings))
    different = [
        name
        for name in sorted(before | now)
        if before.get(name) != now.get(name)
        and not (name in DECIDED and now.get(name) in (None, DECIDED[name]))
    ]
    if made.get("source_sha256") != sha256(item.source):
        different.insert(0, "the source")
    return ", ".join(different)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of tables by their dotted names."""
    return {
        f"{table}.{name}": value
        for table, row in values.items()
        for name, value in (row.items() if isinstance(row, Mapping) else [("", row)])
    }


def dream_item(
    item: Item, look: Look, *, overwrite: bool, on_progress: OnProgress
) -> tuple[Path, Result | None]:
    """Dream a film or a picture into its file; also the result, None if it was there already.

    Raises any DreamvidError; OutputExists if another dream is there.
    """
    settings = look.of(item)
    target = target_of(item, settings)
    different = changes(item, settings, target)
    if different == "":
        return target, None
    if different is not None and not overwrite:
        raise OutputExists(
            f"was dreamed otherwise ({different})", where=target, remedy="use another -o, or -y"
        )
    with writing(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(settings, VideoSettings):
        return target, _dream_film(item.source, target, settings, overwrite, on_progress)
    return target, _dream_picture(item.source, target, settings, overwrite, on_progress)


def _dream_film(
    source: Path, target: Path, settings: VideoSettings, overwrite: bool, on_progress: OnProgress
) -> Result:
    request = check_video(source, target, settings, overwrite=overwrite)
    check_room(request)
    from dreamvid.commands.video import run_video

    return run_video(request, on_progress)


def _dream_picture(
    source: Path, target: Path, settings: ImageSettings, overwrite: bool, on_progress: OnProgress
) -> Result:
    request = check_image(source, target, settings, overwrite=overwrite)
    from dreamvid.commands.image import run_image
    from dreamvid.commands.sidecar import origin, versions

    result = run_image(request, on_progress)
    made = origin(source, target) | {"versions": versions()}
    with writing(target):
        text = write_toml({"made": made} | to_toml(settings))
        write_whole(Output(target).sidecar, text.encode())
    return result
