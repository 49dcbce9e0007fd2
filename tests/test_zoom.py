"""Zooms: dials over time, songs, resuming, previews, plots; the dream alone on transparency."""

from __future__ import annotations

import tomllib
import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from tiny import known_frames, moved, texture, tiny_network

from dreamvid import api
from dreamvid.api import clock_of, dream_video
from dreamvid.clips.plot import PlotSettings, draw, panels, plot
from dreamvid.clips.preview import preview_motion
from dreamvid.clips.zoom import beginning, dream_zoom, fill
from dreamvid.dials import Dials, words
from dreamvid.dream import objectives
from dreamvid.dreaming import Dreams
from dreamvid.errors import Interrupted, OutputExists, UnreadableInput, UsageError
from dreamvid.image import save_image, to_array, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.camera import Camera
from dreamvid.schedule import Clock
from dreamvid.sequence.endless import endless as seen_by
from dreamvid.sequence.job import Progress
from dreamvid.sequence.matte import matte
from dreamvid.sequence.render import remember, render
from dreamvid.settings import (
    CameraSettings,
    ClipSettings,
    DreamSettings,
    LoopSettings,
    NetworkSettings,
    Settings,
    SoundSettings,
    VideoSettings,
    ZoomSettings,
    read_toml,
)

QUICK = {"octaves": 2, "iterations": 2}
SMALL = {"size": "64x48", "fps": 6, "seconds": 1}
CPU = NetworkSettings(device="cpu", precision="fp32")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "load_network", lambda *_, **__: tiny_network())


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "in.png"
    save_image(path, to_image(texture()))
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "in.mkv"
    with VideoWriter(path, like=FilmInfo.plain(64, 48, Fraction(25), 4), codec="ffv1") as out:
        for array in moved(4):
            out.write(array)
    return path


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Two seconds of clicks."""
    return clicks_from(0, tmp_path / "song.wav", seconds=2)


def clicks_from(first: float, path: Path, *, seconds: int = 8) -> Path:
    """Two clicks a second."""
    samples = np.zeros(seconds * 8000, np.int16)
    for start in range(round(first * 8000), len(samples) - 200, 4000):
        samples[start : start + 200] = 20000 * (-1) ** np.arange(200)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(samples.tobytes())
    return path


def zoom_settings(**tables: dict[str, Any]) -> ZoomSettings:
    return ZoomSettings.checked(
        {"dream": QUICK, "clip": SMALL, "output": {"codec": "ffv1"}} | tables
    )


def read(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as film:
        return [frame.array for frame in film]


def at(text: dict[str, Any], *, frames: int = 11) -> Dreams:
    settings = DreamSettings.checked(QUICK | text)
    return Dreams(tiny_network(), CPU, settings, Clock(Fraction(10), frames))


# --- dials ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, text, frame, value",
    [
        ("strength", "0:(1), 10:(3)", 5, 2.0),
        ("step", "0:(0.1), 1s:(0.2)", 5, 0.15),
        ("iterations", "0:(2), 10:(4)", 5, 3),
        ("iterations", "0:(2), 10:(5)", 6, 4),
        ("octaves", "0:(1), 50%:(3)", 5, 3),
        ("octave_scale", "1.5+0.1*sin(pi*t/10)", 5, 1.6),
        ("strength", "2", 7, 2.0),
    ],
)
def test_numeric_dials_take_schedules(name: str, text: str, frame: int, value: float) -> None:
    moment = Dials(DreamSettings.checked({name: text}), Clock(Fraction(10), 11))(frame)
    assert getattr(moment, name) == pytest.approx(value)
    assert isinstance(getattr(moment, name), type(value))


@pytest.mark.parametrize(
    "model, name, text, says",
    [
        (DreamSettings, "strength", "0:(1), 10:(11)", "not in 0..10"),
        (DreamSettings, "iterations", "0:(1), 10:(-3)", "not in 1..1000"),
        (DreamSettings, "step", "t/10", "not in 1e-06..1"),
        (CameraSettings, "zoom", "0:(1), 5:(0)", r"not in 0\.001"),
        (DreamSettings, "strength", "1+onset", "needs sound"),
        (DreamSettings, "layer", ("parts*(1+bass)",), "needs sound"),
    ],
)
def test_bounds_hold_over_the_whole_length(
    model: type[Settings], name: str, text: Any, says: str
) -> None:
    settings = model.checked({name: text})
    clock = Clock(Fraction(10), 11)
    with pytest.raises(UsageError, match=says):
        if isinstance(settings, DreamSettings):
            Dials(settings, clock)
        else:
            api_camera(settings, clock)


def api_camera(settings: Settings, clock: Clock) -> Camera:
    from dreamvid.clips.zoom import make_camera

    assert isinstance(settings, CameraSettings)
    return make_camera(settings, clock, 64, 48)


def test_what_the_camera_sees_between_frames_is_looked_at_too() -> None:
    with pytest.raises(UsageError, match="not in"):  # only halfway between frames below the bounds
        api_camera(CameraSettings.checked({"zoom": "abs(cos(pi*t))"}), Clock(Fraction(10), 11))


@pytest.mark.parametrize(
    "text, column", [("0:(1), 3x:(2)", 9), ("1 +", 4), ("0:(1.4), 3s:(2.2, bogus)", 19)]
)
def test_an_unreadable_schedule_is_refused_by_the_settings(text: str, column: int) -> None:
    with pytest.raises(UsageError, match=rf"^my.toml: dream.strength: .*column {column}, .*; see"):
        VideoSettings.checked({"dream": {"strength": text}}, where="my.toml")


def test_one_dreamer_serves_all_frames_that_dream_alike() -> None:
    dreams = at({"strength": "0:(1, hold), 5:(2, hold)"})
    assert dreams(0) is dreams(4)
    assert dreams(5) is dreams(10) is not dreams(0)
    assert dreams(5).dose.step == pytest.approx(2 * dreams(0).dose.step)


def test_layers_change_and_fade() -> None:
    dreams = at({"layer": ("0:(one), 10:(two*2, linear)",)})
    assert [dreams(k).objective.layers for k in (0, 5, 10)] == [("one",), ("one", "two"), ("two",)]
    image = to_image(texture())
    one, two, mid = (dreams(k).rate(image) for k in (0, 10, 5))
    assert mid == pytest.approx((one * two) ** 0.5, rel=1e-4)


def test_weights_of_layers_are_schedules() -> None:
    image = to_image(texture())
    for text in ("one*(1+t/10)", "0:(one*1), 10:(one*2, linear)"):
        dreams = at({"layer": (text,)})
        ratio = dreams(10).rate(image) / dreams(0).rate(image)
        assert ratio == pytest.approx(2, rel=1e-4)
        assert dreams(5).rate(image) == pytest.approx(1.5 * dreams(0).rate(image), rel=1e-4)


def test_what_is_not_positive_fades_by_its_share() -> None:
    below = objectives.Objective(("x",), lambda a: -a["x"])
    above = objectives.Objective(("y",), lambda a: a["y"])
    values = {"x": torch.tensor(4.0), "y": torch.tensor(8.0)}
    assert float(objectives.fade([(below, 0.25), (above, 0.75)])(values)) == pytest.approx(5)


def test_guides_are_schedules(picture: Path, tmp_path: Path) -> None:
    save_image(tmp_path / "b.png", to_image(texture(3)))
    dreams = at({"guide": f"0:({picture}), 10:({tmp_path / 'b.png'}, linear)", "layer": ("one",)})
    image = to_image(texture(5))
    rates = [dreams(k).rate(image) for k in (0, 5, 10)]
    assert rates[1] == pytest.approx((rates[0] * rates[2]) ** 0.5, rel=1e-4)
    with pytest.raises(UnreadableInput, match=r"gone\.png"):
        at({"guide": f"0:({picture}), 10:(gone.png)"})


def test_a_large_guide_is_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_image(tmp_path / "large.png", to_image(texture(height=300, width=1200)))
    seen: list[tuple[int, ...]] = []
    inner = objectives.guide

    def watch(activations: objectives.Activations) -> objectives.Objective:
        seen.append(tuple(activations["one"].shape[2:]))
        return inner(activations)

    monkeypatch.setattr(objectives, "guide", watch)
    at({"guide": str(tmp_path / "large.png"), "layer": ("one",)})
    assert seen == [(128, 512)]


@pytest.mark.parametrize(("last", "said"), [("nowhere", "nowhere"), ("one:99", "no channel 99")])
def test_an_unknown_layer_is_told_before_its_time(last: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        at({"layer": (f"0:(one), 10:({last})",)})


def test_words_without_keys_are_taken_as_they_are() -> None:
    for text in ("a, b's (c.png", "one:3", "C:\\x.png"):
        assert words(text, Clock(Fraction(1)), "guide")[1](0) == ((text, 1.0),)


SAMPLES = Path(__file__).parent.parent / "samples" / "settings"


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_the_settings_of_the_samples_can_be_used(path: Path) -> None:
    model = LoopSettings if path.name.startswith("loop") else ZoomSettings
    settings = model.checked(read_toml(path), where=path)
    clock = Clock(settings.clip.fps, settings.clip.frames)
    Dials(settings.dream, clock)
    api_camera(settings.camera, clock)
    assert path.with_suffix(".mp4").name in path.read_text("utf-8").split("\n")[0]
    assert (SAMPLES.parent / path.with_suffix(".mp4").name).stat().st_size < 1_000_000


# --- the loop of frames -----------------------------------------------------------------------


def test_a_film_is_dreamed_by_what_each_frame_says() -> None:
    frames = known_frames(moved(6))
    dreams = at({"strength": "0:(0, hold), 3:(1, hold)"}, frames=6)
    seen = list(render(frames, dreams, stability=lambda index: 0.9))
    amounts = [
        float((image - frame.image).abs().mean())
        for frame, image in zip(frames, seen, strict=True)
        if frame.image is not None
    ]
    assert max(amounts[:3]) < 1e-6 < 1e-3 < min(amounts[3:])


def test_schedules_go_on_where_a_film_was_stopped() -> None:
    frames = known_frames(moved(6))
    dreams = at({"strength": "0:(0.5), 5:(2)", "layer": ("0:(one), 3:(two)",)}, frames=6)
    whole = list(remember(frames, dreams, stability=0.9))
    late = list(remember(frames[4:], dreams, stability=0.9, memory=whole[3][1]))
    assert torch.equal(late[-1][1].dreamed, whole[-1][1].dreamed)


def test_another_layer_begins_another_gauge() -> None:
    frames = known_frames(moved(4))
    steady, changed = (
        list(remember(frames, at({"layer": (text,)}, frames=4), stability=0.9))[-1][1].gauge.sizes
        for text in ("two*1000", "0:(one), 3:(two*1000)")
    )
    assert steady.keys() == changed.keys()
    assert all(0.2 < changed[key] / steady[key] < 5 for key in steady)


def test_the_matte_over_the_source_is_the_dream() -> None:
    (frame, memory), *_ = remember(known_frames(moved(1)), at({}), stability=0.9)
    assert frame.image is not None
    laid = matte(memory.dreamed, frame.image)
    alpha, colour = laid[3:], laid[:3]
    again = alpha * colour + (1 - alpha) * frame.image
    assert float((again - memory.dreamed).abs().max()) < 1e-5
    assert 0.05 < float(alpha.mean()) < 1
    assert float(matte(frame.image, frame.image)[3].max()) == 0


def test_the_matte_of_a_carried_frame_leaves_the_grain_of_the_film() -> None:
    noise = torch.Generator().manual_seed(0)
    still = [
        replace(frame, image=frame.image + 0.03 * torch.randn(frame.image.shape, generator=noise))
        for frame in known_frames([texture()] * 4, dx=0, dy=0)
        if frame.image is not None
    ]
    frame, memory = list(remember(still, at({}), stability=0.9))[3]
    assert frame.image is not None
    laid = matte(memory.dreamed, memory.source)
    again = laid[3:] * laid[:3] + (1 - laid[3:]) * frame.image
    left = (1 - laid[3:]) * (frame.image - memory.source)
    assert float((again - memory.dreamed - left).abs().max()) < 1e-5
    assert float(left.abs().mean()) > 1e-3


# --- films ------------------------------------------------------------------------------------


def test_the_dream_alone_is_written_with_transparency(film: Path, tmp_path: Path) -> None:
    output = {"codec": "ffv1", "alpha": "dream"}
    settings = VideoSettings.checked({"dream": QUICK, "output": output})
    dream_video(film, tmp_path / "out.mkv", settings)
    with av.open(str(tmp_path / "out.mkv")) as out:
        planes = [f.to_ndarray(format="rgba") for f in out.decode(video=0)]
    assert len(planes) == 4 and 0 < planes[1][..., 3].mean() < 255
    with pytest.raises(UsageError, match="h264 has no transparency"):
        dream_video(film, tmp_path / "a.mp4", VideoSettings.checked({"output": {"alpha": "dream"}}))


def test_a_film_is_repeated(film: Path, tmp_path: Path) -> None:
    settings = VideoSettings.checked({"dream": QUICK, "output": {"repeat_to": "0.4"}})
    dream_video(film, tmp_path / "out.mp4", settings)
    frames = read(tmp_path / "out.mp4")
    assert len(frames) == 12
    assert np.array_equal(frames[1], frames[5])


def test_a_song_drives_the_dials_and_sounds(picture: Path, song: Path, tmp_path: Path) -> None:
    settings = zoom_settings(
        dream=QUICK | {"strength": "0.5+onset"},
        camera={"zoom": "1.2+beat"},
        sound={"audio": str(song)},
    )
    dream_zoom(picture, tmp_path / "out.mkv", settings)
    with av.open(str(tmp_path / "out.mkv")) as out:
        assert len(out.streams.audio) == 1
        assert float(out.duration or 0) / 1e6 == pytest.approx(1, abs=0.15)
    assert len(read(tmp_path / "out.mkv")) == 6


def test_the_beat_is_that_of_the_song_unless_a_tempo_is_given(tmp_path: Path) -> None:
    late = clicks_from(0.35, tmp_path / "late.wav")
    fps = Fraction(20)
    heard, given = (
        clock_of(SoundSettings(audio=late, bpm=bpm), fps, 120, 0) for bpm in (None, 120.0)
    )
    on, between = (range(start, 100, 10) for start in (7, 12))  # .35 s and .6 s, each half second
    assert np.mean([heard.variable("beat", frame) for frame in on]) > 0.6
    assert np.mean([heard.variable("beat", frame) for frame in between]) < 0.4
    assert given.variable("beat", 10) == 1


def test_a_song_takes_the_place_of_a_films_sound(film: Path, song: Path, tmp_path: Path) -> None:
    settings = VideoSettings.checked(
        {"dream": QUICK | {"strength": "1+rms"}, "sound": {"audio": str(song), "bpm": 90}}
    )
    dream_video(film, tmp_path / "out.mp4", settings)
    with av.open(str(tmp_path / "out.mp4")) as out:
        assert len(out.streams.audio) == 1
        assert float(out.duration or 0) / 1e6 < 0.5


# --- zooms ------------------------------------------------------------------------------------


def test_a_zoom_has_its_length_rate_and_size(picture: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    result = dream_zoom(picture, tmp_path / "out.mkv", zoom_settings(), report=told.append)
    assert (result.frames, [p.done for p in told]) == (6, [1, 2, 3, 4, 5, 6])
    with VideoReader(tmp_path / "out.mkv") as out:
        assert (out.info.width, out.info.height, out.info.rate) == (64, 48, 6)
        assert len(list(out)) == 6


def test_a_zoom_from_noise_is_the_same_for_one_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        settings = zoom_settings(
            clip=SMALL | {"from_noise": True, "seconds": "0.5"}, dream=QUICK | {"seed": seed}
        )
        dream_zoom(None, tmp_path / f"{name}.mkv", settings)
    a, b, c = (read(tmp_path / f"{name}.mkv") for name in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_a_zoom_goes_on_where_it_was_stopped(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamvid.sequence.job.PART_FRAMES", 2)
    settings = zoom_settings(
        camera={"zoom": "0:(1.2), 5:(2)", "rotate": 30}, dream=QUICK | {"strength": "1+t/10"}
    )

    def stop(progress: Progress) -> None:
        if progress.done == 5:
            raise KeyboardInterrupt

    dream_zoom(picture, tmp_path / "whole.mkv", settings)
    with pytest.raises(Interrupted):
        dream_zoom(picture, tmp_path / "out.mkv", settings, report=stop)
    told: list[Progress] = []
    dream_zoom(picture, tmp_path / "out.mkv", settings, report=told.append)
    assert told[0].done == 5  # two parts of two frames were there
    assert np.array_equal(read(tmp_path / "out.mkv"), read(tmp_path / "whole.mkv"))


def test_the_sidecar_repeats_a_zoom(picture: Path, tmp_path: Path) -> None:
    dream_zoom(picture, tmp_path / "out.mkv", zoom_settings(camera={"zoom": "0:(1.2), 5:(2)"}))
    record = tomllib.loads((tmp_path / "out.mkv.dreamvid.toml").read_text("utf-8"))
    assert record.pop("made")["source"] == str(picture)
    dream_zoom(picture, tmp_path / "again.mkv", ZoomSettings.checked(record))
    assert np.array_equal(read(tmp_path / "again.mkv"), read(tmp_path / "out.mkv"))


@pytest.mark.parametrize(
    "source, tables, error",
    [
        (None, {}, "no picture given"),
        ("in.png", {"clip": {"from_noise": True}}, "or with noise"),
        ("gone.png", {}, "no such file"),
        ("in.png", {"output": {"alpha": "dream"}}, "all dream"),
        ("in.png", {"output": {"codec": "hap-q"}}, "hap-q does not go into"),
        ("in.png", {"sound": {"audio": "in.png"}}, "no sound"),
        ("in.png", {"sound": {"audio": "gone.wav"}}, "no such file"),
        ("in.png", {"camera": {"zoom": "beats"}}, "needs a tempo"),
    ],
    ids=str,
)
def test_what_cannot_be_used_leaves_nothing_behind(
    source: str | None,
    tables: dict[str, Any],
    error: str,
    picture: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(api, "load_network", None)
    with pytest.raises((UsageError, UnreadableInput), match=error):
        dream_zoom(source, "out.mp4", ZoomSettings.checked(tables))
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_a_picture_fills_the_size_without_being_squeezed() -> None:
    wide = torch.zeros(3, 20, 60)
    wide[:, :, 20:40] = 1
    fitted = fill(wide, 40, 40)
    assert fitted.shape == (3, 40, 40)
    assert float(fitted[:, :, 4:-4].min()) > 0.9


def test_the_size_is_that_of_the_picture_unless_told(picture: Path) -> None:
    out = Path("out.mp4")
    assert beginning(picture, out, ClipSettings(), 0).shape == (3, 48, 64)
    assert beginning(picture, out, ClipSettings(size="32x32"), 0).shape == (3, 32, 32)


# --- looks ahead ------------------------------------------------------------------------------


def test_the_preview_needs_no_network(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "load_network", None)
    preview_motion(picture, tmp_path / "p.mp4", zoom_settings(camera={"zoom": 2, "rotate": 9}))
    assert len(read(tmp_path / "p.mp4")) == 6
    with pytest.raises(OutputExists):
        preview_motion(picture, tmp_path / "p.mp4", zoom_settings())


def test_the_preview_moves_as_the_camera_does() -> None:
    array = texture()
    camera = Camera({"pan_x": 8 / 64}, fps=Fraction(1), width=64, height=48)
    first, second, third = seen_by(array, camera.matrix, 3)
    assert np.array_equal(first, array)
    assert np.abs(second[:, 8:].astype(int) - array[:, :-8]).max() <= 1
    assert np.abs(third[:, 16:].astype(int) - array[:, :-16]).max() <= 1


@pytest.mark.parametrize("zoom", [1.9, 1 / 1.9])
def test_the_preview_never_ends(zoom: float) -> None:
    camera = Camera({"zoom": zoom, "rotate": 20}, fps=Fraction(1), width=64, height=48)
    frames = list(seen_by(texture(), camera.matrix, 150))
    sharp = [np.diff(frame.astype(float), axis=1).std() for frame in frames]
    assert min(sharp[100:]) > 0.5 * np.median(sharp[:20])


def test_a_plot_shows_what_the_schedules_say(tmp_path: Path) -> None:
    settings = PlotSettings.checked(
        {
            "dream": {"layer": ["0:(one), 10:(two, linear)"], "strength": "0:(1), 10:(3)"},
            "camera": {"zoom": 1.5, "rotate": "t"},
            "clip": {"seconds": "1.1", "fps": 10},
            "motion": {"stability": "0:(0.9), 10:(0.5)"},
        }
    )
    found = {panel.name: panel.lines for panel in panels(settings, Clock(Fraction(10), 11))}
    assert list(found) == ["zoom", "rotate", "strength", "stability", "layer"]
    assert found["strength"][""][5] == 2 and found["rotate"][""][7] == 7
    assert found["layer"]["two"][5] == pytest.approx(0.5)
    drawn = draw(panels(settings, Clock(Fraction(10), 11)), Clock(Fraction(10), 11))
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 4
    plot(settings, tmp_path / "curves.png")
    with pytest.raises(OutputExists):
        plot(settings, tmp_path / "curves.png")
    assert to_array(to_image(drawn)).shape == drawn.shape
