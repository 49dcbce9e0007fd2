"""One call each: open, render, close."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from dreamvid.dream import objectives
from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import OutputExists, UnreadableInput, UsageError
from dreamvid.image import load_image, picture_format, save_image
from dreamvid.media.ahead import Ahead
from dreamvid.media.reader import VideoReader
from dreamvid.media.target import check_place, same_file
from dreamvid.motion.flow import estimator
from dreamvid.networks.network import Network
from dreamvid.networks.registry import load_network
from dreamvid.sequence.frames import film_frames
from dreamvid.sequence.job import Job, Output, Progress
from dreamvid.settings import (
    DreamSettings,
    ImageSettings,
    NetworkSettings,
    VideoSettings,
    merge,
    to_toml,
    write_toml,
)

FRAMES_AHEAD = 2
"""Motion is estimated so many frames ahead, while the network is busy."""

Fetched = Callable[[int, int], None]
"""Counts the bytes of a download: (done, total)."""


@dataclass(frozen=True)
class Result:
    """What came of a call: the file, the frames in it, and what a user should know."""

    path: Path
    frames: int
    notes: tuple[str, ...] = ()
    damage: str | None = None


def dream_image(
    source: str | Path,
    target: str | Path,
    settings: ImageSettings | None = None,
    *,
    overwrite: bool = False,
    fetched: Fetched | None = None,
) -> Result:
    """Dream on a picture file.

    Raises any DreamvidError; the target appears complete or not at all.
    """
    settings, target = settings or ImageSettings(), Path(target)
    picture_format(target)
    check_place(target)
    if same_file(target, Path(source)):
        raise UsageError("is the source itself", where=target, remedy="use another name")
    if target.exists() and not overwrite:
        raise OutputExists("exists already", where=target, remedy="use another name, or -y")
    image = load_image(source)
    dream = make_dreamer(settings.network, settings.dream, fetched=fetched)
    save_image(target, dream(image))
    return Result(target, 1)


def dream_video(
    source: str | Path,
    target: str | Path,
    settings: VideoSettings | None = None,
    *,
    overwrite: bool = False,
    fetched: Fetched | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Result:
    """Dream a film, keeping its length, rate, size, colours and sound.

    `report` is told after every frame. A call that was stopped goes on where it was when it is
    made again. Raises any DreamvidError; the target appears complete or not at all.
    """
    settings = settings or VideoSettings()
    output = Output(Path(target), settings.output.codec, settings.output.crf, overwrite)
    with open_film(Path(source), settings) as film:
        output.check(film.info.path)  # before anything is fetched
        flow = estimator(settings.motion.flow)
        dream = make_dreamer(settings.network, settings.dream, fetched=fetched)
        job = Job(output, like=film.info, record=sidecar(settings, Path(source), dream))
        frames = film_frames(film, flow=flow, cuts=settings.motion.cuts, skip=job.done)
        with Ahead(frames, FRAMES_AHEAD) as ahead:
            job.run(ahead, dream, stability=settings.motion.stability, report=report)
        notes = (*film.warnings, *job.notes)
        return Result(output.path, job.done, notes, film.damage)


def open_film(source: Path, settings: VideoSettings) -> VideoReader:
    """Open a film as the settings say."""
    film = settings.film
    return VideoReader(
        source,
        start=film.start,
        end=film.end,
        frames=film.frames,
        width=film.target_width,
        height=film.target_height,
        rate=film.rate,
    )


def make_dreamer(
    network: NetworkSettings, dream: DreamSettings, *, fetched: Fetched | None = None
) -> Dreamer:
    """Make the Dreamer that the settings describe; `fetched` counts the bytes of a download."""
    loaded = load_network(
        network.model, weights=network.weights, offline=network.offline, progress=fetched
    )
    return Dreamer(
        loaded,
        make_objective(loaded, dream),
        octaves=dream.octaves,
        octave_scale=dream.octave_scale,
        iterations=dream.iterations,
        step=dream.step,
        strength=dream.strength,
        seed=dream.seed,
        tile=dream.tile,
        device=network.device,
        precision=network.precision,
    )


def make_objective(network: Network, dream: DreamSettings) -> objectives.Objective:
    """Make the objective that the settings describe: a label, a guide, or layers that add."""
    if dream.label is not None:
        return label_objective(network, dream.label)
    names = dream.layer or (network.default_layer,)
    parts = [objectives.parse(name, resolve=network.resolve) for name in names]
    if dream.guide is not None:
        layers = tuple(dict.fromkeys(layer for part in parts for layer in part.layers))
        picture = load_image(dream.guide)
        return objectives.guide(network.trunk(layers)(picture[None]))
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def label_objective(network: Network, name: str) -> objectives.Objective:
    """Make the objective of one class; UsageError with the near misses for an unknown one."""
    if not network.labels:
        raise UsageError(f"{network.name} knows no labels", where="label", remedy="use --layer")
    if name not in network.labels:
        some = [known for known in network.labels if name.lower() in known.lower()][:5]
        hint = ", ".join(some or network.labels[:5])
        raise UsageError(f"no label '{name}'", where="label", remedy=f"such as {hint}")
    return objectives.label(network.label_layer, network.labels.index(name))


def sidecar(settings: VideoSettings, source: Path, dream: Dreamer) -> str:
    """The text that says how a film was made: settings, versions, digests of all that went in.

    What the settings leave to the network or the machine is written as it was decided.
    """
    made: dict[str, Any] = {
        "source": os.fsencode(source).decode("utf-8", "backslashreplace"),
        "source_sha256": digest(source),
        "weights_sha256": dream.network.weights_sha256,
        "versions": versions(),
    }
    if settings.dream.guide is not None:
        made["guide_sha256"] = digest(settings.dream.guide)
    decided = {
        "network": {"device": dream.device.type, "precision": _PRECISIONS[dream.dtype]},
        "dream": {
            "tile": dream.tile,
            "step": settings.dream.step or dream.network.default_step,
            "layer": list(settings.dream.layer) or [dream.network.default_layer],
        },
    }
    resolved = VideoSettings.checked(merge(to_toml(settings), decided))
    return write_toml({"made": made} | to_toml(resolved))


_PRECISIONS = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


def versions() -> dict[str, str]:
    """The versions of what decides a film's bytes, by name; "?" where nobody knows."""
    found = {"python": platform.python_version()}
    for name in ("dreamvid", "torch", "av", "opencv-python"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "?"
    return found


def digest(path: Path) -> str:
    """The sha256 of a file, or of the names and bytes of the files in a folder; else empty."""
    total = hashlib.sha256()
    try:
        if not path.is_dir():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        for file_path in sorted(path.iterdir()):
            if file_path.is_file():
                total.update(file_path.name.encode() + b"\0")
                total.update(bytes.fromhex(digest(file_path)))
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UnreadableInput(f"cannot be read ({error.strerror})", where=path) from error
    return total.hexdigest()
