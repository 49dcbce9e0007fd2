"""The dream alone, on transparency."""

from __future__ import annotations

from dataclasses import replace

import torch
from tiny import known_frames, moved, texture, tiny_dreamer

from dreamvid.sequence.matte import matte
from dreamvid.sequence.render import render_with_memory

DREAM = tiny_dreamer(octaves=2, iterations=2)


def test_the_matte_over_the_source_is_the_dream() -> None:
    (frame, memory), *_ = render_with_memory(
        known_frames(moved(1)), tiny_dreamer(octaves=2, iterations=2), stability=0.9
    )
    assert frame.image is not None
    laid = matte(memory.dreamed, frame.image)
    alpha, colour = laid[3:], laid[:3]
    again = alpha * colour + (1 - alpha) * frame.image
    assert float((again - memory.dreamed).abs().max()) < 1e-5
    assert 0.05 < float(alpha.mean()) < 1
    assert float(matte(frame.image, frame.image)[3].max()) == 0


def test_the_matte_of_a_carried_frame_leaves_the_grain_of_the_film() -> None:
    noise = torch.Generator().manual_seed(0)
    still = [
        replace(frame, image=frame.image + 0.03 * torch.randn(frame.image.shape, generator=noise))
        for frame in known_frames([texture()] * 4, dx=0, dy=0)
        if frame.image is not None
    ]
    frame, memory = list(render_with_memory(still, DREAM, stability=0.9))[3]
    assert frame.image is not None
    laid = matte(memory.dreamed, memory.source)
    again = laid[3:] * laid[:3] + (1 - laid[3:]) * frame.image
    left = (1 - laid[3:]) * (frame.image - memory.source)
    assert float((again - memory.dreamed - left).abs().max()) < 1e-5
    assert float(left.abs().mean()) > 5e-4
