"""The command `studio`: its options, and what it says without its extra."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from dreamvid.cli import app


def served(monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """The options that the server is started with."""
    serve = pytest.importorskip("dreamvid.studio.serve")
    found: list[Any] = []
    monkeypatch.setattr(serve, "run", lambda options, say: found.append(options))
    assert app.run(["studio", *words]) == 0
    return found[0]


def test_without_options(monkeypatch: pytest.MonkeyPatch) -> None:
    options = served(monkeypatch)
    assert options.roots == (Path(),) and options.output == Path("dreams")
    assert options.host is None and options.port == 8420
    assert options.state.parts[-2:] == ("dreamvid", "studio")


def test_with_options(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["a", "b", "-o", "c", "--state", "d", "--host", "0.0.0.0", "--port", "1"]
    options = served(monkeypatch, *words)
    assert options.roots == (Path("a"), Path("b")) and options.output == Path("c")
    assert (options.state, options.host, options.port) == (Path("d"), "0.0.0.0", 1)


def test_without_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in list(sys.modules):
        if name.startswith("dreamvid.studio"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert app.run(["studio"]) == 6
    assert "pip install 'dreamvid[studio]'" in capsys.readouterr().err
