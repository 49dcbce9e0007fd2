"""Training a network on renders or on the user's pictures, to a file that dreams like any other.

During training a folder beside the target holds the checkpoint, and two files show the progress:
`NAME.partial.safetensors`, the network so far, and `NAME.sheet.png`, what it dreams.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dreamvid.bestiary.atlas import atlas
from dreamvid.bestiary.training.pictures import read_pictures
from dreamvid.bestiary.training.recipe import Recipe
from dreamvid.bestiary.training.renders import Renders, draw_bank
from dreamvid.bestiary.training.start import Start, start
from dreamvid.bestiary.training.stream import Source
from dreamvid.bestiary.training.tasks import CLASS
from dreamvid.bestiary.training.trainer import Lesson, Trainer
from dreamvid.commands.preflight import check_train
from dreamvid.dream.dreamer import pick_device, pick_dtype
from dreamvid.dream.shaping import Shape
from dreamvid.errors import Interrupted, OutputExists, UsageError, writing
from dreamvid.files import write_whole
from dreamvid.image import save_image
from dreamvid.media.target import check_new, exclusive_lock
from dreamvid.networks import saved
from dreamvid.networks.registry import load_network
from dreamvid.networks.saved import Plan
from dreamvid.renders import labels as render_labels
from dreamvid.sequence.progress import OnProgress, Progress, counted, ignore
from dreamvid.settings.models import TrainSettings
from dreamvid.settings.toml import differing, to_toml, write_toml

CHECKPOINT_EVERY, SHEET_EVERY = 60.0, 300.0
"""Seconds of training between checkpoints, and between sheets."""
LAYERS_A_MINUTE = 240
"""Renders drawn per minute of training."""
PROBED = 16
"""Batches of pictures used to find dead channels."""
NEW_RATE = 0.001
"""The learning rate of gradient alignment on pictures that are new to a network."""
CLASSIFYING = 0.5
"""Share of the time that an untrained network is trained on classification."""
GOALS = {"objects": 0.3, "parts": 0.25, "patterns": 0.2}
"""Share of steps that align the gradient of each layer; the rest aligns that of the class."""


@dataclass(frozen=True)
class Trained:
    """The result of a training: the network file, its sheet of dreams, and the last lesson.

    `lesson` is None when the training was already complete.
    """

    path: Path
    sheet: Path
    lesson: Lesson | None


def train_network(
    pictures: str | Path | None,
    target: str | Path,
    settings: TrainSettings | None = None,
    *,
    overwrite: bool = False,
    on_progress: OnProgress = ignore,
) -> Trained:
    """Train a network on a folder of pictures, or on renders when there is none.

    `on_progress` gets an event after each step, and others. After an interruption, the same call
    resumes from the checkpoint. Raises any DreamvidError: OutputExists also for a checkpoint with
    other settings, unless `overwrite` restarts it. The target is written atomically.
    """
    settings, target = settings or TrainSettings(), Path(target)
    check_train(None if pictures is None else Path(pictures), target, settings, overwrite=overwrite)
    work = Work(target)
    work.check(overwrite=overwrite)
    with exclusive_lock(target):
        source = work.source(pictures, settings, on_progress)
        state = work.claim(record(settings, source.labels), overwrite=overwrite)
        if isinstance(source, Renders):
            _draw(source.folder, settings, on_progress)
        origin = start(
            settings.model, source.labels, weights=settings.weights, offline=settings.offline,
            blank=settings.blank, seed=settings.seed,
            progress=counted(on_progress, "download", "downloading weights"),
        )  # fmt: skip
        trainer = make_trainer(origin, source, settings)
        if state is not None:
            trainer.restore(state)
        lesson = _run(trainer, origin, work, on_progress)
        work.finish(trainer, origin)
        return Trained(target, work.sheet, lesson)


def record(settings: TrainSettings, labels: tuple[str, ...]) -> str:
    """The settings that must match those of a checkpoint to resume it, as text; not the length."""
    free = {"minutes": 0, "offline": False}
    return write_toml({"train": to_toml(settings) | free, "labels": list(labels)})


def _draw(bank: Path, settings: TrainSettings, on_progress: OnProgress) -> None:
    """Draw the renders to train on, unless they exist already."""
    bank.mkdir(parents=True, exist_ok=True)
    count = max(2 * len(render_labels()), round(LAYERS_A_MINUTE * settings.minutes))
    drawn = counted(on_progress, "renders", "drawing renders")
    draw_bank(bank, count, seed=settings.seed, drawn=drawn)


def make_trainer(origin: Start, source: Source, settings: TrainSettings) -> Trainer:
    """Make the trainer; a network with weights starts with gradient alignment."""
    recipe = Recipe(
        minutes=settings.minutes, attack=settings.attack, seed=settings.seed,
        telling=CLASSIFYING if origin.blank else 0.0,
    )  # fmt: skip
    if not isinstance(source, Renders):
        recipe = replace(recipe, aligned_rate=NEW_RATE)
    about, device = origin.description, pick_device(settings.device)
    if recipe.sizes[0] < about.minimum_size:
        recipe = replace(recipe, sizes=recipe.sizes[-1:] * 2)
    goals = {about.aliases[name]: share for name, share in GOALS.items()}
    return Trainer(
        origin.model, source, recipe, mean=about.mean, std=about.std,
        goals=goals | {CLASS: 1 - sum(goals.values())}, shaping=shaped,
        device=device, dtype=pick_dtype(settings.precision, device),
    )  # fmt: skip


def shaped(gradient: Tensor) -> Tensor:
    """Shape a gradient [3, H, W] as in dreams."""
    return Shape()(gradient, lambda _, size: size, "")


def _run(trainer: Trainer, origin: Start, work: Work, on_progress: OnProgress) -> Lesson | None:
    """Train until the time is over, and write checkpoints and sheets on the way."""
    lesson, kept, shown = None, trainer.seconds, trainer.seconds
    try:
        for lesson in trainer:
            on_progress(as_progress(lesson))
            if trainer.seconds - kept > CHECKPOINT_EVERY:
                work.keep(trainer)
                kept = trainer.seconds
            if trainer.seconds - shown > SHEET_EVERY:
                work.show(trainer, origin)
                shown = trainer.seconds
    except KeyboardInterrupt:
        work.keep(trainer)
        work.show(trainer, origin)
        raise Interrupted(
            f"holds the network after {trainer.seconds / 60:.1f} minutes of training",
            where=work.partial,
            remedy="run the same command again to resume",
        ) from None
    return lesson


def as_progress(lesson: Lesson) -> Progress:
    """Describe a lesson: pictures, size, accuracy, share of the time."""
    accuracy = f"{lesson.accuracy:.0%} correct"
    if lesson.attacked:
        accuracy += f", {lesson.attacked:.0%} under attack"
    if lesson.aligned is not None:
        accuracy += f", gradient alignment {lesson.aligned:.2f}"
    what = f"{lesson.pictures / 1000:,.0f} thousand pictures of {lesson.size} px"
    return Progress("training", round(1000 * lesson.progress), 1000, what, accuracy)


class Work:
    """The files of one training: its checkpoint, and the partial network with its sheet."""

    def __init__(self, target: Path) -> None:
        self.target, self._record = target, ""
        self.folder = target.with_name(target.name + ".training")
        self.partial = target.with_suffix(".partial.safetensors")
        self.sheet = target.with_suffix(".sheet.png")
        self._checkpoint = self.folder / "checkpoint.pt"

    def check(self, *, overwrite: bool) -> None:
        """Raise the errors of `check_new`; a resumed training may replace its own files.

        The target itself is checked by `check_train`.
        """
        resumable = self._checkpoint.is_file()
        for path in (self.partial, self.sheet):
            check_new(path, overwrite=overwrite or resumable)
        if self.folder.exists() and not self.folder.is_dir():
            remedy = "use another name for the output"
            raise UsageError(
                "is a file in the place of the checkpoint folder", where=self.folder, remedy=remedy
            )

    def source(
        self, pictures: str | Path | None, settings: TrainSettings, on_progress: OnProgress
    ) -> Source:
        """The pictures to train on: read from a folder, or renders kept until training ends."""
        if pictures is not None:

            def skipped(path: Path, why: str) -> None:
                on_progress(Progress("note", text=f"skipped {path}: {why}"))

            return read_pictures(Path(pictures), sheet=self.sheet, skipped=skipped)
        return Renders(self.folder / f"bank-{settings.seed}")

    def keep(self, trainer: Trainer) -> None:
        """Write a checkpoint."""
        self.folder.mkdir(exist_ok=True)
        memory = io.BytesIO()
        torch.save({"record": self._record, "state": trainer.state()}, memory)
        with writing(self._checkpoint):
            write_whole(self._checkpoint, memory.getbuffer())

    def claim(self, record: str, *, overwrite: bool) -> dict[str, Any] | None:
        """The state to resume from, if there is one; OutputExists when its record differs."""
        self._record = record
        try:
            kept = torch.load(self._checkpoint, map_location="cpu", weights_only=True)
        except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
            return None  # no checkpoint, or a truncated one
        state: dict[str, Any] = kept["state"]
        if kept["record"] == record:
            return state
        if overwrite:
            return None
        raise OutputExists(
            f"a training of {state['seconds'] / 60:.1f} minutes exists, which differs in "
            f"{differing(kept['record'], record)}",
            where=self.target,
            remedy="use another name to keep it, or -y to restart",
        )

    def show(self, trainer: Trainer, origin: Start) -> None:
        """Write the partial network, and a sheet of what it dreams."""
        self._write(self.partial, *origin.finished(trainer.averaged.module), origin)

    def _write(self, path: Path, model: nn.Module, plan: Plan, origin: Start) -> None:
        saved.save(path, model, plan, origin.description)
        save_image(self.sheet, atlas(load_network(str(path))))

    def finish(self, trainer: Trainer, origin: Start) -> None:
        """Write the final network, and remove the checkpoint and the partial network."""
        model, plan = origin.finished(trainer.averaged.module, trainer.probe(PROBED))
        self._write(self.target, model, plan, origin)
        for file in (self.partial, self._checkpoint):
            file.unlink(missing_ok=True)
        for bank in self.folder.glob("bank-*"):
            shutil.rmtree(bank, ignore_errors=True)
        with contextlib.suppress(OSError):  # the folder is missing, or holds files of the user
            self.folder.rmdir()
