"""Training a network from a folder: files, stops, and going on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch
from near import make_pictures_here

from dreamvid.bestiary.training import trainer
from dreamvid.bestiary.training.pictures import read_pictures
from dreamvid.bestiary.training.recipe import Recipe
from dreamvid.bestiary.training.renders import Renders
from dreamvid.bestiary.training.start import start
from dreamvid.bestiary.training.stream import stream
from dreamvid.bestiary.training.tasks import CLASS
from dreamvid.bestiary.training.trainer import Lesson
from dreamvid.commands import train
from dreamvid.commands.train import train_network
from dreamvid.dream.gradient import Gauge
from dreamvid.dream.shaping import Shape
from dreamvid.errors import Interrupted, OutputExists, UsageError
from dreamvid.image import save_image
from dreamvid.networks.registry import load_network
from dreamvid.sequence.progress import OnProgress
from dreamvid.settings.models import TrainSettings


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches and small sheets, and pictures of this process."""
    make_pictures_here(monkeypatch)
    monkeypatch.setattr(train, "PROBED", 1)
    monkeypatch.setattr(train, "atlas", lambda network: torch.rand(3, 8, 8))
    monkeypatch.setattr(train, "Recipe", partial(Recipe, batch=8, aligned_batch=4))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight pictures of two classes."""
    generator = torch.Generator().manual_seed(0)
    for k in range(8):
        name = tmp_path / "pictures" / "ab"[k % 2]
        name.mkdir(parents=True, exist_ok=True)
        save_image(name / f"{k}.png", torch.rand(3, 40, 40, generator=generator))
    return tmp_path / "pictures"


@pytest.fixture(autouse=True)
def lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the callback see the lessons themselves."""
    monkeypatch.setattr(train, "as_progress", lambda lesson: lesson)


def stopping(after: int, seen: list[Lesson]) -> OnProgress:
    def on_progress(event: object) -> None:
        if isinstance(event, Lesson):
            seen.append(event)
            if len(seen) == after:
                raise KeyboardInterrupt

    return on_progress


