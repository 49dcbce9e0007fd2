"""Batches: what is found, its settings and its name, and what is known to be done."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tiny import dream_tiny, texture

from dreamvid.commands import batch
from dreamvid.commands.batch import (
    Item,
    Look,
    changes,
    check_out,
    dream_item,
    find_items,
    fitting,
    target_of,
)
from dreamvid.errors import OutputExists, UnreadableInput, UsageError
from dreamvid.image import read_picture, save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence.progress import ignore
from dreamvid.settings.models import ImageSettings, VideoSettings

QUICK = {"dream": {"octaves": 1, "iterations": 1}}


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.chdir(tmp_path)


def files(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def write_film(path: Path, frames: int = 3) -> Path:
    with VideoWriter(path, like=FilmInfo.plain(64, 48, Fraction(25)), overwrite=True) as out:
        for t in range(frames):
            out.write(texture(dx=2 * t), Fraction(t, 25))
    return path


def names(*sources: str, out: str = "out") -> dict[str, str]:
    return {
        item.source.as_posix(): item.place.as_posix() for item in find_items(sources, Path(out))
    }


def test_folders_are_mirrored_without_what_is_hidden_or_of_another_kind() -> None:
    files("src/a.mp4", "src/b/c.JPG", "src/.hid/d.png", "src/.e.png", "src/f.txt", "src/a.mp4.toml")
    assert names("src") == {"src/a.mp4": "out/a.mp4", "src/b/c.JPG": "out/b/c.JPG"}
    assert names("src", "src") == names("src")


def test_patterns_are_mirrored_from_their_first_wild_part() -> None:
    files("src/a.mp4", "src/b/c.mp4", "src/b/d.png")
    assert names("src/**/*.mp4") == {"src/a.mp4": "out/a.mp4", "src/b/c.mp4": "out/b/c.mp4"}
    assert names("src/*/*.png") == {"src/b/d.png": "out/b/d.png"}
    assert names("nothing/*.png") == {}


def test_files_are_taken_by_name_even_if_it_looks_like_a_pattern() -> None:
    files("src/a[1].mp4", "src/strange.xyz")
    assert names("src/a[1].mp4", "src/strange.xyz") == {
        "src/a[1].mp4": "out/a[1].mp4",
        "src/strange.xyz": "out/strange.xyz",
    }
    with pytest.raises(UnreadableInput, match="no such file"):
        find_items(["src/gone.mp4"], Path("out"))


def test_dreams_inside_the_folder_are_not_dreamed_again() -> None:
    files("src/a.mp4", "src/dreams/a.mp4")
    assert names("src", out="src/dreams") == {"src/a.mp4": "src/dreams/a.mp4"}
    assert names("src/dreams", out="src") == {"src/dreams/a.mp4": "src/a.mp4"}


def test_two_sources_of_one_name_are_refused() -> None:
    files("x/a.mp4", "y/a.mp4")
    with pytest.raises(UsageError, match="would have the same dream"):
        find_items(["x", "y"], Path("out"))


def test_dreams_do_not_go_onto_their_sources_or_a_file() -> None:
    files("src/a.mp4")
    check_out(["src"], Path("out"))
    for out, says in (("src", "folder of the sources"), ("src/a.mp4", "not a folder")):
        with pytest.raises(UsageError, match=says):
            check_out(["src"], Path(out))


@pytest.mark.parametrize(
    ("name", "output", "target"),
    [
        ("a.mp4", {}, "a.mp4"),
        ("a.MOV", {}, "a.MOV"),
        ("a.avi", {}, "a.avi.mp4"),
        ("a.mp4", {"codec": "prores"}, "a.mp4.mov"),
        ("a.gif", {}, "a.gif"),
        ("a.mp4", {"codec": "png"}, "a.mp4_%05d.png"),
        ("a.jpg", {}, "a.jpg"),
        ("a.dpx", {}, "a.dpx.png"),
    ],
)
def test_a_suffix_that_cannot_be_written_is_followed_by_one_that_can(
    name: str, output: dict[str, str], target: str
) -> None:
    item = Item(Path(name), Path("out") / name)
    look = Look.checked({"output": output}, None)
    assert target_of(item, look.of(item)) == Path("out") / target


def test_one_look_fits_films_and_pictures() -> None:
    values = {"dream": {"strength": 2}, "motion": {"stability": 0.5}, "picture": {"width": 32},
              "film": {"frames": 2}, "region": [{"mask": "inside:0,0,1,1"}]}  # fmt: skip
    look = Look.checked(values, None)
    film, picture = look.of(Item(Path("a.mp4"), Path("b"))), look.of(Item(Path("a.png"), Path("b")))
    assert isinstance(film, VideoSettings) and isinstance(picture, ImageSettings)
    assert (film.dream.strength, film.motion.stability, film.film.frames) == (2, 0.5, 2)
    assert (picture.dream.strength, picture.picture.width) == (2, 32)
    assert len(film.region) == len(picture.region) == 1
    assert "picture" not in fitting(values, VideoSettings)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"nosuch": {"a": 1}}, "look.toml: nosuch"),
        ({"dream": {"nosuch": 1}}, "look.toml: dream.nosuch"),
        ({"camera": {"zoom": 2}}, "look.toml: camera"),
        ({"film": {"frames": 0}}, "look.toml: film.frames"),
        ({"picture": {"width": "x"}}, "look.toml: picture.width"),
    ],
)
def test_a_wrong_look_is_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Look.checked(values, Path("look.toml"))


def test_a_file_beside_a_source_changes_its_settings_alone() -> None:
    files("a.mp4", "b.mp4")
    Path("a.mp4.toml").write_text("[dream]\nstrength = 3\n")
    look = Look.checked({"dream": {"strength": 2, "seed": 5}}, None)
    for name, strength in (("a.mp4", 3), ("b.mp4", 2)):
        found = look.of(Item(Path(name), Path("out") / name)).dream
        assert (found.strength, found.seed) == (strength, 5)
    Path("a.mp4.toml").write_text("[dream]\nstrength = -3\n")
    with pytest.raises(UsageError, match=r"a\.mp4\.toml: dream\.strength"):
        look.of(Item(Path("a.mp4"), Path("out")))


@pytest.mark.parametrize("name", ["a.mkv", "a.png"])
def test_what_is_done_is_known_by_its_source_and_settings(name: str) -> None:
    source = Path(name)
    if name == "a.png":
        save_image(source, to_image(texture()))
    else:
        write_film(source)
    item, look = Item(source, Path("out/sub") / name), Look.checked(QUICK, None)
    target, result = dream_item(item, look, overwrite=False, on_progress=ignore)
    assert target == item.place and result is not None
    assert changes(item, look.of(item), target) == ""
    before = target.read_bytes()
    assert dream_item(item, look, overwrite=True, on_progress=ignore) == (target, None)
    other = Look.checked({"dream": {"octaves": 1, "iterations": 2}}, None)
    with pytest.raises(OutputExists, match=r"otherwise \(dream\.iterations\)"):
        dream_item(item, other, overwrite=False, on_progress=ignore)
    assert target.read_bytes() == before
    assert dream_item(item, other, overwrite=True, on_progress=ignore)[1] is not None
    assert target.read_bytes() != before
    source.write_bytes(source.read_bytes() + b"more")
    assert changes(item, other.of(item), target) == "the source"


def test_what_was_decided_for_the_network_is_no_change() -> None:
    write_film(Path("a.mkv"))
    item, look = Item(Path("a.mkv"), Path("out.mkv")), Look.checked({}, None)
    dream_item(item, look, overwrite=False, on_progress=ignore)
    assert 'layer = [\n    "two",\n]' in Path("out.mkv.dreamvid.toml").read_text()
    assert changes(item, look.of(item), item.place) == ""
    asked = Look.checked({"dream": {"layer": "one"}}, None)
    assert changes(item, asked.of(item), item.place) == "dream.layer"


def test_a_dream_of_unknown_origin_is_kept() -> None:
    save_image("a.png", to_image(texture()))
    item, look = Item(Path("a.png"), Path("out.png")), Look.checked(QUICK, None)
    assert changes(item, look.of(item), item.place) is None
    save_image("out.png", to_image(texture(1)))
    for text in (None, "not toml [", "[nosuch]\na = 1\n"):
        if text is not None:
            Path("out.png.dreamvid.toml").write_text(text)
        with pytest.raises(OutputExists, match="no sidecar"):
            dream_item(item, look, overwrite=False, on_progress=ignore)
    assert (read_picture("out.png") == texture(1)).all()


def test_the_suffixes_of_films_and_pictures_are_apart() -> None:
    assert not batch.FILM_SUFFIXES & batch.STILL_SUFFIXES
    assert Item(Path("a.GIF"), Path("b")).is_film
    assert not Item(Path("a.JPG"), Path("b")).is_film
