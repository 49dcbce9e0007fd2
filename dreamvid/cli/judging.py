"""The command `judge`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from dreamvid.cli.flags import Json, Quiet
from dreamvid.cli.show import Show, print_json, print_tables

if TYPE_CHECKING:
    from dreamvid.networks.network import Network

Photos = Annotated[Path | None, Parameter(help="Dream on these photographs, with both networks.")]
Other = Annotated[str, Parameter(name="--beside", help="The network to compare dreams with.")]
Weights = Annotated[Path | None, Parameter(help="Weights of that network, from a file.")]
Reader = Annotated[
    str | None, Parameter(help="Network that is asked what the classes dreamed from noise are.")
]
Sheets = Annotated[
    Path | None,
    Parameter(
        name=["--out", "-o"],
        help="Folder for sheets of the dreams; sheets that are there are replaced.",
    ),
]
OURS = ("parts", "objects")


def judge(
    model: str = "bestiary",
    /,
    *,
    photos: Photos = None,
    beside: Other = "squeezenet1_0",
    weights: Weights = None,
    reader: Reader = None,
    out: Sheets = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge a network that learned from renders: what it knows, and how vivid it dreams.

    It is asked about renders it has not seen. With --photos its dreams are measured beside
    another network's of the same strength. With --reader it dreams every class out of noise, and
    the reader, a network that was trained apart from it, names them.
    """
    from dreamvid.bestiary import judge as court
    from dreamvid.networks.registry import load_network

    network = load_network(model)
    if photos is not None:  # what is missing is told before the work begins
        court.photographs(photos)
        other = load_network(beside, weights=weights)
    namer = load_network(reader) if reader is not None else None
    if out is not None:
        _prepare(out)
    found: dict[str, Any] = {}
    with Show(quiet=quiet or json, verbose=False) as show:
        show.say("asking about renders ...")
        found["renders"] = [vars(court.knowledge(network))]
        if photos is not None:
            show.say("dreaming on photographs ...")
            found |= _photographs(network, other, photos, out)
        if namer is not None:
            show.say("dreaming classes ...")
            found["classes"] = [_classes(network, namer, out)]
    print_json(found) if json else print_tables(found)


def _prepare(folder: Path) -> None:
    """Make the folder for sheets; raises UsageError or another DreamvidError when it cannot be."""
    from dreamvid.errors import UsageError, writing
    from dreamvid.media.target import check_writable

    if folder.exists() and not folder.is_dir():
        raise UsageError("is not a folder", where=folder, remedy="give a folder for the sheets")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    check_writable(folder / "classes.png")


def _photographs(
    network: Network, other: Network, photos: Path, out: Path | None
) -> dict[str, list[dict[str, Any]]]:
    """Measure dreams on photographs beside another network's, and save them as sheets."""
    from dreamvid.bestiary import judge as court

    found = court.compare(network, other, photos, OURS)
    pairs = sorted(found, key=lambda pair: OURS.index(pair.layer))
    for pair in pairs:
        _write(out, f"{pair.picture}-{pair.layer}", pair.sheet)
    return {
        "channels": [{"alive on photographs": court.active_share(network, photos)}],
        "photographs": [pair.row() for pair in pairs],
    }


def _classes(network: Network, namer: Network, out: Path | None) -> dict[str, Any]:
    """Dream every class, save the dreams as a sheet, and count those that another network names."""
    from dreamvid.bestiary import judge as court
    from dreamvid.bestiary.atlas import tiled

    told = list(court.recognised(network, namer))
    missed = [name for name, right, _ in told if not right]
    _write(out, "classes", tiled([dream for *_, dream in told], columns=16))
    return {"recognised": len(told) - len(missed), "of": len(told), "missed": ", ".join(missed)}


def _write(folder: Path | None, name: str, sheet: Any) -> None:
    """Save a sheet, an image, when a folder for it was given."""
    from dreamvid.image import save_image

    if folder is not None:
        save_image(folder / f"{name}.png", sheet)
