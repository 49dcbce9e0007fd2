"""Runs dreamvid as a user does, and makes the small films that the tests give it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from tiny import texture

from dreamvid.cli.app import run

QUICK = ("--iterations", "1", "--octaves", "1")
CHILDREN = bool(os.environ.get("DREAMVID_TEST_CHILDREN"))
"""Set it to run every command in a process of its own: slower, and closer to life."""


HELD = """
import sys, time
from dreamvid import cli
from dreamvid.cli import app
from dreamvid.cli.show import Show

app.PATIENCE = 60
at, show = int(sys.argv.pop(1)), Show.on_progress


def on_progress(self, event):
    show(self, event)
    if event.task == "frames" and event.done == at:
        time.sleep(60)


Show.on_progress = on_progress
cli.main()
"""
"""Dreamvid, that waits at the frame of its first argument: whoever stops it may be late, and slow
to send further signals.
"""


ASK = """
import json, os, pathlib, sys, tempfile
from dreamvid.cli.app import run

HEAVY = {"torch", "torchvision", "cv2", "scenedetect"}
answers, here = os.dup(1), pathlib.Path.cwd()


def answer(line):
    had, lay = HEAVY & set(sys.modules), sorted(here.rglob("*"))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)  # also what no Python code says is caught
        os.dup2(err.fileno(), 2)
        code = run(line.split())
        sys.stdout.flush()
        sys.stderr.flush()
        told = [file.seek(0) or file.read().decode() for file in (out, err)]
    heavy = sorted(HEAVY & set(sys.modules) - had)
    changed = [str(path) for path in set(here.rglob("*")) ^ set(lay)]
    return {"code": code, "out": told[0], "err": told[1], "heavy": heavy, "changed": changed}


told = [answer(line) for line in json.load(sys.stdin)]
with os.fdopen(answers, "w") as out:
    json.dump(told, out)
"""
"""Dreamvid, that runs the commands of a list one after the other and answers what each told."""


@dataclass(frozen=True)
class Answer:
    """What a command said, what heavy it was the first to import, and the files it changed."""

    code: int
    out: str
    err: str
    heavy: list[str]
    changed: list[str]


def answers_of(lines: Iterable[str], folder: Path) -> dict[str, Answer]:
    """What commands answer in a folder, all in one process that has not met torch before."""
    asked = list(dict.fromkeys(lines))
    done = subprocess.run(
        [sys.executable, "-c", ASK], input=json.dumps(asked).encode(), cwd=folder,
        stdout=subprocess.PIPE, env=environment(), timeout=300, check=True,
    )  # fmt: skip
    told = [Answer(**one) for one in json.loads(done.stdout)]
    return dict(zip(asked, told, strict=True))


@dataclass(frozen=True)
class Told:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line of its error; below it a schedule may be shown, with a caret.

        Above it there may be the line that says what there is and what will dream.
        """
        line, *picture = self.err.splitlines()
        if "; dreams with " in line or ", into " in line:
            line, *picture = picture
        assert not picture or (len(picture) == 2 and picture[1].strip() == "^"), self.err
        assert line.startswith("dreamvid: "), self.err
        return line


def environment() -> dict[str, str]:
    """One thread: on a busy machine two can be fifteen times slower."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}


def child(*arguments: object, **options) -> Told:
    """Run dreamvid in a process of its own."""
    command = [sys.executable, "-m", "dreamvid", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=120, env=environment(), **options)
    return Told(done.returncode, done.stdout.decode(), done.stderr.decode())


def dreamvid(*arguments: object) -> Told:
    """Run dreamvid; the error, and what it told meanwhile, come back."""
    if CHILDREN:
        return child(*arguments)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Told(code, out.getvalue(), err.getvalue())


def write_film(
    path: Path,
    *,
    frames: int = 8,
    cut: int | None = None,
    size: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    sound: bool = False,
) -> Path:
    """Write a film of a moving texture, another one from frame `cut` on."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv444p"
        stream.codec_context.thread_count = 1
        voice = _add_sound(out) if sound else None
        for t in range(frames):
            seed = 0 if cut is None or t < cut else 9
            array = texture(seed, width=size[0], height=size[1], dx=2 * t, dy=t)
            frame = av.VideoFrame.from_ndarray(array, "rgb24")
            frame.pts, frame.time_base = t, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if voice is not None:
            _sing(out, voice, frames / 25)
    return path


def write_sound(path: Path, seconds: float = 0.5) -> Path:
    """Write a file that holds sound and no picture."""
    with av.open(str(path), "w") as out:
        _sing(out, _add_sound(out), seconds)
    return path


def _add_sound(out: av.container.OutputContainer) -> av.AudioStream:
    stream = out.add_stream("aac", rate=16000)
    stream.layout = "mono"
    return stream


def _sing(out: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    count = int(16000 * seconds)
    wave = np.sin(np.arange(count) * 0.15).astype(np.float32)[None]
    frame = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
    frame.sample_rate, frame.pts = 16000, 0
    fifo = av.AudioFifo()
    fifo.write(frame)
    while (piece := fifo.read(1024, partial=True)) is not None:
        out.mux(stream.encode(piece))
    out.mux(stream.encode(None))


def frames_of(path: Path) -> int:
    """How many frames a film plays."""
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


def without_torch(*arguments: object) -> Told:
    """Run dreamvid in a process of its own, which may not import torch."""
    check = "import sys; from dreamvid.cli.app import run; code = run(sys.argv[1:]); "
    check += "assert 'torch' not in sys.modules; sys.exit(code)"
    command = [sys.executable, "-c", check, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=120, env=environment(), text=True)
    return Told(done.returncode, done.stdout, done.stderr)
