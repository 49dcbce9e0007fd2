"""Make the sample films from formulas: `python samples/make_samples.py`, which writes them here.

The valley is drawn in `landscape`. Every other shot is a stack of textured layers,
each moved by an affine map that is known exactly, so that `Shot.frame` and `Shot.flow` agree to
the last digit. What looks random is a fixed hash, or drawn from a seed.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from landscape.valley import Valley
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]
Layer = Callable[[Array, Array], tuple[Array, Array]]
HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT, RATE = 320, 180, 24
SOUND_RATE = 44100


# --- textures -------------------------------------------------------------------------------


def lattice(x: NDArray[np.int64], y: NDArray[np.int64], seed: int) -> Array:
    """Hash whole coordinates to 0..1."""
    h = (x * 374761393 + y * 668265263 + seed * 974634563) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFF) / 65535.0


def noise(x: Array, y: Array, seed: int) -> Array:
    """Smooth value noise of one cell a unit, 0..1."""
    i, j = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    u, v = x - i, y - j
    u, v = u * u * u * (u * (u * 6 - 15) + 10), v * v * v * (v * (v * 6 - 15) + 10)
    top = lattice(i, j, seed) * (1 - u) + lattice(i + 1, j, seed) * u
    low = lattice(i, j + 1, seed) * (1 - u) + lattice(i + 1, j + 1, seed) * u
    return top * (1 - v) + low * v


def clouds(x: Array, y: Array, seed: int, octaves: int = 4) -> Array:
    """Fractal noise, 0..1."""
    total, weight = np.zeros_like(x), 0.0
    for k in range(octaves):
        a = 0.55**k
        total = total + a * noise(x * 2**k + 17.3 * k, y * 2**k - 9.1 * k, seed + k)
        weight += a
    return total / weight


def smooth(low: float, high: float, value: Array) -> Array:
    """Rise from 0 at `low` to 1 at `high`, softly."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a: Array, b: Array, t: Array) -> Array:
    """Blend two colours by a map."""
    return a * (1 - t[..., None]) + b * t[..., None]


def rgb(hexes: str) -> Array:
    """Read a colour such as 'f4a259'."""
    return np.array([int(hexes[k : k + 2], 16) for k in (0, 2, 4)]) / 255.0


# --- layers: each gives (colour [H,W,3], cover [H,W]) at its own coordinates, in pixels --------


def sky(x: Array, y: Array) -> tuple[Array, Array]:
    """An evening sky with a low sun and long clouds."""
    height = np.clip(y / HEIGHT, -0.2, 1.2)
    colour = mix(rgb("20304f"), rgb("d9795d"), smooth(-0.1, 0.75, height))
    colour = mix(colour, rgb("ffd9a0"), smooth(0.45, 1.0, height) * 0.8)
    sun = np.hypot(x - 232, y - 74)
    colour = mix(colour, rgb("fff2c9"), np.exp(-sun / 34) * 0.75)
    colour = mix(colour, rgb("fffbe8"), 1 - smooth(15, 17, sun))
    streaks = clouds(x / 60 + 0.6 * clouds(x / 90, y / 30, 5), y / 17, 11)
    colour = mix(colour, rgb("f7b48b"), smooth(0.5, 0.75, streaks) * 0.8)
    wisps = clouds(x / 26 + 3, y / 9 + streaks * 3, 23)
    return mix(colour, rgb("5b4a6b"), smooth(0.6, 0.85, wisps) * 0.65), np.ones_like(x)


def ridge(base: float, tall: float, wide: float, near: str, far: str, seed: int) -> Layer:
    """A wooded ridge: a silhouette by noise, filled with strata and trees."""

    def layer(x: Array, y: Array) -> tuple[Array, Array]:
        line = base - tall * clouds(x / wide, np.zeros_like(x) + seed, seed, 3)
        line = line - 5 * smooth(0.45, 0.8, noise(x / 3.2, np.zeros_like(x), seed + 7))
        depth = y - line
        warp = clouds(x / 21, y / 21, seed + 1) * 24
        strata = 0.5 + 0.5 * np.sin((depth + warp) / 3.1)
        leaves = clouds(x / 7, y / 7, seed + 2)
        colour = mix(rgb(far), rgb(near), smooth(0, 60, depth))
        colour = colour * (0.62 + 0.5 * leaves + 0.28 * strata)[..., None]
        lit = smooth(9, 0, depth) * smooth(0.4, 0.7, leaves)
        return mix(colour, rgb("ffcf8a"), lit * 0.6), smooth(-0.7, 0.7, depth)

    return layer


