"""Frames to a card and back; the streams of a real one where there is one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dreamvid.device.card import PlainCard, along, aside, card_of, own_stream
from dreamvid.media.prefetch import Prefetcher

CPU = torch.device("cpu")
CARDS = [CPU, *([torch.device("cuda")] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("device", CARDS, ids=str)
def test_what_is_sent_comes_back_whatever_happens_to_the_array(device: torch.device) -> None:
    card = card_of(device)
    for _ in range(20):
        array = np.random.default_rng(0).integers(0, 255, (64, 48, 3), np.uint8)
        kept = array.copy()
        tensor = card.send(array)
        array[:] = 0
        assert tensor.device.type == device.type
        card.mark().arrive(tensor)
        coming = card.fetch(tensor.permute(1, 0, 2))
        tensor.zero_()
        assert np.array_equal(coming.array(), kept.transpose(1, 0, 2)) or device.type == "cpu"


@pytest.mark.parametrize("device", CARDS, ids=str)
def test_work_aside_arrives_in_time(device: torch.device) -> None:
    card = card_of(device)

    def work():  # type: ignore[no-untyped-def]
        for k in range(10):
            tensor = card.send(np.full((512, 512), k, np.float32))
            for _ in range(50):
                tensor = tensor + 1
            yield k, tensor, card.mark()

    with Prefetcher(aside(card, work()), 1) as worked:
        for k, tensor, mark in worked:
            mark.arrive(tensor)
            assert float(tensor.mean()) == k + 50


def test_the_card_of_a_cpu_copies_at_once() -> None:
    card = card_of(CPU)
    assert isinstance(card, PlainCard)
    with card.aside():
        assert card.send(np.ones(3, np.float32)).tolist() == [1, 1, 1]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_thread_goes_along_on_the_stream_of_its_card() -> None:
    device = torch.device("cuda")
    here, other = own_stream(device), own_stream(device)
    with here():
        stream = torch.cuda.current_stream(device)
        card = card_of(device)
        assert card is card_of(device)
    with other():
        assert torch.cuda.current_stream(device) != stream
        assert card_of(device) is not card

    def work():  # type: ignore[no-untyped-def]
        yield torch.cuda.current_stream(device)

    with Prefetcher(along(card, work()), 1) as found:
        assert list(found) == [stream]


def test_a_cpu_has_no_streams() -> None:
    with own_stream(CPU)():
        assert list(along(card_of(CPU), iter([1, 2]))) == [1, 2]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_sending_and_fetching_wait_for_nothing() -> None:
    card = card_of(torch.device("cuda"))
    array = np.ones((256, 256), np.float32)
    torch.cuda.set_sync_debug_mode("error")
    try:
        coming = card.fetch(card.send(array) * 2)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert (coming.array() == 2).all()
