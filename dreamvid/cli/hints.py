"""Hints for flags and commands that dreamvid has under another name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from dreamvid.media.source import FILM_SUFFIXES, STILL_SUFFIXES

DREAMING: Final = ("image", "video", "zoom", "loop")

FLAGS: Final[dict[str, str]] = {
    "--output": "use -o",
    "--out-file": "use -o",
    "--input": "give the source as the first argument: dreamvid COMMAND SOURCE",
    "-i": "give the source as the first argument: dreamvid COMMAND SOURCE",
    "--gpu": "use --device cuda",
    "--cuda": "use --device cuda",
    "--cpu": "use --device cpu",
    "--fp16": "use --precision fp16",
    "--half": "use --precision fp16",
    "--fast": "use --iterations 5, a smaller --size, or --device cuda where there is one",
    "--quality": "use --crf, lower is better",
    "--overwrite": "use -y",
    "--force": "use -y",
    "--config": "use --settings FILE",
    "--network": "use --model; dreamvid models lists them",
    "--models": "use dreamvid models",
    "--layers": "use --layer; dreamvid layers MODEL lists them",
    "--class": "use --label; dreamvid labels MODEL lists them",
    "--classes": "use --label; dreamvid labels MODEL lists them",
    "--list": "use dreamvid models, layers, labels, codecs or presets",
    "--steps": "use --iterations",
    "--lr": "use --step",
    "--learning-rate": "use --step",
    "--octave-ratio": "use --octave-scale",
    "--octave-count": "use --octaves",
    "--resolution": "use --size, as 1280x720",
    "--threads": "set the environment variable OMP_NUM_THREADS",
    "--workers": "set the environment variable OMP_NUM_THREADS",
}
"""Remedies by the flags of other tools."""

OF: Final[dict[str, dict[str, str]]] = {
    "image": {
        "--fps": "a picture has no frame rate",
        "--seconds": "use dreamvid zoom or loop to make a film",
        "--duration": "use dreamvid zoom or loop to make a film",
        "--frames": "use dreamvid zoom or loop to make a film",
        "--dry-run": "all options are checked before anything is written; --iterations 1 is quick",
        "--from": "use --settings FILE",
        "--quality": "use .png for the output, which is lossless",
    },
    "video": {
        "--fps": "a film keeps its frame rate; --rate applies only to image sequences",
        "--seconds": "use --end, or --start and --end; --frames counts frames",
        "--duration": "use --end, or --start and --end; --frames counts frames",
        "--length": "use --end, or --start and --end; --frames counts frames",
        "--zoom": "use dreamvid zoom",
    },
    "zoom": {
        "--frames": "use --seconds and --fps",
        "--duration": "use --seconds",
        "--length": "use --seconds",
        "--rate": "use --fps",
        "--speed": "use --zoom, the factor per second",
        "--width": "use --size, as 1280x720",
        "--height": "use --size, as 1280x720",
        "--mask": "a zoom has no source to leave as it is; dreamvid video and image have masks",
    },
}
OF["live"] = {"-o": "use --output", "--out": "use --output", "--rate": "use --fps"}
OF["loop"] = OF["zoom"] | {
    "--mask": "a loop has no source to leave as it is; dreamvid video --loop has masks",
}
"""Remedies that depend on the command: these come before those of FLAGS."""

COMMANDS: Final = {
    "networks": "models",
    "classes": "labels",
    "formats": "codecs",
    "encoders": "codecs",
    "film": "video",
    "picture": "image",
    "photo": "image",
    "benchmark": "bench",
    "folder": "batch",
    "queue": "batch",
    "check": "doctor",
}
"""By a word given as the command: the command that was meant."""

REPEATED: Final = {"--label": "give one, or use --layer creatures:owl,fox for several"}
"""By flag that takes one value: what to do to give several."""


def flag(name: str, command: str) -> str:
    """The remedy for a flag that a command does not have; empty when there is none."""
    return OF.get(command, {}).get(name) or (FLAGS.get(name, "") if command in DREAMING else "")


def command(word: str) -> str:
    """What to write when `word` was given as the command; empty when it is unknown."""
    suffix = Path(word).suffix.lower()
    if word in COMMANDS:
        return f"dreamvid {COMMANDS[word]}"
    if suffix in FILM_SUFFIXES or Path(word).is_dir() or "%" in word:
        return f"dreamvid video {word}"
    return f"dreamvid image {word}" if suffix in STILL_SUFFIXES else ""


def unexpected(words: Iterable[str]) -> tuple[str, str]:
    """The message for unexpected arguments, and the remedy, if there is one."""
    words = list(words)
    if len(words) > 1 and all(Path(word).exists() for word in words):
        what = f"{len(words)} unexpected files, starting with {words[0]}"
        return what, "give one source: a folder, or a quoted pattern such as 'frame_%05d.png'"
    return f"unexpected argument {' '.join(map(repr, words))[:80]}", ""
