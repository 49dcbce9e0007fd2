"""Names read from the sources of torchvision and timm: those that the packages list."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torchvision

from dreamvid.networks import installed


def test_the_names_are_those_that_torchvision_lists() -> None:
    listed = torchvision.models.list_models(module=torchvision.models)
    assert list(installed.torchvision_names()) == sorted(listed)


def test_the_names_are_those_that_timm_lists() -> None:
    timm = pytest.importorskip("timm")
    assert list(installed.timm_names()) == sorted(timm.list_models())


def test_without_timm_there_are_no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    installed.timm_names.cache_clear()
    assert installed.timm_names() == () and not installed.has_timm()
    installed.timm_names.cache_clear()


def test_no_package_is_imported_for_its_names() -> None:
    check = (
        "import sys; from dreamvid.networks import known, installed; known.names();"
        "installed.timm_names(); print([m for m in ('torch', 'timm') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
