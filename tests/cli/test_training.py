"""The commands about learning: `renders`, `train`, `judge`."""

from __future__ import annotations

from dataclasses import replace

from cli_kit import dreamvid

from dreamvid.bestiary.training.trainer import Lesson
from dreamvid.cli.show import Show
from dreamvid.commands.train import as_progress
from dreamvid.image import load_image


def test_renders_are_drawn_the_same_for_the_same_seed(tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        told = dreamvid(
            "renders", "-o", tmp_path / f"{name}.png", "--classes", "owl,pagoda",
            "--seed", seed, "--cell", 64,
        )  # fmt: skip
        assert told.code == 0, told.err
    first, again, other = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert first == again != other
    assert min(load_image(tmp_path / "a.png").shape[1:]) > 64


def test_an_unknown_class_gets_near_misses(tmp_path):
    told = dreamvid("renders", "-o", tmp_path / "a.png", "--classes", "owll")
    assert told.code == 2 and "owl" in told.err
    assert not list(tmp_path.iterdir())


def test_training_needs_something_to_learn_from(tmp_path):
    out = tmp_path / "mine.safetensors"
    assert dreamvid("train", "-o", out).code == 2
    assert dreamvid("train", tmp_path, "--renders", "-o", out).code == 2
    told = dreamvid("train", tmp_path, "-o", out)
    assert told.code == 3 and "only 0 images" in told.err and "at least 8" in told.err
    told = dreamvid("train", tmp_path / "none", "-o", out)
    assert told.code == 3 and "no such folder" in told.err
    assert not list(tmp_path.iterdir())


def test_lessons_tell_how_well_gradients_are_aligned(capsys):
    lesson = Lesson(3, 144, 0.25, 96, 1.4, 0.81, 0.42, None)
    with Show(quiet=False, verbose=True) as show:
        for aligned in (None, 0.123):
            show.on_progress(as_progress(replace(lesson, aligned=aligned)))
    before, after = capsys.readouterr().err.splitlines()
    assert before.endswith("81% correct, 42% under attack")
    assert after.endswith("81% correct, 42% under attack, gradient alignment 0.12")


def test_numbers_that_cannot_be(tmp_path):
    for option in (("--minutes", "0"), ("--minutes", "nan"), ("--attack", "-1")):
        told = dreamvid("train", tmp_path, "-o", tmp_path / "a.safetensors", *option)
        assert told.code == 2, told.err
    told = dreamvid("renders", "-o", tmp_path / "a.png", "--seed", -1)
    assert (told.code, told.line) == (2, "dreamvid: seed: is -1; give 0 or more")


def test_judging_an_unknown_network():
    told = dreamvid("judge", "bestiarry")
    assert told.code == 2 and "bestiary" in told.err


def test_judging_tells_what_is_missing_before_the_work(tmp_path):
    for options, needle in (
        (("--photos", tmp_path / "none"), "none: no such folder; give a folder of images"),
        (("--photos", tmp_path), "no images found"),
        (("--reader", tmp_path / "none.safetensors"), "none.safetensors"),
    ):
        told = dreamvid("judge", *options)
        assert (told.code, needle in told.line) == (3, True), told.err


def test_judging_tells_where_sheets_cannot_go_before_the_work(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "sheets" / "classes.png").mkdir(parents=True)
    for out, code, needle in (
        ("file", 2, "file: is not a folder; give a folder for the sheets"),
        ("file/sheets", 1, "file/sheets: cannot be written (Not a directory)"),
        ("sheets", 2, "classes.png: the output is a folder"),
    ):
        told = dreamvid("judge", "-o", tmp_path / out)
        assert (told.code, needle in told.line) == (code, True), told.err
        assert "asking" not in told.err


def test_an_atlas_of_named_classes(tmp_path, monkeypatch):
    for name in ("ITERATIONS", "PATTERN_ITERATIONS"):
        monkeypatch.setattr(f"dreamvid.bestiary.atlas.{name}", 2)
    out = tmp_path / "atlas.png"
    told = dreamvid("atlas", "-o", out, "--classes", "owl")
    assert told.code == 0, told.err
    height, width = load_image(out).shape[1:]
    assert width > 4 * height
    assert dreamvid("atlas", "-o", out).code == 4
    told = dreamvid("atlas", "-o", tmp_path / "b.png", "--classes", "owll")
    assert told.code == 2 and "owl/" in told.err
