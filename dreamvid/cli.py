"""The command line: commands, flags, progress, exit codes. The only place that prints."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Group, Parameter
from pydantic import BaseModel, ValidationError

from dreamvid.errors import DamagedInput, DreamvidError, Interrupted, OutOfMemory, UsageError
from dreamvid.settings import (
    DreamSettings,
    FilmSettings,
    ImageSettings,
    MotionSettings,
    NetworkSettings,
    OutputSettings,
    VideoSettings,
    merge,
    preset,
    read_toml,
    usage_error,
)
from dreamvid.show import Show

app = App(
    name="dreamvid",
    help="Makes film dream: DeepDream for moving pictures, carried along optical flow.",
    version_flags=["--version"],
    result_action="return_value",
)


def _flags(title: str, order: int) -> Parameter:
    """The fields of a settings model as flags, under a title in the help."""
    return Parameter(name="*", group=Group(title, sort_key=order))


Network = Annotated[NetworkSettings, _flags("Network", 2)]
Dream = Annotated[DreamSettings, _flags("Dream", 1)]
Motion = Annotated[MotionSettings, _flags("Motion", 3)]
Film = Annotated[FilmSettings, _flags("Film", 4)]
Encode = Annotated[OutputSettings, _flags("Output", 5)]
_NO_NETWORK, _NO_DREAM, _NO_MOTION = NetworkSettings(), DreamSettings(), MotionSettings()
_NO_FILM, _NO_OUTPUT = FilmSettings(), OutputSettings()

Out = Annotated[Path, Parameter(name=["--out", "-o"], help="The file to write.")]
Yes = Annotated[bool, Parameter(name=["--yes", "-y"], negative="", help="Overwrite the output.")]
Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], negative="", help="Only say errors.")]
Verbose = Annotated[bool, Parameter(name=["--verbose", "-v"], negative="", help="Say more.")]
Preset = Annotated[str | None, Parameter(name="--preset", help="Named settings to begin with.")]
File = Annotated[Path | None, Parameter(name="--settings", help="Settings file (TOML).")]
From = Annotated[Path | None, Parameter(name="--from", help="Repeat the run that made this file.")]


@app.command
def image(
    source: Path,
    *,
    out: Out,
    network: Network = _NO_NETWORK,
    dream: Dream = _NO_DREAM,
    preset_: Preset = None,
    settings: File = None,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream on a picture."""
    from dreamvid.api import dream_image

    given = {"network": network, "dream": dream}
    wanted = ImageSettings.checked(_layers(given, preset_, settings), where=settings)
    with Show(quiet=quiet, verbose=verbose) as show:
        dream_image(source, out, wanted, overwrite=yes, fetched=show.fetched)
        show.say(f"{out}")


@app.command
def video(
    source: Path | None = None,
    *,
    out: Out,
    network: Network = _NO_NETWORK,
    dream: Dream = _NO_DREAM,
    motion: Motion = _NO_MOTION,
    film: Film = _NO_FILM,
    output: Encode = _NO_OUTPUT,
    preset_: Preset = None,
    settings: File = None,
    from_: From = None,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream a film: same length, rate, size, colours and sound."""
    from dreamvid.api import dream_video

    given = {"network": network, "dream": dream, "motion": motion, "film": film, "output": output}
    made, before = _record(from_)
    wanted = VideoSettings.checked(_layers(given, preset_, settings, before), where=settings)
    if source is None:
        if "source" not in made:
            raise UsageError("no film given", remedy="dreamvid video FILM -o OUT")
        source = Path(made["source"])
    with Show(quiet=quiet, verbose=verbose) as show:
        result = dream_video(
            source, out, wanted, overwrite=yes, fetched=show.fetched, report=show.report
        )
    for note in result.notes:
        show.say(note)
    show.say(f"{result.path}: {result.frames} frames")
    if result.damage:
        raise DamagedInput(result.damage, where=source, remedy=f"{result.path} holds what is there")


def _layers(
    given: Mapping[str, BaseModel],
    name: str | None,
    file: Path | None,
    before: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Lay the flags over the settings file over the repeated run over the preset."""
    flags = {table: model.model_dump(exclude_unset=True) for table, model in given.items()}
    return merge(
        preset(name) if name else {},
        before or {},
        read_toml(file) if file else {},
        {table: values for table, values in flags.items() if values},
    )


def _record(path: Path | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a sidecar, given itself or its film: how it was made, and the settings."""
    if path is None:
        return {}, {}
    if path.suffix != ".toml":
        path = path.with_name(path.name + ".dreamvid.toml")
    record = read_toml(path)
    return record.pop("made", {}), record


def main() -> None:
    """Run the command line; ends the process with the exit code of the error, if any."""
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return _tell(_usage(error))
    except DreamvidError as error:
        return _tell(error)
    except KeyboardInterrupt:
        return _tell(Interrupted("stopped"))
    except MemoryError:
        return _tell(OutOfMemory("out of memory", remedy="give a smaller --size or --tile"))
    return 0


def _usage(error: CycloptsError) -> UsageError:
    """Put what cyclopts or pydantic complains about into one line."""
    if isinstance(error.__cause__, ValidationError):
        return usage_error(error.__cause__)
    return UsageError(str(error), remedy="see dreamvid --help")


def _tell(error: DreamvidError) -> int:
    print(f"dreamvid: {error}", file=sys.stderr)
    return error.exit_code


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
