"""The nodes, by the names that ComfyUI looks for."""

from __future__ import annotations

from .dreams import DreamFramesNode, DreamImageNode, DreamZoomNode
from .sources import GuideNode, NetworkNode, ObjectiveNode
from .widgets import Node

NODE_CLASS_MAPPINGS: dict[str, type[Node]] = {
    "DreamvidImage": DreamImageNode,
    "DreamvidFrames": DreamFramesNode,
    "DreamvidZoom": DreamZoomNode,
    "DreamvidNetwork": NetworkNode,
    "DreamvidObjective": ObjectiveNode,
    "DreamvidGuide": GuideNode,
}
"""The nodes, by the names that workflows have for them."""

NODE_DISPLAY_NAME_MAPPINGS = {
    "DreamvidImage": "Dream (image)",
    "DreamvidFrames": "Dream frames",
    "DreamvidZoom": "Dream zoom",
    "DreamvidNetwork": "Dream network",
    "DreamvidObjective": "Dream objective",
    "DreamvidGuide": "Dream guide",
}
"""The names that people see."""
