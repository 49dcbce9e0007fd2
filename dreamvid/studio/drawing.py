"""Pictures of presets and layers, and what a network has: drawn by the child that dreams."""

from __future__ import annotations

from fractions import Fraction

from dreamvid.bestiary.atlas import pattern
from dreamvid.commands.preset_sheet import landscape
from dreamvid.commands.shared import make_dreams
from dreamvid.dream import objectives
from dreamvid.dream.octaves import shrink
from dreamvid.networks.known import check_model
from dreamvid.networks.network import Network
from dreamvid.networks.outline import outline
from dreamvid.networks.registry import describe
from dreamvid.schedules.schedule import Clock
from dreamvid.settings import presets
from dreamvid.settings.tables import DreamSettings, NetworkSettings
from dreamvid.studio.channel import Order, Reply
from dreamvid.studio.painting import Checked, checking, picture


def preset(name: str, how: NetworkSettings, side: int, reply: Reply) -> bytes:
    """A landscape dreamed with a preset, as a JPEG of `side` pixels."""
    source = shrink(landscape(), side)
    dream = DreamSettings.checked(presets.preset(name)["dream"], where=name)
    size = int(source.shape[1]), int(source.shape[2])
    dreams = make_dreams(how, dream, Clock(Fraction(1), 1, dream.seed), size=size)
    return picture(Checked(reply, dreams, 0)(0)(source).cpu())


def layer_picture(network: Network, name: str, reply: Reply) -> bytes:
    """What a layer of a network dreams everywhere, as a JPEG."""
    goal = objectives.layer(network.resolve(name))
    return picture(pattern(network, checking(reply, goal)))


def layers(order: Order, reply: Reply) -> None:
    """The layers of a network worth looking at, with their aliases, and its labels."""
    check_model(order["model"])
    network = describe(order["model"])
    aliases: dict[str, list[str]] = {}
    for alias, name in network.aliases.items():
        aliases.setdefault(name, []).append(alias)
    rows = [{"name": name, "aliases": aliases.get(name, [])} for name in outline(network)]
    reply.send("layers", layers=rows, labels=list(network.labels))