def balloon(x: Array, y: Array) -> tuple[Array, Array]:
    """A striped balloon, 46 px across, with its basket; its middle at (0, 0)."""
    wide = 23 * np.where(y < 0, 1, 1 - 0.35 * smooth(0, 34, y))
    inside = np.hypot(x / wide, np.where(y < 0, y / 24, y / 33))
    across = np.arcsin(np.clip(x / (wide * np.sqrt(np.clip(1 - (y / 34) ** 2, 0.05, 1))), -1, 1))
    gore = 0.5 + 0.5 * np.tanh(4 * np.sin(across * 6))
    colour = mix(rgb("c8353c"), rgb("fbe7c2"), gore)
    band = smooth(2, 1, np.abs(y - 3)) + smooth(2, 1, np.abs(y + 6 + 3 * np.cos(across * 12)))
    colour = mix(colour, rgb("1f6f78"), np.clip(band, 0, 1))
    light = 0.55 + 0.6 * np.clip(0.6 * x / 23 - 0.5 * y / 30 + 0.5, 0, 1)
    colour = colour * light[..., None] + 0.06 * noise(x / 1.7, y / 1.7, 3)[..., None]
    basket = smooth(0.6, -0.6, np.maximum(np.abs(x) - 4.5, np.abs(y - 43) - 3.5))
    rope = smooth(0.7, 0.0, np.abs(np.abs(x) - (4 + (41 - y) * 0.45)) - 0.2)
    rope = rope * ((y > 30) & (y < 42))
    weave = rgb("6b4423") * (0.75 + 0.35 * np.sin(x * 2.4) * np.sin(y * 2.4))[..., None]
    colour = mix(colour, weave, np.clip(basket + rope, 0, 1))
    return colour, np.clip(smooth(1.02, 0.97, inside) + basket + rope, 0, 1)


def reef(x: Array, y: Array) -> tuple[Array, Array]:
    """A sea floor of warped rings, like agate or coral."""
    u = x / 46 + 1.4 * clouds(x / 70, y / 70, 31)
    v = y / 46 + 1.4 * clouds(x / 70 + 40, y / 70, 37)
    folds = clouds(u * 1.3, v * 1.3, 41, 5)
    rings = 0.5 + 0.5 * np.sin(folds * 34 + 0.8 * noise(x / 6, y / 6, 43))
    colour = mix(rgb("06283d"), rgb("1d7a8c"), smooth(0.2, 0.75, folds))
    colour = mix(colour, rgb("8fd6b8"), rings * smooth(0.35, 0.7, folds) * 0.8)
    coral = smooth(0.6, 0.72, clouds(x / 30 + 9, y / 30, 53)) * (0.5 + 0.5 * rings)
    colour = mix(colour, rgb("f2725f"), coral)
    grain = clouds(x / 4, y / 4, 59, 3)
    return colour * (0.75 + 0.5 * grain)[..., None], np.ones_like(x)


def weed(x: Array, y: Array) -> tuple[Array, Array]:
    """Fronds of weed in front of the reef."""
    bend = 16 * np.sin(y / 31) + 9 * np.sin(y / 13 + 2)
    stem = np.mod(x + bend, 118) - 59
    leaf = np.abs(stem) - (5 + 5 * np.sin(y / 5.2 + np.sign(stem)) ** 2)
    vein = 0.5 + 0.5 * np.cos(y / 1.9 + np.abs(stem) * 0.9)
    colour = mix(rgb("3c2a63"), rgb("c06fae"), vein * smooth(12, 0, np.abs(stem)))
    colour = mix(colour, rgb("ffe0ef"), smooth(1.2, 0.2, np.abs(stem)) * 0.7)
    return colour, smooth(0.7, -0.7, leaf)


