"""The versions of installed packages, for records of what made a film."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def version_of(package: str) -> str:
    """The version of an installed package; "?" where it is unknown."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "?"
