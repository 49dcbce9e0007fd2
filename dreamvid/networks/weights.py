"""Weight files: read them without executing code, download and cache them, verify checksums.

Trust model: torchvision publishes only the first 8 hex digits of each sha256, in the file name; the
hub of timm announces all 64 in a header. What is published is checked after the download; the full
digest is then stored beside the file, and every later use must match it. A file that changes after
its first use is detected; one that was changed before and still matches 32 bits is not.
"""

from __future__ import annotations

import errno
import os
import pickle
import re
import tarfile
import urllib.request
import warnings
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from dreamvid.errors import DiskFull, MissingDependency, UnreadableInput
from dreamvid.files import cache_folder, settle, sha256

Counted = Callable[[int, int], None]
"""Progress callback: (done, total), in bytes for a download."""

_CHUNK = 1 << 20
_NUMBERS: list[Any] = [
    np.dtype,
    np.dtypes.Float64DType,
    np.dtypes.Float32DType,
    np.dtypes.Int64DType,
    np.float64(0).__reduce__()[0],
    (np.float64(0).__reduce__()[0], "numpy.core.multiarray.scalar"),
]
"""What a number of numpy is pickled with: files of training hold such beside the weights."""
_TIMEOUT = 30.0  # seconds without a byte


def cached(url: str) -> Path:
    """The cache path of the weights at `url`."""
    return cache_folder() / url.rpartition("/")[2]


def check_digest(path: Path, expected: str, *, remedy: str) -> None:
    """Raise MissingDependency, with the remedy, unless the file exists and has this sha256."""
    if not path.is_file():
        raise MissingDependency("the weights file is missing", where=path, remedy=remedy)
    if (digest := sha256(path)) != expected:
        what = f"the sha256 checksum is {digest[:16]}..., expected {expected[:16]}..."
        raise MissingDependency(what, where=path, remedy=remedy)


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a `.safetensors` file or a torch state dict, as float32 tensors.

    No code in the file is executed. Raises UnreadableInput if it is missing, damaged, or a pickle
    of anything but tensors.
    """
    if not path.is_file():
        raise UnreadableInput("no such weights file", where=path)
    if tarfile.is_tarfile(path):
        raise UnreadableInput(
            "an archive of torch 0.1, which cannot be read without running its pickles",
            where=path,
            remedy="load it with torch 0.4 and save it again",
        )
    try:
        with warnings.catch_warnings():  # our own errors are clearer than torch's warnings
            warnings.simplefilter("ignore", UserWarning)
            state = load_file(path) if path.suffix == ".safetensors" else _read_torch(path)
    except pickle.UnpicklingError as error:
        raise UnreadableInput(
            "not a plain state dict: it contains pickled objects, which could run code",
            where=path,
            remedy="save model.state_dict() with torch.save, or as safetensors",
        ) from error
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
        raise UnreadableInput(
            f"not a readable weights file ({str(error)[:120]})",
            where=path,
            remedy="give a torch state dict (.pth, .pt) or a .safetensors file",
        ) from error
    return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}


def _read_torch(path: Path) -> dict[str, Tensor]:
    with torch.serialization.safe_globals(_NUMBERS):
        try:  # memory-mapped: layers after the cut are never loaded
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # the format before torch 1.6 cannot be mapped
            state = torch.load(path, map_location="cpu", weights_only=True)
    for wrapper in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not state:
        raise ValueError(f"it contains a {type(state).__name__}, not a state dict")
    for key, value in state.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise ValueError(f"entry {key!r:.40} is not a tensor")
        if value.layout != torch.strided:
            raise ValueError(f"entry {key!r:.40} is a sparse tensor")
    return state


def fetch(
    url: str,
    *,
    model: str,
    file: str = "",
    offline: bool = False,
    progress: Counted | None = None,
) -> Path:
    """Return the verified cached copy of the weights at `url`, downloaded if missing.

    `file` is the name of the copy, by default that of the URL. `progress(done, total)` reports
    bytes; total is 0 if unknown. Raises MissingDependency if there is no copy and the download
    fails, or if the checksum does not match.
    """
    path = cache_folder() / (file or cached(url).name)
    remedy = f"download {url} to {path}, or give --weights FILE"
    if not path.is_file():
        if offline:
            raise MissingDependency(
                f"the weights of {model} are not in the cache, and --offline is set", remedy=remedy
            )
        try:
            _download(url, path, progress)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFull(
                    "no space left for the weights", where=path.parent, remedy="make room"
                ) from error
            raise MissingDependency(
                f"cannot download the weights of {model} ({error})", remedy=remedy
            ) from error
    _check(path, model)
    return path


def _download(url: str, path: Path, progress: Counted | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # A new opener: urlopen caches the proxy settings of the first call.
        announced = _Announced()
        opener = urllib.request.build_opener(announced)
        with opener.open(url, timeout=_TIMEOUT) as source, partial.open("wb") as target:
            announced.note(source.headers)
            total = int(source.headers.get("Content-Length") or 0)
            done = _copy(source, target, total, progress)
        if total and done != total:
            raise OSError(f"the download ended after {done} of {total} bytes")
        digest = _match(partial, path.name)
        if announced.sha256 not in ("", digest):
            raise OSError(f"its sha256 checksum is {digest}, announced {announced.sha256}")
        settle(partial, path)
    finally:
        partial.unlink(missing_ok=True)


class _Announced(urllib.request.HTTPRedirectHandler):
    """Notes the sha256 that model hubs announce in the header of a file, before they redirect."""

    sha256 = ""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        self.note(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def note(self, headers: Message) -> None:
        """Note the digest in the headers of a reply, if there is one."""
        found = re.fullmatch(r'"?([0-9a-f]{64})"?', headers.get("X-Linked-ETag", ""))
        self.sha256 = found[1] if found else self.sha256


def _copy(source: BinaryIO, target: BinaryIO, total: int, progress: Counted | None) -> int:
    done = 0
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        done += len(chunk)
        if progress is not None:
            progress(done, total)
    return done


def _match(path: Path, name: str) -> str:
    """Verify the sha256 of `path` against the digits in the file name `name`; return it."""
    digest = sha256(path)
    published = re.search(r"-([0-9a-f]{8,64})\.\w+$", name)
    expected = published[1] if published else ""
    if not digest.startswith(expected):
        raise OSError(f"its sha256 checksum is {digest[:16]}..., expected {expected}")
    return digest


def _check(path: Path, model: str) -> None:
    record = path.with_name(path.name + ".sha256")
    try:
        digest = _match(path, path.name)
        first = record.read_text().split()[0] if record.is_file() else digest
        if digest != first:
            raise OSError(
                f"its sha256 checksum is {digest[:16]}..., on first use it was {first[:16]}..."
            )
        if not record.is_file():
            record.write_text(f"{digest}  {path.name}\n")
    except OSError as error:
        raise MissingDependency(
            f"the cached weights of {model} are damaged ({error})",
            where=path,
            remedy="delete this file and its .sha256 to download it again",
        ) from error
