"""The commands about networks: `layers`, `labels`, `models` and `atlas`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dreamvid.cli.flags import Json, Quiet, Yes
from dreamvid.cli.show import Show, print_json, print_table
from dreamvid.commands.atlas_folder import check_folder, is_folder
from dreamvid.errors import UsageError
from dreamvid.networks import known
from dreamvid.networks.installed import has_timm

Labels = Annotated[
    str | None, Parameter(name="--classes", help="Classes to show, such as owl,pagoda.")
]
Layers = Annotated[
    str | None,
    Parameter(help="Layers to draw, such as parts,5c. Default: stages. For folders."),
]
Channels = Annotated[
    int | None,
    Parameter(
        help="Channels of each layer, evenly spaced, and classes. Default: 32. For a folder."
    ),
]
Drawn = Annotated[
    str, Parameter(name=["--out", "-o"], help="Folder, such as atlas/, or file of a sheet.")
]
Weights = Annotated[Path | None, Parameter(help="Read the weights from this file.")]


def layers(model: str, /, *, json: Json = False) -> None:
    """List the layers of a network and their aliases, in order of depth.

    No weights are downloaded. Any name or alias can be given to --layer.
    """
    known.check_model(model)
    from dreamvid.networks.registry import describe

    network = describe(model)
    aliases: dict[str, list[str]] = {}
    for alias, name in network.aliases.items():
        aliases.setdefault(name, []).append(alias)
    aliases.setdefault(network.default_layer, []).append("default")
    if json:
        rows = [
            {"layer": name, "stride": network.stride(name), "aliases": aliases.get(name, [])}
            for name in network.layers
        ]
        print_json({"model": network.name, "layers": rows})
        return
    print_table(
        ("layer", "stride", "alias"),
        [(name, network.stride(name), ", ".join(aliases.get(name, ()))) for name in network.layers],
    )


def labels(model: str = known.DEFAULT, /, *, json: Json = False) -> None:
    """List the labels of a network: the values of --label.

    A label such as fox stands for fox/front, fox/side and all others of that class.
    """
    known.check_model(model)
    found = known.labels(model)
    if model.startswith(known.TIMM):
        from dreamvid.networks.zoo import describe

        found = describe(model).labels
    if json:
        print_json({"model": model, "labels": found})
        return
    if not found:
        raise UsageError("this network has no labels", where=model, remedy="use --layer")
    for label in found:
        print(label)


def models(*, json: Json = False) -> None:
    """List the networks, their default layers, and whether their weights are available."""
    from dreamvid.networks import registry

    rows = [registry.availability(name) for name in registry.names()]
    if json:
        print_json([vars(row) for row in rows])
        return
    print_table(
        ("network", "default layer", "MB", "weights"),
        [
            (
                row.name,
                row.default_layer,
                row.megabytes or "",
                "available" if row.here else "to be downloaded" if row.free else "to be given",
            )
            for row in rows
        ],
    )
    hint = "see timm.list_models()" if has_timm() else "pip install 'dreamvid[timm]'"
    print(f"\n{known.TIMM}NAME is a convolutional network of timm ({hint}).")


def atlas(
    model: str = "bestiary",
    /,
    *,
    out: Drawn,
    layers: Layers = None,
    channels: Channels = None,
    classes: Labels = None,
    weights: Weights = None,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Draw what a network dreams from noise: a page to browse, or a sheet.

    -o atlas/ makes a folder with index.html: every stage of the network, 32
    channels of each, and 32 classes. On one idle core a picture takes about
    0.7 s, all 594 of efficientnet_lite0 seven minutes; the first line tells
    how long it will be. Stop it with Ctrl-C and give the same command to go
    on; a command that asks for more adds to what is there.

    -o sheet.webp makes a sheet of four layers and twelve classes.
    """
    known.check_model(model, weights)
    names = [name.strip() for name in classes.split(",")] if classes else []
    for name in names:
        known.find_label(name, known.labels(model), model=model)
    if is_folder(out):
        wanted = [name.strip() for name in layers.split(",")] if layers else []
        _browsed(model, Path(out), wanted, channels, names, weights, yes=yes, quiet=quiet)
        return
    if layers or channels:
        remedy = "give a folder, such as -o atlas/"
        raise UsageError("a contact sheet has no --layers and --channels", remedy=remedy)
    _sheet(model, Path(out), names, weights, yes=yes, quiet=quiet)


def _browsed(
    model: str,
    folder: Path,
    layers: list[str],
    channels: int | None,
    classes: list[str],
    weights: Path | None,
    *,
    yes: bool,
    quiet: bool,
) -> None:
    """Draw the folder of an atlas."""
    if channels is not None and channels < 1:
        raise UsageError(f"{channels} is too small", where="channels", remedy="give 1 or more")
    for name in layers:
        known.check_layer(model, name)
    name = Path(model).stem if model.endswith(".safetensors") else model
    check_folder(folder, name, overwrite=yes)
    from dreamvid.commands.atlas import CHANNELS, draw_atlas
    from dreamvid.networks.registry import load_network

    with Show(quiet=quiet, verbose=False) as show:
        with show.busy(f"loading {model}"):
            network = load_network(model, weights=weights)
        made = draw_atlas(
            network, folder, model=model, layers=layers, classes=classes, overwrite=yes,
            channel_count=CHANNELS if channels is None else channels,
            on_progress=show.on_progress,
        )  # fmt: skip
        show.say(f"{made.path}: {made.frames} pictures")


def _sheet(
    model: str, out: Path, classes: list[str], weights: Path | None, *, yes: bool, quiet: bool
) -> None:
    """Draw a contact sheet."""
    from dreamvid.image import picture_format, save_image
    from dreamvid.media.target import check_new

    picture_format(out)
    check_new(out, overwrite=yes)
    from dreamvid.bestiary import atlas as sheets
    from dreamvid.networks.registry import load_network

    with Show(quiet=quiet, verbose=False) as show:
        with show.busy("dreaming the atlas"):
            sheet = sheets.atlas(load_network(model, weights=weights), labels=classes)
        save_image(out, sheet)
        show.say(f"{out} is ready")
