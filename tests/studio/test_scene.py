"""The place of a previewed frame in what is dreamed, and its clock."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from test_dream_child import Ear

from dreamvid.sequence.progress import Progress
from dreamvid.settings.models import ImageSettings, VideoSettings, ZoomSettings
from dreamvid.studio import scene as scene_module
from dreamvid.studio.channel import Cancelled
from dreamvid.studio.scene import NO_SIGNALS, Clocks, Scene, placed, telling


@pytest.mark.parametrize(
    ("film", "number", "wanted"),
    [
        ({}, 30, (30, 100)),
        ({"start": 1}, 30, (6, 76)),
        ({"start": 1}, 3, (0, 76)),
        ({"start": "1.01"}, 30, (5, 75)),  # the first frame at or after it
        ({"end": 2}, 30, (30, 48)),
        ({"start": 1, "end": 2}, 30, (6, 24)),
        ({"end": 1000}, 30, (30, 100)),
        ({"frames": 10}, 3, (3, 10)),
        ({"start": 900}, 3, (0, 1)),
    ],
)
def test_the_part_of_a_film(film: dict[str, Any], number: int, wanted: tuple[int, int]) -> None:
    settings = VideoSettings.checked({"film": film})
    assert placed(settings, number, Fraction(24), 100) == wanted


def scene_of(settings: Any) -> Scene:
    return Scene(settings, torch.zeros(3, 4, 4), "x", 6, Fraction(12), 24, Fraction(1))


def test_the_time_of_a_scene() -> None:
    scene = scene_of(ZoomSettings())
    assert scene.time == Fraction(1, 2) and scene.size == (4, 4)


def test_a_picture_has_no_time() -> None:
    clock = Clocks()(scene_of(ImageSettings()), Ear())  # type: ignore[arg-type]
    assert clock.frames == 1


def test_signals_of_the_film_are_0() -> None:
    ear = Ear()
    settings = VideoSettings.checked({"dream": {"strength": "motion"}})
    clock = Clocks()(scene_of(settings), ear)  # type: ignore[arg-type]
    assert clock.variable("motion", 7) == 0
    assert ear.events == [{"event": "note", "text": NO_SIGNALS}]
    assert Clocks()(scene_of(VideoSettings()), Ear()).signals == {}  # type: ignore[arg-type]


def test_a_song_is_heard_once(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    plain = scene_module.clock_of
    monkeypatch.setattr(
        scene_module, "clock_of", lambda *given: made.append(given) or plain(*given)
    )
    clocks = Clocks()
    for strength in ("rms", "2*rms", "2*rms", "bass"):
        settings = VideoSettings.checked(
            {"sound": {"audio": str(song)}, "dream": {"strength": strength}}
        )
        clock = clocks(scene_of(settings), Ear())  # type: ignore[arg-type]
        assert len(clock.signals["rms"]) > 10
    assert len(made) == 2  # other signals are read


def test_a_download_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear()
    told = telling(ear)  # type: ignore[arg-type]
    for done in range(0, 40_000_000, 1_000_000):
        told(Progress("download", done, 40_000_000, "downloading weights"))
    told(Progress("frames", 1, 2, "shot 1"))
    assert ear.events == [{"event": "note", "text": "downloading weights: 0 of 40 MB"}]
    with pytest.raises(Cancelled):
        telling(Ear(enough=0))(Progress("download", 1, 2))  # type: ignore[arg-type]
