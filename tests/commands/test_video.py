"""One call each: open, dream and close, or leave nothing behind."""

from __future__ import annotations

import hashlib
import os
import threading
import tomllib
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from tiny import clicks_from, known_frames, moved, read, texture, tiny_network

from dreamvid.commands import image, shared, sidecar
from dreamvid.commands.clock import clock_of
from dreamvid.commands.dreams import Dreams
from dreamvid.commands.image import dream_image
from dreamvid.commands.preflight import check_video
from dreamvid.commands.raised import Raised
from dreamvid.commands.ready import in_time
from dreamvid.commands.video import dream_video, run_video
from dreamvid.device.card import PlainCard
from dreamvid.dream.objectives import Objective
from dreamvid.errors import DreamvidError, Interrupted, OutputExists, UnreadableInput, UsageError
from dreamvid.image import load_image, save_image, to_array, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.media.writer import VideoWriter
from dreamvid.networks.network import Network
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.progress import Progress
from dreamvid.settings.dials import Dials
from dreamvid.settings.models import ImageSettings, VideoSettings
from dreamvid.settings.tables import DreamSettings, NetworkSettings, SoundSettings

QUICK = {"octaves": 2, "iterations": 2}
COUNT = 5


def video_settings(**tables: dict[str, Any]) -> VideoSettings:
    return VideoSettings.checked({"dream": QUICK} | tables)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film of five frames, lossless, at an odd rate."""
    path = tmp_path / "in.mkv"
    rate = Fraction(24000, 1001)
    with VideoWriter(path, like=FilmInfo.plain(64, 48, rate, COUNT), codec="ffv1") as out:
        for t, array in enumerate(moved(COUNT)):
            out.write(to_image(array), t / rate)
    return path


def test_a_picture_is_dreamed_on_as_by_a_dreamer(picture: Path, tmp_path: Path) -> None:
    settings = ImageSettings.checked({"dream": QUICK | {"layer": ["parts"], "seed": 3}})
    result = dream_image(picture, tmp_path / "out.png", settings)
    assert (result.path, result.frames) == (tmp_path / "out.png", 1)
    dream = shared.make_dreamer(settings.network, settings.dream, size=(48, 64))
    expected = to_array(dream(load_image(picture)))
    assert np.array_equal(to_array(load_image(tmp_path / "out.png")), expected)
    assert not np.array_equal(expected, to_array(load_image(picture)))


def test_a_picture_is_dreamed_small_and_says_so(picture: Path, tmp_path: Path) -> None:
    images = []
    for asked, notes in (
        ("32", ("dreamed at 32x24, added to the 64x48 picture",)),
        ("96x96", ("dreamed at 64x48, because the picture is not larger than --dream-size 96x96",)),
        ("full", ()),
    ):
        values = {"dream": QUICK | {"octaves": 1}, "picture": {"dream_size": asked}}
        result = dream_image(
            picture, tmp_path / "out.png", ImageSettings.checked(values), overwrite=True
        )
        assert result.notes == notes
        images.append(load_image(result.path))
    small, larger, full = images
    assert torch.equal(larger, full)
    assert small.shape == full.shape and not torch.equal(small, full)


@pytest.mark.parametrize("name", ["gone/out.png", "out.xyz", "in.png"])
def test_a_picture_that_cannot_be_written_is_reported_before_the_work(
    name: str, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "load_network", None)
    with pytest.raises((UsageError, OutputExists)):
        dream_image(picture, tmp_path / name)
    with pytest.raises(UnreadableInput):
        dream_image(tmp_path / "gone.png", tmp_path / "out.png")


def test_a_picture_is_replaced_only_with_overwrite(picture: Path, tmp_path: Path) -> None:
    settings = ImageSettings.checked({"dream": QUICK})
    target = tmp_path / "out.png"
    target.write_bytes(b"precious")
    with pytest.raises(OutputExists, match="use another name, or -y"):
        dream_image(picture, target, settings)
    assert target.read_bytes() == b"precious"
    dream_image(picture, target, settings, overwrite=True)
    assert load_image(target).shape == (3, 48, 64)


def test_a_film_comes_back_with_its_length_rate_and_size(film: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    result = dream_video(film, tmp_path / "out.mp4", video_settings(), on_progress=told.append)
    assert (result.frames, result.damage) == (COUNT, None)
    assert [(p.done, p.total) for p in told if p.task == "frames"] == [
        (n, COUNT) for n in range(1, COUNT + 1)
    ]
    with VideoReader(tmp_path / "out.mp4") as out:
        assert (out.info.width, out.info.height, out.info.rate) == (64, 48, Fraction(24000, 1001))
        assert len(list(out)) == COUNT


def test_the_same_call_gives_the_same_bytes_and_another_seed_others(
    film: Path, tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        dream_video(film, tmp_path / f"{name}.mp4", video_settings(dream=QUICK | {"seed": seed}))
    a, b, c = ((tmp_path / f"{name}.mp4").read_bytes() for name in "abc")
    assert a == b != c


def test_strength_0_gives_the_film_back(film: Path, tmp_path: Path) -> None:
    settings = video_settings(dream=QUICK | {"strength": 0}, output={"codec": "ffv1"})
    dream_video(film, tmp_path / "out.mkv", settings)
    for before, after in zip(read(film), read(tmp_path / "out.mkv"), strict=True):
        assert np.abs(before.astype(int) - after).mean() < 0.5


def test_the_film_settings_reach_the_reader(film: Path, tmp_path: Path) -> None:
    settings = video_settings(film={"start": "0.05", "frames": 2, "width": 32})
    result = dream_video(film, tmp_path / "out.mp4", settings)
    assert result.frames == 2
    assert [array.shape for array in read(tmp_path / "out.mp4")] == [(24, 32, 3)] * 2


def dream_lines(source: Path, out: Path, /, **tables: dict[str, Any]) -> list[str]:
    """Dream a film; what was said of the size."""
    events: list[Progress] = []
    settings = video_settings(**{"output": {"codec": "ffv1"}} | tables)
    dream_video(source, out, settings, on_progress=events.append)
    return [event.text for event in events if event.task == "note"]


def test_a_film_is_dreamed_small_and_comes_back_at_its_size(film: Path, tmp_path: Path) -> None:
    outs = [tmp_path / f"{name}.mkv" for name in "abc"]
    for out, asked in zip(outs, ("32", "32x300", "full"), strict=True):
        said = dream_lines(film, out, film={"dream_size": asked})
        assert said == ([] if asked == "full" else ["dreaming at 32x24, added to the 64x48 film"])
    small, also, full = map(read, outs)
    for source, a, b, c in zip(read(film), small, also, full, strict=True):
        assert a.shape == (48, 64, 3)
        assert np.array_equal(a, b) and not np.array_equal(a, c)
        assert 1 < np.abs(a.astype(int) - source).mean() < 40


@pytest.mark.parametrize("size", [None, "full", "64x48", "96"])
def test_a_dream_that_is_not_smaller_is_that_of_the_film(
    size: str | None, film: Path, tmp_path: Path
) -> None:
    dream_lines(film, tmp_path / "a.mkv")
    told = ["dreaming at 64x48, because the film is not larger than --dream-size 96"]
    said = dream_lines(film, tmp_path / "b.mkv", film={"dream_size": size})
    assert said == (told if size == "96" else [])
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()


def test_a_large_film_is_dreamed_small_on_a_cpu_and_the_sidecar_says_so(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamvid.sequence.dream_size.LARGE_FILM", 64 * 48 - 1)
    monkeypatch.setattr("dreamvid.sequence.dream_size.DREAM_LINES", 24)
    cpu = {"device": "cpu"}
    said = dream_lines(film, tmp_path / "a.mkv", network=cpu)
    changes = "; --dream-size full changes that"
    assert said == [f"dreaming at 32x24, added to the 64x48 film{changes}"]
    record = tomllib.loads((tmp_path / "a.mkv.dreamvid.toml").read_text("utf-8"))
    assert record["film"] == {"dream_size": "32x24"}
    assert dream_lines(film, tmp_path / "b.mkv", network=cpu, film=record["film"]) == [
        said[0].removesuffix(changes)
    ]
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()
    assert dream_lines(film, tmp_path / "c.mkv", network=cpu, film={"dream_size": "full"}) == []
    assert dream_lines(film, tmp_path / "d.mkv", network=cpu, film={"width": 32}) == []


def test_strength_0_gives_the_film_back_when_it_is_dreamed_small(
    film: Path, tmp_path: Path
) -> None:
    dream_lines(film, tmp_path / "a.mkv", dream=QUICK | {"strength": 0})
    dream_lines(film, tmp_path / "b.mkv", dream=QUICK | {"strength": 0}, film={"dream_size": "32"})
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()


def test_the_dream_alone_comes_at_the_size_of_the_film(film: Path, tmp_path: Path) -> None:
    output = {"codec": "ffv1", "alpha": "dream"}
    dream_video(
        film, tmp_path / "out.mkv", video_settings(output=output, film={"dream_size": "32"})
    )
    with av.open(str(tmp_path / "out.mkv")) as out:
        planes = [f.to_ndarray(format="rgba") for f in out.decode(video=0)]
    assert planes[1].shape == (48, 64, 4) and 0 < planes[1][..., 3].mean() < 255


def test_numbered_pictures_come_at_the_rate_asked_for(tmp_path: Path) -> None:
    for t, array in enumerate(moved(3)):
        save_image(tmp_path / f"f_{t:02d}.png", to_image(array))
    settings = video_settings(film={"rate": "12"})
    dream_video(tmp_path / "f_%02d.png", tmp_path / "out.mp4", settings)
    with VideoReader(tmp_path / "out.mp4") as out:
        assert out.info.rate == 12


def test_the_sidecar_says_all_that_made_the_film(film: Path, tmp_path: Path) -> None:
    dream_video(film, tmp_path / "out.mp4", video_settings(motion={"stability": 0.5}))
    record = tomllib.loads((tmp_path / "out.mp4.dreamvid.toml").read_text("utf-8"))
    made = record.pop("made")
    assert tmp_path / made["source"] == film
    assert made["source_sha256"] == hashlib.sha256(film.read_bytes()).hexdigest()
    assert len(made["weights_sha256"]) == 64
    assert {"dreamvid", "python", "torch"} <= set(made["versions"])
    assert record["network"]["device"] in ("cpu", "cuda", "mps")
    assert record["network"]["precision"] in ("fp32", "bf16", "fp16")
    assert record["dream"]["step"] > 0 and record["dream"]["layer"]
    assert record["motion"]["stability"] == 0.5


def test_the_sidecar_repeats_the_run(film: Path, tmp_path: Path) -> None:
    dream_video(film, tmp_path / "out.mp4", video_settings(dream=QUICK | {"strength": 1.5}))
    record = tomllib.loads((tmp_path / "out.mp4.dreamvid.toml").read_text("utf-8"))
    del record["made"]
    again = VideoSettings.checked(record)
    dream_video(film, tmp_path / "again.mp4", again)
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "out.mp4").read_bytes()
    sidecars = [tmp_path / f"{name}.mp4.dreamvid.toml" for name in ("out", "again")]
    assert len({path.read_bytes() for path in sidecars}) == 1


def test_a_picture_has_no_time_to_change_in(picture: Path, tmp_path: Path) -> None:
    settings = ImageSettings.checked({"dream": {"strength": "0:(1), 5:(2)"}})
    with pytest.raises(
        UsageError, match="strength: schedules are not allowed for a single picture"
    ):
        image.dream_image(picture, tmp_path / "out.png", settings)


def test_an_interrupted_call_goes_on_when_made_again(film: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    dream_video(film, tmp_path / "whole.mp4", video_settings())
    with pytest.raises(Interrupted):
        dream_video(film, tmp_path / "out.mp4", video_settings(), on_progress=stop)
    assert len(read(tmp_path / "out.partial.mp4")) == 3
    dream_video(film, tmp_path / "out.mp4", video_settings())
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


@pytest.mark.parametrize(("strength", "kept"), [("1", 4), ("2-progress", 4), ("loop", 0)])
def test_a_row_whose_last_picture_changes_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strength: str, kept: int
) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 2)
    (tmp_path / "in").mkdir()
    for t, array in enumerate(moved(6)):
        save_image(tmp_path / "in" / f"{t}.png", to_image(array))
    done: list[int] = []

    def stop(progress: Progress) -> None:
        if progress.task == "frames":
            done.append(progress.done)
            if progress.done == 5:
                raise KeyboardInterrupt

    loops = strength == "loop"
    motion, dream = {"loop": loops}, QUICK | {"strength": "1" if loops else strength}
    wanted = VideoSettings.checked({"dream": dream, "motion": motion, "output": {"codec": "ffv1"}})
    with pytest.raises(Interrupted):
        dream_video(tmp_path / "in", tmp_path / "out.mkv", wanted, on_progress=stop)
    save_image(tmp_path / "in" / "4.png", to_image(texture(5)))
    done.clear()
    with pytest.raises(Interrupted):
        dream_video(tmp_path / "in", tmp_path / "out.mkv", wanted, overwrite=True, on_progress=stop)
    assert done[0] == kept + 1


@pytest.mark.parametrize(
    ("dream", "kept"),
    [
        ({"strength": "0:(1), 50%:(2)"}, 0),
        ({"guide": "guides"}, 0),
        ({"layer": "0:(parts), max_f/2:(objects)"}, 0),
        ({"strength": "1+(t%2)/8"}, 4),
        ({}, 4),
    ],
)
def test_a_row_that_has_grown_starts_over_if_its_length_decides_the_first_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dream: dict[str, str], kept: int
) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 2)
    monkeypatch.chdir(tmp_path)
    for folder, arrays in (("in", moved(6)), ("guides", [texture(7), texture(8)])):
        (tmp_path / folder).mkdir()
        for t, array in enumerate(arrays):
            save_image(tmp_path / folder / f"{t}.png", to_image(array))
    done: list[int] = []
    row = "in" if dream else "in/%d.png"

    def stop(progress: Progress) -> None:
        if progress.task == "frames":
            done.append(progress.done)
            if progress.done == 5:
                raise KeyboardInterrupt

    wanted = VideoSettings.checked({"dream": QUICK | dream, "output": {"codec": "ffv1"}})
    with pytest.raises(Interrupted):
        dream_video(row, "out.mkv", wanted, on_progress=stop)
    for t in range(6, 12):
        save_image(tmp_path / "in" / f"{t}.png", to_image(texture(5)))
    done.clear()
    with pytest.raises(Interrupted):
        dream_video(row, "out.mkv", wanted, overwrite=True, on_progress=stop)
    assert done[0] == kept + 1


@pytest.mark.parametrize("name", ["gone/out.mp4", "out.xyz", "in.mkv", "there.mp4"])
def test_a_film_that_cannot_be_written_is_reported_before_anything_is_fetched(
    name: str, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.mp4").touch()
    monkeypatch.setattr(shared, "load_network", None)
    with pytest.raises((UsageError, OutputExists)):
        dream_video(film, tmp_path / name)


@pytest.mark.parametrize(
    "tables",
    [
        {"network": {"model": "googelnet"}},
        {"network": {"model": "googlenet", "offline": True}},
        {"network": {"weights": "gone.safetensors"}},
        {"dream": {"layer": ["nowhere"]}},
        {"dream": QUICK | {"layer": ["parts:99999"]}},
        {"dream": {"label": "unicornfish"}},
        {"dream": {"guide": "gone.png"}},
        {"motion": {"flow": "raft-small"}},
        {"output": {"codec": "h999"}},
        {"film": {"start": 100}},
    ],
    ids=str,
)
def test_what_cannot_be_used_leaves_nothing_behind(
    tables: dict[str, Any], film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    with pytest.raises(DreamvidError) as caught:
        dream_video(film, tmp_path / "out.mp4", VideoSettings.checked(tables))
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["in.mkv"]


def objective_of(network: Network, dream: DreamSettings) -> Objective:
    return Raised(network, patient=False)(Dials(dream, Clock(Fraction(1)))(0), ())[0]


def test_layers_add_and_scale() -> None:
    network = tiny_network()
    image = to_image(texture())[None]

    def value(*layers: str) -> float:
        objective = objective_of(network, DreamSettings(layer=layers))
        return float(objective(network.trunk(objective.layers)(image)))

    total = value("one*2", "two:3")
    assert total == pytest.approx(2 * value("one") + value("two:3"))
    assert value() == pytest.approx(value(network.default_layer))


def test_weights_that_come_to_nothing_are_reported_unless_they_change() -> None:
    network, clock = tiny_network(), Clock(Fraction(1), 4)

    def make(*layers: str) -> None:
        dream = DreamSettings(layer=layers)
        Dreams((network,), NetworkSettings(device="cpu"), dream, clock, size=(48, 64))

    for layers in [("one*0",), ("one", "two:3*0", "one*-1"), ("two*1e-30",)]:
        with pytest.raises(UsageError, match="layer: the weights add up to zero"):
            make(*layers)
    make("one*0", "two")
    make("one*-1")
    make("0:(one*0), 3:(one)")
    make("one*(t - t)")


def test_a_label_and_a_guide_make_objectives(picture: Path) -> None:
    network = tiny_network()
    label = objective_of(network, DreamSettings(label="cat"))
    assert label.layers == ("logits",)
    guided = objective_of(network, DreamSettings(guide=picture, layer=("one", "two")))
    assert guided.layers == ("one", "two")
    with torch.no_grad():
        assert float(guided(network.trunk(guided.layers)(load_image(picture)[None]))) > 0


def test_an_unknown_label_gets_near_misses() -> None:
    with pytest.raises(UsageError, match=r"unknown label 'el'; try elk"):
        objective_of(tiny_network(), DreamSettings(label="el"))


def test_the_digest_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"one")
    assert sidecar.digest(tmp_path / "a") == sidecar.digest(tmp_path / "b")
    (tmp_path / "b" / "1.png").write_bytes(b"two")
    assert sidecar.digest(tmp_path / "a") != sidecar.digest(tmp_path / "b")
    assert sidecar.digest(tmp_path / "a" / "1.png") == hashlib.sha256(b"one").hexdigest()
    assert sidecar.digest(tmp_path / "gone") == ""
    pattern = sidecar.digest(tmp_path / "b" / "%d.png")
    assert pattern == sidecar.digest(tmp_path / "b")
    (tmp_path / "b" / "1.png").write_bytes(b"three")
    assert sidecar.digest(tmp_path / "b" / "%d.png") != pattern


@pytest.mark.parametrize(
    ("device", "threads", "ahead"), [("cpu", 2, 0), ("cpu", 1, 1), ("cpu", 3, 0), ("cuda", 2, 1)]
)
def test_motion_is_found_ahead_unless_the_dream_has_all_cores(
    device: str, threads: int, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    made = threading.Event()
    ended: list[bool] = []

    def frames() -> Generator[Frame, None, None]:
        try:
            yield known_frames(moved(1), dx=0, dy=0)[0]
            made.set()
            yield known_frames(moved(1), dx=0, dy=0)[0]
        finally:
            ended.append(True)

    card = PlainCard(torch.device("cpu")) if device == "cuda" else None
    with in_time(frames(), card) as timely:
        next(timely)
        assert made.wait(60 * ahead + 0.1) == bool(ahead)
    assert ahead or ended


def test_the_dream_alone_is_written_with_transparency(film: Path, tmp_path: Path) -> None:
    output = {"codec": "ffv1", "alpha": "dream"}
    settings = VideoSettings.checked({"dream": QUICK, "output": output})
    dream_video(film, tmp_path / "out.mkv", settings)
    with av.open(str(tmp_path / "out.mkv")) as out:
        planes = [f.to_ndarray(format="rgba") for f in out.decode(video=0)]
    assert len(planes) == COUNT and 0 < planes[1][..., 3].mean() < 255
    with pytest.raises(UsageError, match="h264 does not support transparency"):
        dream_video(film, tmp_path / "a.mp4", VideoSettings.checked({"output": {"alpha": "dream"}}))


def test_a_film_is_repeated(film: Path, tmp_path: Path) -> None:
    settings = VideoSettings.checked({"dream": QUICK, "output": {"repeat_to": "0.4"}})
    dream_video(film, tmp_path / "out.mp4", settings)
    frames = read(tmp_path / "out.mp4")
    assert len(frames) == 2 * COUNT
    assert np.array_equal(frames[1], frames[1 + COUNT])


def test_the_beat_is_that_of_the_song_unless_a_tempo_is_given(tmp_path: Path) -> None:
    late = clicks_from(0.35, tmp_path / "late.wav")
    fps = Fraction(20)
    heard, given = (
        clock_of(VideoSettings(sound=SoundSettings(audio=late, bpm=bpm)), fps, 120)
        for bpm in (None, 120.0)
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


def test_a_film_that_another_run_has_written_since_the_check_is_kept(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.mkv"
    request = check_video(film, target, video_settings(), overwrite=False)
    target.write_bytes(b"precious")
    monkeypatch.setattr(shared, "load_network", None)  # nothing may be dreamed
    with pytest.raises(OutputExists):
        run_video(request, lambda event: None)
    assert target.read_bytes() == b"precious"
