"""Names of the networks in torchvision and timm, read from their sources: importing takes seconds.

A test compares them with what the packages themselves list.
"""

from __future__ import annotations

import functools
import re
from importlib.util import find_spec
from pathlib import Path

_TORCHVISION = re.compile(r"^@register_model\(\)\n(?:@[^\n]*\n(?:[ )][^\n]*\n)*)*def (\w+)\(", re.M)
_TIMM = re.compile(r"^@register_model\s*\ndef (\w+)\(", re.M)


def has_timm() -> bool:
    """Whether timm is installed."""
    return find_spec("timm") is not None


@functools.cache
def torchvision_names() -> tuple[str, ...]:
    """The classification networks of torchvision, in alphabetical order."""
    return _registered("torchvision", _TORCHVISION)


@functools.cache
def timm_names() -> tuple[str, ...]:
    """The architectures of timm, in alphabetical order; none if it is not installed."""
    return _registered("timm", _TIMM)


def _registered(package: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    spec = find_spec(package)
    folders = (spec and spec.submodule_search_locations) or ()
    files = (file for folder in folders for file in Path(folder, "models").glob("*.py"))
    found = (name for file in files for name in pattern.findall(file.read_text("utf-8")))
    return tuple(sorted(found))
