"""Sidecars: paths that hold when files are moved, and digests of sources."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from dreamvid.commands import sidecar
from dreamvid.commands.sidecar import digest, digest_of, made_of, origin, picture_digests, versions
from dreamvid.errors import UnreadableInput
from dreamvid.settings import versions as packages
from dreamvid.settings.loops import FilmLoop
from dreamvid.settings.toml import read_toml


def row(folder: Path, **contents: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.png").write_bytes(content)
    return folder


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"film")
    assert digest(tmp_path / "a.mp4") == hashlib.sha256(b"film").hexdigest()
    assert digest(tmp_path / "gone.mp4") == ""


def test_a_row_has_the_digest_of_its_names_and_bytes(tmp_path: Path) -> None:
    folder = row(tmp_path / "in", f1=b"one", f2=b"two")
    found = picture_digests(folder)
    assert found == {
        0: ("f1.png", hashlib.sha256(b"one").hexdigest()),
        1: ("f2.png", hashlib.sha256(b"two").hexdigest()),
    }
    assert digest(folder) == digest_of(found)
    first = digest(folder)
    row(folder, f2=b"tow")
    second = digest(folder)
    (folder / "f2.png").rename(folder / "f3.png")
    assert len({first, second, digest(folder)}) == 3


def test_the_digest_of_a_pattern_is_that_of_its_pictures_only(tmp_path: Path) -> None:
    folder = row(tmp_path / "in", f1=b"one", f2=b"two", cover=b"x")
    before = digest(folder / "f%d.png")
    row(folder, cover=b"y")
    assert digest(folder / "f%d.png") == before


def test_pictures_that_cannot_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sidecar, "sha256", refuse)
    for source in (row(tmp_path / "in", f1=b"one"), tmp_path / "in" / "f1.png"):
        with pytest.raises(UnreadableInput, match=r"cannot be read \(Permission denied\)"):
            digest(source)


def test_the_source_is_told_relative_to_the_sidecar_and_in_full(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "a.mp4").write_bytes(b"film")
    made = origin(tmp_path / "a.mp4", tmp_path / "made" / "dream.mp4")
    assert made["source"] == "../a.mp4"
    assert made["source_absolute"] == os.path.realpath(tmp_path / "a.mp4")
    assert made["source_sha256"] == digest(tmp_path / "a.mp4")


def test_a_digest_that_is_known_is_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"film")
    monkeypatch.setattr(sidecar, "digest", None)
    assert origin(tmp_path / "a.mp4", tmp_path / "b.mp4", "known")["source_sha256"] == "known"
    assert origin(tmp_path / "a.mp4", tmp_path / "b.mp4", "")["source_sha256"] == ""


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.mp4").write_bytes(b"film")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "real" / "a.mp4")
    made = origin(tmp_path / "link.mp4", tmp_path / "dream.mp4")
    assert made["source"] == "real/a.mp4"


def test_the_versions_of_all_that_decides_the_bytes_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert set(versions()) > {"python", "torch", "av", "opencv-python", "imageio-ffmpeg"}
    assert "?" not in versions().values()

    def unknown(name: str) -> str:
        raise packages.PackageNotFoundError(name)

    monkeypatch.setattr(packages, "version", unknown)
    assert set(versions().values()) - {"?"} == {versions()["python"]}


def test_the_sidecar_of_a_joined_film_can_be_read_back(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"film")
    settings = FilmLoop.checked({"loop": {"fade": 7}, "clip": {"background": "white"}})
    text = made_of(settings, tmp_path / "a.mp4", output=tmp_path / "b.mp4")
    (tmp_path / "b.toml").write_text(text)
    tables = read_toml(tmp_path / "b.toml")
    assert tables.pop("made")["source"] == "a.mp4"
    assert FilmLoop.checked(tables) == settings
