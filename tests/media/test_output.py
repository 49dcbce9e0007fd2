"""The output of a film: its names, its files, and what may not be overwritten."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from dreamvid.errors import DreamvidError, OutputExists, UsageError
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output

LIKE = FilmInfo.plain(64, 48, Fraction(25))


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch()


def test_names_derived_from_an_output() -> None:
    output = Output(Path("some/film.mp4"))
    assert output.sidecar == Path("some/film.mp4.dreamvid.toml")
    assert output.folder == Path("some") and output.format.name == "h264"
    assert Output(Path("a.gif"), "prores").format.name == "gif"


@pytest.mark.parametrize(
    ("name", "mine", "others"),
    [
        (
            "f_%03d.png",
            ("f_000.png", "f_012.png", "f_1234.png"),
            ("f_.png", "f_a.png", "g_001.png"),
        ),
        ("f%d.png", ("f0.png", "f99.png"), ("f.png", "f0.jpg", "ff0.png")),
        ("100%%_%d.png", ("100%_7.png",), ("100%%_7.png", "100_7.png")),
        ("a.b_%d.png", ("a.b_1.png",), ("axb_1.png",)),
    ],
)
def test_the_files_of_a_numbered_output_are_those_of_its_pattern(
    tmp_path: Path, name: str, mine: tuple[str, ...], others: tuple[str, ...]
) -> None:
    touch(tmp_path, *mine, *others)
    output = Output(tmp_path / name)
    assert sorted(file.name for file in output.files()) == sorted(mine)
    with pytest.raises(OutputExists, match="already exists; use another name, or -y"):
        output.check_new()
    Output(tmp_path / name, overwrite=True).check_new()


def test_a_film_is_one_file_even_as_a_dead_link(tmp_path: Path) -> None:
    output = Output(tmp_path / "film.mp4")
    assert output.files() == []
    output.check_new()
    (tmp_path / "film.mp4").symlink_to(tmp_path / "gone.mp4")
    assert output.files() == [tmp_path / "film.mp4"]
    with pytest.raises(OutputExists):
        output.check(None)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("film.xyz", {}, "h264 cannot be stored in a '.xyz' file"),
        ("film", {}, "the output name has no file extension"),
        ("film.mp4", {"codec": "nosuch"}, "unknown codec 'nosuch'"),
        ("film.mp4", {"codec": "vp9"}, "unknown codec 'vp9'; use webm"),
        ("film.mp4", {"codec": "prores"}, "prores cannot be stored in a '.mp4' file"),
        ("film.mov", {"codec": "prores", "crf": 9.0}, "prores has no crf setting"),
        ("film.mp4", {"crf": 52.0}, r"52 is outside 0..51"),
        ("film.mp4", {"alpha": True}, "h264 does not support transparency"),
        ("film.gif", {"repeat_to": Fraction(9)}, "gif already plays in a loop"),
        ("f_%d.png", {"repeat_to": Fraction(9)}, "png images cannot be repeated"),
        ("film.png", {}, "a single image file cannot hold all frames; use film_%05d.png"),
        ("gone/film.mp4", {}, "gone: no such folder"),
        ("in.mkv", {"codec": "ffv1"}, "the output is the source file"),
        ("sub", {}, "the output name has no file extension"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_made(
    tmp_path: Path, name: str, options: dict[str, object], says: str
) -> None:
    touch(tmp_path, "in.mkv")
    (tmp_path / "sub").mkdir()
    output = Output(tmp_path / name, overwrite=True, **options)  # type: ignore[arg-type]
    with pytest.raises(DreamvidError, match=says):
        output.check(tmp_path / "in.mkv")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.mkv", "sub"]


@pytest.mark.parametrize("source", ["in_%d.png", "", "in_1.png"])
def test_pictures_are_not_written_over_those_that_are_read(tmp_path: Path, source: str) -> None:
    touch(tmp_path, "in_1.png", "in_2.png")
    output = Output(tmp_path / "in_%d.png", overwrite=True)
    with pytest.raises(UsageError, match="the output is the source file"):
        output.check(tmp_path / source if source else tmp_path)
    Output(tmp_path / "out_%d.png").check(tmp_path / source if source else tmp_path)


def test_a_source_elsewhere_with_the_same_name_is_another_file(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    touch(tmp_path / "other", "film.mp4")
    touch(tmp_path, "film.mp4")
    Output(tmp_path / "film.mp4", overwrite=True).check(tmp_path / "other" / "film.mp4")


def test_the_staging_folder_lies_beside_the_output_and_is_removed(tmp_path: Path) -> None:
    output = Output(tmp_path / "100%d.mp4")
    with output.staging_dir() as folder:
        assert folder.parent == tmp_path and folder.name.startswith(".100d.mp4-")
        touch(folder, "draft")
    assert list(tmp_path.iterdir()) == []


def test_a_writer_takes_over_the_options(tmp_path: Path) -> None:
    output = Output(tmp_path / "film.mkv", "ffv1", overwrite=True)
    touch(tmp_path, "film.mkv")
    writer = output.writer(LIKE)
    writer.abort()
    with pytest.raises(OutputExists):
        Output(tmp_path / "film.mkv", "ffv1").writer(LIKE)
    assert [file.name for file in tmp_path.iterdir()] == ["film.mkv"]
