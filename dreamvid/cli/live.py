"""The command `live`: a camera in, a dream on the wall."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from dreamvid.cli.flags import (
    NO_CAMERA,
    NO_DREAM,
    NO_NETWORK,
    NO_STEADY,
    Dream,
    File,
    Network,
    Preset,
    Quiet,
    Steady,
    Verbose,
    Yes,
    read_settings,
)
from dreamvid.cli.show import LINE_EVERY, Show
from dreamvid.errors import one_line
from dreamvid.live.check import check_live
from dreamvid.settings.live import LiveSettings, ShowSettings
from dreamvid.settings.tables import CameraSettings

if TYPE_CHECKING:
    from dreamvid.live.status import Status

Live = Annotated[
    ShowSettings, Parameter(name="*", group=Group("Live", sort_key=0), negative_iterable=())
]
Rates = Annotated[
    CameraSettings,
    Parameter(name="move", group=Group("Camera of a zoom, per second", sort_key=4)),
]
NO_LIVE = ShowSettings()

WIDEST = 100
"""The longest status line, in characters."""

REFRESH = 0.5
"""Seconds between two status lines on a terminal."""


def live(
    *,
    live: Live = NO_LIVE,
    network: Network = NO_NETWORK,
    dream: Dream = NO_DREAM,
    motion: Steady = NO_STEADY,
    camera: Rates = NO_CAMERA,
    preset: Preset = None,
    settings: File = None,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream a camera, a stream, a film or the screen while it runs, and show it at once.

    Keys: + - strength, [ ] stability, c C colours, d D detail, l next layer, p next preset,
    r grow again, q quit; f toggles the full screen of a window.
    """
    given = {"live": live, "network": network, "dream": dream, "motion": motion, "camera": camera}
    wanted = read_settings(
        lambda *_: LiveSettings, given, preset=preset, file=settings, where=settings
    )
    request = check_live(wanted, overwrite=yes)
    line = StatusLine(quiet=quiet)
    with Show(quiet=quiet, verbose=verbose) as show:
        names = ", ".join(output.name for output in request.outputs)
        show.say(f"live, into {names}; Ctrl-C ends it")
        from dreamvid.live.run import run_live

        try:
            run_live(request, on_status=line, on_progress=show.on_progress)
        except KeyboardInterrupt:  # the usual end
            pass
        finally:
            line.end()
        show.say(*(str(path) for output in request.outputs for path in getattr(output, "made", ())))


class StatusLine:
    """Prints the status on standard error: in place on a terminal, else a line now and then."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._there = quiet, sys.stderr.isatty()
        self._spoke = float("-inf")

    def __call__(self, status: Status) -> None:
        """Print the status if it is time."""
        now = time.monotonic()
        if self._quiet or now - self._spoke < (REFRESH if self._there else LINE_EVERY):
            return
        self._spoke = now
        text = one_line(status.line())[:WIDEST]
        end = "" if self._there else "\n"
        print(f"\r{text}\x1b[K" if self._there else text, end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._there and not self._quiet:
            print(file=sys.stderr)
