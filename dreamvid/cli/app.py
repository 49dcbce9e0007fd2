"""The table of commands, each imported only when it is used, and the end of every run."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
import traceback
import warnings
from types import FrameType

from cyclopts import App, CycloptsError, Group, Parameter
from cyclopts.help import DefaultFormatter, HelpPanel
from rich.console import Console, ConsoleOptions

from dreamvid.cli.failures import explain
from dreamvid.cli.streams import end_streams, open_streams
from dreamvid.errors import DreamvidError, UsageError
from dreamvid.networks.allocator import collect_rarely, keep_freed_memory
from dreamvid.networks.threads import limit_openmp_spin

VALUES = {"--rate": "RATE", "--fps": "RATE", "--size": "WxH"}
KINDS = {"FRACTION": "TIME", "FLOAT|STR": "FLOAT", "INT|STR": "INT"}
"""Placeholders for option values in the help: by option name, and by type."""
NARROWEST = 20
"""Minimum width of the help in columns: rich loops forever on much narrower terminals."""


class HelpFormatter(DefaultFormatter):
    """Prints the panels of the help, with readable placeholders for option values."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print one panel."""
        entries = [
            entry.copy(metavar=_metavar(entry.names, entry.metavar)) for entry in panel.entries
        ]
        super().__call__(console, options, panel.copy(entries=entries))


def _metavar(names: tuple[str, ...], kind: str | None) -> str | None:
    named = (VALUES[name] for name in names if name in VALUES)
    return next(named, KINDS.get(kind or "", kind))


def _default(value: object) -> str | None:
    """The text of a default in the help; False, None and empty tuples are not shown."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or None
    shown = {True: "on", False: None, None: None}
    return shown[value] if isinstance(value, bool | None) else str(value)


COMMANDS = {
    "Dream": (
        ("video", "films", "FILM [OUT]", "Dream a film; its length, rate, size and sound stay."),
        ("image", "films", "PICTURE [OUT]", "Dream on a picture."),
        ("zoom", "zooms", "[PICTURE] [OUT]", "Dream an endless zoom."),
        ("loop", "zooms", "[FILE] [OUT]", "Dream a seamless loop, or make a film loop."),
        ("live", "live", "--camera 0 --output window", "Dream a camera or a stream as it runs."),
        ("batch", "batching", "SOURCE ... -o FOLDER", "Dream many films and pictures."),
        ("studio", "studio", "[FOLDER ...]", "Open a page to tune dreams, queue and watch them."),
    ),
    "Many processes": (
        ("join", "farming", "OUT", "Join the shots that --workers or --part have dreamed."),
        ("status", "farming", "OUT", "Say how far a film is that is being dreamed."),
    ),
    "Learn": (
        ("train", "training", "[FOLDER] -o OUT", "Train a network on your own pictures."),
        ("renders", "training", "-o OUT", "Draw training pictures of the embedded network."),
    ),
    "Look": (
        ("models", "networks", "", "List the networks."),
        ("layers", "networks", "MODEL", "List the layers of a network."),
        ("labels", "networks", "[MODEL]", "List the labels of a network."),
        ("atlas", "networks", "[MODEL] -o OUT", "Draw what layers, channels and classes dream."),
        ("explain", "seeing", "PICTURE -o OUT", "Draw what a network sees in a picture."),
        ("presets", "presetting", "[PICTURE] [-o OUT]", "List the presets, or draw them."),
        ("codecs", "machine", "", "List the codecs."),
        ("plot", "zooms", "SETTINGS [FILM] -o OUT", "Draw schedules and the signals they read."),
        ("measure", "measuring", "[SOURCE] DREAMED", "Measure how stable and strong a dream is."),
        ("judge", "judging", "[MODEL]", "Measure the accuracy and the dreams of a network."),
    ),
    "Check": (
        ("doctor", "machine", "", "Check what is installed and whether it works."),
        ("bench", "machine", "[PART ...]", "Measure the speed and memory of this machine."),
    ),
}
"""By group: name, module, usage, and summary in the main help of each command."""


def build(selected: str = "") -> App:
    """Make the app. Commands are registered by name, so that the main help imports none of them.

    The `selected` command shows its docstring as help, all others their summary.
    """
    console = Console()
    console.width = max(console.width, NARROWEST)
    app = App(
        name="dreamvid",
        console=console,
        help="DeepDream for films, zooms, loops and pictures, carried along optical flow.",
        usage="dreamvid COMMAND [options]   (dreamvid COMMAND --help lists the options)",
        help_format="plaintext",
        help_formatter=HelpFormatter(),
        version_flags=["--version"],
        default_parameter=Parameter(show_default=_default, negative_iterable=""),
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for order, (title, commands) in enumerate(COMMANDS.items()):
        group = Group(title, sort_key=order)
        for place, (name, module, usage, summary) in enumerate(commands):
            app.command(
                f"dreamvid.cli.{module}:{name}",
                name=name,
                group=group,
                sort_key=place,
                help=None if name == selected else summary,
                usage=f"dreamvid {name} {usage} [options]".replace("  ", " "),
            )
    return app


_EXPECTED = (DreamvidError, CycloptsError, KeyboardInterrupt)
"""Exceptions that need no traceback: their one-line message is enough."""


def main() -> None:
    """Run the command line; exit with the exit code of the error, if any."""
    open_streams()
    limit_openmp_spin()
    keep_freed_memory()
    collect_rarely()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    if hangup and signal.getsignal(hangup) != signal.SIG_IGN:  # as under nohup
        signal.signal(hangup, _stop)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # meant for programmers, not for users
    code = run(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # all is done; a traceback would confuse
    end_streams()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; errors are printed in one line."""
    try:
        if arguments[:1] == ["help"]:
            arguments = [*arguments[1:2], "--help"]
        if "-" in arguments:
            raise UsageError(
                "standard input and output are not supported", remedy="give file names"
            )
        app = build(*arguments[:1])
        app(arguments, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except BrokenPipeError:  # `dreamvid layers vgg16 | head`
        return 128 + signal.SIGPIPE
    except (Exception, KeyboardInterrupt) as error:
        explained = explain(error, stopped=_stopped.is_set())
        if {"-v", "--verbose"} & set(arguments) and not isinstance(error, _EXPECTED):
            traceback.print_exception(error)
        print(f"dreamvid: {explained}", file=sys.stderr)
        if excerpt := getattr(explained, "excerpt", ""):  # of a ScheduleError, not imported here
            print(excerpt, file=sys.stderr)
        return explained.exit_code
    return 0


_stopped = threading.Event()
_last_stop = -math.inf
PATIENCE = 1.0
"""Seconds in which further signals do not interrupt what the first one has begun to tidy up."""


def _stop(number: int, frame: FrameType | None) -> None:
    global _last_stop
    now = time.monotonic()
    if now - _last_stop < PATIENCE:
        return
    _last_stop = now
    _stopped.set()
    raise KeyboardInterrupt
