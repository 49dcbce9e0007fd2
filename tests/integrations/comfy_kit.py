"""A stub of what ComfyUI gives to its nodes, and a small executor of workflows."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from tiny import moved, texture, tiny_network

from dreamvid.commands import shared
from dreamvid.image import to_image

PACK = Path(__file__).parents[2] / "integrations/comfyui"
WORKFLOWS = PACK / "example_workflows"


class InterruptProcessingException(Exception):
    """What ComfyUI raises when the user presses Cancel."""


@dataclass
class Comfy:
    """The state of the stub: what was shown, and when it interrupts."""

    models: Path
    device: str = "cpu"
    shown: list[tuple[int, int]] = field(default_factory=list)
    previews: list[Any] = field(default_factory=list)
    checks: int = 0
    interrupt_at: int | None = None

    def throw_if_interrupted(self) -> None:
        """Count the checks; interrupt at one of them."""
        self.checks += 1
        if self.interrupt_at is not None and self.checks >= self.interrupt_at:
            raise InterruptProcessingException

    def files(self, folder: str) -> list[str]:
        """The files of a folder of models."""
        return [path.name for path in sorted((self.models / folder).glob("*"))]

    def modules(self) -> dict[str, ModuleType]:
        """The modules that nodes import."""
        comfy = self

        class ProgressBar:
            def __init__(self, total: int) -> None:
                self.total = total

            def update_absolute(self, value: int, total: int | None = None, preview=None) -> None:
                self.total = total or self.total
                comfy.shown.append((value, self.total))
                comfy.previews.append(preview)

        def module(name: str, **members: Any) -> ModuleType:
            made = ModuleType(name)
            vars(made).update(members)
            return made

        utils = module("comfy.utils", ProgressBar=ProgressBar)
        management = module(
            "comfy.model_management",
            get_torch_device=lambda: torch.device(self.device),
            throw_exception_if_processing_interrupted=self.throw_if_interrupted,
        )
        folders = module(
            "folder_paths",
            models_dir=str(self.models),
            add_model_folder_path=lambda name, path: None,
            get_filename_list=self.files,
            get_full_path=lambda folder, name: str(self.models / folder / name),
        )
        top = module("comfy", utils=utils, model_management=management)
        return {made.__name__: made for made in (top, utils, management, folders)}


def load_pack(comfy: Comfy, monkeypatch: pytest.MonkeyPatch, path: Path = PACK) -> ModuleType:
    """Load the pack as ComfyUI does: from a path, under a name that is no identifier."""
    for name, module in comfy.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    name = str(path).replace(".", "_x_")
    for known in [known for known in sys.modules if known.startswith(name)]:
        monkeypatch.delitem(sys.modules, known)
    spec = importlib.util.spec_from_file_location(name, path / "__init__.py")
    assert spec is not None and spec.loader is not None
    pack = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, pack)
    spec.loader.exec_module(pack)
    for loaded in [loaded for loaded in sys.modules if loaded.startswith(f"{name}.")]:
        monkeypatch.setitem(sys.modules, loaded, sys.modules[loaded])  # removed afterwards
    return pack


def load_tiny_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tiny networks, which differ by name, take the place of all others."""

    def load(model: str, **_: object) -> Any:
        return tiny_network(seed=len(model))

    monkeypatch.setattr(shared, "load_network", load)


def batch(*arrays: Any) -> torch.Tensor:
    """A batch of images [B, H, W, 3], as ComfyUI has them."""
    return torch.stack([to_image(array) for array in arrays]).permute(0, 2, 3, 1).contiguous()


# --- the nodes of ComfyUI itself that the examples use -------------------------------


class LoadImage:
    RETURN_TYPES = ("IMAGE", "MASK")
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": (["valley.png", "dusk.png"], {"image_upload": True})}}

    def run(self, image: str):
        return batch(texture(len(image))), torch.zeros(1, 48, 64)


class LoadVideo:
    RETURN_TYPES = ("VIDEO",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"file": (["drift.mp4"], {"video_upload": True})}}

    def run(self, file: str):
        return (batch(*moved(4)),)


class GetVideoComponents:
    RETURN_TYPES = ("IMAGE", "AUDIO", "FLOAT")
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"video": ("VIDEO", {})}}

    def run(self, video: Any):
        return video, None, 25.0


