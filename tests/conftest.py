"""Puts this folder on the path of the tests below it, for `tiny`; inputs that many tests take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pretend
import pytest
import torch
from hypothesis import settings
from tiny import clicks_from, texture

from dreamvid.image import save_image, to_image

settings.load_profile("ci")  # the same examples in each run, however long the machine takes


if pretend.APART:
    pretend.register()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests on the pretended device to a process of its own, and other tests out there."""
    alike: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        alike[item.get_closest_marker("pretended") is not None].append(item)
    items[:] = alike[pretend.APART]
    config.hook.pytest_deselected(items=alike[not pretend.APART])


@pytest.fixture(autouse=True)
def one_thread_and_seed() -> Iterator[None]:
    """The tests run in as many processes as there are cores: more threads would wait for them.

    What a test changes is undone after it: sums, and so the bytes of a film, depend on it. Random
    inputs are those of each run.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(1)


@pytest.fixture(params=["cpu", pytest.param("another device", marks=pytest.mark.pretended)])
def here_or_pretended(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is dreamed."""
    if request.param != "cpu":
        pretend.dream_elsewhere(monkeypatch)


@pytest.fixture
def begun() -> Callable[..., set[str]]:
    """The names, of those that are given, of threads that run and that began in this test.

    Others may be left of another one, as of a film that nobody has closed.
    """
    before = set(threading.enumerate())
    return lambda *names: {one.name for one in set(threading.enumerate()) - before} & set(names)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "in.png"
    save_image(path, to_image(texture()))
    return path


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Two seconds of clicks."""
    return clicks_from(0, tmp_path / "song.wav", seconds=2)
