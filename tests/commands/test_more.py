"""Longer zooms: the bytes of one that is dreamed at once, and what cannot be lengthened."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tiny import dream_tiny

from dreamvid.commands.more import check_apart, depends_on_length, longer
from dreamvid.commands.preflight import check_zoom
from dreamvid.commands.zoom import dream_zoom, run_zoom
from dreamvid.errors import Interrupted, OutputExists, UsageError
from dreamvid.media.codecs import CODECS
from dreamvid.media.formats import available_codecs, encoders
from dreamvid.media.state import FilmState, state_of
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence.folder import folder_of
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.settings.models import ZoomSettings

PART = 4


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.setattr(parts_folder, "PART_FRAMES", PART)


def settings(seconds: float, size: str = "128x64", **tables: dict[str, Any]) -> ZoomSettings:
    clip = {"size": size, "fps": 10, "seconds": str(seconds)}
    dream = {"octaves": 1, "iterations": 1}
    return ZoomSettings.checked({"dream": dream, "clip": clip} | tables)


def lengthen(
    picture: Path, film: Path, target: Path, wanted: ZoomSettings, on_progress: OnProgress = ignore,
    **options: Any,
) -> None:  # fmt: skip
    request = check_zoom(picture, target, longer(wanted, "1"), **options)
    run_zoom(request, on_progress, keep=True, begun=FilmState.read(film))


FILMS = [
    name for name, codec in CODECS.items() if codec.pictures is None and name in available_codecs()
]


@pytest.mark.parametrize("codec", FILMS)
def test_a_longer_zoom_has_the_bytes_of_one_dreamed_at_once(
    codec: str, picture: Path, tmp_path: Path
) -> None:
    if CODECS[codec].encoder not in encoders():
        pytest.skip(f"this ffmpeg has no {codec}")
    for suffix in CODECS[codec].suffixes:
        if (codec, suffix) == ("dnxhr", ".mkv"):  # cannot be written by this PyAV at all
            continue
        short, whole, made = (tmp_path / f"{name}{suffix}" for name in ("short", "whole", "made"))
        size = "256x128" if codec == "dnxhr" else "128x64"  # which takes none that are smaller
        wanted = settings(1, size, output={"codec": codec})
        dream_zoom(picture, short, wanted)
        dream_zoom(picture, whole, settings(2, size, output={"codec": codec}))
        told: list[Progress] = []
        lengthen(picture, short, made, wanted, told.append)
        assert [one.done for one in told if one.task == "frames"] == [*range(9, 21)]
        assert made.read_bytes() == whole.read_bytes()
        sidecars = [path.with_name(f"{path.name}.dreamvid.toml") for path in (made, whole)]
        assert sidecars[0].read_text() == sidecars[1].read_text()
        assert state_of(made).read_bytes() == state_of(whole).read_bytes()
        assert not folder_of(made).exists()


def test_a_zoom_can_be_lengthened_again_and_after_a_stop(picture: Path, tmp_path: Path) -> None:
    short, made, whole = (tmp_path / f"{name}.mkv" for name in ("short", "made", "whole"))
    tables: dict[str, Any] = {"output": {"max_flash": 1}, "dream": {
        "octaves": 1, "iterations": 1, "strength": "1+0.5*sin(t)"}}  # fmt: skip
    dream_zoom(picture, short, settings(1, **tables))

    def stop(event: Progress) -> None:
        if event.task == "frames" and event.done == 17:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        lengthen(picture, short, made, settings(1, **tables), stop)
    told: list[Progress] = []
    lengthen(picture, short, made, settings(1, **tables), told.append)
    assert next(one.done for one in told if one.task == "frames") == 17
    again = tmp_path / "again.mkv"
    lengthen(picture, made, again, settings(2, **tables))
    dream_zoom(picture, whole, settings(3, **tables))
    assert again.read_bytes() == whole.read_bytes()


def test_parts_of_another_job_are_refused_or_replaced(picture: Path, tmp_path: Path) -> None:
    short, made, whole = (tmp_path / f"{name}.mkv" for name in ("short", "made", "whole"))
    dream_zoom(picture, short, settings(1))
    dream_zoom(picture, whole, settings(2))

    def stop(event: Progress) -> None:
        if event.done == 6:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        dream_zoom(picture, made, settings(1.5), on_progress=stop)
    with pytest.raises(OutputExists, match="other settings"):
        lengthen(picture, short, made, settings(1))
    told: list[Progress] = []
    lengthen(picture, short, made, settings(1), told.append, overwrite=True)
    assert next(one.done for one in told if one.task == "frames") == 9
    assert made.read_bytes() == whole.read_bytes()


def test_the_sound_and_repeats_are_those_of_the_longer_zoom(
    picture: Path, song: Path, tmp_path: Path
) -> None:
    for tables in ({"sound": {"audio": str(song)}, "camera": {"zoom": "1.2+onset"}},
                   {"output": {"repeat_to": "5"}}):  # fmt: skip
        short, made, whole = (tmp_path / f"{name}.mp4" for name in ("short", "made", "whole"))
        dream_zoom(picture, short, settings(1, **tables), overwrite=True)
        dream_zoom(picture, whole, settings(2, **tables), overwrite=True)
        lengthen(picture, short, made, settings(1, **tables), overwrite=True)
        assert made.read_bytes() == whole.read_bytes()


def test_seconds_are_added() -> None:
    assert longer(settings(1), "1:30").clip.seconds == Fraction(91)
    assert longer(ZoomSettings(), "0.5").clip.seconds == Fraction(21, 2)
    assert longer(settings(1), "2") == settings(3)
    for wrong in ("x", "-1", "0", "9999999"):
        with pytest.raises(UsageError, match="more: "):
            longer(settings(1), wrong)


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ({"camera": {"zoom": "1+progress"}}, "zoom, which reads progress,"),
        ({"motion": {"stability": "t/max_f"}}, "stability, which reads max_f,"),
        ({"dream": {"strength": "0:(1), 50%:(2)"}}, "strength, with a key at a share"),
        ({"dream": {"strength": "0:(1), max_f/2:(2)"}}, "strength, which reads max_f,"),
        ({"dream": {"layer": "0:(one), 50%:(two)"}}, "layer, with a key at a share"),
        ({"dream": {"layer": "one*progress"}}, "layer, which reads progress,"),
        ({"dream": {"guide": "0:(a.png), 50%:(b.png)"}}, "guide, with a key at a share"),
        ({"dream": {"guide": "a.mp4", "guide_time": "stretch"}}, "the guide, which is spread"),
        ({"dream": {"guide": "a.mp4"}}, ""),
        ({"dream": {"strength": "0:(1), 2s:(2)"}, "camera": {"zoom": "1.2+0.1*sin(t)"}}, ""),
    ],
)
def test_what_depends_on_the_length_is_refused(tables: dict[str, Any], why: str) -> None:
    wanted = settings(1, **tables)
    found = depends_on_length(wanted)
    assert found.startswith(why) and bool(found) == bool(why)
    if why:
        with pytest.raises(UsageError, match="depends on the length, so the frames"):
            longer(wanted, "1")


def test_a_folder_of_guides_is_spread_over_the_zoom(tmp_path: Path) -> None:
    assert depends_on_length(settings(1, dream={"guide": str(tmp_path)})).startswith("the guide")


def test_the_zoom_itself_stays(picture: Path, tmp_path: Path) -> None:
    dream_zoom(picture, tmp_path / "short.mkv", settings(1))
    begun = FilmState.read(tmp_path / "short.mkv")
    check_apart(tmp_path / "other.mkv", begun)
    with pytest.raises(UsageError, match="is the zoom itself"):
        check_apart(tmp_path / "short.mkv", begun)
