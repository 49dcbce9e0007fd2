"""Loops: that they close, that what cannot close is refused, and that the seam is told."""

from __future__ import annotations

import re
import tomllib
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from tiny import dream_tiny, moved, texture, tiny_dreamer

from dreamvid.commands import shared
from dreamvid.commands.closed import Clip, blended_back
from dreamvid.commands.loop import describe_seam, dream_loop, with_octaves
from dreamvid.commands.shapes import check_closes, lap_zoom, whole_turns
from dreamvid.errors import OutputExists, UsageError
from dreamvid.image import save_image, to_image
from dreamvid.loops.closing import SeamMeter
from dreamvid.media.child import run_ffmpeg
from dreamvid.media.decode import FilmDecoder
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.media.target import exclusive_lock
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.camera import Camera
from dreamvid.sequence.progress import Progress
from dreamvid.sequence.render import make_carry
from dreamvid.settings import presets
from dreamvid.settings.loops import LoopSettings, PanLoop, ZoomLoop, loop_model
from dreamvid.settings.tables import DreamSettings, LengthSettings, ZoomCameraSettings

QUICK = {"octaves": 1, "iterations": 2}
SMALL = {"size": "64x48", "fps": 8, "seconds": 1}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "in.mkv"
    with VideoWriter(path, like=FilmInfo.plain(64, 48, Fraction(24), 40), codec="ffv1") as out:
        for array in moved(40, dx=1, dy=0):
            out.write(array)
    return path


def loop_settings(**tables: dict[str, Any]) -> LoopSettings:
    dreamed = {"dream": QUICK, "clip": SMALL}
    if tables.get("loop", {}).get("kind") == "film":
        dreamed = {}
    values = dreamed | {"output": {"codec": "ffv1"}} | tables
    return loop_model(values).checked(values)


def made(source: Path | None, target: Path, **tables: dict[str, Any]) -> tuple[Any, float]:
    """The frames of a loop, [N, H, W, 3], and the seam that was told."""
    result = dream_loop(source, target, loop_settings(**tables))
    seam = re.search(r"seam: ([\d.]+)", result.notes[-1])
    assert seam is not None
    with VideoReader(target) as film:
        frames = np.array([frame.array for frame in film])
    assert len(frames) == result.frames
    return frames.astype(int), float(seam[1])


def seam_of(frames: Any, faded: int = 0) -> float:
    """The worst step across the join, or among the last `faded`, over the median step."""
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    across = np.abs(frames[-1] - frames[0]).mean()
    return float(max(across, *steps[len(steps) - faded :], 0) / np.median(steps))


# --- exact loops ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["zoom", "pan"])
@pytest.mark.parametrize("grown", [True, False], ids=["picture", "noise"])
def test_an_exact_loop_closes(kind: str, grown: bool, picture: Path, tmp_path: Path) -> None:
    source = picture if grown else None
    clip = SMALL | {"fps": 24}
    frames, seam = made(source, tmp_path / "out.mkv", loop={"kind": kind}, clip=clip)
    assert frames.shape == (24, 48, 64, 3)
    assert seam == pytest.approx(seam_of(frames), abs=0.002)
    assert seam < (1.15 if grown else 1.05)  # a picture does not move evenly all the way
    assert np.abs(np.diff(frames, axis=0)).mean() > 1


def test_a_zoom_is_as_round_as_its_symmetry(tmp_path: Path) -> None:
    for symmetry, close in ((2, True), (1, False)):
        frames, _ = made(None, tmp_path / f"{symmetry}.mkv", loop={"symmetry": symmetry})
        half_turn = np.abs(frames[0] - frames[0][::-1, ::-1]).mean()
        assert bool(half_turn < 1.5) is close


@pytest.mark.parametrize("zoom, inwards", [(3, True), (1 / 3, False)])
def test_a_zoom_goes_the_way_asked(zoom: float, inwards: bool, tmp_path: Path) -> None:
    camera = {"zoom": zoom}
    frames, seam = made(None, tmp_path / "out.mkv", camera=camera, clip=SMALL | {"fps": 24})
    assert seam < 1.1
    one, two = frames[0].astype(np.uint8), frames[1].astype(np.uint8)
    guesses = {}
    for factor in (3 ** (1 / 24), 3 ** (-1 / 24)):
        camera_of = Camera({"zoom": factor}, fps=Fraction(1), width=64, height=48)
        from dreamvid.motion.warp import warp

        moved_on = warp(to_image(one), camera_of(1).backward) * 255
        guesses[factor > 1] = float((moved_on - to_image(two) * 255).abs().mean())
    assert guesses[inwards] < 0.6 * guesses[not inwards]


