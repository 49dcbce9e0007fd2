"""The border between arrays and images, and pictures on the disk."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dreamvid import image as border
from dreamvid.errors import DiskFull, DreamvidError, UnreadableInput, UsageError
from dreamvid.image import (
    colour_levels,
    eight_bits,
    filled,
    jpeg,
    laid_over,
    load_image,
    picture_format,
    read_layers,
    read_picture,
    save_image,
    to_array,
    to_image,
    with_alpha,
)

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.mark.parametrize("kind, bits", [(np.uint8, 8), (np.uint16, 16)])
def test_arrays_survive_the_border_to_the_bit(kind: type, bits: int) -> None:
    top = np.iinfo(kind).max
    array = np.arange(top + 1, dtype=np.uint32).astype(kind)[: 3 * 64 * ((top + 1) // 192)]
    array = np.concatenate([array, np.full(192, top, kind)]).reshape(-1, 64, 3)
    image = to_image(array)
    assert image.dtype == torch.float32 and image.shape == (3, *array.shape[:2])
    assert image.is_contiguous() and image.min() == 0 and image.max() == 1
    back = to_array(image, bits)
    assert back.dtype == kind and np.array_equal(back, array)


def test_an_image_has_its_planes_in_the_order_red_green_blue() -> None:
    array = np.zeros((2, 3, 3), np.uint8)
    array[1, 2] = (255, 51, 0)
    assert torch.allclose(to_image(array)[:, 1, 2], torch.tensor([1.0, 0.2, 0.0]))


def test_values_are_clipped_and_rounded_to_the_nearest_level() -> None:
    values = torch.tensor([-0.5, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.7])
    assert to_array(values.expand(3, 1, 5))[0, :, 0].tolist() == [0, 0, 1, 255, 255]


def test_an_array_is_a_copy() -> None:
    image = torch.zeros(3, 4, 4)
    array = to_array(image)
    array[:] = 9
    source = np.zeros((4, 4, 3), np.uint8)
    to_image(source)[:] = 1
    assert image.max() == 0 and source.max() == 0


def test_a_picture_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    for name in ("a.png", "b.PNG", "c.bmp", "d.tiff"):
        save_image(tmp_path / name, to_image(PICTURE))
        assert np.array_equal(to_array(load_image(tmp_path / name)), PICTURE)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_lossy_formats_come_close(name: str, tmp_path: Path) -> None:
    smooth = torch.linspace(0, 1, 64).expand(3, 64, 64)
    save_image(str(tmp_path / name), smooth)
    assert (load_image(tmp_path / name) - smooth).abs().mean() < 0.02


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_every_kind_of_picture_becomes_rgb(mode: str, tmp_path: Path) -> None:
    path = tmp_path / ("a.tiff" if mode in ("CMYK",) else "a.png")
    if mode == "I;16":
        ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
        Image.fromarray(ramp).save(path)
    else:
        Image.linear_gradient("L").resize((64, 64)).convert(mode).save(path)
    image = load_image(path)
    assert image.shape == (3, 64, 64)
    assert 0.45 < image.mean() < 0.55 and image.min() < 0.02 and image.max() > 0.98


def test_grey_pictures_keep_their_16_bits(tmp_path: Path) -> None:
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    assert np.array_equal(to_array(load_image(tmp_path / "a.png"), 16)[..., 1], ramp)


@pytest.mark.parametrize("tag, corner", [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))])
def test_pictures_are_turned_upright(tag: int, corner: tuple[int, int], tmp_path: Path) -> None:
    array = np.zeros((8, 16, 3), np.uint8)
    array[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = tag
    Image.fromarray(array).save(tmp_path / "a.png", exif=exif)
    image = load_image(tmp_path / "a.png")
    assert image.shape == ((3, 16, 8) if tag > 4 else (3, 8, 16))
    assert image[:, corner[0], corner[1]].min() == 1


def test_names_of_any_kind_can_be_used(tmp_path: Path) -> None:
    for name in ("-dash.png", "a b.png", 'it\'s "so".png', "c:d.png", "Grüße 夢.png", "%d.png"):
        save_image(tmp_path / name, to_image(PICTURE))
        assert np.array_equal(to_array(load_image(tmp_path / name)), PICTURE)


def bomb(side: int) -> bytes:
    """A PNG that claims to be `side` x `side`."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    data = zlib.compress(bytes(10))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [12300, 13500, 60000])
