"""One call each: open, render, close."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from dreamvid.dials import Dials, changing, guides_of, steady
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dreaming import Dreams
from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.image import load_image, picture_format, save_image
from dreamvid.media.ahead import Ahead
from dreamvid.media.audio import listen
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.media.stills import check_rate, is_sequence, pictures_of
from dreamvid.media.target import alone, check_apart, check_new, same_file
from dreamvid.motion.flow import estimator
from dreamvid.networks.registry import load_network
from dreamvid.networks.weights import Counted, sha256
from dreamvid.schedule import Clock
from dreamvid.sequence.frames import Frame, film_frames
from dreamvid.sequence.job import Job, Output, Progress
from dreamvid.settings import (
    DreamSettings,
    ImageSettings,
    LoopSettings,
    NetworkSettings,
    SoundSettings,
    VideoSettings,
    ZoomSettings,
    merge,
    to_toml,
    write_toml,
)

FRAMES_AHEAD = 2
"""Motion is found so many frames ahead of a dream on a GPU."""

Begun = Callable[[str], None]
"""Is told, before anything is dreamed, the text of the sidecar to be."""


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
    fetched: Counted | None = None,
) -> Result:
    """Dream on a picture file.

    Raises any DreamvidError; the target appears complete or not at all.
    """
    settings, target = settings or ImageSettings(), Path(target)
    picture_format(target)
    if same_file(target, Path(source)):
        raise UsageError("is the source itself", where=target, remedy="use another name")
    check_new(target, overwrite=overwrite)
    check_apart(target, guides_of(settings.dream))
    if name := changing(settings.dream):
        raise UsageError("a picture has no time to change in", where=name, remedy="give one value")
    image = load_image(source)
    size = int(image.shape[1]), int(image.shape[2])
    dream = make_dreamer(settings.network, settings.dream, size=size, fetched=fetched)
    save_image(target, dream(image))
    return Result(target, 1, skipped(dream, *size))


def dream_video(
    source: str | Path,
    target: str | Path,
    settings: VideoSettings | None = None,
    *,
    overwrite: bool = False,
    fetched: Counted | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    begun: Begun = lambda record: None,
) -> Result:
    """Dream a film, keeping its length, rate, size, colours and sound.

    `report` is told after every frame, `begun` how it is made before the first. A call that was
    stopped goes on after its last finished part when it is made again. Raises any DreamvidError;
    the target appears complete or not at all.
    """
    settings = settings or VideoSettings()
    output = output_of(settings, Path(target), overwrite)
    with open_film(Path(source), settings) as film, alone(output.path):
        output.check(
            film.info.path, (film.info.width, film.info.height)
        )  # before anything is fetched
        # Frames that are dreamed for themselves need no motion.
        flow = estimator(settings.motion.flow if settings.motion.stability else "none")
        clock = clock_of(settings.sound, film.info.rate, film.info.frames, settings.dream.seed)
        stability = steady(settings.motion, clock)
        size = film.info.height, film.info.width
        dreams = make_dreams(settings.network, settings.dream, clock, size=size, fetched=fetched)
        like = with_sound(film.info, settings.sound)
        record = sidecar(settings, Path(source), dreams(0))
        begun(record)
        job = Job(output, like=like, record=record)
        frames = film_frames(film, flow=flow, cuts=settings.motion.cuts, skip=job.done)
        with in_time(frames, dreams(0).device) as timely:
            job.run(timely, dreams, stability=stability, report=report)
        notes = (*film.warnings, *skipped(dreams(0), *size), *job.notes)
        return Result(output.path, job.done, notes, film.damage)


def in_time(
    frames: Generator[Frame, None, None], device: torch.device
) -> AbstractContextManager[Iterator[Frame]]:
    """Find the motion of frames in the best time: ahead, beside a GPU that dreams.

    On a CPU in turns with the dream, for either takes all cores. Beside one another each would
    wait for the core that the other holds: a film took a fifth longer on 2 cores.
    """
    return closing(frames) if device.type == "cpu" else Ahead(frames, FRAMES_AHEAD)


def skipped(dream: Dreamer, height: int, width: int) -> tuple[str, ...]:
    """Say how many octaves are too small for the network, if any."""
    count = dream.skipped(height, width)
    too_small = f"too small for {count} of the octaves, which were left out"
    return (f"{width}x{height} is {too_small}",) if count else ()


def output_of(
    settings: VideoSettings | ZoomSettings | LoopSettings, target: Path, overwrite: bool
) -> Output:
    """Where a film goes, as the settings say."""
    output = settings.output
    return Output(
        target,
        output.codec,
        output.crf,
        overwrite,
        repeat_to=output.repeat_to,
        alpha=output.alpha is not None,
        guides=guides_of(settings.dream),
    )


def open_film(source: Path, settings: VideoSettings) -> VideoReader:
    """Open a film as the settings say."""
    film = settings.film
    check_rate(film.rate, source)
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
    network: NetworkSettings,
    dream: DreamSettings,
    *,
    size: tuple[int, int],
    fetched: Counted | None = None,
) -> Dreamer:
    """Make the Dreamer that the settings describe, for pictures of a size (height, width).

    `fetched` counts the bytes of a download.
    """
    clock = Clock(Fraction(1), 1, dream.seed)
    return make_dreams(network, dream, clock, size=size, patient=True, fetched=fetched)(0)


def make_dreams(
    network: NetworkSettings,
    dream: DreamSettings,
    clock: Clock,
    *,
    size: tuple[int, int],
    times: float = 1.0,
    patient: bool = False,
    kind: type[Dreamer] = Dreamer,
    fetched: Counted | None = None,
) -> Dreams:
    """Make what gives the Dreamer of each frame: see Dreams for the options."""
    Dials(dream, clock)  # before anything is fetched
    loaded = load_network(
        network.model, weights=network.weights, offline=network.offline, progress=fetched
    )
    return Dreams(loaded, network, dream, clock, size=size, times=times, patient=patient, kind=kind)


def clock_of(sound: SoundSettings, fps: Fraction, frames: int | None, seed: int) -> Clock:
    """Make the clock of a film, whose song, if there is one, is listened to.

    The song's beats are its own, wherever they begin; a tempo that is given counts from frame 0.
    """
    if sound.audio is None:
        return Clock(fps, frames, seed, sound.bpm)
    heard = listen(sound.audio, fps)
    if sound.bpm is None:
        pulse = tuple(heard.beats.tolist()) or (0.0,)
        return Clock(fps, frames, seed, heard.tempo, heard.signals, pulse)
    return Clock(fps, frames, seed, sound.bpm, heard.signals)


def with_sound(info: FilmInfo, sound: SoundSettings) -> FilmInfo:
    """Put a song in the place of a film's own sound; it ends with the picture."""
    if sound.audio is None:
        return info
    nothing = Fraction(0)
    return replace(
        info,
        path=sound.audio,
        has_audio=True,
        start=nothing,
        origin=nothing,
        cut_out=True,
    )


