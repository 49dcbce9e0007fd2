"""Folders of pictures: classes, bad files, crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dreamvid.bestiary.training import pictures
from dreamvid.bestiary.training.pictures import LARGEST, SMALLEST, read_pictures
from dreamvid.errors import UnreadableInput
from dreamvid.image import save_image


def fill(folder: Path, count: int, *, size: tuple[int, int] = (40, 60)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        save_image(folder / f"{k}.png", torch.full((3, *size), k / 20))
    return folder


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    fill(tmp_path / "suns", 6)
    fill(tmp_path / "fans", 3)
    (tmp_path / "notes").mkdir()
    found = read_pictures(tmp_path)
    assert found.labels == ("fans", "suns")
    assert found.classes == (0,) * 3 + (1,) * 6
    assert found.pictures[0].shape == (40, 60, 3) and found.pictures[0].dtype == np.uint8


def test_without_classes_every_picture_is_one(tmp_path: Path) -> None:
    found = read_pictures(fill(tmp_path, 9))
    assert len(found.labels) == 9 and found.classes == tuple(range(9))


def test_the_sheet_of_the_training_itself_is_no_picture(tmp_path: Path) -> None:
    names = read_pictures(fill(tmp_path, 9)).labels
    (tmp_path / "out").mkdir()
    save_image(tmp_path / "out" / "mine.sheet.png", torch.zeros(3, 8, 8))  # else a class of its own
    sheet = tmp_path / "out" / ".." / "out" / "mine.sheet.png"
    assert read_pictures(tmp_path, sheet=sheet).labels == names


def test_bad_pictures_are_left_out_and_reported(tmp_path: Path) -> None:
    fill(tmp_path, 8)
    (tmp_path / "bad.jpg").write_text("no picture")
    (tmp_path / "read.me").write_text("no picture either, and nobody would think so")
    told: list[tuple[str, str]] = []
    found = read_pictures(tmp_path, skipped=lambda path, why: told.append((path.name, why)))
    assert len(found.pictures) == len(found.labels) == 8
    assert [name for name, _ in told] == ["bad.jpg"] and "not a readable picture" in told[0][1]


def test_too_few_pictures_are_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"only 7 images.*at least 8"):
        read_pictures(fill(tmp_path / "few", 7))
    with pytest.raises(UnreadableInput, match="no such folder"):
        read_pictures(tmp_path / "none")


def test_large_pictures_are_reduced_small_ones_left(tmp_path: Path) -> None:
    fill(tmp_path / "large", 4, size=(2 * LARGEST, 3 * LARGEST))
    fill(tmp_path / "small", 4, size=(30, 20))
    sizes = {picture.shape[:2] for picture in read_pictures(tmp_path).pictures}
    assert sizes == {(LARGEST, LARGEST * 3 // 2), (30, 20)}


def test_very_many_pictures_are_kept_smaller() -> None:
    assert pictures._side(10) == LARGEST and pictures._side(10**7) == SMALLEST
    for count in (12_000, 30_000):
        assert count * 3 * 1.5 * pictures._side(count) ** 2 <= pictures.ROOM


def test_every_class_is_as_frequent_whatever_its_pictures(tmp_path: Path) -> None:
    fill(tmp_path / "many", 12)
    fill(tmp_path / "one", 1)
    composer = read_pictures(tmp_path).composer(size=32, seed=3)
    batch = composer.batch(300)
    assert batch.pictures.shape == (300, 32, 32, 3) and batch.pictures.dtype == np.uint8
    assert set(np.unique(batch.targets)) == {0, 1} and (batch.targets.sum(1) == 1).all()
    assert 110 < batch.targets[:, 1].sum() < 190


def test_crops_have_other_grounds(tmp_path: Path) -> None:
    batch = read_pictures(fill(tmp_path, 12)).composer(size=32, seed=1).batch(200)
    assert batch.grounds.shape == batch.pictures.shape and batch.grounds.dtype == np.uint8
    means = batch.grounds.mean((1, 2)).std(0)
    assert (means > 20).all()
    detail = batch.grounds.astype(float).std((1, 2)).max(1)
    assert 0.05 < (detail < 8).mean() < 0.7  # flat, or nearly
    assert (detail > 8).mean() > 0.3
    assert batch.pictures.astype(float).std((1, 2)).max() < 12  # grain alone: they are flat
    assert np.ptp(batch.pictures.mean((1, 2)), axis=1).max() < 12  # and keep their colour


def test_the_same_seed_gives_the_same_crops(tmp_path: Path) -> None:
    found = read_pictures(fill(tmp_path, 8))
    first, again, other = (found.composer(size=24, seed=s).batch(4).pictures for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