def test_a_picture_too_large_is_refused_before_it_is_read(side: int, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(bomb(side))
    with pytest.raises(UnreadableInput, match=r"more than 150,000,000 pixels; shrink it first"):
        load_image(path)


def test_what_is_no_picture_is_said_in_a_line(tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    save_image(whole, to_image(PICTURE))
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:700])
    (tmp_path / "claims.png").write_bytes(bomb(1000))
    for path in ("text.png", "empty.png", "cut.png", "claims.png", "."):
        with pytest.raises(UnreadableInput, match="not a readable picture"):
            load_image(tmp_path / path)
    with pytest.raises(UnreadableInput, match=r"gone\.png: no such file; check the path"):
        load_image(tmp_path / "gone.png")


@pytest.mark.parametrize("name", ["a", "a.xyz", "a.psd", "a.mp4", ".png"])
def test_a_format_that_cannot_be_written_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"(unknown picture format|no file extension).* use \.png"):
        save_image(tmp_path / name, to_image(PICTURE))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["xbm", "msp", "palm", "h5", "hdf", "wmf"])
def test_a_format_without_colours_or_a_writer_is_reported_before_the_dream(suffix: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be written \(.*\); use \.png"):
        picture_format(f"a.{suffix}")


def test_a_picture_too_wide_for_its_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DreamvidError):
        save_image(tmp_path / "a.webp", torch.zeros(3, 1, 20000))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_reported_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(DreamvidError, match=r"cannot be written \(No such file"):
        save_image(tmp_path / "gone" / "a.png", to_image(PICTURE))


def test_a_failed_save_leaves_the_old_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    save_image(path, to_image(PICTURE))
    before = path.read_bytes()

    def full(file: Path, data: bytes) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DiskFull):
        save_image(path, torch.zeros(3, 4, 4))
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_saved_picture_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    save_image(tmp_path / "a.png", to_image(PICTURE))
    (tmp_path / "plain").touch()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_limit_leaves_room_for_8k_by_8k_twice() -> None:
    assert 2 * 8192 * 8192 < border.MAX_PIXELS < 2 * (Image.MAX_IMAGE_PIXELS or 0)


def over_magenta(kind: type = np.uint8) -> np.ndarray:
    """A green square, opaque in the middle, half opaque around it, on clear magenta [24, 32, 4]."""
    top = np.iinfo(kind).max
    rgba = np.full((24, 32, 4), (top, 0, top, 0), kind)
    rgba[6:18, 8:24] = (0, top, 0, top // 2)
    rgba[8:16, 10:22] = (0, top, 0, top)
    return rgba


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("background", "clear", "half"),
    [(None, (0, 0, 0), (0, 127, 0)), ("white", (255,) * 3, (128, 255, 128))],
)
def test_a_picture_is_laid_over_a_colour(
    kind: type, background: str | None, clear: tuple[int, ...], half: tuple[int, ...]
) -> None:
    laid, unit = laid_over(over_magenta(kind), background), np.iinfo(kind).max // 255
    assert laid.dtype == kind and laid.shape == (24, 32, 3)
    assert laid[0, 0].tolist() == [unit * level for level in clear]
    assert np.abs(laid[7, 9].astype(int) - np.array(half) * unit).max() <= unit
    assert laid[12, 16].tolist() == [0, np.iinfo(kind).max, 0]


def test_an_opaque_picture_is_laid_over_nothing() -> None:
    assert laid_over(PICTURE, "white") is PICTURE


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_clear_areas_are_filled_with_the_colours_around_them(kind: type) -> None:
    made = filled(over_magenta(kind))
    assert made.dtype == kind and made.flags.c_contiguous
    assert np.abs(made.astype(float) - (0, np.iinfo(kind).max, 0)).max() <= 1


