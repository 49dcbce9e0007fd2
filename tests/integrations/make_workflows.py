"""Write the example workflows of the ComfyUI pack, for its page and for its API.

python tests/integrations/make_workflows.py
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from comfy_kit import CORE, WORKFLOWS, Comfy, inputs_of, load_pack

EXAMPLES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "picture": [
        ("LoadImage", {"image": "valley.png"}),
        ("DreamvidNetwork", {}),
        ("DreamvidObjective", {"layer": "creatures"}),
        ("DreamvidImage", {"images": (0, 0), "network": (1, 0), "objective": (2, 0)}),
        ("SaveImage", {"images": (3, 0), "filename_prefix": "dream"}),
    ],
    "guided": [
        ("LoadImage", {"image": "valley.png"}),
        ("LoadImage", {"image": "dusk.png"}),
        ("DreamvidNetwork", {}),
        ("DreamvidGuide", {"images": (1, 0)}),
        ("DreamvidObjective", {"layer": "patterns\nparts", "guide": (3, 0)}),
        ("DreamvidImage", {"images": (0, 0), "network": (2, 0), "objective": (4, 0)}),
        ("SaveImage", {"images": (5, 0), "filename_prefix": "guided"}),
    ],
    "film": [
        ("LoadVideo", {"file": "drift.mp4"}),
        ("GetVideoComponents", {"video": (0, 0)}),
        ("DreamvidNetwork", {}),
        ("DreamvidFrames", {"images": (1, 0), "network": (2, 0), "fps": (1, 2)}),
        ("CreateVideo", {"images": (3, 0), "fps": (1, 2), "audio": (1, 1)}),
        ("SaveVideo", {"video": (4, 0), "filename_prefix": "video/dream"}),
    ],
    "zoom": [
        ("LoadImage", {"image": "valley.png"}),
        ("DreamvidNetwork", {"model": "bestiary"}),
        ("DreamvidZoom", {"network": (1, 0), "image": (0, 0), "seconds": 2.0, "size": "512x384"}),
        ("DreamvidZoom", {"network": (1, 0), "memory": (2, 1), "seconds": 2.0, "rotate": 20.0}),
        ("SaveAnimatedWEBP", {"images": (2, 0), "filename_prefix": "zoom", "fps": 30.0,
                              "lossless": False}),
        ("SaveAnimatedWEBP", {"images": (3, 0), "filename_prefix": "zoom", "fps": 30.0,
                              "lossless": False}),
    ],
}  # fmt: skip
"""The examples: kinds of nodes, and what is not a default; pairs are links (node, output)."""

WIDGETS = ("INT", "FLOAT", "STRING", "BOOLEAN")


def is_widget(kind: Any) -> bool:
    """Whether an input has a widget, rather than only a link."""
    return isinstance(kind, list) or kind in WIDGETS


def default_of(wanted: tuple[Any, dict[str, Any]]) -> Any:
    """The value of a widget that nobody has touched."""
    kind, options = wanted
    return options.get("default", kind[0] if isinstance(kind, list) else None)


def api_of(name: str, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """An example in API form."""
    graph = {}
    for number, (kind, given) in enumerate(EXAMPLES[name], 1):
        known = inputs_of(kinds[kind])
        values = {key: default_of(known[key]) for key in known if is_widget(known[key][0])}
        links = {key: [str(value[0] + 1), value[1]] for key, value in given.items()
                 if isinstance(value, tuple)}  # fmt: skip
        graph[str(number)] = {"class_type": kind, "inputs": values | given | links}
    return graph


def page_of(api: Mapping[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the page (version 0.4 of the format)."""
    links: list[list[Any]] = []
    nodes = []
    for order, (number, item) in enumerate(api.items()):
        known = inputs_of(kinds[item["class_type"]])
        slots, values = [], []
        for name, (kind, _) in known.items():
            value = item["inputs"].get(name)
            slot: dict[str, Any] = {
                "name": name,
                "type": "COMBO" if isinstance(kind, list) else kind,
            }
            if is_widget(kind):
                slot["widget"] = {"name": name}
                values.append(default_of(known[name]) if isinstance(value, list) else value)
                values += ["fixed"] if name == "seed" else []  # what follows after each run
            slot["link"] = None
            if isinstance(value, list):
                slot["link"] = len(links) + 1
                links.append(
                    [len(links) + 1, int(value[0]), value[1], int(number), len(slots), kind]
                )
            slots.append(slot)
        nodes.append(_node(order, item["class_type"], kinds, slots, values))
    for node in nodes:
        for slot, output in enumerate(node["outputs"]):
            found = [link[0] for link in links if link[1:3] == [node["id"], slot]]
            output["links"] = found or None
    return {
        "last_node_id": len(nodes),
        "last_link_id": len(links),
        "nodes": nodes,
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _node(order: int, kind: str, kinds: Any, slots: list[Any], values: list[Any]) -> dict[str, Any]:
    types = kinds[kind].RETURN_TYPES
    names = getattr(kinds[kind], "RETURN_NAMES", types)
    outputs = [{"name": name, "type": of} for name, of in zip(names, types, strict=True)]
    return {
        "id": order + 1,
        "type": kind,
        "pos": [40 + 340 * order, 60 + 60 * (order % 2)],
        "size": [310, 80 + 26 * len(slots)],
        "flags": {},
        "order": order,
        "mode": 0,
        "inputs": slots,
        "outputs": outputs,
        "properties": {"Node name for S&R": kind},
        "widgets_values": values,
    }


def texts(kinds: Mapping[str, Any]) -> dict[Path, str]:
    """The files of all examples, and what is in them."""
    found = {}
    for name in EXAMPLES:
        api = api_of(name, kinds)
        found[WORKFLOWS / f"{name}.json"] = json.dumps(page_of(api, kinds), indent=1) + "\n"
        found[WORKFLOWS / "api" / f"{name}.json"] = json.dumps(api, indent=1) + "\n"
    return found


def main() -> None:
    """Write them."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as models:
        kinds = CORE | load_pack(Comfy(Path(models)), patch).NODE_CLASS_MAPPINGS
        (WORKFLOWS / "api").mkdir(parents=True, exist_ok=True)
        for path, text in texts(kinds).items():
            path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