def test_a_pan_is_a_tile(tmp_path: Path) -> None:
    frames, _ = made(None, tmp_path / "out.mkv", loop={"kind": "pan", "direction": "down"})
    assert np.abs(np.roll(frames[0], 12, axis=0) - frames[2]).mean() < 1  # 48 rows in 8 frames
    inside = np.abs(np.diff(frames[0], axis=1)).mean()
    assert np.abs(frames[0][:, 0] - frames[0][:, -1]).mean() < 2 * inside


def test_an_evolving_loop_closes_though_it_changes(tmp_path: Path) -> None:
    shape = {"kind": "pan", "evolve": 2}
    frames, seam = made(None, tmp_path / "out.mkv", loop=shape)
    assert seam < 1.3
    still, _ = made(None, tmp_path / "still.mkv", loop=shape | {"evolve": 1})
    changed = [  # half of the way: 64 columns in 8 frames
        float(np.abs(np.roll(loop[4], -32, axis=1) - loop[0]).mean()) for loop in (frames, still)
    ]
    assert changed[0] > 1 and changed[1] < 0.1 * changed[0]


def test_codecs_of_more_bits_get_them(tmp_path: Path) -> None:
    settings = loop_settings(output={"codec": "prores"})
    dream_loop(None, tmp_path / "out.mov", settings)
    with VideoReader(tmp_path / "out.mov") as film:
        levels = np.concatenate([frame.array.ravel() for frame in film])
    assert levels.dtype == np.uint16
    assert len(np.unique(levels)) > 400


@pytest.mark.parametrize(
    "tables, says",
    [
        ({"clip": SMALL | {"seconds": "1.01"}}, "needs a whole number"),
        ({"camera": {"rotate": 100}}, "give 0, or"),
        ({"camera": {"rotate": 350}}, "give 360, or"),
        ({"camera": {"pan_x": 1}}, "pan_x: not used .* kind zoom; .* --kind feedback"),
        ({"camera": {"zoom": "0:(1), 5:(2)"}}, "zoom: an exact loop allows no schedules"),
        ({"camera": {"zoom": 1}}, "zoom: nothing moves; .* --evolve 2"),
        ({"camera": {"zoom": 999}, "clip": SMALL | {"seconds": 200}}, "is out of range"),
        ({"loop": {"twist": 16}, "camera": {"zoom": 3}}, "twist less"),
        ({"loop": {"kind": "pan", "direction": "sideways"}}, "unknown direction 'sideways'"),
        ({"loop": {"kind": "pan", "direction": "1000,0"}}, "up to 100 whole tiles"),
        ({"loop": {"kind": "pan"}, "camera": {"zoom": 2}}, "zoom: not used by loops of kind pan"),
        ({"loop": {"ping_pong": True}}, "--kind film"),
        ({"loop": {"kind": "pan", "symmetry": 5}}, "symmetry: not used .* kind pan; .*--kind zoom"),
        ({"loop": {"fade": 5}}, "--kind film or feedback"),
        (
            {"loop": {"kind": "film"}, "dream": QUICK},
            "octaves: not used .* kind film; .*dreamvid video dreams films",
        ),
        ({"loop": {"kind": "film"}, "clip": {"fps": 8}}, "fps: not used by loops of kind film"),
        (
            {"loop": {"kind": "film"}, "clip": {"from_noise": True}},
            "from_noise: not used by loops of kind film",
        ),
        (
            {"loop": {"kind": "film"}, "sound": {"bpm": 100}},
            "bpm: not used .* kind film; leave it out, or use --kind feedback",
        ),
        ({"loop": {"kind": "film", "ping_pong": True, "fade": 3}}, "fade: ping-pong needs no fade"),
        (
            {"loop": {"kind": "film", "ping_pong": True}, "clip": {"seconds": 1}},
            "seconds: ping-pong plays the whole film",
        ),
        ({"motion": {"stability": 0.9}}, "stability: not used by loops of kind zoom"),
        (
            {"loop": {"kind": "pan"}, "camera": {"edges": "wrap"}},
            "edges: not used by loops of kind pan",
        ),
        ({"sound": {"bpm": 100}}, "bpm: not used by loops of kind zoom"),
        (
            {"dream": QUICK | {"strength": "0:(0.2), 4:(9)"}},
            "strength: an exact loop allows no schedules",
        ),
        ({"dream": {"layer": ("one*(1+t)",)}}, "layer: an exact loop allows no schedules"),
        ({"dream": {"layer": ("0:(one), 3:(two)",)}}, "layer: an exact loop allows no schedules"),
        ({"loop": {"kind": "film"}}, "no film given"),
        ({"loop": {"kind": "feedback", "fade": 9}}, "at most 8"),
        ({"output": {"codec": "ffv1", "alpha": "dream"}}, "no source"),
    ],
    ids=str,
)
def test_what_cannot_close_is_refused(tables: dict[str, Any], says: str, tmp_path: Path) -> None:
    said: list[Progress] = []
    with pytest.raises(UsageError, match=says):
        dream_loop(None, tmp_path / "out.mkv", loop_settings(**tables), on_progress=said.append)
    assert not said and not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_goes_with_an_exact_loop(name: str) -> None:
    for kind in (ZoomLoop, PanLoop):
        check_closes(kind.checked(presets.fitting(presets.preset(name), kind)))


