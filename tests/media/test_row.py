"""Which pictures of a folder make a film."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from dreamvid.errors import UnreadableInput
from dreamvid.media.row import check_headers, folder_rows, listed, sequence_files


def fill(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


@pytest.mark.parametrize(
    ("names", "row"),
    [
        (["b.png", "a.png", "note.txt", ".hidden.png"], ["a.png", "b.png"]),
        (["f10.png", "f9.png", "f100.png"], ["f9.png", "f10.png", "f100.png"]),
        (["f1.png", "F2.PNG"], ["f1.png", "F2.PNG"]),
        (["01-02 10.00.png", "01-02 9.59.png"], ["01-02 9.59.png", "01-02 10.00.png"]),
        (["only.png"], ["only.png"]),
        ([], []),
        (["a1.png", "a2.png", "b1.png", "b2.png", "b3.png"], ["b1.png", "b2.png", "b3.png"]),
        (["a1.tif", "a2.tiff", "a3.TIF"], ["a1.tif", "a2.tiff", "a3.TIF"]),
    ],
)
def test_one_row_is_taken_in_natural_order(
    tmp_path: Path, names: list[str], row: list[str]
) -> None:
    fill(tmp_path, *names)
    taken, others = folder_rows(tmp_path)
    assert [path.name for path in taken] == row
    images = [name for name in names if not name.startswith(".") and not name.endswith(".txt")]
    assert sorted(path.name for path in [*taken, *others]) == sorted(images)


def test_the_frames_of_a_pattern_are_counted_from_its_first_number(tmp_path: Path) -> None:
    fill(tmp_path, "f_08.png", "f_10.png", "f_9.png", "f_011.png", "f_12.jpg", "g_11.png")
    found = sequence_files(tmp_path / "f_%02d.png")
    assert {n: path.name for n, path in found.items()} == {0: "f_08.png", 2: "f_10.png"}
    assert [path.name for path in sequence_files(tmp_path / "f_%d.png").values()] == [
        "f_9.png",
        "f_10.png",
    ]


def test_a_percent_sign_in_a_pattern_is_doubled(tmp_path: Path) -> None:
    fill(tmp_path, "100%_1.png", "100%_2.png")
    assert len(sequence_files(tmp_path / "100%%_%d.png")) == 2
    assert sequence_files(tmp_path / "gone" / "%d.png") == {}


@pytest.mark.parametrize(
    ("count", "told"), [(1, "0"), (5, "0, 1, 2, 3, 4"), (8, "0, 1, 2, 3, 4 and 3 more")]
)
def test_a_few_names_are_listed(count: int, told: str) -> None:
    assert listed([str(n) for n in range(count)]) == told


def test_sizes_that_agree_and_files_without_a_header_pass(tmp_path: Path) -> None:
    files = fill(tmp_path, "1.png", "2.png", "3.png")
    check_headers(files, tmp_path)  # nothing can be read: told later, as damage
    for path in files[:2]:
        Image.new("RGB", (8, 6)).save(path)
    check_headers(files, tmp_path)
    Image.new("L", (6, 8)).save(files[2])
    with pytest.raises(UnreadableInput, match=r"1 of 3 images are not 8x6, .*: 3\.png \(6x8\);"):
        check_headers(files, tmp_path)


def test_a_picture_beyond_pillow_s_limit_is_measured_by_its_header(tmp_path: Path) -> None:
    Image.new("1", (13000, 13000)).save(tmp_path / "1.png")
    Image.new("1", (12000, 13000)).save(tmp_path / "2.png")
    with pytest.raises(UnreadableInput, match=r"2\.png \(12000x13000\)"):
        check_headers([tmp_path / "1.png", tmp_path / "2.png"], tmp_path)


def test_one_transparent_picture_makes_a_row_transparent(tmp_path: Path) -> None:
    files = [tmp_path / f"{n}.png" for n in range(3)]
    for file in files:
        Image.new("RGB", (20, 10)).save(file)
    assert not check_headers(files, tmp_path)
    Image.new("RGBA", (20, 10)).save(files[1])
    assert check_headers(files, tmp_path)
    palette = Image.new("P", (20, 10))
    palette.save(files[1], transparency=0)
    assert check_headers(files, tmp_path)
