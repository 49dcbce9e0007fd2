"""The commands about networks: `layers`, `labels`, `models` and `atlas`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dreamvid.cli.flags import Json, Out, Quiet, Yes
from dreamvid.cli.show import Show, print_json, print_table
from dreamvid.errors import UsageError
from dreamvid.networks import known
from dreamvid.networks.installed import has_timm

Labels = Annotated[
    str | None, Parameter(name="--classes", help="Classes to show, such as owl,pagoda.")
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
    out: Out,
    classes: Labels = None,
    weights: Weights = None,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Draw a contact sheet of what a network dreams from noise: its layers, then its classes.

    Without --classes twelve labels are shown, evenly spaced over the list.
    """
    from dreamvid.image import picture_format, save_image
    from dreamvid.media.target import check_new

    picture_format(out)
    check_new(out, overwrite=yes)
    known.check_model(model, weights)
    from dreamvid.bestiary import atlas as sheets
    from dreamvid.networks.registry import load_network

    names = [name.strip() for name in classes.split(",")] if classes else []
    with Show(quiet=quiet, verbose=False) as show:
        with show.busy("dreaming the atlas"):
            sheet = sheets.atlas(load_network(model, weights=weights), labels=names)
        save_image(out, sheet)
        show.say(f"{out} is ready")
