"""Checks of the installation: each component is used once, not merely looked up."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, Literal

from dreamvid.errors import DreamvidError, MissingDependency

LIBRARIES: Final = {
    "torch": "torch",
    "torchvision": "torchvision",
    "av": "av",
    "cv2": "opencv-python",
    "scenedetect": "scenedetect",
    "imageio": "imageio",
    "imageio_ffmpeg": "imageio-ffmpeg",
    "PIL": "pillow",
    "safetensors": "safetensors",
}
"""Modules that dreamvid requires, and their package names for installation."""

State = Literal["ok", "note", "missing"]


@dataclass(frozen=True)
class Check:
    """The result of one check: `missing` prevents dreamvid from working, `note` is advice."""

    name: str
    state: State
    message: str


def checks() -> Iterator[Check]:
    """Check everything that dreamvid needs, in turn; nothing is downloaded."""
    yield Check("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    broken = False
    for module, package in LIBRARIES.items():
        found = _library(module, package)
        broken = broken or found.state == "missing"
        yield found
    if broken:
        return
    for name, check in CHECKS.items():
        try:
            state, message = check()
        except DreamvidError as error:
            state, message = "missing", str(error)
        yield Check(name, state, message)


def missing(error: ImportError) -> MissingDependency | None:
    """The package to install after a failed import; None for an error within dreamvid."""
    text, name = str(error), (error.name or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError):
        if name == "dreamvid":
            return None
        package = LIBRARIES.get(name, name)
        return MissingDependency(f"no module {name}", remedy=f"pip install {package}")
    if "libGL" in text or "libgthread" in text:
        package = "libgl1" if "libGL" in text else "libglib2.0-0"
        return MissingDependency(
            f"cv2 cannot be loaded ({text})",
            remedy=f"apt install {package}, or pip install opencv-python-headless",
        )
    if "cannot open shared object" in text or "DLL load failed" in text:
        return MissingDependency(f"a library cannot be loaded ({text})", remedy="install it")
    return None


def _library(module: str, package: str) -> Check:
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = import_module(module)
    except ImportError as error:
        return Check(module, "missing", str(missing(error) or error))
    try:
        message = version(package)
    except PackageNotFoundError:  # as with opencv-python-headless
        message = str(getattr(found, "__version__", "installed"))
    return Check(module, "ok", message)


def _devices() -> tuple[State, str]:
    import torch

    found = [f"cpu ({os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()})"]
    for index in range(torch.cuda.device_count()):
        gigabytes = torch.cuda.get_device_properties(index).total_memory / 2**30
        found.append(f"cuda ({torch.cuda.get_device_name(index)}, {gigabytes:.0f} GiB)")
    if torch.backends.mps.is_available():
        found.append("mps")
    return "ok", ", ".join(found)


def _threads() -> tuple[State, str]:
    """Time one convolution with all threads and with one, which is faster on a busy machine."""
    import torch

    threads = torch.get_num_threads()
    if threads == 1:
        return "ok", "1"
    together = _time_convolution()
    torch.set_num_threads(1)
    alone = _time_convolution()
    torch.set_num_threads(threads)
    message = f"{threads}, {alone / together:.1f} times as fast as 1"
    if alone < together:
        return "note", f"{message}: other programs are running; OMP_NUM_THREADS=1 is faster now"
    return "ok", message


def _time_convolution() -> float:
    import torch

    picture, kernel = torch.zeros(1, 64, 96, 96), torch.zeros(64, 64, 3, 3)
    taken = []
    for _ in range(8):
        begin = time.perf_counter()
        torch.conv2d(picture, kernel)
        taken.append(time.perf_counter() - begin)
    return sum(sorted(taken)[2:6])


def _steps() -> tuple[State, str]:
    from dreamvid.networks import fused

    if fused.available():
        return "ok", "fused, through oneDNN"
    return (
        "note",
        "not fused: this torch has no oneDNN, so dreams on the CPU take about twice the time",
    )


def _encoders() -> tuple[State, str]:
    from dreamvid.media.formats import CODECS, available_codecs

    there = available_codecs()
    lacking = sorted(CODECS.keys() - there)
    message = " ".join(there) + (f"; not {' '.join(lacking)}" if lacking else "")
    return ("note" if lacking else "ok"), message


def _weights() -> tuple[State, str]:
    from dreamvid.files import cache_folder
    from dreamvid.networks import registry

    here = [name for name in registry.names() if registry.availability(name).here]
    return "ok", f"{', '.join(here)}; others are downloaded to {cache_folder()} on first use"


def _film() -> tuple[State, str]:
    """Dream four frames, from a film to a film."""
    from dreamvid.bench.speed import write_clip
    from dreamvid.commands.video import dream_video
    from dreamvid.settings.models import VideoSettings

    wanted = VideoSettings.checked({"dream": {"octaves": 1, "iterations": 1}})
    with tempfile.TemporaryDirectory() as folder:
        clip = write_clip(Path(folder) / "clip.mp4", width=96, height=64, frames=4)
        begin = time.perf_counter()
        result = dream_video(clip, Path(folder) / "dream.mp4", wanted)
    return "ok", f"{result.frames} frames dreamed in {time.perf_counter() - begin:.1f} s"


CHECKS: Final[dict[str, Callable[[], tuple[State, str]]]] = {
    "devices": _devices,
    "threads": _threads,
    "dream step": _steps,
    "codecs": _encoders,
    "weights": _weights,
    "film": _film,
}
"""The checks that run when all libraries can be loaded."""
