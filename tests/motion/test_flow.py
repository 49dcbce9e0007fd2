from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scenes import grid, picture, texture

from dreamvid.errors import MissingDependency, UsageError
from dreamvid.motion import flow
from dreamvid.motion.flow import estimator, names, resize_flow

MOVING = ("dis", "dis-torch", "farneback")
HERE = tuple(name for name in names() if not name.startswith("raft"))


def inner(field):
    return field[16:-16, 16:-16]


@pytest.mark.parametrize("name", HERE)
def test_every_estimator_gives_a_float_flow_of_the_size_of_the_picture(name):
    for height, width in ((1, 1), (7, 40), (17, 31), (60, 90)):
        a, b = picture(height, width), picture(height, width, dx=1)
        result = estimator(name)(a, b)
        assert result.shape == (height, width, 2)
        assert result.dtype == np.float32
        assert np.isfinite(result).all()


@pytest.mark.parametrize("name", HERE)
def test_every_estimator_sees_that_nothing_moves(name):
    still = picture(80, 120)
    assert np.abs(estimator(name)(still, still)).max() < 0.1


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("shift", [(3.0, -2.0), (0.4, 0.7), (-7.5, 4.25)])
def test_the_flow_leads_from_the_first_array_to_the_second(name, shift):
    a, b = picture(120, 160), picture(120, 160, *shift)
    error = np.hypot(*np.moveaxis(inner(estimator(name)(a, b)) - np.float32(shift), 2, 0))
    assert np.median(error) < 0.1
    assert np.percentile(error, 90) < 0.4


@pytest.mark.parametrize("name", MOVING)
def test_a_zoom_is_found_with_its_centre(name):
    x, y = grid(120, 160)
    a = picture(120, 160)
    b = np.rint(texture((x - 80) / 1.04 + 80, (y - 60) / 1.04 + 60)).astype(np.uint8)
    truth = np.stack([(x - 80) * 0.04, (y - 60) * 0.04], axis=2)
    assert np.median(np.abs(inner(estimator(name)(a, b) - truth))) < 0.15


def test_ten_bit_arrays_give_the_same_flow():
    a, b = picture(64, 96), picture(64, 96, 2, 1)
    deep = estimator()(a.astype(np.uint16) << 8, b.astype(np.uint16) << 8)
    assert np.array_equal(deep, estimator()(a, b))


def test_large_pictures_are_shrunk_and_their_flow_scaled_up(monkeypatch):
    a, b = picture(240, 320), picture(240, 320, 4, 2)
    monkeypatch.setattr(flow, "MAX_LINES", 120)
    assert flow.working_size(240, 320) == (120, 160)
    assert flow.working_size(320, 240) == (160, 120)
    result = estimator()(a, b)
    assert result.shape == (240, 320, 2)
    assert np.abs(np.median(result, axis=(0, 1)) - [4, 2]).max() < 0.15


@pytest.mark.parametrize(("name", "off"), [("dis", 0), ("farneback", 0), ("dis-torch", 1e-3)])
def test_both_ways_at_once_are_the_flows_one_by_one(name, off):
    a, b = picture(70, 90, dx=3), picture(70, 90)
    there, back = estimator(name).both(a, b)
    assert np.abs(there - estimator(name)(a, b)).max() <= off
    assert np.abs(back - estimator(name)(b, a)).max() <= off
    assert np.median(there[..., 0]) < 0 < np.median(back[..., 0])


def test_the_same_pictures_give_the_same_flow_from_any_estimator_object():
    a, b = picture(90, 140), picture(90, 140, 1.5, 0.5)
    used = estimator()
    used(b, a)
    assert np.array_equal(used(a, b), estimator()(a, b))


@pytest.mark.parametrize("name", ["dis", "dis-torch", "farneback"])
def test_threads_that_share_an_estimator_get_the_flows_that_they_asked_for(name):
    """As a shot and the warm-up of the next piece do."""
    flow = estimator(name)
    pairs = [(picture(96, 128, dx=k), picture(96, 128)) for k in range(8)]
    alone = [flow.both(*pair) for pair in pairs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            together = list(pool.map(lambda pair: flow.both(*pair), pairs))
            assert all(map(np.array_equal, alone, together))


def test_a_resized_flow_points_to_the_same_places():
    constant = np.full((10, 20, 2), (2.0, 3.0), np.float32)
    assert np.allclose(resize_flow(constant, 30, 40), (4.0, 9.0))
    assert resize_flow(constant, 10, 20) is constant


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(
        UsageError, match=r"unknown flow 'diss'; use one of dis, dis-torch, farneback"
    ):
        estimator("diss")


def test_arrays_of_two_sizes_are_refused():
    with pytest.raises(UsageError, match="different shapes"):
        estimator()(picture(40, 40), picture(40, 41))


def test_raft_without_weights_says_where_they_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(MissingDependency, match=r"raft_small_C_T_V2.*use --flow dis") as caught:
        estimator("raft-small")
    assert str(tmp_path) in str(caught.value)
