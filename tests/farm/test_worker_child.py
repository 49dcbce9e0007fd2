"""The process of a worker: an order comes in, and messages go out, whatever happens."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from farm_kit import FRAMES, request_for

from dreamvid.farm import child
from dreamvid.farm.child import main, serve
from dreamvid.farm.messages import Order
from dreamvid.image import load_image
from dreamvid.networks import allocator


@pytest.fixture
def order(shots: Path, tmp_path: Path) -> str:
    request = request_for(shots, tmp_path / "out.mp4")
    request.reader.close()
    return Order(shots, tmp_path / "out.mp4", request.settings, False, 1).text


def test_it_tells_what_it_does_to_the_end(order: str, whole: bytes, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    serve(order, told.append)
    kinds = [next(iter(message)) for message in told]
    assert kinds.index("begun") < len(kinds) - FRAMES
    assert kinds[-1] == "result" and told[-1]["result"]["frames"] == FRAMES
    assert (tmp_path / "out.mp4").read_bytes() == whole


def test_an_error_is_told(order: str, tmp_path: Path) -> None:
    (tmp_path / "out.mp4").touch()
    told: list[dict[str, Any]] = []
    serve(order, told.append)
    assert told[0]["error"]["kind"] == "OutputExists"
    assert "Traceback" in told[0]["trace"]


def test_it_ends_when_nobody_listens(
    order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Deaf(io.StringIO):
        def write(self, text: str) -> int:
            told.append(text)
            if len(told) == FRAMES + 6:
                raise BrokenPipeError
            return len(text)

    monkeypatch.setattr(child.sys, "stdin", io.StringIO(order))
    monkeypatch.setattr(child.sys, "stdout", Deaf())
    monkeypatch.setattr(allocator, "keep_freed_memory", lambda: None)
    monkeypatch.setattr(allocator, "collect_rarely", lambda: None)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1 and len(told) == FRAMES + 6
    assert all(text.endswith("\n") and json.loads(text) for text in told)
    assert not (tmp_path / "out.mp4").exists()


def test_it_shows_its_newest_frame_and_sends_none(order: str, tmp_path: Path) -> None:
    live = tmp_path / "live.jpg"
    told: list[str] = []
    serve(
        replace(Order.read(order), newest=live).text,
        lambda message: told.append(json.dumps(message)),
    )
    assert load_image(live).shape == (3, 48, 64)
    assert max(map(len, told)) < 3000
