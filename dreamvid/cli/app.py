"""The commands by name, each imported only when it is asked for, and how every run ends."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
import warnings
from types import FrameType

from cyclopts import App, CycloptsError, Group, Parameter
from cyclopts.help import DefaultFormatter, HelpPanel
from rich.console import Console, ConsoleOptions

from dreamvid.cli.failures import explain
from dreamvid.cli.streams import end_streams, open_streams
from dreamvid.errors import DreamvidError, UsageError
from dreamvid.networks.allocator import keep_freed_memory
from dreamvid.networks.threads import limit_openmp_spin

VALUES = {"--rate": "RATE", "--fps": "RATE", "--size": "WxH"}
KINDS = {"FRACTION": "TIME", "FLOAT|STR": "FLOAT", "INT|STR": "INT"}
"""What the help calls the values of options, by their names and by their types."""
NARROWEST = 20
"""Columns of the help on any terminal: with very few rich never comes to its end."""


class Tidy(DefaultFormatter):
    """Shows the panels of the help."""

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
    """How the help shows a default; what is off, empty or left to others is not shown."""
    shown = {True: "on", False: None, None: None, (): None}
    return shown[value] if isinstance(value, bool | tuple | None) else str(value)


COMMANDS = {
    "Dream": (
        ("video", "films", "FILM [OUT]", "Dream a film: same length, rate, size, colours, sound."),
        ("image", "films", "PICTURE [OUT]", "Dream on a picture."),
        ("zoom", "zooms", "[PICTURE] [OUT]", "Dream an endless zoom."),
        ("loop", "zooms", "[FILE] [OUT]", "Dream a loop without a seam, or close a film."),
    ),
    "Learn": (
        ("train", "training", "[FOLDER] -o OUT", "Train a network on pictures of your own."),
        ("renders", "training", "-o OUT", "Draw the pictures the embedded network learned from."),
    ),
    "Look": (
        ("models", "networks", "", "List the networks."),
        ("layers", "networks", "MODEL", "List the layers of a network."),
        ("labels", "networks", "[MODEL]", "List the labels of a network."),
        ("atlas", "networks", "[MODEL] -o OUT", "Draw what the layers and classes dream."),
        ("presets", "presetting", "[PICTURE] [-o OUT]", "List the presets, or draw them."),
        ("codecs", "machine", "", "List the codecs."),
        ("plot", "zooms", "SETTINGS -o OUT", "Draw the schedules of a settings file."),
        ("measure", "measuring", "[SOURCE] DREAMED", "Measure how calm and strong a dream is."),
        ("judge", "judging", "[MODEL]", "Judge what a network knows and how vivid it dreams."),
    ),
    "Check": (
        ("doctor", "machine", "", "Say what is installed, and what works."),
        ("bench", "machine", "[PART ...]", "Measure the speed and memory of this machine."),
    ),
}
"""By group: the name of a command, its module, its usage, and what the main help says of it."""


def build(asked: str = "") -> App:
    """Make the app. Its commands are known by name alone, so that the main help imports none.

    The command `asked` for tells of itself at more length.
    """
    console = Console()
    console.width = max(console.width, NARROWEST)
    app = App(
        name="dreamvid",
        console=console,
        help="Makes film dream: DeepDream for moving pictures, carried along optical flow.",
        usage="dreamvid COMMAND [options]   (dreamvid COMMAND --help tells the options)",
        help_format="plaintext",
        help_formatter=Tidy(),
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
                help=None if name == asked else summary,
                usage=f"dreamvid {name} {usage} [options]".replace("  ", " "),
            )
    return app


_TOLD = (DreamvidError, CycloptsError, KeyboardInterrupt)
"""Exceptions whose line says it all."""


def main() -> None:
    """Run the command line; ends the process with the exit code of the error, if any."""
    open_streams()
    limit_openmp_spin()
    keep_freed_memory()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    if hangup and signal.getsignal(hangup) != signal.SIG_IGN:  # as under nohup
        signal.signal(hangup, _stop)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # told to programmers, not to users
    code = run(sys.argv[1:])
    end_streams()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command; gives the exit code, having told the error in one line."""
    try:
        if arguments[:1] == ["help"]:
            arguments = [*arguments[1:2], "--help"]
        if "-" in arguments:
            raise UsageError(
                "standard input and output are not read or written", remedy="give file names"
            )
        app = build(*arguments[:1])
        app(arguments, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except BrokenPipeError:  # `dreamvid layers vgg16 | head`
        return 128 + signal.SIGPIPE
    except (Exception, KeyboardInterrupt) as error:
        told = explain(error, stopped=_stopped.is_set())
        if {"-v", "--verbose"} & set(arguments) and not isinstance(error, _TOLD):
            traceback.print_exception(error)
        print(f"dreamvid: {told}", file=sys.stderr)
        if picture := getattr(told, "picture", ""):  # of a schedule, whose module brings numpy
            print(picture, file=sys.stderr)
        return told.exit_code
    return 0


_stopped = threading.Event()


def _stop(number: int, frame: FrameType | None) -> None:
    _stopped.set()
    raise KeyboardInterrupt