def test_a_picture_and_noise_exclude_each_other(picture: Path, tmp_path: Path) -> None:
    settings = loop_settings(clip=SMALL | {"from_noise": True})
    with pytest.raises(UsageError, match="not allowed together with a picture"):
        dream_loop(picture, tmp_path / "out.mkv", settings)


def test_nothing_is_overwritten_without_permission(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "out.mkv").write_bytes(b"precious")
    monkeypatch.setattr(shared, "load_network", None)
    with pytest.raises(OutputExists):
        dream_loop(None, tmp_path / "out.mkv", loop_settings())


@pytest.mark.parametrize("kind", ["zoom", "film"])
def test_two_runs_do_not_make_one_loop(kind: str, film: Path, tmp_path: Path) -> None:
    target, source = tmp_path / "out.mkv", film if kind == "film" else None
    with (
        exclusive_lock(target),
        pytest.raises(UsageError, match="another run is writing this file"),
    ):
        dream_loop(source, target, loop_settings(loop={"kind": kind}))
    assert not target.exists()


@pytest.mark.parametrize("zoom, lap", [(2.0, 4.0), (0.5, 0.25), (None, 4.0)])
def test_the_zoom_is_per_second(zoom: float | None, lap: float) -> None:
    assert lap_zoom(ZoomCameraSettings(zoom=zoom), Fraction(2), 0) == pytest.approx(lap)


def test_a_lap_turns_by_whole_symmetries() -> None:
    assert whole_turns(36, Fraction(10), 1) == 1
    assert whole_turns(-12, Fraction(10), 3) == -1
    with pytest.raises(UsageError, match="give 36"):
        whole_turns(40, Fraction(10), 1)


def test_the_sidecar_repeats_a_loop(tmp_path: Path) -> None:
    frames, _ = made(None, tmp_path / "out.mkv", loop={"symmetry": 3, "twist": 1})
    record = tomllib.loads((tmp_path / "out.mkv.dreamvid.toml").read_text("utf-8"))
    del record["made"]
    again, _ = made(None, tmp_path / "again.mkv", **record)
    assert np.array_equal(frames, again)


# --- loops that are led back ------------------------------------------------------------------


def test_a_film_is_closed(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "load_network", None)  # nothing is dreamed
    frames, seam = made(film, tmp_path / "out.mkv", loop={"kind": "film", "fade": 8})
    assert 15 <= len(frames) < 40
    assert seam == pytest.approx(seam_of(frames, faded=8), abs=0.002)
    assert seam_of(frames) < 1.3 < seam < 2  # the blend itself shows a little


def test_a_film_is_at_least_as_long_as_asked(film: Path, tmp_path: Path) -> None:
    clip = {"seconds": "1.25"}
    frames, _ = made(film, tmp_path / "out.mkv", loop={"kind": "film", "fade": 4}, clip=clip)
    assert len(frames) >= 30


