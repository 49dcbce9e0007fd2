"""atlas: a folder of pictures of what a network dreams, and a page to browse them."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path

from torch import Tensor

from dreamvid.bestiary.atlas import PATTERN_SIDE, from_noise, pattern, spread
from dreamvid.bestiary.atlas_page import Cell, Section, page
from dreamvid.commands.atlas_folder import PAGE, Plan, check_folder, read_plan
from dreamvid.commands.result import Result
from dreamvid.dream.objectives import Objective, channel, label, layer
from dreamvid.errors import UsageError, writing
from dreamvid.files import write_whole
from dreamvid.image import save_image
from dreamvid.media.target import exclusive_lock
from dreamvid.networks.known import DEFAULT
from dreamvid.networks.network import Network
from dreamvid.networks.outline import channels, outline
from dreamvid.sequence.progress import OnProgress, Progress, ignore

CHANNELS = 32
"""Pictures of each layer: its channels, evenly spaced; and of classes."""
LAYERS, CLASSES = "layers", "classes"
"""Folders of the pictures."""


@dataclass(frozen=True)
class Picture:
    """A picture to draw: how, where it lies, and how it stands on the page."""

    cell: Cell
    draw: Callable[[], Tensor]


def draw_atlas(
    network: Network,
    folder: Path,
    *,
    model: str = DEFAULT,
    layers: Sequence[str] = (),
    channel_count: int = CHANNELS,
    classes: Sequence[str] = (),
    overwrite: bool = False,
    on_progress: OnProgress = ignore,
) -> Result:
    """Draw an atlas into a folder, or continue or widen the one that is there.

    `layers` and `classes` are names, by default the outline of the network and some of its classes.
    A picture appears when it is whole, and is kept: a run that was stopped goes on, and one that
    asks for more adds to what there is. `model` is written into the flags. Raises UsageError for
    unknown names, OutputExists for a folder with anything else in it; `overwrite` draws anew.
    """
    folder = Path(folder)
    check_folder(folder, network.name, weights=network.weights_sha256, overwrite=overwrite)
    counts = channels(network, tuple(layers) or outline(network))
    for name in layers:
        if network.resolve(name) not in counts:
            remedy = "choose another; classes are drawn by --classes"
            raise UsageError("it has no positions", where=f"layer {name}", remedy=remedy)
    plan = _planned(network, counts, bool(layers), channel_count, classes)
    with writing(folder):
        folder.mkdir(exist_ok=True)
    with exclusive_lock(folder / PAGE):
        known = read_plan(folder)
        if known is not None and known.fits(plan):
            plan = known.joined(plan)
        else:
            _clear(folder)
        counts = channels(network, tuple(plan.layers))
        parts = _parts(network, model, plan, counts)
        plan.write(folder)
        with writing(folder):
            text = page(network.name, _about(parts), [section for section, _ in parts])
            write_whole(folder / PAGE, text.encode())
        _draw(folder, parts, on_progress)
    return Result(folder / PAGE, sum(len(pictures) for _, pictures in parts))


def _planned(
    network: Network, counts: dict[str, int], named: bool, count: int, classes: Sequence[str]
) -> Plan:
    """What to show by the settings alone; `named` layers must all have channels at positions."""
    layers = {name: tuple(spread(range(all_), count)) for name, all_ in counts.items()}
    if classes:
        numbers = {k for name in classes for k in network.labelled(name)}
    else:
        numbers = set() if named else set(spread(range(len(network.labels)), count))
    return Plan(network.name, network.weights_sha256, layers=layers, classes=tuple(sorted(numbers)))


def _clear(folder: Path) -> None:
    """Remove the pictures of another atlas."""
    for name in (LAYERS, CLASSES):
        shutil.rmtree(folder / name, ignore_errors=True)


def _parts(
    network: Network, model: str, plan: Plan, counts: dict[str, int]
) -> list[tuple[Section, list[Picture]]]:
    """The sections of the page by depth, with their pictures."""
    chosen = "" if model == DEFAULT else f"--model {shlex.quote(model)} "
    found = []
    for name in sorted(plan.layers, key=network.layers.index):
        pictures = _of_layer(network, name, plan.layers[name], chosen)
        aliases = [alias for alias, known in network.aliases.items() if known == name]
        shown = f"{len(pictures) - 1} of {counts[name]} channels, stride {network.stride(name)}"
        about = ", ".join([*aliases, shown])
        found.append((Section(name, about, tuple(p.cell for p in pictures)), pictures))
    if plan.classes:
        pictures = [_of_class(network, index, chosen) for index in plan.classes]
        about = f"{len(pictures)} of {len(network.labels)}"
        found.append((Section(CLASSES, about, tuple(p.cell for p in pictures)), pictures))
    return found


def _of_layer(network: Network, name: str, shown: Sequence[int], chosen: str) -> list[Picture]:
    place = f"{LAYERS}/" + re.sub(r"[^\w.-]", "_", name)

    def picture(file: str, called: str, short: str, term: str, goal: Objective) -> Picture:
        flag = f"{chosen}--layer {shlex.quote(term)}"
        cell = Cell(f"{place}/{file}.webp", called, short, flag, whole=term == name)
        return Picture(cell, partial(pattern, network, goal))

    whole = picture("layer", f"Layer {name}", "whole layer", name, layer(name))
    return [whole] + [
        picture(str(k), f"Channel {k} of layer {name}", str(k), f"{name}:{k}", channel(name, k))
        for k in shown
    ]


def _of_class(network: Network, index: int, chosen: str) -> Picture:
    name = network.labels[index]
    given = name if network.labelled(name) == (index,) else str(index)  # two may have one name
    cell = Cell(f"{CLASSES}/{index}.webp", name, name, f"{chosen}--label {shlex.quote(given)}")
    goal = label(network.label_layer, index)
    return Picture(cell, partial(from_noise, network, goal, size=PATTERN_SIDE))


def _about(parts: list[tuple[Section, list[Picture]]]) -> str:
    return "What each layer, channel and class dreams from noise."


def _draw(
    folder: Path, parts: list[tuple[Section, list[Picture]]], on_progress: OnProgress
) -> None:
    """Draw the pictures that are missing, in rounds of one of each section.

    So the page fills evenly, and the time left can be told from the pictures drawn.
    """
    rounds = zip_longest(*(pictures for _, pictures in parts))
    wanted = [picture for those in rounds for picture in those if picture is not None]
    missing = [picture for picture in wanted if not (folder / picture.cell.file).is_file()]
    told = f"{len(wanted)} pictures"
    if len(missing) < len(wanted):
        told += f", {len(wanted) - len(missing)} of them from an earlier run"
    on_progress(Progress("note", text=f"{told}; open {folder / PAGE} to see them appear"))
    for done, picture in enumerate(missing, start=1):
        path = folder / picture.cell.file
        with writing(folder):
            path.parent.mkdir(parents=True, exist_ok=True)
        save_image(path, picture.draw())
        on_progress(Progress("pictures", done, len(missing), "drawing the atlas"))
