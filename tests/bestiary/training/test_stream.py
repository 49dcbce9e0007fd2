"""The stream of training images: what each process makes, and who gets the interrupts."""

from __future__ import annotations

import signal
from itertools import islice

import pytest
import torch
from lessons import Stripes

from dreamvid.bestiary.training.stream import stream, to_images


def test_each_process_makes_its_own_pictures_by_the_seed() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    batches = list(islice(stream(Stripes(), size=12, batch=3, seed=5, workers=2), 4))
    composers = [Stripes().composer(size=12, seed=seed) for seed in (5, 6)]
    for k, (pictures, grounds, targets) in enumerate(batches):
        made = composers[k % 2].batch(3)  # in turns
        assert pictures.dtype == grounds.dtype == torch.uint8 and targets.dtype == torch.float32
        assert torch.equal(pictures, torch.from_numpy(made.pictures))
        assert torch.equal(grounds, torch.from_numpy(made.grounds))
        assert torch.equal(targets, torch.from_numpy(made.targets))
    # Only the thread that starts the processes blocks interrupts.
    assert signal.pthread_sigmask(signal.SIG_BLOCK, set()) == before


def test_images_are_floats_with_channels_first() -> None:
    pictures = torch.zeros(2, 4, 4, 3, dtype=torch.uint8)
    pictures[1, 2, 3] = torch.tensor([255, 51, 0], dtype=torch.uint8)
    images = to_images(pictures)
    assert images.shape == (2, 3, 4, 4) and images.dtype == torch.float32
    assert images[1, :, 2, 3].tolist() == pytest.approx([1, 0.2, 0])
