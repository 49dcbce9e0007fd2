"""Joining parts: exact times, repeats, and what must fit together."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pytest
from media_clips import Make

from dreamvid.errors import DiskFull, DreamvidError, OutputExists, UsageError
from dreamvid.media import mux
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import Delivered, assemble
from dreamvid.media.parts import PartTable
from dreamvid.media.writer import PartWriter

RATE = Fraction(24)
LIKE = FilmInfo.plain(64, 48, RATE, 6)


def film_of(folder: Path, *ticks: list[int], source: FilmInfo = LIKE, **table: Any) -> Any:
    """A film of parts of which only the tables exist."""
    parts = []
    for number, part in enumerate(ticks):
        parts.append(folder / f"part{number}")
        ranks = table.get("ranks", list(range(len(part))))
        PartTable(Fraction(1, 24), table.get("codec", "h264"), part, ranks).save(parts[-1])
    options = {"complete": True, "repeat_to": table.get("repeat_to")}
    return mux._Film(parts, source, **options)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two parts of three frames, every one a keyframe."""
    folder = tmp_path_factory.mktemp("parts")
    made = []
    for number in range(2):
        path = folder / f"part{number}"
        with PartWriter(path, like=LIKE, codec="ffv1", intra=True) as out:
            for n in range(3 * number, 3 * number + 3):
                out.write(np.full((48, 64, 3), 30 * n, np.uint8), n / RATE)
        made.append(path)
    return made


def stamps(path: Path) -> list[Fraction]:
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        return [p.pts * p.time_base for p in film.demux(video) if p.size]  # type: ignore[operator]


class Packet(NamedTuple):
    """What is stamped on a packet."""

    pts: int
    dts: int
    duration: int


class Stamped:
    """A packet to be stamped."""

    time_base = Fraction(0)
    pts = dts = duration = 0


def stamped(film: Any) -> list[Packet]:
    """The stamps of all packets, in decoding order."""
    found, done = [], 0
    for _ in range(film.rounds or 1):
        for table in film._tables:
            for n, rank in enumerate(table.ranks):
                packet = Stamped()
                film._stamp(packet, done, done + rank - n)
                found.append(Packet(packet.pts, packet.dts, packet.duration))
                done += 1
    return found


def test_times_run_on_across_parts(tmp_path: Path) -> None:
    film = film_of(tmp_path, [0, 1, 2], [3, 4, 5])
    assert stamped(film) == [Packet(n, n, 1) for n in range(6)]
    assert film.frames == 6 and film.end == Fraction(6, 24)


def test_times_start_where_the_source_does(tmp_path: Path) -> None:
    late = replace(LIKE, start=Fraction(1), duration=Fraction(1, 4))
    assert [packet.pts for packet in stamped(film_of(tmp_path, [0, 1], source=late))] == [24, 25]
    cut = replace(late, origin=Fraction(1))
    assert [packet.pts for packet in stamped(film_of(tmp_path, [0, 1], source=cut))] == [0, 1]


@pytest.mark.parametrize("ranks", [[0, 2, 1], [0, 3, 1, 2, 5, 4], [2, 1, 0]])
def test_frames_are_decoded_before_they_are_shown(tmp_path: Path, ranks: list[int]) -> None:
    times = list(range(len(ranks)))
    packets = stamped(film_of(tmp_path, times, [t + len(ranks) for t in times], ranks=ranks))
    assert sorted(packet.pts for packet in packets) == list(range(2 * len(ranks)))
    assert all(packet.dts <= packet.pts for packet in packets)
    assert all(a.dts < b.dts for a, b in pairwise(packets))


def test_a_varying_rate_keeps_its_times(tmp_path: Path) -> None:
    varying = replace(LIKE, variable=True, duration=Fraction(20, 24))
    packets = stamped(film_of(tmp_path, [0, 1, 7], [9], source=varying))
    assert [(packet.pts, packet.duration) for packet in packets] == [
        (0, 1), (1, 6), (7, 2), (9, 11),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "rounds"), [("0.001", 1), ("1/4", 1), ("0.26", 2), ("1", 4), ("1.01", 5)]
)
def test_a_film_is_repeated_whole(tmp_path: Path, seconds: str, rounds: int) -> None:
    film = film_of(tmp_path, [0, 1, 2, 3, 4, 5], repeat_to=Fraction(seconds))
    assert film.rounds == rounds and film.frames == 6 * rounds
    packets = stamped(film)
    assert [packet.pts for packet in packets] == list(range(6 * rounds))
    assert film.end == Fraction(rounds, 4) >= Fraction(seconds)
    assert film.repeated_notes() == (f"played {rounds} times, {float(film.end):g} s",)


def test_a_repeated_film_says_that_it_has_no_sound(tmp_path: Path) -> None:
    film = film_of(tmp_path, [0], source=replace(LIKE, has_audio=True), repeat_to=Fraction(1))
    assert film.repeated_notes()[-1] == "a repeated film has no audio"


