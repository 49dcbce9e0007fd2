"""A wall that runs for long: python tests/live/endurance.py --frames 1000000

A day of a camera in fast motion, at 64x36, on a clock that is set: light that rises and falls,
things that pass, cuts, a black, a frozen and a lost input, changed resolutions, and controls that
are turned. Prints the memory of the process and the state of the dream as it goes; the memory must
stay flat.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path[:0] = [
    str(Path(__file__).parents[2]),
    str(Path(__file__).parent),
    str(Path(__file__).parents[1]),
]

from tiny import texture  # noqa: E402
from wall_kit import FPS, Array, Small, looks_of, maker, settings_of  # noqa: E402

from dreamvid.live.controls import ALIASES, Controls  # noqa: E402
from dreamvid.networks.network import Network  # noqa: E402

SHAPE = (36, 64)
SCENES = [texture(seed, height=54, width=96) for seed in range(4)]
NOISE = np.random.default_rng(0).normal(0, 2, (97, *SHAPE, 3)).astype(np.float32)


class Report(NamedTuple):
    """The state after some frames: resident megabytes, and the deviation of the dream."""

    frames: int
    megabytes: float
    deviation: float
    state: str


def day(time: float) -> Array | None:
    """The camera at a time in seconds; an hour takes a minute."""
    minute, second = divmod(time, 60)
    if minute % 7 == 3 and second < 12:
        return None
    scene = SCENES[int(minute // 2) % len(SCENES)]
    left, top = int(16 + 15 * np.sin(time / 5)), int(9 + 8 * np.sin(time / 7))
    seen = scene[top : top + SHAPE[0], left : left + SHAPE[1]]
    if minute % 7 == 5 and second < 12:
        return np.zeros_like(seen) if second < 6 else seen
    light = 0.6 + 0.4 * np.sin(2 * np.pi * minute / 24)
    noise = NOISE[round(time * FPS) % len(NOISE)]
    seen = (light * seen + noise).clip(0, 255).astype(np.uint8)
    return np.repeat(seen, 2, axis=1) if minute % 5 == 4 else seen


def wall(frames: int, every: int, network: Network | None = None) -> Iterator[Report]:
    """Dream so many frames; a report after every so many."""
    told: list[str] = []
    settings = settings_of(iterations=2)
    small = Small(day, size=SHAPE, looks=looks_of(settings, make=maker(network)))
    controls = Controls(
        small.looks, settings, complain=told.append, reset=lambda: None, quit=lambda: None
    )
    chance = random.Random(0)
    for number, (_, memory, _) in enumerate(small, 1):
        if number % 50 == 0:
            controls.send("set", "strength", chance.uniform(0, 3))
            controls.send("set", "nosuch", number)
        if number % 400 == 0:
            controls.send("set", "layer", chance.choice(ALIASES))
            small.pace._place = chance.randrange(len(small.pace._sizes))
        controls.apply(small.clock.now())
        del told[:-1]
        if number % every == 0:
            deviation = float(memory.dreamed.std())
            yield Report(number, resident(), deviation, small.frames.state)
        if number >= frames:
            small.looks.close()
            return


def resident() -> float:
    """The resident memory of this process in megabytes; Linux only, elsewhere 0.

    Without what it has of files, which the system takes and gives as it is busy.
    """
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text().split()
    except OSError:
        return 0.0
    return (int(resident) - int(shared)) * 4096 / 1e6


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--every", type=int, default=10_000)
    parser.add_argument("--model", help="a network by name instead of a tiny one")
    given = parser.parse_args()
    network = None
    if given.model:
        from dreamvid.networks.registry import load_network

        network = load_network(given.model)
    for report in wall(given.frames, given.every, network):
        print(f"{report.frames:>9} frames  {report.megabytes:7.1f} MB  "
              f"deviation {report.deviation:.3f}  {report.state}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
