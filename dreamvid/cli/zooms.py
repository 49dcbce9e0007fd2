"""The commands that generate clips: `zoom`, `loop`, and `plot` for their schedules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

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
    Encode,
    File,
    From,
    Network,
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
from dreamvid.commands.preflight import check_loop, check_zoom
from dreamvid.media.source import check_file, is_sequence
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
    motion_preview: Preview = False,
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
    request = read_request(
        lambda *_: ZoomSettings, given, source, preset=preset, file=settings, from_=from_
    )
    kind = "preview" if motion_preview else "dream"
    path = film_target(request.source, target, out, request.settings.output, kind=kind)
    with Show(quiet=quiet, verbose=verbose) as show:
        show.made((_preview if motion_preview else _zoom)(request, path, show, overwrite=yes))


def _preview(request: Request[ZoomSettings], path: Path, show: Show, *, overwrite: bool) -> Result:
    """Write a film of the camera motion only."""
    from dreamvid.commands.preview import preview_motion

    return preview_motion(
        request.source, path, request.settings, overwrite=overwrite, on_progress=show.on_progress
    )


def _zoom(request: Request[ZoomSettings], path: Path, show: Show, *, overwrite: bool) -> Result:
    """Check and dream a zoom."""
    checked = check_zoom(request.source, path, request.settings, overwrite=overwrite)
    show.say(f"{checked.summary}, into {path}")
    from dreamvid.commands.zoom import run_zoom

    with show.busy("dreaming the first frame"):
        return run_zoom(checked, request.watched(show))


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
        from dreamvid.commands.loop import run_loop

        with show.busy("preparing the loop"):
            result = run_loop(checked, request.watched(show))
        show.made(result)
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
