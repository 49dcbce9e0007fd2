"""The command `presets`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dreamvid.cli.flags import NO_NETWORK, Json, Network, Quiet, Yes
from dreamvid.cli.show import Show, print_json, print_table
from dreamvid.errors import UsageError
from dreamvid.settings import presets as known
from dreamvid.settings.tables import NetworkSettings

Picture = Annotated[
    Path | None, Parameter(help="Picture to dream on. Default: a generated landscape.")
]
Sheet = Annotated[
    Path | None,
    Parameter(name=["--out", "-o"], help="Draw a contact sheet of all presets into this file."),
]


def presets(
    picture: Picture = None,
    /,
    *,
    out: Sheet = None,
    network: Network = NO_NETWORK,
    json: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """List the presets and their look; with -o draw all of them on one picture.

    Use a preset with image, video, zoom or loop as --preset NAME; other flags override it.
    """
    if out is not None:
        _draw(picture, out, network, overwrite=yes, quiet=quiet)
    elif picture is not None:
        raise UsageError("no output for the contact sheet", where=picture, remedy="give -o OUT")
    elif json:
        print_json(
            [
                {"name": name, "about": known.about(name), "settings": known.preset(name)}
                for name in known.names()
            ]
        )
    else:
        print_table(("preset", "look"), [(name, known.about(name)) for name in known.names()])


def _draw(
    picture: Path | None, out: Path, network: NetworkSettings, *, overwrite: bool, quiet: bool
) -> None:
    """Draw the contact sheet."""
    from dreamvid.image import picture_format, read_picture, save_image, to_image
    from dreamvid.media.target import check_new, same_file

    picture_format(out)
    if picture is not None and same_file(out, picture):
        raise UsageError("the output is the source file", where=out, remedy="use another name")
    check_new(out, overwrite=overwrite)
    ground = None if picture is None else read_picture(picture)
    from dreamvid.commands.preset_sheet import preset_sheet

    with Show(quiet=quiet, verbose=False) as show:
        sheet = preset_sheet(
            None if ground is None else to_image(ground),
            network,
            on_progress=show.on_progress,
        )
        save_image(out, sheet)
        show.say(f"{out} is ready")
