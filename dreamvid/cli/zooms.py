"""The commands that generate clips: `zoom`, `loop`, and `plot` for their schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from pydantic import BaseModel

from dreamvid.cli.flags import (
    NO_CAMERA,
    NO_CLIP,
    NO_DREAM,
    NO_NETWORK,
    NO_OUTPUT,
    NO_SHAPE,
    NO_SIGNALS,
    NO_SOUND,
    NO_STEADY,
    Beside,
    Camera,
    Clip,
    Dream,
    DryRun,
    Encode,
    File,
    Force,
    From,
    Keep,
    More,
    Network,
    Newest,
    NoNewest,
    Out,
    Preset,
    Quiet,
    Shape,
    Signals,
    Sound,
    Steady,
    To,
    Verbose,
    Yes,
    read_settings,
)
from dreamvid.cli.request import Request, find_source, raise_if_damaged, read_request
from dreamvid.cli.show import Show
from dreamvid.cli.targets import film_target
from dreamvid.commands.more import check_apart, longer
from dreamvid.commands.preflight import check_loop, check_zoom
from dreamvid.commands.room import check_room
from dreamvid.errors import UsageError
from dreamvid.media.newest import NewestFrame
from dreamvid.media.source import check_file, is_sequence
from dreamvid.media.state import FilmState
from dreamvid.settings.loops import loop_model
from dreamvid.settings.models import ZoomSettings

if TYPE_CHECKING:
    from dreamvid.commands.result import Result

Preview = Annotated[
    bool,
    Parameter(
        name="--motion-preview", negative="", help="Write only the camera motion, without dreaming."
    ),
]

PlottedFilm = Annotated[
    Path | None, Parameter(help="The film that the settings are for, whose signals are plotted.")
]


def zoom(
    source: Path | None = None,
    target: To = None,
    /,
    *,
    out: Beside = None,
    network: Network = NO_NETWORK,
    dream: Dream = NO_DREAM,
    motion: Steady = NO_STEADY,
    camera: Camera = NO_CAMERA,
    clip: Clip = NO_CLIP,
    sound: Sound = NO_SOUND,
    signals: Signals = NO_SIGNALS,
    output: Encode = NO_OUTPUT,
    preset: Preset = None,
    settings: File = None,
    from_: From = None,
    more: More = None,
    keep_state: Keep = True,
    motion_preview: Preview = False,
    preview: Newest = None,
    no_preview: NoNewest = False,
    dry_run: DryRun = False,
    force: Force = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream an endless zoom into a picture or into noise.

    Numbers may be schedules, such as --zoom '0:(1.4), 3s:(2.2, ease-in-out)'.
    After an interruption, the same command resumes after the last finished part.
    """
    given = {"network": network, "dream": dream, "motion": motion, "camera": camera,
             "clip": clip, "sound": sound, "signals": signals, "output": output}  # fmt: skip
    begun = None
    if more is not None:
        others = (preset, settings, from_, motion_preview)
        request, begun = _longer(source, more, given, alone=not any(others))
    else:
        request = read_request(
            lambda *_: ZoomSettings, given, source, preset=preset, file=settings, from_=from_
        )
    kind = "preview" if motion_preview else "dream" if begun is None else "longer"
    beside = request.source if begun is None else begun.film
    path = film_target(beside, target, out, request.settings.output, kind=kind)
    with Show(quiet=quiet, verbose=verbose) as show:
        if motion_preview:
            return show.made(_preview(request, path, show, overwrite=yes))
        checked = check_zoom(request.source, path, request.settings, overwrite=yes)
        show.say(f"{checked.summary}, into {path}")
        done = 0 if begun is None else begun.frames
        if begun is not None:
            check_apart(path, begun)
            show.say(f"the first {done} frames are those of {begun.film}")
        if dry_run:
            from dreamvid.commands.dry_run import try_zoom

            forecast = try_zoom(checked, show.on_progress, done=done)
            return show.forecast(forecast, checked, force=force)
        check_room(checked, force=force)
        newest = NewestFrame.of(path, preview, off=no_preview)
        from dreamvid.commands.zoom import run_zoom

        with show.busy("dreaming the first frame"):
            result = run_zoom(checked, request.watched(show, newest), keep=keep_state, begun=begun)
        show.made(result)
        newest.remove()


