"""Decoding: facts, exact times, damage, and where reading starts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from media_clips import Make

from dreamvid.errors import UnreadableInput
from dreamvid.media import decode
from dreamvid.media.decode import Damage, FilmDecoder


@pytest.fixture
def clip(make: Make) -> Path:
    """A second of 24 frames without reordering."""
    return make("a.mkv", "-c:v", "ffv1")


def times(path: Path, since: Fraction | None = None) -> list[Fraction]:
    decoder = FilmDecoder(path)
    try:
        return [time for time, _ in decoder.frames(since)]
    finally:
        decoder.close()


def stream(**facts: Any) -> Any:
    """What PyAV says of a stream."""
    known: dict[str, Any] = {
        "guessed_rate": None,
        "base_rate": None,
        "average_rate": None,
        "time_base": Fraction(1, 1000),
        "duration": None,
        "metadata": {},
        "frames": 0,
        "index_entries": [],
    }
    container = SimpleNamespace(format=SimpleNamespace(name=facts.pop("kind", "matroska")))
    return SimpleNamespace(**known | facts, container=container)


@pytest.mark.parametrize(
    ("guessed", "base", "average", "rate"),
    [
        (25, 25, 25, Fraction(25)),
        (Fraction(24000, 1001), None, Fraction(23976, 1000), Fraction(24000, 1001)),
        (30, 30, 15, Fraction(15)),  # every second frame only
        (None, 50, 50, Fraction(50)),
        (None, None, None, Fraction(25)),
        (24, None, 0, Fraction(24)),
        (1000, 1000, Fraction(2997, 100), Fraction(2997, 100)),
    ],
)
def test_the_rate_is_the_nominal_one_if_the_frames_agree(
    guessed: object, base: object, average: object, rate: Fraction
) -> None:
    told = stream(guessed_rate=guessed, base_rate=base, average_rate=average)
    assert decode._rate(told) == rate


@pytest.mark.parametrize(
    ("facts", "whole", "has_audio", "duration"),
    [
        ({"duration": 2500}, 9_000_000, True, Fraction(5, 2)),
        ({"duration": 2500, "kind": "asf"}, 9_000_000, False, 9),
        ({"metadata": {"DURATION": "00:01:02.500"}}, None, True, Fraction(125, 2)),
        ({"metadata": {"DURATION": "soon"}}, 3_000_000, False, 3),
        ({"metadata": {"DURATION": "1:2"}}, 3_000_000, True, None),
        ({}, 1_234_567, False, Fraction(1_234_567, 1_000_000)),
        ({}, 3_000_000, True, None),
        ({}, None, False, None),
    ],
)
def test_the_duration_is_that_of_the_video(
    facts: dict[str, Any], whole: int | None, has_audio: bool, duration: object
) -> None:
    assert decode._duration(stream(**facts), whole, has_audio) == duration


@pytest.mark.parametrize(
    ("kinds", "stamps", "header", "count"),
    [
        ({"mp4", "mov"}, [0, 1, 2], 9, 3),
        ({"mp4"}, [], 9, 9),
        ({"avi"}, [0, 1, 3], 4, 3),
        ({"avi"}, [0, 1], 9, 9),  # cut off: the header knows more
        ({"matroska"}, [0, 1, 2], 3, 0),
    ],
)
def test_frames_are_counted_by_the_index_or_the_header(
    kinds: set[str], stamps: list[int], header: int, count: int
) -> None:
    entries = [SimpleNamespace(timestamp=stamp, is_discard=False) for stamp in stamps]
    entries.append(SimpleNamespace(timestamp=999, is_discard=True))
    assert decode._counted(stream(index_entries=entries, frames=header), kinds) == count


@pytest.mark.parametrize(
    ("name", "alphas", "transparent"),
    [("ffv1", [False, False, True], True), ("gif", [False, True], False), ("h264", [False], False)],
)
def test_a_format_with_alpha_may_be_transparent_but_that_of_a_gif_tells_nothing(
    name: str, alphas: list[bool], transparent: bool
) -> None:
    form = SimpleNamespace(components=[SimpleNamespace(is_alpha=alpha) for alpha in alphas])
    known = SimpleNamespace(name=name, format=form)
    assert decode._may_be_transparent(stream(codec_context=known)) == transparent
    unknown = SimpleNamespace(name=name, format=None)
    assert not decode._may_be_transparent(stream(codec_context=unknown))


def test_damage_adds_up_and_keeps_the_first_time() -> None:
    damage = Damage()
    damage.note(Fraction(3), lost=2)
    damage.note(Fraction(1), corrupted=1)
    damage.note(None, lost=1, file=Path("some/b.png"))
    assert (damage.lost, damage.corrupted, damage.first) == (3, 1, 3)
    assert damage.files == ["b.png"]
    for time, count in ((Fraction(5), 0), (Fraction(6), 2), (Fraction(7), 1)):
        damage.skip_frames(time, count)
    assert (damage.skipped, damage.gaps, damage.skip) == (3, 2, 6)


def test_the_facts_of_a_film(clip: Path) -> None:
    decoder = FilmDecoder(clip)
    facts = decoder.facts
    decoder.close()
    assert (facts.rate, facts.frames, facts.duration) == (24, 24, 1)
    assert not (facts.variable or facts.counted or facts.has_audio or facts.has_alpha)
    assert facts.aspect == 1 and facts.clock_zero == 0 and facts.notes == ()


def test_times_rounded_to_milliseconds_are_made_exact(clip: Path) -> None:
    assert times(clip) == [Fraction(n, 24) for n in range(24)]


@pytest.mark.parametrize("start", ["0", "1/24", "0.04", "0.5", "23/24"])
def test_reading_starts_at_the_first_frame_that_is_not_too_early(clip: Path, start: str) -> None:
    since = Fraction(start)
    assert times(clip, since) == [t for n in range(24) if (t := Fraction(n, 24)) >= since]


def test_reading_after_the_end_gives_nothing(clip: Path) -> None:
    assert times(clip, Fraction(9)) == []


def test_seeking_gives_the_frames_of_reading_through(make: Make) -> None:
    long = "testsrc2=size=64x48:rate=25:duration=6"
    clip = make("a.mp4", "-c:v", "libx264", "-g", "50", source=long)
    whole = times(clip)
    for since in (Fraction(3, 2), Fraction(4), Fraction(501, 100), Fraction(149, 25)):
        assert times(clip, since) == [time for time in whole if time >= since]


def test_damage_before_the_range_does_not_count(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = FilmDecoder._decoded

    def noting(self: FilmDecoder) -> Iterator[decode.Timed]:
        for n, timed in enumerate(plain(self)):
            if n in (2, 20):
                self.damage.note(timed[0], corrupted=1)
            yield timed

    monkeypatch.setattr(FilmDecoder, "_decoded", noting)
    for since, count in ((None, 2), (Fraction(1, 2), 1), (Fraction(22, 24), 0)):
        decoder = FilmDecoder(clip)
        list(decoder.frames(since))
        decoder.close()
        assert decoder.damage.corrupted == count


def test_frames_that_are_missing_leave_gaps(make: Make) -> None:
    clip = make("a.mkv", "-vf", r"select='not(between(n\,5\,7)+eq(n\,12))'", "-c:v", "ffv1",
                "-fps_mode", "passthrough")  # fmt: skip
    decoder = FilmDecoder(clip)
    assert len(list(decoder.frames())) == 20
    decoder.close()
    damage = decoder.damage
    assert (damage.skipped, damage.gaps, damage.lost, damage.corrupted) == (4, 2, 0, 0)
    assert damage.skip == Fraction(4, 24)


def test_an_error_of_the_decoder_is_a_lost_frame(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import av.error

    plain = FilmDecoder._packets

    class Broken:
        size, pts = 9, 125

        def decode(self) -> list[object]:
            raise av.error.InvalidDataError(1, "broken")

    def packets(self: FilmDecoder) -> Iterator[Any]:
        for n, packet in enumerate(plain(self)):
            yield Broken() if n == 3 else packet

    monkeypatch.setattr(FilmDecoder, "_packets", packets)
    decoder = FilmDecoder(clip)
    assert len(list(decoder.frames())) == 23
    decoder.close()
    assert (decoder.damage.lost, decoder.damage.first) == (1, Fraction(1, 8))


def test_times_out_of_order_go_on_just_after_the_last(clip: Path) -> None:
    decoder = FilmDecoder(clip)
    decoder.close()
    frames = [SimpleNamespace(pts=pts) for pts in (0, 42, 42, 10, None, 5000)]
    found = [decoder._time(frame) for frame in frames]  # type: ignore[arg-type]
    assert found == sorted(set(found)) and found[:2] == [0, Fraction(1, 24)]
    tick = Fraction(1, 1000)
    assert found[2:4] == [Fraction(1, 24) + tick, Fraction(1, 24) + 2 * tick]
    assert found[4] - found[3] == Fraction(42, 1000) and found[5] == 5


@pytest.mark.parametrize("content", [b"", b"no film", b"\x1aE\xdf\xa3" + bytes(40)])
def test_what_is_no_film_is_refused_in_a_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mkv").write_bytes(content)
    with pytest.raises(UnreadableInput) as caught:
        FilmDecoder(tmp_path / "a.mkv")
    assert "\n" not in str(caught.value)


def test_a_file_of_sound_has_no_video(make: Make) -> None:
    song = make("a.wav", "-vn", sound="sine=duration=0.2")
    with pytest.raises(UnreadableInput, match=r"not a readable film|no video track"):
        FilmDecoder(song)
