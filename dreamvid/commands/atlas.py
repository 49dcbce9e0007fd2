"""atlas: a folder of pictures of what a network dreams, and a page to browse them."""

from __future__ import annotations

import re
import shlex
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path

import torch
from torch import Tensor

from dreamvid.bestiary.atlas import (
    PATTERN_PASSES,
    PATTERN_SIDE,
    WHOLE_PASSES,
    pattern,
    sought,
    spread,
    thing,
)
from dreamvid.bestiary.atlas_page import Cell, Section, page
from dreamvid.commands.atlas_folder import PAGE, Plan, check_folder, read_plan
from dreamvid.commands.result import Result
from dreamvid.dream.dreamer import pick_device
from dreamvid.dream.objectives import Objective, channel, layer
from dreamvid.dream.slope import Slope
from dreamvid.errors import writing
from dreamvid.files import write_whole
from dreamvid.image import save_image
from dreamvid.media.target import exclusive_lock
from dreamvid.networks.known import DEFAULT
from dreamvid.networks.network import Network
from dreamvid.networks.outline import channels, outline
from dreamvid.sequence.progress import OnProgress, Progress, ignore

CHANNELS = 32
"""Pictures of each layer: its channels, evenly spaced; and of classes."""
ABOUT = "What each layer, channel and class dreams from noise."
OVERHEAD = 1.6
"""Time of an update of a picture over that of its gradient."""
LAYERS, CLASSES = "layers", "classes"
"""Folders of the pictures."""


@dataclass(frozen=True)
class Picture:
    """A picture to draw, and how it stands on the page.

    It takes `passes` gradients of `goal` at a square of `side` pixels.
    """

    cell: Cell
    goal: Objective
    side: int
    passes: float
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
    unknown names, OutputExists for a folder with anything else in it; `overwrite` replaces an
    atlas of other weights.
    """
    folder = Path(folder)
    check_folder(folder, network.name, weights=network.weights_sha256, overwrite=overwrite)
    counts = channels(network, layers or outline(network), lenient=not layers)
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
            text = page(network.name, ABOUT, [section for section, _ in parts])
            write_whole(folder / PAGE, text.encode())
        _draw(network, folder, parts, on_progress)
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
        side = max(PATTERN_SIDE, network.minimum_size)
        return Picture(cell, goal, side, PATTERN_PASSES, partial(pattern, network, goal))

    whole = picture("layer", f"Layer {name}", "whole layer", name, layer(name))
    return [whole] + [
        picture(str(k), f"Channel {k} of layer {name}", str(k), f"{name}:{k}", channel(name, k))
        for k in shown
    ]


def _of_class(network: Network, index: int, chosen: str) -> Picture:
    name = network.labels[index]
    given = name if network.labelled(name) == (index,) else str(index)  # two may have one name
    cell = Cell(f"{CLASSES}/{index}.webp", name, name, f"{chosen}--label {shlex.quote(given)}")
    goal, _ = sought(network, index)
    draw = partial(thing, network, index, size=PATTERN_SIDE)
    return Picture(cell, goal, network.view, WHOLE_PASSES, draw)


def _draw(
    network: Network,
    folder: Path,
    parts: list[tuple[Section, list[Picture]]],
    on_progress: OnProgress,
) -> None:
    """Draw the pictures that are missing, in rounds of one of each section.

    So the page fills evenly, and the time left can be told from the number of pictures drawn.
    """
    rounds = zip_longest(*(pictures for _, pictures in parts))
    wanted = [picture for those in rounds for picture in those if picture is not None]
    missing = [picture for picture in wanted if not (folder / picture.cell.file).is_file()]
    told = f"{len(wanted)} pictures"
    if len(missing) < len(wanted):
        told += f", {len(wanted) - len(missing)} of them drawn before"
    if missing:
        told += f"; {duration(_seconds(network, missing))}"
    on_progress(Progress("note", text=f"{told}; {folder / PAGE} can be opened at any time"))
    began = time.monotonic()
    for done, picture in enumerate(missing, start=1):
        path = folder / picture.cell.file
        with writing(folder):
            path.parent.mkdir(parents=True, exist_ok=True)
        save_image(path, picture.draw())
        left = duration((time.monotonic() - began) / done * (len(missing) - done))
        on_progress(Progress("pictures", done, len(missing), "drawing the atlas", f"{left} left"))


def _seconds(network: Network, missing: Sequence[Picture]) -> float:
    """An estimate of the time to draw pictures, from one gradient of each kind that they take."""
    device, kinds = pick_device("auto"), defaultdict[object, list[Picture]](list)
    for picture in missing:
        kinds[picture.goal.layers, picture.goal.anchored, picture.side].append(picture)
    total = 0.0
    for alike in kinds.values():
        slope = Slope(network, alike[0].goal, device=device, dtype=torch.float32)
        blank = torch.full((3, alike[0].side, alike[0].side), 0.5, device=device)
        slope(blank)  # the first one is slower
        began = time.perf_counter()
        slope(blank)
        passes = sum(picture.passes for picture in alike)
        total += OVERHEAD * passes * (time.perf_counter() - began)
    return total


def duration(seconds: float) -> str:
    """A time in words, to one unit: about 40 s, about 7 min, about 2 h."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"about {round(seconds / length)} {unit}"
    return f"about {max(1, round(seconds))} s"
