"""The page of an atlas: it stands alone, parses, and shows every picture with its flag."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import dreamvid
from dreamvid.bestiary.atlas_page import PLACE, TEMPLATE, Cell, Section, page

VOID = {"meta", "input", "img"}
NASTY = """</script><img src=x onerror=alert(1)> & 'quotes' "double" \u2028 {{data}}"""
SECTIONS = [
    Section(
        "5a",
        "parts",
        (
            Cell("layers/5a/layer.webp", "Layer 5a", "whole layer", "--layer 5a", whole=True),
            Cell("layers/5a/37.webp", "Channel 37 of layer 5a", "37", "--layer 5a:37"),
        ),
    ),
    Section("classes", "1 of 5", (Cell("classes/0.webp", NASTY, NASTY, f"--label '{NASTY}'"),)),
]


class Reader(HTMLParser):
    """Keeps the open tags, the ids, the addresses, and the text of the data."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.data = ""
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [str(v) for k, v in attrs if k in ("src", "href")]
        self.ids += [str(given["id"])] if "id" in given else []
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append(str(given.get("type")))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script" and self.scripts[-1] == "application/json":
            self.data += data


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


def test_the_page_parses_and_every_tag_is_closed() -> None:
    reader = read(page("tiny", "about", SECTIONS))
    assert reader.open == []
    assert reader.scripts == ["application/json", "None"]  # the nasty name has opened none
    assert len(reader.ids) == len(set(reader.ids))


def test_the_page_holds_every_picture_with_its_flag() -> None:
    data = json.loads(read(page("tiny", "about", SECTIONS)).data)
    assert (data["network"], data["about"]) == ("tiny", "about")
    shown = {c["file"]: c["flag"] for part in data["sections"] for c in part["cells"]}
    assert shown == {c.file: c.flag for part in SECTIONS for c in part.cells}
    assert data["sections"][1]["cells"][0]["name"] == NASTY


@pytest.mark.parametrize("sign", ["<", ">", "&", "\u2028"])
def test_no_name_is_markup(sign: str) -> None:
    text = page("tiny", "about", SECTIONS)
    data = text.partition('id="data">')[2].partition("</script>")[0]
    assert sign not in data and "innerHTML" not in text and "insertAdjacentHTML" not in text


def test_a_name_is_not_taken_for_the_place_of_the_data() -> None:
    assert TEMPLATE.read_text("utf-8").count(PLACE) == 1
    assert page("tiny", "about", SECTIONS).count('"network":') == 1


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = page("tiny", "about", SECTIONS)
    assert read(text).addresses == ["#main"]
    assert not re.search(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttp", text)


def test_the_script_asks_only_for_elements_that_there_are() -> None:
    text = page("tiny", "about", [])
    script = text.rpartition("<script>")[2]
    asked = set(re.findall(r'\b(?:id|copyOf)\("(\w+)"\)', script))
    assert asked and asked <= set(read(text).ids)


def test_the_fields_that_the_script_reads_are_those_of_a_cell() -> None:
    script = TEMPLATE.read_text("utf-8")
    assert set(re.findall(r"\bone\.(\w+)", script)) == {"file", "name", "short", "flag", "whole"}
    assert set(re.findall(r"\bpart\.(\w+)", script)) == {"name", "about", "cells"}


def luminance(colour: str) -> float:
    shares = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ink", ["ink", "soft", "light"])
@pytest.mark.parametrize("paper", ["paper", "raised", "line"])
def test_text_has_the_contrast_of_wcag_aa(ink: str, paper: str) -> None:
    colours = dict(re.findall(r"--(\w+): (#\w{6})", TEMPLATE.read_text("utf-8")))
    assert (luminance(colours[ink]) + 0.05) / (luminance(colours[paper]) + 0.05) >= 4.5


def test_pictures_load_when_they_come_into_view_and_can_be_reached_by_keys() -> None:
    text = TEMPLATE.read_text("utf-8")
    cell = text.partition('<template id="cell">')[2].partition("</template>")[0]
    assert cell.startswith("<button") and 'loading="lazy"' in cell
    for key in ('"/"', '"Escape"', '"ArrowLeft"', '"ArrowDown"', '"Enter"'):
        assert key in text


def test_the_template_is_part_of_the_package() -> None:
    root = Path(dreamvid.__file__).parents[1]
    if not (root / "pyproject.toml").is_file():
        pytest.skip("not run from the source")
    assert '"bestiary/*.html"' in (root / "pyproject.toml").read_text("utf-8")
