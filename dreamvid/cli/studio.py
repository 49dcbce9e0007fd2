"""The command `studio`: a page on this machine to tune dreams, queue films and watch them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dreamvid.cli.show import Show
from dreamvid.errors import MissingDependency

Roots = Annotated[Path, Parameter(help="Folders that the page may read. Default: this one.")]
Dreams = Annotated[
    Path | None, Parameter(name=["--out", "-o"], help="Folder of the dreams. Default: dreams.")
]
State = Annotated[
    Path | None,
    Parameter(name="--state", help="Folder of the queue, dropped files and pictures kept."),
]
Host = Annotated[
    str | None,
    Parameter(
        name="--host",
        help="Address to listen on, for other machines; the printed link has a token.",
    ),
]
Port = Annotated[int, Parameter(name="--port", help="Port; 0 takes a free one.")]


def studio(
    *roots: Roots,
    out: Dreams = None,
    state: State = None,
    host: Host = None,
    port: Port = 8420,
) -> None:
    """Open a page in the browser to tune dreams by eye, queue films and watch them.

    It reads only the folders that are given, and is reached only from this machine unless a host
    is given. The queue goes on where it was when the studio is started again.
    """
    try:
        from dreamvid.studio.serve import Options, run, state_folder
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"the studio needs {error.name}", remedy="pip install 'dreamvid[studio]'"
        ) from None
    options = Options(
        roots=roots or (Path(),),
        output=out or Path("dreams"),
        state=state or state_folder(),
        host=host,
        port=port,
    )
    with Show(quiet=False, verbose=False) as show:
        run(options, show.say)
