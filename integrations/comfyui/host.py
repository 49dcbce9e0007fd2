"""What the nodes need of ComfyUI: the device, the progress bar, interrupts, folders of models."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, get_args

import comfy.model_management
import comfy.utils
import folder_paths
import torch
from PIL import Image

from dreamvid import Progress
from dreamvid.image import to_array
from dreamvid.settings.values import Device

FOLDER = "dreamvid"
"""The folder of trained networks within ComfyUI's folder of models."""

PREVIEW_SIDE = 512
"""Largest side of a preview, in pixels."""

folder_paths.add_model_folder_path(FOLDER, str(Path(folder_paths.models_dir) / FOLDER))

P = ParamSpec("P")
R = TypeVar("R")


def with_gradients(function: Callable[P, R]) -> Callable[P, R]:
    """Leave the inference mode that ComfyUI runs nodes in, where there are no gradients."""

    @wraps(function)
    def outside(*args: P.args, **kwargs: P.kwargs) -> R:
        with torch.inference_mode(False):
            return function(*args, **kwargs)

    return outside


def device_for(name: str) -> str:
    """The device of a network; `auto` is ComfyUI's own, or the CPU if dreamvid cannot use that."""
    if name != "auto":
        return name
    kind: str = comfy.model_management.get_torch_device().type
    return kind if kind in get_args(Device) else "cpu"


def model_files() -> list[str]:
    """The trained networks in ComfyUI's folder of models."""
    names = folder_paths.get_filename_list(FOLDER)
    return sorted(name for name in names if name.endswith(".safetensors"))


def model_path(name: str) -> str:
    """The path of a trained network in that folder; other names stay as they are."""
    return folder_paths.get_full_path(FOLDER, name) or name if name in model_files() else name


def stop_if_interrupted() -> None:
    """Raise ComfyUI's InterruptProcessingException if the user has pressed Cancel."""
    comfy.model_management.throw_exception_if_processing_interrupted()


class Bar:
    """The progress bar of a node; it also stops the node when the user has asked for that."""

    def __init__(self, total: int) -> None:
        self._bar: Any = comfy.utils.ProgressBar(total)
        self._total = total

    def show(self, done: int, image: torch.Tensor | None = None, *, of: int | None = None) -> None:
        """Show how many steps are done, the newest image [3, H, W], and a new total."""
        stop_if_interrupted()
        self._total = of or self._total
        preview = None
        if image is not None:
            preview = ("JPEG", Image.fromarray(to_array(image)), PREVIEW_SIDE)
        self._bar.update_absolute(done, self._total, preview)


def show_download(progress: Progress) -> None:
    """Show how much of a file of weights is there, in bytes."""
    if progress.task == "download" and progress.total:
        Bar(progress.total).show(progress.done)