def _longer(
    film: Path | None, more: str, given: Mapping[str, BaseModel], *, alone: bool
) -> tuple[Request[ZoomSettings], FilmState]:
    """The request to lengthen a finished zoom, and its state; any other setting is refused."""
    if film is None:
        raise UsageError("no zoom given", where="more", remedy="use dreamvid zoom --more 30 ZOOM")
    if not alone or any(model.model_fields_set for model in given.values()):
        raise UsageError(
            "repeats the settings of the zoom", where="more", remedy="give no others with it"
        )
    check_file(film)
    request = read_request(lambda *_: ZoomSettings, given, None, preset=None, file=None, from_=film)
    return replace(request, settings=longer(request.settings, more)), FilmState.read(film)


def _preview(request: Request[ZoomSettings], path: Path, show: Show, *, overwrite: bool) -> Result:
    """Write a film of the camera motion only."""
    from dreamvid.commands.preview import preview_motion

    return preview_motion(
        request.source, path, request.settings, overwrite=overwrite, on_progress=show.on_progress
    )


def loop(
    source: Path | None = None,
    target: To = None,
    /,
    *,
    out: Beside = None,
    network: Network = NO_NETWORK,
    dream: Dream = NO_DREAM,
    motion: Steady = NO_STEADY,
    shape: Shape = NO_SHAPE,
    camera: Camera = NO_CAMERA,
    clip: Clip = NO_CLIP,
    sound: Sound = NO_SOUND,
    signals: Signals = NO_SIGNALS,
    output: Encode = NO_OUTPUT,
    preset: Preset = None,
    settings: File = None,
    from_: From = None,
    preview: Newest = None,
    no_preview: NoNewest = False,
    dry_run: DryRun = False,
    force: Force = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream a seamless loop from a picture or from noise; or turn a film into a loop.

    --kind zoom and pan are exact: they need one dream, and the frame after the last one equals
    the first byte for byte. --kind film joins the ends of an existing film without a network.
    """
    given = {"network": network, "dream": dream, "motion": motion, "loop": shape, "camera": camera,
             "clip": clip, "sound": sound, "signals": signals, "output": output}  # fmt: skip
    request = read_request(loop_model, given, source, preset=preset, file=settings, from_=from_)
    path = film_target(request.source, target, out, request.settings.output)
    with Show(quiet=quiet, verbose=verbose) as show:
        checked = check_loop(request.source, path, request.settings, overwrite=yes)
        show.say(f"{checked.summary}, into {path}")
        if dry_run:
            from dreamvid.commands.dry_run import try_loop

            return show.forecast(try_loop(checked, show.on_progress), checked, force=force)
        check_room(checked, force=force)
        newest = NewestFrame.of(path, preview, off=no_preview)
        from dreamvid.commands.loop import run_loop

        with show.busy("preparing the loop"):
            result = run_loop(checked, request.watched(show, newest))
        show.made(result)
        newest.remove()
    raise_if_damaged(result, request.source)


def plot(
    settings: Path,
    film: PlottedFilm = None,
    /,
    *,
    out: Out,
    clip: Clip = NO_CLIP,
    sound: Sound = NO_SOUND,
    signals: Signals = NO_SIGNALS,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Plot the schedules of a settings file as curves, and the signals that they read.

    Settings for a film do not contain its length: give the film, or --seconds and --fps. The film
    of a sidecar is found by itself.
    """
    from dreamvid.commands.plot import PlotSettings
    from dreamvid.commands.plot import plot as draw

    given = {"clip": clip, "sound": sound, "signals": signals}
    wanted = read_settings(lambda *_: PlotSettings, given, file=settings, where=settings)
    if film is None and "source" in wanted.made and "film" in wanted.model_fields_set:
        film = find_source(wanted.made, settings)
    if film is not None and not is_sequence(film):
        check_file(film)
    with Show(quiet=quiet, verbose=False) as show:
        made = draw(wanted, out, film=film, overwrite=yes, on_progress=show.on_progress)
        show.say(f"{made.path}")