class CreateVideo:
    RETURN_TYPES = ("VIDEO",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        number = {"default": 30.0, "min": 1.0, "max": 120.0, "step": 1.0}
        return {
            "required": {"images": ("IMAGE", {}), "fps": ("FLOAT", number)},
            "optional": {"audio": ("AUDIO", {})},
        }

    def run(self, images: torch.Tensor, fps: float, audio: Any = None):
        return (images,)


class Saved:
    RETURN_TYPES = ()
    FUNCTION = "run"
    OUTPUT_NODE = True

    def run(self, filename_prefix: str, **given: Any):
        saved = [value for value in given.values() if isinstance(value, torch.Tensor)]
        return {"result": (), "saved": saved[0]}


class SaveImage(Saved):
    @classmethod
    def INPUT_TYPES(cls):
        name = ("STRING", {"default": "ComfyUI"})
        return {"required": {"images": ("IMAGE", {}), "filename_prefix": name}}


class SaveVideo(Saved):
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "video": ("VIDEO", {}),
                "filename_prefix": ("STRING", {"default": "video/ComfyUI"}),
                "format": (["auto", "mp4"], {"default": "auto"}),
                "codec": (["auto", "h264"], {"default": "auto"}),
            }
        }


class SaveAnimatedWEBP(Saved):
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "images": ("IMAGE", {}),
                "filename_prefix": ("STRING", {"default": "ComfyUI"}),
                "fps": ("FLOAT", {"default": 6.0, "min": 0.01, "max": 1000.0, "step": 0.01}),
                "lossless": ("BOOLEAN", {"default": True}),
                "quality": ("INT", {"default": 80, "min": 0, "max": 100}),
                "method": (["default", "fastest", "slowest"], {}),
            }
        }


CORE: dict[str, Any] = {
    kind.__name__: kind
    for kind in (LoadImage, LoadVideo, GetVideoComponents, CreateVideo, SaveImage, SaveVideo,
                 SaveAnimatedWEBP)
}  # fmt: skip


# --- the executor ------------------------------------------------------------------


def inputs_of(node: Any) -> dict[str, tuple[Any, dict[str, Any]]]:
    """All inputs of a kind of node, in order."""
    types = node.INPUT_TYPES()
    return {**types["required"], **types.get("optional", {})}


def check_graph(graph: Mapping[str, Any], kinds: Mapping[str, Any]) -> None:
    """Check a workflow in API form as ComfyUI does before it runs it."""
    for number, item in graph.items():
        kind = kinds[item["class_type"]]
        known, given = inputs_of(kind), item["inputs"]
        missing = kind.INPUT_TYPES()["required"].keys() - given.keys()
        assert not missing, f"{number}: {missing} missing"
        assert given.keys() <= known.keys(), f"{number}: {given.keys() - known.keys()} unknown"
        for name, value in given.items():
            _check_value(f"{number}.{name}", value, known[name], graph, kinds)


def _check_value(where: str, value: Any, wanted: Any, graph: Any, kinds: Any) -> None:
    kind, options = wanted
    if isinstance(value, list):
        source, slot = value
        returned = kinds[graph[source]["class_type"]].RETURN_TYPES[slot]
        assert returned == kind, f"{where}: {returned} is not {kind}"
    elif isinstance(kind, list):
        assert value in kind, f"{where}: {value} is not one of {kind}"
    else:
        types = {"INT": int, "FLOAT": (int, float), "STRING": str, "BOOLEAN": bool}
        assert isinstance(value, types[kind]), f"{where}: {value!r} is not {kind}"
        if kind in ("INT", "FLOAT"):
            low, high = options.get("min", value), options.get("max", value)
            assert low <= value <= high, f"{where}: {value} is not in {low}..{high}"


def execute(graph: Mapping[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Run a workflow in API form, in inference mode as ComfyUI does; the results by node."""
    check_graph(graph, kinds)
    results: dict[str, Any] = {}

    def result(number: str) -> Any:
        if number not in results:
            item = graph[number]
            values = {
                name: result(value[0])[value[1]] if isinstance(value, list) else value
                for name, value in item["inputs"].items()
            }
            node = kinds[item["class_type"]]()
            results[number] = getattr(node, node.FUNCTION)(**values)
        return results[number]

    with torch.inference_mode():
        for number, item in graph.items():
            if getattr(kinds[item["class_type"]], "OUTPUT_NODE", False):
                result(number)
    return results
