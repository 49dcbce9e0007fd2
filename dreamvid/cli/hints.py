"""What to give in place of a flag or a command that dreamvid has under another name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from dreamvid.media.source import STILL_SUFFIXES

DREAMING: Final = ("image", "video", "zoom", "loop")
FILMS: Final = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".mpg", ".mpeg", ".ts",
                ".mts", ".wmv", ".flv", ".mxf", ".ogv", ".3gp")  # fmt: skip

FLAGS: Final[dict[str, str]] = {
    "--output": "-o",
    "--out-file": "-o",
    "--input": "the source comes first: dreamvid COMMAND SOURCE",
    "-i": "the source comes first: dreamvid COMMAND SOURCE",
    "--gpu": "--device cuda",
    "--cuda": "--device cuda",
    "--cpu": "--device cpu",
    "--fp16": "--precision fp16",
    "--half": "--precision fp16",
    "--fast": "--iterations 5, a smaller --size, or --device cuda where there is one",
    "--quality": "--crf, lower is better",
    "--overwrite": "-y",
    "--force": "-y",
    "--config": "--settings FILE",
    "--network": "--model; dreamvid models lists them",
    "--models": "dreamvid models",
    "--layers": "--layer; dreamvid layers MODEL lists them",
    "--class": "--label; dreamvid labels MODEL lists them",
    "--classes": "--label; dreamvid labels MODEL lists them",
    "--list": "dreamvid models, layers, labels, codecs or presets",
    "--dry-run": "every request is checked before anything is written; --frames 1 tries a film",
    "--steps": "--iterations",
    "--lr": "--step",
    "--learning-rate": "--step",
    "--octave-ratio": "--octave-scale",
    "--octave-count": "--octaves",
    "--resolution": "--size, as 1280x720",
    "--threads": "the variable OMP_NUM_THREADS",
    "--workers": "the variable OMP_NUM_THREADS",
}
"""By a flag of other tools: what to give instead."""

OF: Final[dict[str, dict[str, str]]] = {
    "image": {
        "--fps": "nothing: a picture has no rate",
        "--seconds": "dreamvid zoom or loop, which last",
        "--duration": "dreamvid zoom or loop, which last",
        "--frames": "dreamvid zoom or loop, which last",
        "--dry-run": "every request is checked before anything is written; --iterations 1 is quick",
        "--from": "--settings FILE",
    },
    "video": {
        "--fps": "nothing: a film keeps its rate; --rate is that of a row of pictures",
        "--seconds": "--end, or --start and --end; --frames counts frames",
        "--duration": "--end, or --start and --end; --frames counts frames",
        "--length": "--end, or --start and --end; --frames counts frames",
        "--zoom": "dreamvid zoom",
    },
    "zoom": {
        "--frames": "--seconds and --fps",
        "--duration": "--seconds",
        "--length": "--seconds",
        "--rate": "--fps",
        "--speed": "--zoom, the factor per second",
        "--width": "--size, as 1280x720",
        "--height": "--size, as 1280x720",
        "--dry-run": "--motion-preview shows the camera alone",
    },
}
OF["loop"] = OF["zoom"] | {
    "--dry-run": "every request is checked before anything is written; --seconds 1 is quick",
}
"""The same where it depends on the command."""

COMMANDS: Final = {
    "networks": "models",
    "classes": "labels",
    "formats": "codecs",
    "encoders": "codecs",
    "film": "video",
    "picture": "image",
    "photo": "image",
    "benchmark": "bench",
    "check": "doctor",
}
"""By a word in the place of a command: the command that is meant."""


def flag(name: str, command: str) -> str:
    """What to give in place of a flag; empty where nothing is known of it."""
    name = name.partition("=")[0]
    return OF.get(command, {}).get(name) or (FLAGS.get(name, "") if command in DREAMING else "")


def command(word: str) -> str:
    """What to give where `word` stands in the place of a command; empty if that is not known."""
    suffix = Path(word).suffix.lower()
    if word in COMMANDS:
        return f"dreamvid {COMMANDS[word]}"
    if suffix in FILMS or Path(word).is_dir() or "%" in word:
        return f"dreamvid video {word}"
    return f"dreamvid image {word}" if suffix in STILL_SUFFIXES else ""


def surplus(words: Iterable[str]) -> tuple[str, str]:
    """What to tell of words too many, and the remedy, if there is one."""
    words = list(words)
    if len(words) > 1 and all(Path(word).exists() for word in words):
        told = f"too much: {words[0]!r} and {len(words) - 1} more files"
        return told, "one source a run: give a folder, or a pattern in quotes as 'frame_%05d.png'"
    return f"too much: {' '.join(map(repr, words))[:80]}", ""
