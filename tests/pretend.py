"""A pretended device, to find on a CPU what would fail on a GPU.

Its tensors are held on the CPU, but an operation on them refuses those of the CPU beside, as that
of a GPU does, and float64, as that of MPS does. It is a backend of torch that is written in Python.

A process that has computed gradients beside such a device cannot be forked, as some tests are. So
tests on it are marked `pretended`, and run by device/test_pretended.py in a process of their own:
DREAMVID_TEST_PRETENDED=1 pytest FILE runs those of a file.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils import backend_registration
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only

from dreamvid.commands import sidecar

aten = torch.ops.aten
COPIES = {aten.copy_, aten._to_copy}

APART = bool(os.environ.get("DREAMVID_TEST_PRETENDED"))
"""Whether this process has the pretended device."""

DONE: Counter[str] = Counter()
"""How often each operation was carried out there."""


class Pretended(Tensor):
    """A tensor on the pretended device."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> Pretended:
        made = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=device(),
        )
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        return run(function, args, kwargs or {})

    def tolist(self) -> Any:
        return self.held.tolist()

    def numpy(self, *args: object, **options: object) -> Any:
        raise TypeError("cannot read a tensor of a device as an array; copy it first")

    def __repr__(self, **options: Any) -> str:
        return f"Pretended({self.held})"


def run(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carry out an operation of the pretended device."""
    DONE[function.overloadpacket.__name__] += 1
    if function.overloadpacket not in COPIES:
        refuse_host(function, tree_leaves((args, kwargs)))
    here, there = tree_map_only(Pretended, lambda tensor: tensor.held, (args, kwargs))
    home = there.get("device")
    if home is not None:
        there["device"] = torch.device("cpu")
    result = function(*here, **there)
    refuse_long(function, tree_leaves(result))
    fetched = home is not None and torch.device(home).type == "cpu"
    if fetched or not any(isinstance(leaf, Tensor) for leaf in tree_leaves(result)):
        return result
    if function.overloadpacket is aten.copy_ and not isinstance(args[0], Pretended):
        return args[0]
    return return_and_correct_aliasing(
        function, args, kwargs, tree_map_only(Tensor, Pretended, result)
    )


def refuse_host(function: Any, leaves: Iterable[Any]) -> None:
    """Refuse tensors of the CPU, except single numbers, which a GPU takes too."""
    for leaf in leaves:
        if isinstance(leaf, Tensor) and not isinstance(leaf, Pretended) and leaf.dim():
            shape = tuple(leaf.shape)
            raise AssertionError(f"{function}: a tensor {shape} of the CPU beside one of a device")


def refuse_long(function: Any, leaves: Iterable[Any]) -> None:
    """Refuse results of float64."""
    if any(isinstance(leaf, Tensor) and leaf.dtype == torch.float64 for leaf in leaves):
        raise AssertionError(f"{function}: float64, which MPS has not")


def possible() -> bool:
    """Whether this torch has backends that are written in Python."""
    return hasattr(backend_registration, "_setup_privateuseone_for_python_backend")


@cache
def register() -> bool:
    """Make the device known, if this torch can; false if not.

    Torch counts devices when a gradient is first computed in a process, so this comes before.
    """
    if not possible():
        return False
    backend = backend_registration._DummyBackendModule()
    backend.get_amp_supported_dtype = lambda: [torch.float16, torch.bfloat16]  # type: ignore[attr-defined]
    backend_registration._setup_privateuseone_for_python_backend("pretended", backend)
    rest = torch.library.Library("_", "IMPL")
    rest.fallback(lambda function, *args, **kwargs: run(function, args, kwargs), "PrivateUse1")
    _KEPT.append(rest)
    return True


_KEPT: list[object] = []


def device() -> torch.device:
    """The pretended device; skips the test if torch cannot."""
    if not register():
        pytest.skip("needs a newer torch")
    return torch.device("pretended", 0)


def dream_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let dreams run on the pretended device, whichever is asked for."""
    there, tensor, merge = device(), torch.tensor, sidecar.merge

    def placed(*args: Any, device: Any = None, **options: Any) -> Tensor:
        """torch.tensor, which cannot make tensors of devices that are written in Python."""
        made = tensor(*args, **options)
        return made if device is None else made.to(device)

    def named(settings: Any, decided: Any) -> Any:
        """What a sidecar says, which knows no pretended device."""
        decided["network"]["device"] = "auto"
        return merge(settings, decided)

    monkeypatch.setattr(torch, "tensor", placed)
    monkeypatch.setattr(sidecar, "merge", named)
    monkeypatch.setattr(torch.__future__, "_swap_module_params_on_conversion", True)
    for name, module in list(sys.modules.items()):
        if name.startswith("dreamvid") and hasattr(module, "pick_device"):
            monkeypatch.setattr(module, "pick_device", lambda name: there)
