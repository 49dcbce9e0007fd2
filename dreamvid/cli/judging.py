"""The command `judge`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from dreamvid.cli.flags import Json, Quiet
from dreamvid.cli.show import Show, print_json, print_tables
from dreamvid.networks.known import check_model

if TYPE_CHECKING:
    from dreamvid.networks.network import Network

Photos = Annotated[
    Path | None, Parameter(help="Folder of photographs for both networks to dream on.")
]
Other = Annotated[str, Parameter(name="--beside", help="Network to compare the dreams with.")]
Weights = Annotated[Path | None, Parameter(help="Weights file of the network given with --beside.")]
Reader = Annotated[
    str | None, Parameter(help="Network that classifies the classes dreamed from noise.")
]
Sheets = Annotated[
    Path | None,
    Parameter(
        name=["--out", "-o"],
        help="Folder for contact sheets of the dreams; existing sheets are replaced.",
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
    """Measure a network trained on renders: its accuracy, and how vivid its dreams are.

    Accuracy is measured on renders that it has not seen. With --photos its dreams are compared
    with those of another network at the same strength. With --reader it dreams every class from
    noise, and the reader, a network that was trained separately, classifies them.
    """
    for name, file in ((model, None), (beside, weights), (reader, None)):
        if name is not None:
            check_model(name, file)
    from dreamvid.bestiary import judge as court
    from dreamvid.networks.registry import load_network

    network = load_network(model)
    if photos is not None:  # a missing folder is reported before the work starts
        court.photographs(photos)
        other = load_network(beside, weights=weights)
    namer = load_network(reader) if reader is not None else None
    if out is not None:
        _prepare(out)
    found: dict[str, Any] = {}
    with Show(quiet=quiet or json, verbose=False) as show:
        with show.busy("classifying renders"):
            found["renders"] = [vars(court.knowledge(network))]
        if photos is not None:
            with show.busy("dreaming on photographs"):
                found |= _photographs(network, other, photos, out)
        if namer is not None:
            with show.busy("dreaming classes"):
                found["classes"] = [_classes(network, namer, out)]
    print_json(found) if json else print_tables(found)


def _prepare(folder: Path) -> None:
    """Create the folder for sheets; raises UsageError or another DreamvidError when it cannot."""
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
    """Compare dreams on photographs with another network's, and save them as sheets."""
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
    """Dream every class, save the sheet, and count the dreams that `namer` classifies right."""
    from dreamvid.bestiary import judge as court
    from dreamvid.bestiary.atlas import captioned, tiled

    found = list(court.recognised(network, namer))
    missed = [name for name, right, _ in found if not right]
    _write(out, "classes", tiled([captioned(d, name, 12) for name, _, d in found], columns=16))
    return {"recognised": len(found) - len(missed), "of": len(found), "missed": ", ".join(missed)}


def _write(folder: Path | None, name: str, sheet: Any) -> None:
    """Save a sheet, an image [3, H, W], when a folder was given."""
    from dreamvid.image import save_image

    if folder is not None:
        save_image(folder / f"{name}.png", sheet)