# --- shots ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moving:
    """A layer and its motion: from frame to frame it turns, grows about `centre`, and shifts.

    A point q of the layer is seen in frame t at centre + (grow * turn)^t (q - centre) + t * shift.
    """

    layer: Layer
    shift: tuple[float, float]
    centre: tuple[float, float] = (0.0, 0.0)
    at: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0
    grow: float = 1.0

    def place(self, x: Array, y: Array, t: float) -> tuple[Array, Array]:
        """Find the point of the layer that frame t shows at (x, y)."""
        dx = x - self.centre[0] - self.at[0] - t * self.shift[0]
        dy = y - self.centre[1] - self.at[1] - t * self.shift[1]
        c, s, k = np.cos(self.turn * t), np.sin(self.turn * t), self.grow**-t
        return self.centre[0] + k * (c * dx + s * dy), self.centre[1] + k * (c * dy - s * dx)

    def show(self, u: Array, v: Array, t: float) -> tuple[Array, Array]:
        """Find where frame t shows the point (u, v) of the layer."""
        dx, dy = u - self.centre[0], v - self.centre[1]
        c, s, k = np.cos(self.turn * t), np.sin(self.turn * t), self.grow**t
        x = self.centre[0] + self.at[0] + k * (c * dx - s * dy) + t * self.shift[0]
        return x, self.centre[1] + self.at[1] + k * (c * dy + s * dx) + t * self.shift[1]


