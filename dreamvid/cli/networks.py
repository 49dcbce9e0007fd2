"""The commands that tell of networks: `layers` and `models`."""

from __future__ import annotations

from dreamvid.cli.flags import Json
from dreamvid.cli.show import print_json, print_table


def layers(model: str, /, *, json: Json = False) -> None:
    """List the layers of a network, in order of depth, with its aliases.

    No weights are fetched for it. Any name or alias can be given to --layer.
    """
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


def models(*, json: Json = False) -> None:
    """List the networks, their default layers, and whose weights are at hand."""
    from dreamvid.networks import registry

    rows = [registry.standing(name) for name in registry.names()]
    if json:
        print_json([vars(row) for row in rows])
        return
    print_table(
        ("network", "default layer", "MB", "weights"),
        [
            (row.name, row.default_layer, row.megabytes, "here" if row.here else "to be fetched")
            for row in rows
        ],
    )
