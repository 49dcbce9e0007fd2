"""Folders and ids: stable, opaque, and never outside of the roots."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.studio import places as places_module
from dreamvid.studio.places import Places, kind_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "inner").mkdir(parents=True)
    for name in ("a10.png", "a9.png", "b.mp4", "c.txt", ".hidden.png", "song.wav", "x.toml"):
        (root / name).write_bytes(b"x")
    return root


def places_at(root: Path) -> Places:
    return Places((root,), root.parent / "ids.jsonl")


def test_ids_are_opaque_and_the_same_after_a_restart(root: Path) -> None:
    first = places_at(root)
    ident = first.id_of(root / "b.mp4")
    assert len(ident) == 20 and int(ident, 16) >= 0
    again = places_at(root)
    assert again.path_of(ident) == root / "b.mp4"
    assert again.id_of(root / "inner" / ".." / "b.mp4") == ident
    (root.parent / "ids.jsonl").unlink()
    with pytest.raises(UnreadableInput, match="open its folder again"):
        places_at(root).path_of(ident)


def test_a_line_that_was_not_written_whole_is_left_out(root: Path) -> None:
    ident = places_at(root).id_of(root / "b.mp4")
    with (root.parent / "ids.jsonl").open("a") as file:
        file.write('["abc", "/x"\n7\n[]')
    assert places_at(root).path_of(ident) == root / "b.mp4"


def test_a_folder_is_listed_in_natural_order_without_what_cannot_be_used(root: Path) -> None:
    entries = places_at(root).listing(root)
    assert [(entry.name, entry.kind) for entry in entries] == [
        ("inner", "folder"), ("a9.png", "picture"), ("a10.png", "picture"), ("b.mp4", "film"),
        ("song.wav", "sound"), ("x.toml", "settings"),
    ]  # fmt: skip
    assert entries[1].size == 1 and entries[1].plain()["name"] == "a9.png"


def test_only_so_many_are_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places_module, "MOST_ENTRIES", 2)
    assert len(places_at(root).listing(root)) <= 2


def test_the_trail_ends_at_the_root(root: Path) -> None:
    trail = places_at(root).trail(root / "inner")
    assert [entry.name for entry in trail] == ["root", "inner"]


def test_links_count_by_what_they_lead_to(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(b"x")
    os.symlink(outside, root / "escape.png")
    os.symlink(root / "b.mp4", root / "inner" / "fine.mp4")
    os.symlink(root / "gone.mp4", root / "inner" / "broken.mp4")
    places = places_at(root)
    assert "escape.png" not in {entry.name for entry in places.listing(root)}
    assert [entry.name for entry in places.listing(root / "inner")] == ["fine.mp4"]
    with pytest.raises(UsageError, match="outside of the folders"):
        places.id_of(root / "escape.png")
    assert not places.holds(root / "escape.png") and places.holds(root / "inner" / "fine.mp4")


def test_a_file_that_becomes_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    places = places_at(root)
    ident = places.id_of(root / "b.mp4")
    (root / "b.mp4").unlink()
    with pytest.raises(UnreadableInput, match="moved or deleted"):
        places.path_of(ident)
    (tmp_path / "o.mp4").write_bytes(b"x")
    os.symlink(tmp_path / "o.mp4", root / "b.mp4")
    with pytest.raises(UnreadableInput, match="outside of the folders"):
        places.path_of(ident)


def test_a_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    os.symlink(root, tmp_path / "link")
    places = Places((tmp_path / "link",), tmp_path / "ids")
    assert places.roots == (root,)
    assert [entry.name for entry in places.trail(root)] == ["root"]


def test_paths_beside_a_root_are_not_in_it(root: Path) -> None:
    (root.parent / "root2").mkdir()
    (root.parent / "root2" / "a.png").write_bytes(b"x")
    with pytest.raises(UsageError):
        places_at(root).id_of(root.parent / "root2" / "a.png")


def test_names_that_are_not_unicode(root: Path) -> None:
    odd = root / os.fsdecode(b"\xff.png")
    odd.write_bytes(b"x")
    ident = places_at(root).id_of(odd)
    assert places_at(root).path_of(ident) == odd


def test_kinds() -> None:
    kinds = [kind_of(Path(name)) for name in ("A.PNG", "a.mkv", "a.csv", "a.svg", "a.zip", "a")]
    assert kinds == ["picture", "film", "curve", None, None, None]