def test_a_folder_becomes_a_network(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pictures of a process of their own, as all of them have."""
    monkeypatch.setattr(trainer, "stream", stream)
    target = tmp_path / "mine.safetensors"
    done = train_network(folder, target, TrainSettings(minutes=0.001))
    network = load_network(str(target))
    assert network.labels == ("a", "b") and network.aliases["objects"] == network.default_layer
    assert done.path == target and done.sheet == tmp_path / "mine.sheet.png"
    assert done.lesson is not None and done.lesson.progress == 1
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"pictures", "mine.safetensors", "mine.sheet.png"}


def test_what_knows_nothing_learns_to_tell_first(folder: Path, tmp_path: Path) -> None:
    seen: list[Lesson] = []
    settings = TrainSettings(minutes=500, blank=True)
    with pytest.raises(Interrupted):
        train_network(
            folder, tmp_path / "mine.safetensors", settings, on_progress=stopping(1, seen)
        )
    assert seen[0].aligned is None and seen[0].size == 64


def test_pictures_that_are_new_are_learned_faster(folder: Path, tmp_path: Path) -> None:
    own, settings = read_pictures(folder), TrainSettings()
    begun = start("bestiary", own.labels)
    new, renders = (train.make_trainer(begun, s, settings) for s in (own, Renders(tmp_path)))
    assert new.recipe.aligned_rate > renders.recipe.aligned_rate


def test_layers_are_aligned_as_well_as_the_class(folder: Path) -> None:
    own = read_pictures(folder)
    goals = train.make_trainer(start("bestiary", own.labels), own, TrainSettings())._goals
    assert set(goals) == {"4c", "5a", "5b", CLASS} and sum(goals.values()) == pytest.approx(1)


def test_steps_of_chains_are_those_of_dreams() -> None:
    gradient = torch.randn(3, 96, 96)
    wanted = Shape()(gradient, Gauge(), "any")
    assert torch.allclose(train.shaped(gradient), wanted, atol=1e-4)


def test_a_training_that_is_stopped_goes_on(folder: Path, tmp_path: Path) -> None:
    target, settings = tmp_path / "mine.safetensors", TrainSettings(minutes=500)
    first: list[Lesson] = []
    with pytest.raises(Interrupted, match=r"mine\.partial\.safetensors: holds the network after"):
        train_network(folder, target, settings, on_progress=stopping(3, first))
    assert first[0].aligned is not None and first[0].size == 96
    assert not target.exists()
    assert load_network(str(tmp_path / "mine.partial.safetensors")).labels == ("a", "b")
    longer, second = TrainSettings(minutes=600), list[Lesson]()
    with pytest.raises(Interrupted):
        train_network(folder, target, longer, on_progress=stopping(1, second))
    assert second[0].step == first[-1].step + 3  # a step each: aligned, clean, attacked


def test_another_training_restarts_only_with_overwrite(folder: Path, tmp_path: Path) -> None:
    target, settings = tmp_path / "mine.safetensors", TrainSettings(minutes=500)
    with pytest.raises(Interrupted):
        train_network(folder, target, settings, on_progress=stopping(3, []))
    checkpoint = tmp_path / "mine.safetensors.training" / "checkpoint.pt"
    kept = checkpoint.read_bytes()
    other = TrainSettings(minutes=500, seed=9, attack=3, offline=True)
    with pytest.raises(OutputExists, match=r"mine\.safetensors: .* differs in attack, seed; .* -y"):
        train_network(folder, target, other, on_progress=stopping(1, []))
    (folder / "c").mkdir()
    save_image(folder / "c" / "new.png", torch.rand(3, 40, 40))
    with pytest.raises(OutputExists, match="differs in labels"):
        train_network(folder, target, settings, on_progress=stopping(1, []))
    with pytest.raises(OutputExists, match="differs in labels, seed"):  # before renders are drawn
        train_network(None, target, TrainSettings(minutes=0.001, seed=9))
    assert list(checkpoint.parent.iterdir()) == [checkpoint]
    assert checkpoint.read_bytes() == kept
    seen: list[Lesson] = []
    with pytest.raises(Interrupted):
        train_network(folder, target, other, overwrite=True, on_progress=stopping(1, seen))
    assert seen[0].step == 3


def test_a_training_among_its_pictures_goes_on(folder: Path) -> None:
    target, settings = folder / "out" / "mine.safetensors", TrainSettings(minutes=500)
    target.parent.mkdir()
    seen: list[Lesson] = []
    for lessons in (1, 2):
        with pytest.raises(Interrupted):
            train_network(folder, target, settings, on_progress=stopping(lessons, seen))
    assert target.with_name("mine.sheet.png").exists()
    assert seen[1].step > seen[0].step


def test_what_is_there_is_kept(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.safetensors"
    target.write_text("mine")
    with pytest.raises(OutputExists):
        train_network(folder, target, TrainSettings(minutes=0.001))
    assert target.read_text() == "mine"


@pytest.mark.parametrize("name", ["mine.partial.safetensors", "mine.sheet.png"])
def test_what_is_there_beside_it_is_kept(folder: Path, tmp_path: Path, name: str) -> None:
    target, settings = tmp_path / "mine.safetensors", TrainSettings(minutes=0.001)
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputExists, match=rf"{name}: already exists"):
        train_network(folder, target, settings)
    assert (tmp_path / name).read_text() == "mine"
    assert train_network(folder, target, settings, overwrite=True).path == target


def test_only_what_it_made_is_removed(folder: Path, tmp_path: Path) -> None:
    target, work = tmp_path / "mine.safetensors", tmp_path / "mine.safetensors.training"
    with pytest.raises(Interrupted):
        train_network(folder, target, TrainSettings(minutes=500), on_progress=stopping(1, []))
    (work / "notes.txt").write_text("mine")
    (work / "bank-0").mkdir()
    train_network(folder, target, TrainSettings(minutes=0.001))
    assert [path.name for path in work.iterdir()] == ["notes.txt"]
    assert not (tmp_path / "mine.partial.safetensors").exists()


def test_a_file_where_checkpoints_would_go(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.safetensors.training").write_text("mine")
    with pytest.raises(UsageError, match=r"mine\.safetensors\.training: is a file"):
        train_network(folder, tmp_path / "mine.safetensors", TrainSettings(minutes=0.001))


def test_a_network_has_its_own_ending(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"written as \.safetensors"):
        train_network(folder, tmp_path / "mine.pth", TrainSettings(minutes=0.001))


def test_a_damaged_checkpoint_restarts(folder: Path, tmp_path: Path) -> None:
    target, seen = tmp_path / "mine.safetensors", list[Lesson]()
    work = tmp_path / "mine.safetensors.training"
    work.mkdir()
    (work / "checkpoint.pt").write_bytes(b"cut off")
    with pytest.raises(Interrupted):
        train_network(folder, target, TrainSettings(minutes=500), on_progress=stopping(1, seen))
    assert seen[0].step == 3