def test_a_song_is_put_to_a_closed_film(film: Path, tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    with wave.open(str(song), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(16000))
    frames, _ = made(film, tmp_path / "out.mkv", loop={"kind": "film"}, sound={"audio": str(song)})
    with av.open(str(tmp_path / "out.mkv")) as made_film:
        (track,) = made_film.streams.audio
        heard = sum(frame.samples for frame in made_film.decode(track))
    # The song lasts a second, or as long as the loop.
    assert heard / 8000 == pytest.approx(min(1, len(frames) / 24), abs=0.1)


def test_a_film_that_loops_already_is_left_whole(tmp_path: Path) -> None:
    path, rate = tmp_path / "in.mkv", Fraction(24)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    with VideoWriter(path, like=FilmInfo.plain(64, 48, rate, 24), codec="ffv1") as out:
        for a in angles:
            out.write(texture(dx=round(20 * np.cos(a)), dy=round(20 * np.sin(a))))
    frames, seam = made(path, tmp_path / "out.mkv", loop={"kind": "film"})
    with VideoReader(path) as film:
        assert np.array_equal(frames, [frame.array for frame in film])
    assert seam < 1.3
    joined, _ = made(path, tmp_path / "joined.mkv", loop={"kind": "film", "fade": 4})
    assert len(joined) < 24  # as asked


def test_a_film_goes_forth_and_back(film: Path, tmp_path: Path) -> None:
    shape = {"kind": "film", "ping_pong": True}
    frames, seam = made(film, tmp_path / "out.mkv", loop=shape)
    assert len(frames) == 78
    assert np.array_equal(frames[1], frames[77])
    assert seam < 1.3


@pytest.mark.parametrize(
    "shape, says",
    [
        ({"kind": "film"}, "is visible: try a longer fade, or ping-pong"),
        ({"kind": "film", "ping_pong": True}, "is visible"),
        ({"kind": "feedback"}, "is visible: try a longer fade"),
        ({"kind": "pan"}, "is visible"),
    ],
)
def test_a_seam_that_shows_is_reported_with_what_would_help(
    shape: dict[str, Any], says: str
) -> None:
    meter = SeamMeter()
    for level in (0, 1, 2, 90):
        meter.look(np.full((48, 64, 3), level, np.uint8))
    settings = loop_model({"loop": shape}).checked({"loop": shape})
    assert describe_seam(meter, settings).endswith(f", which {says}")


@pytest.mark.parametrize("kind", ["mp4", "avi"])  # AVI tells the time of decoding, not of showing
def test_some_frames_of_a_film_are_read_without_those_before(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"in.{kind}"
    codec = {"mp4": "libx264", "avi": "mpeg4"}[kind]
    source = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=4")
    run_ffmpeg([*source, "-c:v", codec, "-g", "10", "-bf", "2", str(path)], where=path)
    clip = Clip(path, LengthSettings())
    with clip.open() as film:
        every = [frame.tobytes() for frame in clip.look(film)]
    for start, stop in ((0, 3), (1, 9), (59, 70), (97, 100)):
        assert [frame.tobytes() for frame in clip(start, stop)] == every[start:stop]

    decoded, time = 0, FilmDecoder._time

    def counted(self: FilmDecoder, frame: Any) -> Fraction:
        nonlocal decoded
        decoded += 1
        return time(self, frame)

    monkeypatch.setattr(FilmDecoder, "_time", counted)
    assert len(list(clip(97, 100))) == 3
    assert decoded < 50


def test_a_film_whose_clock_jumps_back_is_played_back_as_it_was_forth(tmp_path: Path) -> None:
    path = tmp_path / "in.ts"
    source = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2")
    run_ffmpeg([*source, "-c:v", "mpeg2video", str(path)], where=path)
    path.write_bytes(path.read_bytes() * 2)
    frames, _ = made(path, tmp_path / "out.mkv", loop={"kind": "film", "ping_pong": True})
    assert len(frames) > 150
    back = [frames[0], *reversed(frames[1:])]
    assert [frame.tobytes() for frame in frames] == [frame.tobytes() for frame in back]


def test_a_row_of_pictures_is_closed_and_its_gap_is_noted(tmp_path: Path) -> None:
    (tmp_path / "row").mkdir()
    for n in (1, 2, 4, 5, 6):
        save_image(tmp_path / "row" / f"{n}.png", to_image(texture(seed=n)))
    settings = loop_settings(loop={"kind": "film", "ping_pong": True})
    result = dream_loop(tmp_path / "row", tmp_path / "out.mkv", settings)
    assert "1 image is missing, the first number 3: the gap is skipped" in result.notes
    assert result.damage is None


def test_a_feedback_zoom_is_led_back(tmp_path: Path) -> None:
    clip = SMALL | {"fps": 12, "seconds": 2}
    camera = {"zoom": "1.5+0.3*cos(2*pi*t/24)", "rotate": 20}
    frames, seam = made(
        None, tmp_path / "out.mkv", loop={"kind": "feedback"}, clip=clip, camera=camera
    )
    assert len(frames) == 24
    assert seam == pytest.approx(seam_of(frames), abs=0.002)
    assert seam < 1.3


def feedback(fade: int) -> list[torch.Tensor]:
    camera = Camera({"zoom": 1.5}, fps=Fraction(8), width=64, height=48)
    dream = tiny_dreamer(octaves=1, iterations=2)
    start = to_image(texture())
    return list(
        blended_back(
            start,
            camera,
            make_carry(dream, 0.9),
            count=8,
            fade=fade,
            warm=4,
        )
    )


def test_without_the_fade_a_feedback_zoom_would_jump() -> None:
    def seam(frames: list[torch.Tensor]) -> float:
        return seam_of(torch.stack(frames).permute(0, 2, 3, 1).numpy())

    assert seam(feedback(1)) > 2 * seam(feedback(6))
    assert seam(feedback(6)) < 1.3


@pytest.mark.parametrize("side, octaves", [(48, 4), (200, 4), (848, 9), (10**6, 12)])
def test_large_textures_get_more_octaves(side: int, octaves: int) -> None:
    assert with_octaves(DreamSettings(), (side, 2 * side)).octaves == octaves
    asked = DreamSettings(octaves=2)
    assert with_octaves(asked, (side, side)).octaves == 2
