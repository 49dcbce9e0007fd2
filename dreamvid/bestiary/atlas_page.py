"""The page of an atlas: one HTML file that shows pictures beside it; imports no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

TEMPLATE = Path(__file__).with_name("atlas_page.html")
PLACE = "{{data}}"
"""Where the template takes the data, as JSON."""


@dataclass(frozen=True)
class Cell:
    """One picture: its file, relative to the page, its name, and the flag that dreams it.

    `short` stands below it; the picture of a `whole` layer is larger than those of its channels.
    """

    file: str
    name: str
    short: str
    flag: str
    whole: bool = False


@dataclass(frozen=True)
class Section:
    """The pictures of a layer, or of the classes; `about` is a line beside its name."""

    name: str
    about: str
    cells: tuple[Cell, ...]


def page(network: str, about: str, sections: Sequence[Section]) -> str:
    """The page, as HTML; it needs no other file than the pictures.

    The names are data, not markup: the page inserts them as text, and `<` is escaped so that none
    ends the script that holds them.
    """
    data = {"network": network, "about": about, "sections": [asdict(part) for part in sections]}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return TEMPLATE.read_text("utf-8").replace(PLACE, text)
