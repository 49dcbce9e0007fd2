"""The folder of an atlas: which runs may go on in it, and what its manifest keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dreamvid.commands.atlas_folder import (
    FORM,
    MANIFEST,
    Plan,
    check_folder,
    is_folder,
    read_plan,
)
from dreamvid.errors import OutputExists, UsageError

PLAN = Plan("vgg16", "abc", layers={"one": (0, 4), "two": (1,)}, classes=(3,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    PLAN.write(tmp_path)
    return tmp_path


def test_a_plan_comes_back_from_the_folder(folder: Path) -> None:
    assert read_plan(folder) == PLAN


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"layers": 3}', "\xff"])
def test_what_is_no_manifest_is_no_plan(tmp_path: Path, text: str) -> None:
    assert read_plan(tmp_path) is None
    (tmp_path / MANIFEST).write_text(text, "latin-1")
    assert read_plan(tmp_path) is None


def test_joined_plans_show_what_either_shows_in_order() -> None:
    other = replace(PLAN, layers={"two": (0, 1), "three": (5,)}, classes=(2, 3))
    joined = PLAN.joined(other)
    assert joined.layers == {"one": (0, 4), "two": (0, 1), "three": (5,)}
    assert joined.classes == (2, 3) and joined.fits(PLAN)


@pytest.mark.parametrize("change", [{"network": "vgg19"}, {"weights": "abd"}, {"form": FORM + 1}])
def test_plans_of_other_networks_weights_and_forms_do_not_fit(change: dict[str, object]) -> None:
    assert PLAN.fits(replace(PLAN, layers={}, classes=()))
    assert not PLAN.fits(replace(PLAN, **change))


@pytest.mark.parametrize(
    ("out", "folder"),
    [("a/", True), ("a", True), ("a.d/", True), ("a.webp", False), ("b/a.png", False)],
)
def test_a_folder_is_told_from_a_sheet_by_its_name(out: str, folder: bool) -> None:
    assert is_folder(out) is folder


def test_a_folder_that_exists_is_a_folder_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.webp").mkdir()
    assert is_folder(str(tmp_path / "a.webp"))


def test_a_new_an_empty_and_a_fitting_folder_are_accepted(folder: Path, tmp_path: Path) -> None:
    check_folder(folder, "vgg16")
    check_folder(folder, "vgg16", weights="abc")
    check_folder(folder / "new", "vgg16")
    (folder / "empty").mkdir()
    check_folder(folder / "empty", "vgg16")
    (folder / "empty" / ".index.html.lock").touch()  # left by a run that was killed at once
    check_folder(folder / "empty", "vgg16")


def test_another_atlas_is_refused_unless_it_may_be_drawn_anew(folder: Path) -> None:
    with pytest.raises(OutputExists, match="an atlas of vgg16; use another folder, or -y"):
        check_folder(folder, "vgg19")
    with pytest.raises(OutputExists, match="an atlas of vgg16 with other weights"):
        check_folder(folder, "vgg16", weights="abd")
    old = json.loads((folder / MANIFEST).read_text()) | {"form": FORM - 1}
    (folder / MANIFEST).write_text(json.dumps(old))
    with pytest.raises(OutputExists, match="an atlas of vgg16 with another version of dreamvid"):
        check_folder(folder, "vgg16")
    check_folder(folder, "vgg19", weights="abd", overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_other_files_is_refused_always(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(OutputExists, match="a folder of other files, not an atlas"):
        check_folder(tmp_path, "vgg16", overwrite=overwrite)


def test_a_file_and_a_missing_parent_are_refused(tmp_path: Path) -> None:
    (tmp_path / "atlas").touch()
    with pytest.raises(OutputExists, match="a file has this name"):
        check_folder(tmp_path / "atlas", "vgg16")
    with pytest.raises(UsageError, match="no such folder; create it first"):
        check_folder(tmp_path / "no" / "atlas", "vgg16")
