"""What is missing is named, with the command that installs it."""

from __future__ import annotations

import pytest

from dreamvid.bench import doctor
from dreamvid.bench.doctor import LIBRARIES, checks, missing
from dreamvid.errors import MissingDependency


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ModuleNotFoundError("No module named 'cv2'", name="cv2"), "pip install opencv-python"),
        (ModuleNotFoundError("No module named 'PIL.Image'", name="PIL.Image"), "install pillow"),
        (ModuleNotFoundError("No module named 'rich'", name="rich"), "pip install rich"),
        (ImportError("libGL.so.1: cannot open shared object file"), "apt install libgl1, or pip"),
        (ImportError("libgthread-2.0.so.0: cannot open shared"), "apt install libglib2.0-0, or"),
        (ImportError("libx.so: cannot open shared object file"), "(libx.so: cannot open shared"),
        (ImportError("DLL load failed while importing _imaging"), "a library cannot be loaded"),
    ],
)
def test_a_failed_import_tells_what_to_install(error: ImportError, told: str) -> None:
    found = missing(error)
    assert isinstance(found, MissingDependency) and told in str(found)


def test_an_import_that_fails_within_dreamvid_is_a_bug() -> None:
    assert missing(ModuleNotFoundError("No module named 'dreamvid.x'", name="dreamvid.x")) is None
    assert missing(ImportError("cannot import name 'x' from 'torch'", name="torch")) is None


def test_without_a_library_nothing_further_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(module: str) -> object:
        if module == "av":
            raise ModuleNotFoundError("No module named 'av'", name="av")
        return object()

    monkeypatch.setattr(doctor, "import_module", gone)
    monkeypatch.setattr(doctor, "CHECKS", {"film": lambda: pytest.fail("was tried")})
    found = {check.name: check for check in checks()}
    assert list(found) == ["python", *LIBRARIES]
    assert found["av"].state == "missing" and found["av"].message.endswith("pip install av")
    assert {check.state for name, check in found.items() if name != "av"} == {"ok"}


def test_a_check_that_fails_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> tuple[str, str]:
        raise MissingDependency("no ffmpeg", remedy="install it")

    monkeypatch.setattr(doctor, "CHECKS", {"codecs": fails, "devices": lambda: ("note", "fine")})
    monkeypatch.setattr(doctor, "LIBRARIES", {})
    told = [(check.name, check.state, check.message) for check in checks()]
    assert told[1:] == [("codecs", "missing", "no ffmpeg; install it"), ("devices", "note", "fine")]


@pytest.mark.parametrize(("together", "state"), [(0.5, "ok"), (2.0, "note")])
def test_threads_that_wait_for_each_other_are_noted(
    together: float, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    taken, set_to = iter((together, 1.0)), []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr(torch, "set_num_threads", set_to.append)
    monkeypatch.setattr(doctor, "_time_convolution", lambda: next(taken))
    assert doctor._threads()[0] == state
    assert set_to == [1, 4]  # as it was
