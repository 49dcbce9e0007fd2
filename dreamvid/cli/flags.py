"""The flags that commands share: those of the settings models, and a few more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import Group, Parameter
from pydantic import BaseModel

from dreamvid.settings import presets
from dreamvid.settings.base import Settings
from dreamvid.settings.envelopes import EnvelopeTimes
from dreamvid.settings.loops import ShapeSettings
from dreamvid.settings.models import TrainSettings
from dreamvid.settings.regions import MaskSettings
from dreamvid.settings.tables import (
    CameraSettings,
    ClipSettings,
    DreamSettings,
    FilmSettings,
    MotionSettings,
    NetworkSettings,
    OutputSettings,
    PictureSettings,
    SoundSettings,
    SteadySettings,
)
from dreamvid.settings.toml import merge, read_toml


def _fields(
    title: str, order: int, *, negative: bool = False, n_tokens: int | None = None
) -> Parameter:
    """Show the fields of a settings model as flags, under a title in the help."""
    group, no = Group(title, sort_key=order), None if negative else ()
    return Parameter(name="*", group=group, negative_bool=no, n_tokens=n_tokens)


Dream = Annotated[DreamSettings, _fields("Dream", 1)]
Network = Annotated[NetworkSettings, _fields("Network", 2)]
Motion = Annotated[MotionSettings, _fields("Motion", 3, negative=True)]
# With n_tokens given, cyclopts does not parse the value as a Fraction: 1e999999999 would hang.
Mask = Annotated[MaskSettings, _fields("Mask", 3)]
Film = Annotated[FilmSettings, _fields("Film", 4, n_tokens=1)]
Encode = Annotated[OutputSettings, _fields("Output", 5, n_tokens=1)]
Picture = Annotated[PictureSettings, _fields("Picture", 4, n_tokens=1)]
Steady = Annotated[SteadySettings, _fields("Motion", 3)]
Camera = Annotated[CameraSettings, _fields("Camera, per second", 3)]
Clip = Annotated[ClipSettings, _fields("Clip", 4, n_tokens=1)]
Shape = Annotated[ShapeSettings, _fields("Loop", 3)]
Train = Annotated[TrainSettings, _fields("Train", 1)]
Sound = Annotated[SoundSettings, _fields("Sound", 5)]
Signals = Annotated[EnvelopeTimes, _fields("Sound", 5)]
NO_STEADY, NO_CAMERA, NO_CLIP = SteadySettings(), CameraSettings(), ClipSettings()
NO_SHAPE, NO_SOUND = ShapeSettings(), SoundSettings()
NO_NETWORK, NO_DREAM, NO_MOTION = NetworkSettings(), DreamSettings(), MotionSettings()
NO_FILM, NO_OUTPUT, NO_TRAIN = FilmSettings(), OutputSettings(), TrainSettings()
NO_PICTURE, NO_MASK, NO_SIGNALS = PictureSettings(), MaskSettings(), EnvelopeTimes()

Out = Annotated[Path, Parameter(name=["--out", "-o"], help="Output file.")]
Beside = Annotated[
    Path | None,
    Parameter(name=["--out", "-o"], help="Output file. Default: SOURCE.dream, beside the source."),
]
To = Annotated[Path | None, Parameter(help="Output file; the same as -o.")]
Yes = Annotated[bool, Parameter(name=["--yes", "-y"], negative="", help="Overwrite the output.")]
Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], negative="", help="Print only errors.")]
Verbose = Annotated[
    bool,
    Parameter(
        name=["--verbose", "-v"],
        negative="",
        help="Print more progress, assumed colour tags, and tracebacks of bugs.",
    ),
]
Preset = Annotated[
    str | None,
    Parameter(
        name="--preset", help=f"Start from these named settings: {', '.join(presets.names())}."
    ),
]
File = Annotated[Path | None, Parameter(name="--settings", help="Settings file (TOML).")]
From = Annotated[
    Path | None,
    Parameter(name="--from", help="Repeat the run that made this file; other flags override it."),
]
DryRun = Annotated[
    bool,
    Parameter(
        name="--dry-run",
        negative="",
        help="Time a few frames and print what the run would take; write nothing.",
    ),
]
Force = Annotated[
    bool, Parameter(name="--force", negative="", help="Begin even if the disk seems too small.")
]
Sources = Annotated[
    str,
    Parameter(help="Folders, with all that is below them, quoted patterns ('**/*.mp4'), or files."),
]
Folder = Annotated[Path, Parameter(name=["--out", "-o"], help="Folder of the dreams.")]
Watch = Annotated[
    bool,
    Parameter(name="--watch", negative="", help="Go on with files that come later, until Ctrl-C."),
]
More = Annotated[
    str | None,
    Parameter(
        name="--more",
        help="Lengthen a finished zoom, given in place of the picture, by seconds or mm:ss.",
    ),
]
Keep = Annotated[
    bool,
    Parameter(
        name="--keep-state",
        negative="--no-keep-state",
        help="Keep what --more needs in OUT.dreamvid.state.",
    ),
]
KeepParts = Annotated[
    bool,
    Parameter(
        name="--keep-state", negative="", help="Keep what --redream needs in OUT.dreamvid.state."
    ),
]
Redream = Annotated[
    str | None,
    Parameter(
        name="--redream",
        help="Dream only these frames of the film of --from again, such as 100-200, counted from "
        "0, and join them into it; the film was dreamed with --keep-state.",
    ),
]
Newest = Annotated[
    Path | None,
    Parameter(
        name="--preview",
        help="JPEG file that shows the newest frame during the run. Default: OUT.preview.jpg.",
    ),
]
NoNewest = Annotated[
    bool, Parameter(name="--no-preview", negative="", help="Show no newest frame in a file.")
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]


S = TypeVar("S", bound=Settings)


def read_settings(
    choose: Callable[[Mapping[str, Any], Path | None], type[S]],
    given: Mapping[str, BaseModel],
    *,
    preset: str | None = None,
    file: Path | None = None,
    before: Mapping[str, Any] | None = None,
    where: Path | None = None,
) -> S:
    """Combine settings: flags override the settings file, then the repeated run, then the preset.

    `choose` chooses the settings model for the combined values, without those of the preset, of
    which only the tables and fields that this model has are used. Errors name the file `where`.
    """
    flags = {table: model.model_dump(exclude_unset=True) for table, model in given.items()}
    stated = merge(
        read_toml(file) if file else {}, {table: row for table, row in flags.items() if row}
    )
    before = before or {}
    model = choose(merge(before, stated), where)
    named = presets.fitting(presets.preset(preset), model) if preset else {}
    return model.checked(merge(named, model.inherited(before), stated), where=where)