@pytest.mark.parametrize(
    ("times", "shown", "told"),
    [
        ([0, 1, 2], [1, 1, 1], ()),
        ([0, 2, 3], [2, 1, 1], ("1 times a frame is repeated, 0 are dropped",)),
        ([0, 5, 6], [5, 1, 1], ("4 times a frame is repeated, 0 are dropped",)),
    ],
)
def test_a_varying_rate_is_made_constant_where_frames_have_no_times(
    tmp_path: Path, times: list[int], shown: list[int], told: tuple[str, ...]
) -> None:
    source = replace(LIKE, variable=True, duration=None)
    film = film_of(tmp_path, times, source=source, codec="hap")
    assert film._shown == shown and film.frames == sum(shown)
    assert [packet.split(": ")[-1] for packet in film.evened_notes()] == list(told)
    assert film._times == list(range(sum(shown)))


def test_frames_closer_than_the_constant_rate_are_dropped_and_said(tmp_path: Path) -> None:
    source = replace(LIKE, rate=Fraction(12), variable=True, duration=None)
    film = film_of(tmp_path, [0, 1, 2, 3, 4, 5], source=source, codec="hap")
    assert film._shown == [0, 1, 0, 1, 0, 2] and film.frames == 4  # seen in the middle of a slot
    assert film.evened_notes()[0].startswith("the varying rate was made a constant 12 fps for hap")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ticks": [0, 1]}, "the parts are not in order; start over with -y"),
        ({"codec": "h265"}, "the parts belong to different films; start over with -y"),
        ({"alpha": True}, "the parts belong to different films"),
        ({"tick": Fraction(1, 25)}, "the parts belong to different films"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    parts = [tmp_path / "a", tmp_path / "b"]
    table = PartTable(Fraction(1, 24), "h264", [0, 1], [0, 1])
    table.save(parts[0])
    replace(table, **{"ticks": [2, 3]} | change).save(parts[1])
    with pytest.raises(DreamvidError, match=says):
        mux._Film(parts, LIKE, complete=True, repeat_to=None)


def test_parts_are_joined_without_encoding(parts: list[Path], tmp_path: Path) -> None:
    made = assemble(parts, parts[0].parent / "a.mkv", source=LIKE, overwrite=True)
    assert made == Delivered((), 6)
    assert stamps(parts[0].parent / "a.mkv") == [
        Fraction(round(1000 * n / 24), 1000) for n in range(6)
    ]


def test_a_repeated_film_is_as_long_as_asked(parts: list[Path]) -> None:
    target = parts[0].parent / "b.mkv"
    made = assemble(parts, target, source=LIKE, overwrite=True, repeat_to=Fraction(1, 2))
    assert made.frames == len(stamps(target)) == 12
    assert made.notes == ("played 2 times, 0.5 s",)


def test_a_film_that_is_cut_ends_with_its_last_frame(make: Make, parts: list[Path]) -> None:
    source = replace(LIKE, duration=Fraction(9), path=None)
    whole, cut = parts[0].parent / "c.mkv", parts[0].parent / "d.mkv"
    assemble(parts, whole, source=source, overwrite=True)
    assemble(parts, cut, source=source, overwrite=True, complete=False)
    lengths = []
    for path in (whole, cut):
        with av.open(str(path)) as film:
            lengths.append(film.duration)
    assert lengths[0] == 9_000_000 and abs(lengths[1] - 250_000) < 2000  # type: ignore[operator]


@pytest.mark.parametrize(
    ("target", "error", "says"),
    [
        ("there.mkv", OutputExists, "already exists"),
        ("a.mp4", UsageError, "ffv1 cannot be stored in a '.mp4' file"),
        ("gone/a.mkv", UsageError, "no such folder"),
    ],
)
def test_the_target_is_checked_again(
    parts: list[Path], tmp_path: Path, target: str, error: type[DreamvidError], says: str
) -> None:
    (tmp_path / "there.mkv").touch()
    with pytest.raises(error, match=says):
        assemble(parts, tmp_path / target, source=LIKE)


def test_no_parts_are_no_film(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no parts to join"):
        assemble([], tmp_path / "a.mkv", source=LIKE)


def test_a_repeat_that_does_not_fit_is_refused_before_it_is_written(
    parts: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(mux.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DiskFull, match=r"the repeated film needs .* GB, but 0\.0 GB are free"):
        assemble(parts, parts[0].parent / "e.mkv", source=LIKE, repeat_to=Fraction(60))
    assert not (parts[0].parent / "e.mkv").exists()


def test_a_missing_frame_is_noticed(parts: list[Path], tmp_path: Path) -> None:
    target = parts[0].parent / "f.mkv"
    assemble(parts, target, source=LIKE, overwrite=True)
    mux._count(target, 6)
    with pytest.raises(DreamvidError, match="the film holds only 6 of 7 frames"):
        mux._count(target, 7)


def test_the_movie_clock_is_exact_for_every_track(tmp_path: Path) -> None:
    film = film_of(tmp_path, [0, 1])

    class Sides:
        def __init__(self, *clocks: int) -> None:
            self.clocks = lambda: list(clocks)

    for clocks, scale in (
        ((), 24),
        ((44100,), 88200),
        ((48000, 44100), 7056000),
        ((99999989,), 24),
    ):
        options = film._quicktime_options(Sides(*clocks))
        assert options == {"movflags": "+faststart", "movie_timescale": str(scale)}
    assert film._quicktime_options(None)["movie_timescale"] == "24"