def sidecar(
    settings: VideoSettings | ZoomSettings | LoopSettings, source: Path | None, dream: Dreamer
) -> str:
    """The text that says how a film was made: settings, versions, digests of all that went in.

    What the settings leave to the network or the machine is written as it was decided.
    """
    made: dict[str, Any] = {} if source is None else origin(source)
    made |= {
        "weights_sha256": dream.network.weights_sha256,
        "versions": versions(),
        "threads": torch.get_num_threads(),  # sums round differently with another number
    }
    if guides := guides_of(settings.dream):
        made["guide_sha256"] = " ".join(digest(Path(guide)) for guide in guides)
    if settings.sound.audio is not None:
        made["audio_sha256"] = digest(settings.sound.audio)
    decided: dict[str, dict[str, Any]] = {
        "network": {"device": dream.device.type, "precision": _PRECISIONS[dream.dtype]},
        "dream": {
            "tile": dream.tile,
            "step": settings.dream.step or dream.network.default_step,
            "octaves": settings.dream.octaves or len(dream.dose.iterations),
        },
    }
    if settings.dream.label is None:
        decided["dream"]["layer"] = list(settings.dream.layer) or [dream.network.default_layer]
    resolved = type(settings).checked(merge(to_toml(settings), decided))
    return write_toml({"made": made} | to_toml(resolved))


def made_of(settings: LoopSettings, source: Path) -> str:
    """The sidecar of a film that was made without a network."""
    return write_toml({"made": origin(source) | {"versions": versions()}} | to_toml(settings))


def origin(source: Path) -> dict[str, Any]:
    """What a sidecar says of a source."""
    return {"source": str(source), "source_sha256": digest(source)}


_PRECISIONS = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


def versions() -> dict[str, str]:
    """The versions of what decides a film's bytes, by name; "?" where nobody knows."""
    found = {"python": platform.python_version()}
    for name in ("dreamvid", "torch", "av", "opencv-python", "scenedetect", "imageio-ffmpeg"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "?"
    return found


def digest(path: Path) -> str:
    """The sha256 of a file, or of the names and bytes of a row of pictures; else empty."""
    try:
        if not is_sequence(path):
            return sha256(path)
        total = hashlib.sha256()
        for picture in pictures_of(path).values():
            total.update(os.fsencode(picture.name) + b"\0" + bytes.fromhex(sha256(picture)))
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UnreadableInput(f"cannot be read ({error.strerror})", where=path) from error
    return total.hexdigest()
