"""What is heard: loudness, bands, onsets and beats where they were put."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dreamvid.errors import UnreadableInput
from dreamvid.media.audio import AudioFeatures, listen, waveform
from dreamvid.schedules.envelope import Envelope
from dreamvid.schedules.parse import parse_schedule
from dreamvid.schedules.schedule import Clock

FPS = Fraction(30)
RATE = 44100


def write(path: Path, samples: np.ndarray, *, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").repeat(channels).tobytes())
    return path


def tone(hertz: float, seconds: float) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def clicks(bpm: float, seconds: float, *, first: float = 0.25) -> np.ndarray:
    samples = np.zeros(round(seconds * RATE))
    burst = np.random.default_rng(0).normal(size=2000) * np.exp(-np.arange(2000) / 300) * 0.5
    for at in np.arange(first, seconds - 0.1, 60 / bpm):
        place = round(at * RATE)
        samples[place : place + 2000] += burst
    return samples


def test_bands_follow_their_tones(tmp_path: Path) -> None:
    song = np.concatenate([tone(80, 1), tone(700, 1), tone(5000, 1), np.zeros(RATE)])
    heard = listen(write(tmp_path / "a.wav", song, channels=2), FPS)
    assert heard.duration == pytest.approx(4, abs=0.1)
    assert len(heard.rms) == pytest.approx(120, abs=2)
    for index, name in enumerate(("bass", "mid", "treble")):
        signal = heard.signals[name]
        inside = signal[index * 30 + 5 : index * 30 + 25]
        outside = np.concatenate([signal[: max(0, index * 30 - 3)], signal[index * 30 + 55 :]])
        assert inside.min() > 0.8
        assert outside.max() < 0.1
    assert heard.rms[5:85].min() > 0.5
    assert heard.rms[-8:].max() < 0.1
    for signal in heard.signals.values():
        assert signal.dtype == np.float32
        assert 0 <= signal.min() <= signal.max() <= 1


@pytest.mark.parametrize("bpm", [90, 120, 140])
def test_beats_are_where_they_were_put(tmp_path: Path, bpm: int) -> None:
    heard = listen(write(tmp_path / "a.wav", clicks(bpm, 12)), FPS)
    assert heard.tempo == pytest.approx(bpm, rel=0.02)
    for beat in np.arange(0.25, 11.5, 60 / bpm)[2:-2]:
        assert np.abs(heard.beats - beat).min() < 0.05
    times = np.arange(len(heard.onset)) / 30
    starts = times[heard.onset > 0.6]
    assert np.abs(starts[:, None] - np.arange(0.25, 12, 60 / bpm)).min(axis=1).max() < 0.12


def test_loudness_is_smooth_and_falls_slowly(tmp_path: Path) -> None:
    heard = listen(write(tmp_path / "a.wav", np.concatenate([tone(300, 1), np.zeros(RATE)])), FPS)
    after = heard.rms[32:45]
    assert (np.diff(after) <= 1e-6).all()
    assert after[2] > 0.3
    assert np.abs(np.diff(heard.rms[3:28])).max() < 0.02


def test_silence_is_nothing(tmp_path: Path) -> None:
    heard = listen(write(tmp_path / "a.wav", np.zeros(RATE)), FPS)
    assert heard.tempo is None and len(heard.beats) == 0
    assert all((signal == 0).all() for signal in heard.signals.values())


@pytest.mark.parametrize("length", [1, 100, 1500])
def test_a_very_short_sound_is_heard(tmp_path: Path, length: int) -> None:
    heard = listen(write(tmp_path / "a.wav", tone(300, 1)[:length]), FPS)
    assert len(heard.rms) >= 1
    assert np.isfinite(heard.rms).all()


def test_start_moves_everything(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.concatenate([tone(80, 1), tone(5000, 1)]))
    later = listen(path, FPS, start=Fraction(1))
    assert later.treble[5] > 0.8
    path = write(tmp_path / "b.wav", clicks(120, 6))
    first, later = listen(path, FPS), listen(path, FPS, start=Fraction(1))
    np.testing.assert_allclose(later.beats, first.beats - 1)
    later = listen(tmp_path / "a.wav", FPS, start=Fraction(1))
    assert later.bass[15] < 0.1


def test_features_drive_a_schedule(tmp_path: Path) -> None:
    heard: AudioFeatures = listen(write(tmp_path / "a.wav", tone(80, 1)), FPS)
    clock = Clock(FPS, frames=30, signals=heard.signals)
    values = parse_schedule("1 + 0.5*bass").on(clock).values()
    assert values[15] == pytest.approx(1.5, abs=0.1)


def test_what_is_no_sound_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="no such file"):
        listen(tmp_path / "none.wav", FPS)
    (tmp_path / "text.wav").write_text("not a sound " * 100)
    with pytest.raises(UnreadableInput, match=r"text\.wav"):
        listen(tmp_path / "text.wav", FPS)
    (tmp_path / "empty.wav").write_bytes(b"")
    with pytest.raises(UnreadableInput, match="empty"):
        listen(tmp_path / "empty.wav", FPS)
    with pytest.raises(UnreadableInput, match="empty"):
        listen(write(tmp_path / "short.wav", np.zeros(0)), FPS)


def test_a_film_without_sound_is_said(tmp_path: Path) -> None:
    import av

    path = tmp_path / "mute.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(UnreadableInput, match="no audio track"):
        listen(path, FPS)


def test_a_playlist_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "song.wav", tone(80, 1))
    (tmp_path / "list.wav").write_text("ffconcat version 1.0\nfile song.wav\n")
    with pytest.raises(UnreadableInput):
        listen(tmp_path / "list.wav", FPS)


def test_a_damaged_sound_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    import av

    path = tmp_path / "song.mp3"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mp3", rate=RATE)
        samples = (tone(300, 3) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 1500] = b"\xff" * 1500
    path.write_bytes(data[: len(data) * 9 // 10])
    heard = listen(path, FPS)
    assert 1.5 < heard.duration < 3.2
    assert heard.rms[10] > 0.5


def test_a_band_is_heard_where_its_tone_is(tmp_path: Path) -> None:
    song = np.concatenate([tone(60, 1), tone(300, 1), tone(3000, 1)])
    path = write(tmp_path / "a.wav", song)
    asked = [(40, 120), (250, 350), (2990, 3010), (0, 11025)]
    heard = listen(path, FPS, bands=asked)
    named = ["bands(40, 120)", "bands(250, 350)", "bands(2990, 3010)", "bands(0, 11025)"]
    assert list(heard.bands) == named and set(named) < set(heard.signals)
    for index, name in enumerate(named[:3]):  # the last is narrower than the analysis
        signal = heard.signals[name]
        assert signal[index * 30 + 5 : index * 30 + 25].min() > 0.8
        outside = np.delete(signal, slice(max(0, index * 30 - 3), index * 30 + 55))
        assert outside.max(initial=0) < 0.1
    assert heard.signals[named[3]][5:85].min() > 0.8
    plain = listen(path, FPS)
    assert all(np.array_equal(plain.signals[name], heard.signals[name]) for name in plain.signals)


def test_an_envelope_acts_alike_at_every_frame_rate(tmp_path: Path) -> None:
    song = np.concatenate([np.zeros(RATE), tone(100, 1), np.zeros(2 * RATE)])
    path = write(tmp_path / "a.wav", song)
    at: dict[int, list[float]] = {}
    for fps in (24, 30, 60):
        shaped = listen(path, Fraction(fps), envelope=lambda name: Envelope(0.2, 0.5))
        at[fps] = [float(shaped.bass[round(when * fps)]) for when in (0.9, 1.2, 1.9, 2.5, 3.0)]
    before, rising, risen, falling, fallen = at[60]
    assert before < 0.01 and risen > 0.95
    assert rising == pytest.approx(1 - np.exp(-1), abs=0.08)
    assert falling / risen == pytest.approx(np.exp(-1), abs=0.08)
    assert fallen / falling == pytest.approx(np.exp(-1), abs=0.08)
    for fps in (24, 30):
        assert at[fps] == pytest.approx(at[60], abs=0.05)


def test_an_envelope_keeps_the_range_of_onsets_and_only_its_signal_changes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", clicks(120, 6))
    plain = listen(path, FPS)
    shaped = listen(
        path, FPS, envelope=lambda n: Envelope(0.02, 0.3) if n == "onset" else Envelope()
    )
    assert np.array_equal(plain.rms, shaped.rms) and shaped.onset.max() == 1
    assert shaped.onset.mean() > 1.5 * plain.onset.mean()  # it falls more slowly
    gated = listen(path, FPS, envelope=lambda name: Envelope(threshold=0.5, gain=2))
    np.testing.assert_allclose(gated.rms, 2 * np.maximum(2 * plain.rms - 1, 0), atol=1e-6)


def test_the_waveform_is_that_of_the_first_seconds(tmp_path: Path) -> None:
    song = np.concatenate([0.2 * np.ones(RATE), tone(100, 1) * 0.8, -0.9 * np.ones(RATE)])
    least, greatest = waveform(write(tmp_path / "a.wav", song), 4, 400)
    assert least.shape == greatest.shape == (400,)
    assert least.min() == pytest.approx(-1, abs=0.05) and not least[310:].any()
    np.testing.assert_allclose(greatest[5:95], 0.2 / 0.9, atol=0.05)
    np.testing.assert_allclose(greatest[105:195], 0.4 / 0.9, atol=0.1)
    np.testing.assert_allclose(least[205:295], -1, atol=0.1)
    only = waveform(tmp_path / "a.wav", 1, 100)[0]
    assert only.min() > -0.2  # what comes after is not looked at
