"""The folder of an atlas: what it shows, and whether a run may go on in it; needs no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from dreamvid.errors import OutputExists, UsageError, writing
from dreamvid.files import write_whole

MANIFEST: Final = "atlas.json"
PAGE: Final = "index.html"
FORM: Final = 1
"""Version of how pictures are drawn and filed: raise it when either changes."""


@dataclass(frozen=True)
class Plan:
    """What an atlas shows: channels by layer, and classes by number.

    `weights` is the sha256 of the weights. Pictures of the same network and form can be kept.
    """

    network: str
    weights: str
    form: int = FORM
    layers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    classes: tuple[int, ...] = ()

    def fits(self, other: Plan) -> bool:
        """Whether the pictures of one are those of the other."""
        mine, its = ((p.network, p.weights, p.form) for p in (self, other))
        return mine == its

    def joined(self, other: Plan) -> Plan:
        """A plan that shows what either shows, each layer in the order of its channels."""
        both = {
            name: tuple(sorted({*self.layers.get(name, ()), *other.layers.get(name, ())}))
            for name in {**self.layers, **other.layers}
        }
        classes = tuple(sorted({*self.classes, *other.classes}))
        return Plan(self.network, self.weights, self.form, both, classes)

    def write(self, folder: Path) -> None:
        """Write the manifest of the folder."""
        with writing(folder):
            write_whole(folder / MANIFEST, json.dumps(asdict(self), indent=1).encode())


def read_plan(folder: Path) -> Plan | None:
    """The plan of the atlas in a folder; None where there is none that can be read."""
    try:
        known: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        layers = {str(name): tuple(map(int, those)) for name, those in known["layers"].items()}
        classes = tuple(map(int, known["classes"]))
        form, weights = int(known["form"]), str(known["weights"])
        return Plan(str(known["network"]), weights, form, layers, classes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def is_folder(out: str) -> bool:
    """Whether an output is a folder: it ends in a slash, exists as one, or has no suffix."""
    return out.endswith(("/", os.sep)) or Path(out).is_dir() or not Path(out).suffix


def check_folder(folder: Path, network: str, *, weights: str = "", overwrite: bool = False) -> None:
    """Raise OutputExists unless an atlas of this network can be begun or continued in a folder.

    Without `weights` only names are compared. `overwrite` allows another atlas to be there, not
    other files. UsageError if there is no folder above it, or a file of its name.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputExists("a file has this name", where=folder, remedy="use another name")
    if not folder.parent.is_dir():
        raise UsageError("no such folder", where=folder.parent, remedy="create it first")
    if not folder.is_dir() or all(path.name.startswith(".") for path in folder.iterdir()):
        return
    known = read_plan(folder)
    if known is None:
        raise OutputExists(
            "a folder of other files, not an atlas", where=folder, remedy="use a new folder"
        )
    if overwrite:
        return
    remedy = "use another folder, or -y to draw it anew"
    if known.network != network:
        raise OutputExists(f"an atlas of {known.network}", where=folder, remedy=remedy)
    if known.form != FORM or (weights and known.weights != weights):
        what = "other weights" if known.form == FORM else "another version of dreamvid"
        raise OutputExists(f"an atlas of {network} with {what}", where=folder, remedy=remedy)
