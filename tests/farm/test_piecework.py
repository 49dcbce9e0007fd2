"""What a task does on its machine: one piece, an answer in plain values, a film that stays open."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from farm_kit import FIRSTS, FRAMES, SHOTS, request_for
from PIL import Image

from dreamvid.commands.result import Result
from dreamvid.farm import piecework
from dreamvid.farm.board import Board
from dreamvid.farm.messages import Order
from dreamvid.farm.piecework import close, dream_piece, plan_film, versions_here
from dreamvid.farm.remote import local_copy
from dreamvid.farm.share import dream_part
from dreamvid.files import sha256
from dreamvid.sequence.folder import folder_of, part_at
from dreamvid.sequence.progress import ignore


class Here:
    """A board elsewhere, that is here."""

    def __init__(self) -> None:
        self.board = Board()

        class Tell:
            def remote(tell, message: dict[str, Any]) -> None:
                self.board.tell(message)

        self.tell = Tell()


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Closes the film after a test; one entry for each film that is opened: memory is kept."""
    asked: list[bool] = []
    monkeypatch.setattr(piecework, "keep_freed_memory", lambda: asked.append(True))
    yield asked
    close()


@pytest.fixture
def order(shots: Path, tmp_path: Path) -> Order:
    request = request_for(shots, tmp_path / "out.mp4")
    request.reader.close()
    return Order(shots, tmp_path / "out.mp4", request.settings, False, 1)


def test_pieces_are_planned_and_dreamed_one_by_one(
    order: Order,
    shots: Path,
    tmp_path: Path,
    whole: bytes,
    monkeypatch: pytest.MonkeyPatch,
    kept: list[bool],
) -> None:
    opened: list[Order] = []
    checked = Order.checked
    monkeypatch.setattr(Order, "checked", lambda self: opened.append(self) or checked(self))
    board = Here()
    planned = plan_film(order.text, "a", board)
    ends = [first + count for first, count in zip(FIRSTS, SHOTS, strict=True)]
    assert planned == {"pieces": list(zip(FIRSTS, ends, strict=True)), "done": []}
    board.board.take()
    for number in (2, 0, 1, 5, 3, 4):
        answer = dream_piece(order.text, "a", number, None, False, board)
        json.dumps(answer)
        assert answer["complete"] and len(answer["parts"]) == -(-SHOTS[number] // 2)
        path, digests = answer["parts"][0]
        assert json.loads(digests)[Path(path).name] == sha256(Path(path))
    assert len(opened) == 1
    told = board.board.take()
    frames = {one["progress"]["done"] for one in told if one["progress"]["task"] == "frames"}
    assert frames == set(range(1, FRAMES + 1)) and not board.board.take()
    assert plan_film(order.text, "b", board)["done"] == planned["pieces"]
    assert len(opened) == len(kept) == 2
    assert isinstance(dream_part(request_for(shots, tmp_path / "out.mp4"), 1, 1, ignore), Result)
    assert order.target.read_bytes() == whole
    assert dream_piece(order.text, "b", 0, None, False, board) == {"over": True}


def test_a_board_begins_without_torch() -> None:
    code = "import sys, dreamvid.farm.board; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def test_a_piece_that_is_damaged_is_dreamed_again(order: Order) -> None:
    dream_piece(order.text, "a", 0, None, False, Here())
    part = part_at(folder_of(order.target), 2)
    before = part.read_bytes()
    part.write_bytes(before[::-1])
    dream_piece(order.text, "a", 0, None, False, Here())
    assert part.read_bytes() == before


def test_it_shows_the_newest_frame_as_a_small_picture(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piecework, "EVERY", 600.0)  # one only, however long it takes
    board = Here()
    dream_piece(order.text, "a", 0, None, True, board)
    (shown,) = [one["newest"] for one in board.board.take() if "newest" in one]
    assert Image.open(io.BytesIO(shown)).size == (64, 48)


def test_errors_are_answers_and_close_the_film(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    dream_piece(order.text, "a", 0, None, False, Here())
    monkeypatch.setattr(piecework.Worker, "dream", lambda *_, **__: 1 / 0)
    answer = dream_piece(order.text, "a", 1, None, False, Here())
    assert answer["error"]["kind"] == "ZeroDivisionError" and "1 / 0" in answer["trace"]
    assert not piecework._open


def test_a_process_that_is_given_another_gpu_ends(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go on with its first one, which another process may have."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert "pieces" in plan_film(order.text, "a", Here())
    monkeypatch.setattr("torch.cuda.is_initialized", lambda: True)
    assert dream_piece(order.text, "a", 1, None, False, Here())["complete"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    with pytest.raises(SystemExit):
        dream_piece(order.text, "a", 2, None, False, Here())
    piecework.close()  # as after an error
    with pytest.raises(SystemExit):
        dream_piece(order.text, "a", 2, None, False, Here())


def test_a_film_that_is_not_on_this_machine_is_said(order: Order) -> None:
    gone = Order(Path("elsewhere.mp4"), order.target, order.settings, False, 1)
    answer = plan_film(gone.text, "a", Here())
    assert answer["error"]["kind"] == "UnreadableInput"
    assert answer["error"]["remedy"] == "give a path that all machines see, or a URL"


def test_with_a_storage_it_dreams_in_a_folder_of_its_own_and_leaves_nothing_there(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path / "cache"))
    store = str(tmp_path / "store")
    stored = Order(order.source, order.target, order.settings, False, 1, storage=store)
    answer = dream_piece(stored.text, "a", 1, None, False, Here())
    home = local_copy(f"{store}/out.mp4")
    assert answer["complete"] and Path(answer["parts"][0][0]).is_relative_to(home)
    assert not list(folder_of(home / "out.mp4").glob("part-*"))
    assert not folder_of(order.target).exists()
    assert part_at(tmp_path / "store" / "out.mp4", FIRSTS[1]).exists()


def test_it_says_what_it_would_dream_with() -> None:
    assert versions_here().keys() == {"host", "dreamvid", "torch"}