def test_filling_takes_the_nearer_colour_and_is_smooth() -> None:
    rgba = np.zeros((32, 64, 4), np.uint8)
    rgba[:, :8], rgba[:, 56:] = (200, 0, 0, 255), (0, 0, 200, 255)
    row = filled(rgba)[16].astype(int)
    assert row[10, 0] > row[10, 2] and row[53, 2] > row[53, 0]
    assert np.abs(np.diff(row, axis=0)).max() < 60


def test_filling_changes_nothing_that_can_be_seen() -> None:
    rng = np.random.default_rng(1)
    rgba = rng.integers(0, 256, (37, 53, 4), np.uint8)
    rgba[rng.random((37, 53)) < 0.5, 3] = 0
    seen = rgba[..., 3] > 0
    assert np.array_equal(filled(rgba)[seen], rgba[seen][:, :3])
    hidden = rgba.copy()
    hidden[~seen, :3] = 77
    assert np.array_equal(filled(hidden), filled(rgba))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_a_picture_without_any_visible_pixel_becomes_black(shape: tuple[int, int]) -> None:
    rgba = np.full((*shape, 4), (255, 0, 255, 0), np.uint8)
    assert not filled(rgba).any() and filled(rgba).shape == (*shape, 3)


def test_an_image_takes_up_an_alpha_channel() -> None:
    image = torch.rand(3, 4, 5)
    for alpha in (np.full((4, 5), 51, np.uint8), np.full((4, 5), 13107, np.uint16)):
        layered = with_alpha(image, alpha)
        assert torch.equal(layered[:3], image) and layered.shape == (4, 4, 5)
        assert torch.allclose(layered[3], torch.tensor(0.2))


def test_layers_are_read_only_where_something_is_clear(tmp_path: Path) -> None:
    Image.fromarray(over_magenta()).save(tmp_path / "clear.png")
    opaque = over_magenta()
    opaque[..., 3] = 255
    Image.fromarray(opaque).save(tmp_path / "opaque.png")
    Image.fromarray(np.full((4, 4), 40000, np.uint16)).save(tmp_path / "grey.png")
    assert np.array_equal(read_layers(tmp_path / "clear.png"), over_magenta())
    assert np.array_equal(read_layers(tmp_path / "opaque.png"), opaque[..., :3])
    assert read_layers(tmp_path / "grey.png").shape == (4, 4, 3)
    assert read_picture(tmp_path / "clear.png")[0, 0].tolist() == [0, 0, 0]
    assert read_picture(tmp_path / "clear.png", "#010203")[0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("white", (255, 255, 255)),
        (" Red ", (255, 0, 0)),
        ("#20c040", (32, 192, 64)),
        ("#fff", (255, 255, 255)),
        ("#11223344", (17, 34, 51)),
        ("rgb(1, 2, 3)", (1, 2, 3)),
    ],
)
def test_colours_are_read_by_name_or_number(text: str, levels: tuple[int, int, int]) -> None:
    assert colour_levels(text) == levels


@pytest.mark.parametrize("text", ["", "whitish", "#12345", "255,0,0", "None", "0x20c040"])
def test_other_texts_are_no_colours(text: str) -> None:
    with pytest.raises(ValueError, match="must be a colour such as white or #20c040"):
        colour_levels(text)


def test_arrays_of_eight_bits() -> None:
    deep = np.array([[0, 255, 256, 65535]], np.uint16)
    assert eight_bits(deep).dtype == np.uint8 and eight_bits(deep).tolist() == [[0, 0, 1, 255]]
    assert eight_bits(same := eight_bits(deep)) is same


def test_a_jpeg_keeps_the_colours_that_are_asked_for() -> None:
    array = np.zeros((32, 32, 3), np.uint8)
    array[:, ::2, 0] = array[:, 1::2, 2] = 255

    def error(data: bytes) -> float:
        return float(np.abs(np.asarray(Image.open(io.BytesIO(data))).astype(float) - array).mean())

    plain, whole = jpeg(array, 95, comment=b"a word"), jpeg(array, 95, all_colours=True)
    assert error(whole) < 8 < error(plain)
    assert b"a word" in plain and b"a word" not in whole
