"""Versions of packages."""

from __future__ import annotations

from importlib.metadata import version

from dreamvid.settings.versions import version_of


def test_a_package_has_its_version_and_an_unknown_one_a_question_mark() -> None:
    assert version_of("numpy") == version("numpy")
    assert version_of("no-such-package") == "?"