@dataclass(frozen=True)
class Shot:
    """Layers from back to front, shown for `length` frames."""

    layers: tuple[Moving, ...]
    length: int

    def frame(self, t: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> NDArray[np.uint8]:
        """Render frame t as an array [H, W, 3], the mean of 3 by 3 points a pixel."""
        total = np.zeros((size[1], size[0], 3))
        for oy in (-1 / 3, 0.0, 1 / 3):
            for ox in (-1 / 3, 0.0, 1 / 3):
                x, y = self._grid(size, ox, oy)
                picture = np.zeros_like(total)
                for moving in self.layers:
                    colour, cover = moving.layer(*moving.place(x, y, t))
                    picture = mix(picture, np.clip(colour, 0, 1), cover)
                total += picture
        return np.asarray(np.rint(total / 9 * 255), dtype=np.uint8)

    def flow(self, t: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> NDArray[np.float32]:
        """Give the exact flow [H, W, 2] from frame t to frame t - 1, on the grid of frame t."""
        x, y = self._grid(size, 0.0, 0.0)
        flow = np.zeros((size[1], size[0], 2), dtype=np.float32)
        for moving in self.layers:
            u, v = moving.place(x, y, t)
            before = moving.show(u, v, t - 1)
            top = moving.layer(u, v)[1] > 0.5
            flow[top] = np.stack([before[0] - x, before[1] - y], axis=-1)[top]
        return flow * np.float32(size[0] / WIDTH)

    @staticmethod
    def _grid(size: tuple[int, int], ox: float, oy: float) -> tuple[Array, Array]:
        across = np.arange(size[0], dtype=np.float64) * WIDTH / size[0] + ox * WIDTH / size[0]
        down = np.arange(size[1], dtype=np.float64) * HEIGHT / size[1] + oy * HEIGHT / size[1]
        x, y = np.meshgrid(across, down)
        return x, y


EVENING = Shot(
    (
        Moving(sky, (-0.35, 0.0)),
        Moving(ridge(150, 66, 70, "4a3b5c", "8d5a6b", 61), (-1.0, 0.0)),
        Moving(ridge(172, 58, 52, "2c3a4a", "5d5566", 71), (-1.9, 0.0)),
        Moving(balloon, (1.75, -0.35), at=(52.0, 84.0)),
        Moving(ridge(196, 46, 40, "16241f", "31463a", 83), (-3.25, 0.0)),
    ),
    60,
)
SEA = Shot(
    (
        Moving(reef, (0.4, -0.2), centre=(160.0, 90.0), turn=0.006, grow=1.006),
        Moving(weed, (-2.2, 0.3)),
    ),
    36,
)
DRIFT = (EVENING, SEA)
"""Two shots, 96 frames at 24 a second, with a hard cut at frame 60, and sound."""
REEF = (replace(SEA, length=60),)
"""One shot that turns and grows, 60 frames at 30000/1001 a second, silent."""


def frames(shots: tuple[Shot, ...]) -> Iterator[NDArray[np.uint8]]:
    """Render the frames of shots one after the other."""
    for shot in shots:
        for t in range(shot.length):
            yield shot.frame(t)


# --- sound and files --------------------------------------------------------------------------


def music(seconds: float, cut: float) -> NDArray[np.int16]:
    """A soft stereo chord that changes at the cut, with a bell on every half second."""
    t = np.arange(int(seconds * SOUND_RATE)) / SOUND_RATE
    left, right = np.zeros_like(t), np.zeros_like(t)
    chords = ((110.0, 164.81, 220.0, 277.18), (98.0, 146.83, 196.0, 293.66))
    for k, chord in enumerate(chords):
        gate = smooth(cut - 0.02, cut + 0.02, t)
        gate = gate if k else 1 - gate
        for n, pitch in enumerate(chord):
            slow = 1 + 0.3 * np.sin(2 * np.pi * (0.3 + 0.1 * n) * t + n)
            left += 0.06 * gate * slow * np.sin(2 * np.pi * pitch * t)
            right += 0.06 * gate * slow * np.sin(2 * np.pi * pitch * 1.003 * t + 0.4 * n)
    for n in range(int(seconds * 2)):
        since = np.clip(t - n / 2, 0, None)
        pitch = 440 * 2 ** ([0, 4, 7, 11, 12, 7, 4, 2][n % 8] / 12)
        bell = 0.16 * np.exp(-since * 6) * np.sin(2 * np.pi * pitch * since)
        left, right = left + bell * (0.4 + 0.3 * (n % 2)), right + bell * (0.7 - 0.3 * (n % 2))
    fade = smooth(0, 0.03, t) * smooth(seconds, seconds - 0.15, t)
    both = np.stack([left, right], axis=-1) * fade[:, None]
    return np.asarray(np.rint(np.clip(both, -1, 1) * 32000), dtype=np.int16)


def write_film(
    path: Path, shots: tuple[Shot, ...], *, rate: str = str(RATE), sound: bool = True
) -> None:
    """Encode shots, with their music if they have `sound`."""
    length = sum(shot.length for shot in shots)
    tone = music(length / RATE, shots[0].length / RATE) if sound else None
    encode(path, frames(shots), (WIDTH, HEIGHT), rate, tone)


def encode(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    size: tuple[int, int],
    rate: str,
    sound: NDArray[np.int16] | None = None,
    crf: int = 19,
) -> None:
    """Encode pictures, and sound if there is any, as H.264 and AAC, tagged BT.709."""
    tags = "colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=limited"
    flags = "bicubic+accurate_rnd+full_chroma_int"
    with tempfile.TemporaryDirectory() as folder:
        tone = Path(folder) / "tone.wav"
        with wave.open(str(tone), "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(SOUND_RATE)
            out.writeframes(b"" if sound is None else sound.tobytes())
        heard = () if sound is None else ("-i", f"file:{tone}", "-map", "0:v", "-map", "1:a")
        command = [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", "-f", "rawvideo"),
            *("-pix_fmt", "rgb24", "-video_size", f"{size[0]}x{size[1]}", "-framerate", rate),
            *("-i", "pipe:0", *heard, "-vf"),
            f"scale=flags={flags}:out_color_matrix=bt709:out_range=limited,format=yuv420p,"
            f"setparams={tags}",
            *("-c:v", "libx264", "-preset", "veryslow", "-crf", str(crf), "-c:a", "aac", "-b:a"),
            *("96k", "-fflags", "+bitexact", "-flags", "+bitexact", "-threads", "1"),
            *("-movflags", "+faststart", f"file:{path}"),
        ]
        raw = b"".join(frame.tobytes() for frame in pictures)
        subprocess.run(command, input=raw, check=True)


VALLEY = (432, 240)
"""The size of the film of the valley, 72 frames at 24 a second, silent."""


if __name__ == "__main__":
    valley = Valley.make()
    Image.fromarray(valley.photograph((640, 400), 1.5)).save(HERE / "valley.png", optimize=True)
    encode(HERE / "valley.mp4", valley.film(VALLEY, RATE, 72), VALLEY, str(RATE), crf=24)
    write_film(HERE / "drift.mp4", DRIFT)
    write_film(HERE / "reef.mp4", REEF, rate="30000/1001", sound=False)
    Image.fromarray(EVENING.frame(30, (640, 360))).save(HERE / "dusk.png", optimize=True)
