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
    "--output": "use -o",
    "--out-file": "use -o",
    "--input": "the source comes first: dreamvid COMMAND SOURCE",
    "-i": "the source comes first: dreamvid COMMAND SOURCE",
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
    "--dry-run": "every request is checked before anything is written; --frames 1 tries a film",
    "--steps": "use --iterations",
    "--lr": "use --step",
    "--learning-rate": "use --step",
    "--octave-ratio": "use --octave-scale",
    "--octave-count": "use --octaves",
    "--resolution": "use --size, as 1280x720",
    "--threads": "use the variable OMP_NUM_THREADS",
    "--workers": "use the variable OMP_NUM_THREADS",
}
"""By a flag of other tools: the remedy."""

OF: Final[dict[str, dict[str, str]]] = {
    "image": {
        "--fps": "a picture has no rate",
        "--seconds": "use dreamvid zoom or loop, which last",
        "--duration": "use dreamvid zoom or loop, which last",
        "--frames": "use dreamvid zoom or loop, which last",
        "--dry-run": "every request is checked before anything is written; --iterations 1 is quick",
        "--from": "use --settings FILE",
        "--quality": "name the output .png, which loses nothing",
    },
    "video": {
        "--fps": "a film keeps its rate; --rate is that of a row of pictures",
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
    """The remedy for a flag that a command has not; empty where nothing is known of it."""
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
        told = f"{len(words)} files too many, from {words[0]} on"
        return told, "one source a run: give a folder, or a pattern in quotes as 'frame_%05d.png'"
    return f"too much: {' '.join(map(repr, words))[:80]}", ""
