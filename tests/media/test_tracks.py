"""The tracks beside a film: copied, re-encoded, trimmed, or left out and named."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest
from media_clips import TONE, Make

from dreamvid.media import tracks
from dreamvid.media.child import run_ffmpeg
from dreamvid.media.info import FilmInfo
from dreamvid.media.probe import open_input
from dreamvid.media.tracks import FALLBACK_CODECS, MUTE, SideTracks

PLAIN = FilmInfo.plain(64, 48, Fraction(24), 24)


def source_of(path: Path | None, **facts: Any) -> FilmInfo:
    return replace(PLAIN, path=path, has_audio=True, **facts)


def joined(
    source: FilmInfo, folder: Path, container: str, *, until: Fraction | None = None
) -> tuple[list[Fraction], list[str], tuple[str, ...]]:
    """The times of the packets beside a film, the codecs of its tracks, and the notes."""
    with (
        SideTracks(source, folder, until=until) as sides,
        av.open(io.BytesIO(), "w", format=container) as out,
    ):
        flow = sides.join(out, container)
        codecs = [stream.codec_context.name for stream in out.streams]
        return [time for time, _ in flow], codecs, sides.notes


@pytest.fixture
def song(make: Make) -> Path:
    return make("a.mp4", "-c:v", "libx264", "-c:a", "aac", "-shortest", sound=TONE)


def test_sound_that_fits_is_copied_in_order_of_time(song: Path, tmp_path: Path) -> None:
    times, codecs, notes = joined(source_of(song), tmp_path, "mp4")
    assert codecs == ["aac"] and notes == ()
    assert times == sorted(times) and 0.8 < times[-1] < 1.1
    assert times[0] < 0  # the encoder's priming, which an mp4 can hold


def test_other_containers_drop_what_comes_before_zero(song: Path, tmp_path: Path) -> None:
    times, codecs, _ = joined(source_of(song), tmp_path, "matroska")
    assert codecs == ["aac"] and times[0] >= 0


@pytest.mark.parametrize(
    ("codec", "container", "made", "why"),
    [
        ("pcm_s16le", "mp4", "aac", "is mute in mp4 in many players and is converted to aac"),
        ("aac", "webm", "opus", "cannot be stored in webm and is converted to libopus"),
        ("flac", "mov", "aac", "cannot be stored in mov and is converted to aac"),
    ],
)
def test_sound_that_does_not_fit_is_converted_and_said(
    make: Make, tmp_path: Path, codec: str, container: str, made: str, why: str
) -> None:
    clip = make("a.mkv", "-c:v", "ffv1", "-c:a", codec, sound=TONE)
    times, codecs, notes = joined(source_of(clip), tmp_path, container)
    assert codecs == [made] and times
    assert notes == (f"audio track 1 ({codec}) {why}",)


def test_sound_that_cannot_be_converted_is_left_out_and_said(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FALLBACK_CODECS, ("webm", "audio"), ("nosuchcodec",))
    times, codecs, notes = joined(source_of(song), tmp_path, "webm")
    assert (times, codecs) == ([], [])
    assert notes == ("audio track 1 (aac) cannot be stored in webm and is omitted",)


@pytest.mark.parametrize(("until", "last"), [(Fraction(1, 2), 0.5), (Fraction(1, 10), 0.1)])
def test_sound_ends_with_the_film(song: Path, tmp_path: Path, until: Fraction, last: float) -> None:
    times, _, _ = joined(source_of(song), tmp_path, "mp4", until=until)
    assert last - 0.05 < times[-1] < last


def test_sound_is_shifted_by_the_origin(song: Path, tmp_path: Path) -> None:
    whole, _, _ = joined(source_of(song), tmp_path, "mp4")
    times, _, _ = joined(source_of(song, origin=Fraction(1, 2)), tmp_path, "mp4")
    assert times[0] >= 0 and len(times) < len(whole)
    assert abs(times[-1] - (whole[-1] - Fraction(1, 2))) < Fraction(1, 1000)


@pytest.mark.parametrize("path", [None, Path("gone.mp4")])
def test_a_source_without_a_file_has_no_tracks(tmp_path: Path, path: Path | None) -> None:
    source = source_of(path and tmp_path / path)
    times, codecs, notes = joined(source, tmp_path, "mp4")
    assert (times, codecs) == ([], [])
    assert notes == (f"{source.path} no longer exists, so the audio is omitted",)
    silent = replace(source, has_audio=False)
    assert joined(silent, tmp_path, "mp4") == ([], [], ())


def test_the_clocks_are_those_of_the_sound(song: Path, tmp_path: Path) -> None:
    with SideTracks(source_of(song), tmp_path, until=None) as sides:
        assert sides.clocks() == [44100]
    with SideTracks(source_of(None), tmp_path, until=None) as sides:
        assert sides.clocks() == []


def test_refused_packets_are_counted_and_notes_come_once(tmp_path: Path) -> None:
    sides = SideTracks(source_of(None), tmp_path, until=None)
    with sides:
        pass
    sides._notes += ["twice", "twice"]
    assert sides.notes[1:] == ("twice",)
    sides.refused = 3
    assert sides.notes[-1] == "damaged audio or subtitles: 3 packets are dropped"


def test_chapters_are_cut_and_shifted_with_the_film(song: Path, tmp_path: Path) -> None:
    marks = "".join(
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle={name}\n"
        for name, start, end in (("one", 0, 300), ("two", 300, 700), ("three", 700, 1000))
    )
    (tmp_path / "marks.txt").write_text(f";FFMETADATA1\ntitle=Song\nencoder=x\n{marks}")
    clip = tmp_path / "b.mkv"
    marked = ["-i", str(song), "-i", str(tmp_path / "marks.txt"), "-map_metadata", "1"]
    run_ffmpeg([*marked, "-c", "copy", str(clip)], where=clip)
    source = source_of(clip, origin=Fraction(1, 2))
    with (
        SideTracks(source, tmp_path, until=Fraction(3, 10)) as sides,
        av.open(io.BytesIO(), "w", format="matroska") as out,
    ):
        list(sides.join(out, "matroska"))
        found = [(c["metadata"]["title"], c["start"] * c["time_base"], c["end"] * c["time_base"])
                 for c in out.chapters()]  # fmt: skip
        assert found == [("two", 0, Fraction(1, 5)), ("three", Fraction(1, 5), Fraction(3, 10))]
        assert out.metadata["title"] == "Song" and "encoder" not in out.metadata


def test_a_second_video_track_is_named(make: Make, tmp_path: Path) -> None:
    clip = make("a.mkv", "-map", "0:v", "-map", "0:v", "-c:v", "ffv1")
    with open_input(clip) as opened:
        notes = tracks._omitted_tracks(opened, source_of(clip))
    assert notes == ["video track 1 is omitted: only one is dreamed"]


def test_a_song_has_nothing_to_leave_out(make: Make) -> None:
    song = make("a.wav", "-map", "1:a", sound=TONE)
    with open_input(song, formats=tracks.AUDIO_FORMATS) as opened:
        assert tracks._omitted_tracks(opened, source_of(song)) == []


@pytest.mark.parametrize(
    ("key", "kept"),
    [
        ("title", True),
        ("language", True),
        ("ENCODER", False),
        ("BPS-eng", False),
        ("DURATION-de", False),
        ("_STATISTICS_TAGS", False),
        ("major_brand", False),
        ("encoder_settings", True),
    ],
)
def test_words_about_the_file_itself_are_left_out(key: str, kept: bool) -> None:
    assert tracks._portable({key: "x"}) == ({key: "x"} if kept else {})


@pytest.mark.parametrize(
    ("kind", "codec", "told"),
    [
        ("audio", "aac", "audio track 3 (aac)"),
        ("subtitle", "subrip", "subtitles track 3 (subrip)"),
        ("data", None, "data track 3 (unknown)"),
    ],
)
def test_a_track_is_described(kind: str, codec: str | None, told: str) -> None:
    context = None if codec is None else SimpleNamespace(name=codec)
    stream: Any = SimpleNamespace(type=kind, index=3, codec_context=context)
    assert tracks._describe(stream) == told


@pytest.mark.parametrize(
    ("codec", "container", "mute"),
    [
        ("pcm_s24le", "mp4", True),
        ("vorbis", "mp4", True),
        ("aac", "mp4", False),
        ("pcm_s24le", "mov", False),
        (None, "mp4", False),
    ],
)
def test_what_players_do_not_play_is_known(codec: str | None, container: str, mute: bool) -> None:
    context = None if codec is None else SimpleNamespace(name=codec)
    stream: Any = SimpleNamespace(codec_context=context)
    assert tracks._is_mute(stream, container) == mute
    assert set(MUTE) <= {container for container, _ in FALLBACK_CODECS}
