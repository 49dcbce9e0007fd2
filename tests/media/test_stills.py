"""Rows of pictures as films: places, gaps, errors."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from dreamvid.errors import UnreadableInput
from dreamvid.media import stills
from dreamvid.media.stills import DEFAULT_RATE, StillsDecoder, decode_error, load_still


def fill(folder: Path, *names: str, size: tuple[int, int] = (20, 10)) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", size).save(folder / name)
    return folder


def test_a_row_states_its_facts(tmp_path: Path) -> None:
    fill(tmp_path, "f_1.png", "f_2.png", "f_4.png")
    facts = StillsDecoder(tmp_path / "f_%d.png", Fraction(24000, 1001)).facts
    assert (facts.frames, facts.counted, facts.variable) == (4, True, False)
    assert facts.duration == 4 * Fraction(1001, 24000) and facts.time_base == Fraction(1, 24000)
    assert StillsDecoder(tmp_path).facts.rate == DEFAULT_RATE == 24


@pytest.mark.parametrize(
    ("since", "times", "lost"),
    [
        (None, [0, 1, 3], 1),
        ("0", [0, 1, 3], 1),
        ("1/24", [1, 3], 1),
        ("0.05", [3], 1),
        ("0.1", [3], 0),
        ("9", [], 0),
    ],
)
def test_a_gap_in_a_pattern_is_a_lost_frame(
    tmp_path: Path, since: str | None, times: list[int], lost: int
) -> None:
    fill(tmp_path, "f_1.png", "f_2.png", "f_4.png")
    decoder = StillsDecoder(tmp_path / "f_%d.png")
    start = None if since is None else Fraction(since)
    assert [time * 24 for time, _ in decoder.frames(start)] == times
    assert decoder.damage.lost == lost and decoder.damage.files == []
    decoder.close()


def test_a_gap_in_a_folder_is_closed_and_said(tmp_path: Path) -> None:
    fill(tmp_path, *(f"f_{n:03d}.png" for n in (1, 2, 3, 4, 7, 8, 9, 10)))
    decoder = StillsDecoder(tmp_path)
    assert decoder.facts.frames == len(list(decoder.frames())) == 8
    assert decoder.facts.notes == ("2 images are missing, the first number 5: the gap is skipped",)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((1, 2, 3, 5), "1 image is missing, the first number 4: the gap is skipped"),
        ((1, 3, 5, 7, 9), None),  # every second image
        ((1700, 1809, 2044), None),  # times
        ((7,), None),
    ],
)
def test_only_seldom_gaps_are_gaps(numbers: tuple[int, ...], said: str | None) -> None:
    files = [Path(f"f_{number}.png") for number in numbers]
    assert stills._gaps(files) == ((said,) if said else ())


def test_images_of_other_names_are_left_out_and_named(tmp_path: Path) -> None:
    fill(tmp_path, "f_1.png", "f_2.png", "f_3.png", "cover.jpg", "depth_1.png")
    assert StillsDecoder(tmp_path).facts.notes == (
        "2 other images are left out: cover.jpg, depth_1.png",
    )
    (tmp_path / "cover.jpg").unlink()
    assert StillsDecoder(tmp_path).facts.notes[0] == "1 other image is left out: depth_1.png"


def test_an_unreadable_image_is_a_lost_frame_with_a_name(tmp_path: Path) -> None:
    fill(tmp_path, "f_1.png", "f_2.png", "f_3.png")
    whole = (tmp_path / "f_2.png").read_bytes()
    (tmp_path / "f_2.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "f_3.png").write_bytes(b"")
    decoder = StillsDecoder(tmp_path)
    assert len(list(decoder.frames())) >= 1
    assert "f_3.png" in decoder.damage.files and decoder.damage.lost == len(decoder.damage.files)


def test_a_row_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UnreadableInput, match=r"no images found; give \.bmp, \.dpx"):
        StillsDecoder(tmp_path)


def test_an_image_replaced_by_another_size_meanwhile_is_an_error(tmp_path: Path) -> None:
    fill(tmp_path, "f_1.png", "f_2.png")
    decoder = StillsDecoder(tmp_path)
    fill(tmp_path, "f_2.png", size=(20, 12))
    with pytest.raises(UnreadableInput, match=r"f_2\.png: the image is 20x12 now"):
        list(decoder.frames())


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.tif", "a.ppm"])
def test_every_kind_of_still_is_loaded(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (20, 10), (200, 100, 50)).save(tmp_path / name)
    frame = load_still(tmp_path / name)
    assert (frame.width, frame.height) == (20, 10)


@pytest.mark.parametrize("content", [b"no picture", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_still_is_refused_in_a_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableInput) as caught:
        load_still(tmp_path / "a.png")
    assert "a.png: not a readable" in str(caught.value) and "\n" not in str(caught.value)


def test_a_film_without_frames_says_what_to_do(tmp_path: Path) -> None:
    film = decode_error(tmp_path / "a.mkv")
    assert str(film).endswith("no frame can be decoded; export it again")
    Image.new("RGB", (20, 10)).save(tmp_path / "a.png")
    odd = decode_error(tmp_path / "a.png")
    assert "this PNG cannot be read as a film (animated, or an unusual variant)" in str(odd)
    (tmp_path / "b.png").write_bytes(b"no picture")
    assert "not a readable picture" in str(decode_error(tmp_path / "b.png"))
