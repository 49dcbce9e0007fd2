"""Networks that are kept, while many films are dreamed with the same ones."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dreamvid.networks.network import Network

_kept: ContextVar[dict[str, tuple[Network, ...]] | None] = ContextVar("_kept", default=None)


@contextlib.contextmanager
def networks_kept() -> Iterator[None]:
    """Load what `kept` is asked for only once in this context."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def kept(key: str, load: Callable[[], tuple[Network, ...]]) -> tuple[Network, ...]:
    """The networks that were loaded under this key, else those that `load` returns."""
    found = _kept.get()
    if found is None:
        return load()
    if key not in found:
        found[key] = load()
    return found[key]
