"""Networks are loaded once where they are kept, and each time elsewhere."""

from __future__ import annotations

from tiny import tiny_network

from dreamvid.networks.kept import kept, networks_kept
from dreamvid.networks.network import Network


def test_what_is_kept_is_loaded_once_for_each_key() -> None:
    loaded: list[str] = []

    def load(key: str) -> tuple[Network, ...]:
        def now() -> tuple[Network, ...]:
            loaded.append(key)
            return (tiny_network(),)

        return kept(key, now)

    load("a"), load("a")
    assert loaded == ["a", "a"]
    with networks_kept():
        assert load("a") is load("a") and load("b") is not load("a")
    assert loaded == ["a", "a", "a", "b"]
    load("b")
    assert loaded[-1] == "b" and len(loaded) == 5
