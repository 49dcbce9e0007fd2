"""What schedules read: checked before any work, and put on the clock of a film."""

from __future__ import annotations

import json
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import dream_tiny, read, texture

from dreamvid.commands import looks, ready, shared
from dreamvid.commands.clock import check_dials, clock_of, needs_look, signals_read
from dreamvid.commands.looks import look_at_source
from dreamvid.commands.video import dream_video
from dreamvid.errors import DreamvidError, Interrupted, UnreadableInput, UsageError
from dreamvid.image import save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.film_signals import FilmSignals
from dreamvid.schedules.envelope import follow
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence.progress import Progress
from dreamvid.settings.models import VideoSettings, ZoomSettings
from dreamvid.settings.tables import FilmSettings

FPS = Fraction(25)
COUNT = 8


def video_of(strength: str, **tables: Any) -> VideoSettings:
    dream = {"octaves": 1, "iterations": 1, "strength": strength}
    return VideoSettings.checked({"dream": dream} | tables)


def zoom_of(strength: str, **tables: Any) -> ZoomSettings:
    return ZoomSettings.checked({"dream": {"strength": strength}} | tables)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Eight frames that move faster and faster."""
    path = tmp_path / "in.mkv"
    with VideoWriter(path, like=FilmInfo.plain(96, 64, FPS, COUNT), codec="ffv1") as out:
        for n in range(COUNT):
            out.write(texture(height=64, width=96, dx=n * n / 4), n / FPS)
    return path


@pytest.fixture
def drawn(tmp_path: Path) -> str:
    (tmp_path / "a.csv").write_text("0,0\n0.4,2\n")
    return f"curve({str(tmp_path / 'a.csv')!r})"


def test_signals_of_layers_and_of_the_camera_are_read() -> None:
    settings = ZoomSettings.checked(
        {"dream": {"layer": ["parts*(0.5+onset)"]}, "camera": {"zoom": "1+bands(20, 90)"}}
    )
    assert signals_read(settings) == {"onset", "bands(20, 90)"}


def test_what_can_be_known_early_is_checked_early(drawn: str, song: Path) -> None:
    check_dials(video_of(f"1+{drawn}"), FPS, 20)
    with pytest.raises(UsageError, match=r"value at frame 8 is .*, not in 0..10"):
        check_dials(video_of(f"1+6*{drawn}"), FPS, 20)
    check_dials(video_of("100*motion"), FPS, 20)  # not known before the film is seen
    check_dials(video_of("100*bass", sound={"audio": str(song)}), FPS, 20)


@pytest.mark.parametrize(
    ("settings", "error", "what"),
    [
        (zoom_of("1+motion"), UsageError, "strength: motion needs a film, which a zoom does not"),
        (zoom_of("1+curve('gone.csv')"), UnreadableInput, "gone.csv: no such file"),
        (video_of("1+bands(20, 90)"), UsageError, "needs audio"),
        (video_of("1", dream={"layer": ["parts*(1+onst)"]}), UsageError, "did you mean onset"),
    ],
)
def test_a_signal_without_a_source_is_refused(
    settings: VideoSettings | ZoomSettings, error: type[DreamvidError], what: str, song: Path
) -> None:
    with pytest.raises(error, match=what):
        check_dials(settings, FPS, 20)
    if "audio" not in what:  # not hidden by what is checked later
        sound = settings.sound.model_copy(update={"audio": song})
        with pytest.raises(error, match=what):
            check_dials(settings.model_copy(update={"sound": sound}), FPS, 20)


def test_a_film_is_looked_at_only_if_needed(drawn: str) -> None:
    wanted = [needs_look(video_of(text), 20) for text in ("1+t/99", "cut", drawn, "0:(motion)")]
    assert wanted == [False, True, False, True]
    assert needs_look(video_of(drawn), None)  # its length is not known otherwise


def test_the_clock_has_the_signals_with_their_envelopes(drawn: str, song: Path) -> None:
    seen = FilmSignals((0.0, 1.0, 2.0, 2.0), (0.5,) * 4, (1.0, 0.0, 1.0, 0.0))
    signals = {"motion": {"attack": 0, "release": 0}, "cut": {"release": "40ms", "gain": 2},
               "curve": {"attack": "80ms"}}  # fmt: skip
    settings = video_of(f"motion+cut+{drawn}+bands(20, 9000)+beat", signals=signals,
                        sound={"audio": str(song)})  # fmt: skip
    clock = clock_of(settings, FPS, 4, seen)
    found = {name: [clock.variable(name, n) for n in range(4)] for name in signals_read(settings)}
    assert found["motion"] == [0, 0.5, 1, 1]
    np.testing.assert_allclose(found["cut"], np.multiply([1, np.exp(-1)] * 2, 2))
    points = np.arange(4) / 25 * 5
    (name,) = (name for name in found if name.startswith("curve"))
    np.testing.assert_allclose(found[name], follow(points, 25, 0.08, 0))
    assert max(found["bands(20, 9000)"]) > 0
    plain = clock_of(video_of("1"), FPS, None, None)
    assert plain.frames is None and plain.signals == {}
    assert clock_of(settings, FPS, None, seen).frames == 4


def test_a_beat_with_an_envelope_is_followed() -> None:
    rows = {"beat": {"attack": "100ms"}}
    plain, shaped = (
        clock_of(zoom_of("beat", sound={"bpm": 60}, signals=signals), FPS, 50)
        for signals in ({}, rows)
    )
    beat = np.array([plain.variable("beat", n) for n in range(50)])
    assert "beat" not in plain.signals  # a formula, also between frames
    np.testing.assert_allclose(shaped.signals["beat"], follow(beat, 25, 0.1, 0))


def test_a_look_is_the_same_whatever_size_is_dreamed_and_follows_the_part(film: Path) -> None:
    told: list[Progress] = []
    info, whole = look_at_source(film, FilmSettings(), told.append)
    small = look_at_source(film, FilmSettings(width=32), lambda event: None)[1]
    assert small == whole and info.rate == FPS
    assert [(event.task, event.done, event.total) for event in told][-1] == ("looking", 8, 8)
    part = look_at_source(film, FilmSettings(frames=3), lambda event: None)[1]
    assert len(part.cut) == 3 and part.motion == whole.motion[:3]
    assert np.all(np.diff(whole.motion[2:]) > 0)


def test_a_resumed_film_reads_the_same_signals_without_another_look(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 2)
    looked: list[Path] = []

    def counting(source: Path, *rest: Any) -> Any:
        looked.append(source)
        return look_at_source(source, *rest)

    monkeypatch.setattr(looks, "look_at_source", counting)
    settings = video_of("0.5+4*motion")
    dream_video(film, tmp_path / "whole.mkv", settings)

    def stop(event: Progress) -> None:
        if event.task == "frames" and event.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        dream_video(film, tmp_path / "out.mkv", settings, on_progress=stop)
    kept = json.loads((tmp_path / ".out.mkv.parts" / "signals.json").read_text())
    assert len(FilmSignals.read(kept["signals"]).cut) == COUNT
    dream_video(film, tmp_path / "out.mkv", settings)
    assert len(looked) == 2  # once for each of the outputs
    assert (tmp_path / "out.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()
    dream_video(film, tmp_path / "flat.mkv", video_of("0.5"))
    assert len(looked) == 2
    moved = [np.abs(a.astype(int) - b).mean() for a, b in zip(
        read(tmp_path / "whole.mkv"), read(tmp_path / "flat.mkv"), strict=True)]  # fmt: skip
    assert moved[-1] > 2 * moved[1]  # more was dreamed where more moved


@pytest.mark.parametrize(("strength", "shared"), [("1+motion", False), ("1+t/99", True)])
def test_parts_of_a_row_that_has_grown_are_not_reused_with_its_old_signals(
    strength: str, shared: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dream_tiny(monkeypatch)
    (tmp_path / "row").mkdir()
    for n in range(3):
        save_image(tmp_path / "row" / f"{n}.png", to_image(texture(dx=n)))
    rows: list[object] = []

    def refused(*_: object, row: object, **__: object) -> None:
        rows.append(row)
        raise UsageError("enough")

    monkeypatch.setattr(ready, "Job", refused)
    with pytest.raises(UsageError, match="enough"):
        dream_video(tmp_path / "row", tmp_path / "out.mkv", video_of(strength))
    assert [row is not None for row in rows] == [shared]


def test_the_sidecar_knows_the_curves_and_a_changed_one_starts_over(
    film: Path, drawn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 2)
    settings = video_of(f"1+{drawn}")

    def stop(event: Progress) -> None:
        if event.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        dream_video(film, tmp_path / "out.mkv", settings, on_progress=stop)
    (tmp_path / "a.csv").write_text("0,0\n0.4,1\n")
    with pytest.raises(DreamvidError, match=r"4 frames are already dreamed.*curve file"):
        dream_video(film, tmp_path / "out.mkv", settings)
    dream_video(film, tmp_path / "out.mkv", settings, overwrite=True)
    made = tomllib.loads((tmp_path / "out.mkv.dreamvid.toml").read_text())["made"]
    assert len(made["curve_sha256"]) == 64


def test_signals_out_of_bounds_are_told_before_a_network_is_loaded(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "load_network", None)
    with pytest.raises(UsageError, match=r"strength: the value at frame \d is .*not in 0..10"):
        dream_video(film, tmp_path / "out.mkv", video_of("20*motion"))
    assert [path.name for path in tmp_path.glob("*out*")] == []
