"""Frames: a film's motion, its cuts, and where a film is taken up again."""

from __future__ import annotations

import weakref
from fractions import Fraction

import numpy as np
import pytest
import torch
from tiny import moved, source_frames, texture

from dreamvid.image import to_image
from dreamvid.media.reader import SourceFrame
from dreamvid.motion.camera import Camera
from dreamvid.motion.flow import estimator
from dreamvid.sequence.frames import camera_frames, film_frames, image_frames

STILL = estimator("none")
CUT = 4


def with_a_cut() -> list[SourceFrame]:
    """Four frames of one texture, then four of the inverse of another."""
    return source_frames(moved(CUT) + [255 - array for array in moved(4, seed=9)])


def test_every_frame_comes_once_with_its_time_and_image() -> None:
    sources = source_frames(moved(5))
    frames = list(film_frames(sources, flow=STILL))
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.time for frame in frames] == [Fraction(t, 25) for t in range(5)]
    for frame, source in zip(frames, sources, strict=True):
        assert frame.image is not None and torch.equal(frame.image, to_image(source.array))


def test_images_in_memory_are_frames_as_those_of_a_film() -> None:
    arrays = [source.array for source in with_a_cut()]
    wanted = list(film_frames(with_a_cut()))
    images = [to_image(array) for array in arrays]
    for found in (
        image_frames(images, rate=Fraction(25)),
        [*image_frames(images[:3], rate=Fraction(25)),
         *image_frames(images[3:4], rate=Fraction(25), before=(2, images[2])),
         *image_frames(images[4:], rate=Fraction(25), before=(3, images[3]))],
    ):  # fmt: skip
        for frame, other, image in zip(found, wanted, images, strict=True):
            assert (frame.index, frame.time) == (other.index, other.time)
            assert frame.image is image
            assert (frame.motion is None) == (other.motion is None)
            if frame.motion is not None and other.motion is not None:
                assert np.array_equal(frame.motion.backward, other.motion.backward)
                assert np.array_equal(frame.motion.mask, other.motion.mask)


def test_the_motion_leads_back_to_the_frame_before() -> None:
    frames = list(film_frames(source_frames(moved(3, dx=3, dy=-2))))
    assert frames[0].motion is None
    for frame in frames[1:]:
        assert frame.motion is not None
        assert frame.motion.backward.shape == (48, 64, 2)
        inner = frame.motion.backward[10:-10, 10:-10]
        assert np.abs(np.median(inner, axis=(0, 1)) - (-3, 2)).max() < 0.2
        assert frame.motion.mask[10:-10, 10:-10].mean() > 0.9


def test_a_cut_has_no_motion() -> None:
    frames = list(film_frames(with_a_cut()))
    assert [frame.index for frame in frames if frame.motion is None] == [0, CUT]


def test_cuts_can_be_left_out() -> None:
    frames = list(film_frames(with_a_cut(), flow=STILL, cuts=False))
    assert [frame.index for frame in frames if frame.motion is None] == [0]


def test_a_mask_that_trusts_nothing_is_a_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamvid.motion.shots.CutDetector.is_cut", lambda self, array: False)
    frames = list(film_frames(with_a_cut()))
    assert [frame.index for frame in frames if frame.motion is None] == [0, CUT]


@pytest.mark.parametrize("skip", [0, 1, 3, CUT, CUT + 1, 8])
def test_a_film_taken_up_again_gives_the_same_frames(skip: int) -> None:
    whole = list(film_frames(with_a_cut()))[skip:]
    again = list(film_frames(with_a_cut(), skip=skip))
    assert len(again) == len(whole)
    for a, b in zip(again, whole, strict=True):
        assert (a.index, a.time) == (b.index, b.time)
        assert a.image is not None and b.image is not None and torch.equal(a.image, b.image)
        assert (a.motion is None) == (b.motion is None)
        if a.motion is not None and b.motion is not None:
            assert np.array_equal(a.motion.backward, b.motion.backward)
            assert np.array_equal(a.motion.mask, b.motion.mask)


def test_the_detector_looks_at_skipped_frames_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamvid.sequence.frames.indicates_cut", lambda mask: False)
    frames = list(film_frames(with_a_cut(), skip=CUT))
    assert [frame.index for frame in frames if frame.motion is None] == [CUT]


def test_skipped_frames_cost_no_flow() -> None:
    asked = []

    def flow(a, b):
        asked.append(1)
        return STILL(a, b)

    list(film_frames(source_frames(moved(6)), flow=flow, skip=6))
    assert not asked


def test_no_frame_is_held_on_to() -> None:
    alive: list[weakref.ref[np.ndarray]] = []

    def film():
        for t in range(10):
            array = texture(dx=t)
            alive.append(weakref.ref(array))
            yield SourceFrame(t, Fraction(t, 25), array)
            del array
            assert sum(ref() is not None for ref in alive) <= 3

    for frame in film_frames(film(), flow=STILL):
        del frame


def test_what_a_camera_uncovers_gets_ground_that_moves_with_it() -> None:
    picture = torch.rand(3, 48, 64)

    def grounds(**rates: float) -> list[torch.Tensor]:
        camera = Camera(rates, fps=Fraction(1), width=64, height=48)
        frames = camera_frames(picture, camera, count=4, rate=Fraction(1))
        return [frame.ground for frame in frames if frame.ground is not None]

    assert not grounds(zoom=1.5)
    assert len(grounds(zoom=0.8)) == 3
    one, two, _ = grounds(pan_x=4 / 64)
    assert abs(float(one.mean())) < 0.3 and 0.7 < float(one.std()) < 1.3
    assert torch.allclose(two[..., 4:], one[..., :-4], atol=1e-4)
