"""Audio features of a file for each video frame: loudness, bands, onsets, beats.

Uses only numpy and PyAV: the few features needed do not justify an audio analysis library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from numpy.typing import NDArray

from dreamvid.errors import UnreadableInput
from dreamvid.media.probe import AUDIO_FORMATS, open_leniently, reason
from dreamvid.media.source import check_file
from dreamvid.schedules.envelope import Envelope
from dreamvid.schedules.signals import HIGHEST_HERTZ, SONG, band_name

RATE: Final = 2 * HIGHEST_HERTZ
HOP: Final = 256
WINDOW: Final = 1024

BANDS: Final = {"bass": (20, 200), "mid": (200, 2000), "treble": (2000, 10000)}
"""Frequency bands in Hz, by name."""

DECAY: Final = 0.15
ONSET_DECAY: Final = 0.08
"""Release of the loudness and of the onsets, in seconds, unless an envelope has another."""

TOO_MANY_ERRORS: Final = 200
"""Decoding stops after this many undecodable packets."""

SILENCE: Final = 1e-4
"""Amplitude (-80 dB) below which a track counts as silent."""

Signal = NDArray[np.float32]
Curve = NDArray[np.float64]


@dataclass(frozen=True)
class AudioFeatures:
    """Features of an audio track: one smoothed value per frame, each scaled to 0..1.

    `rms` is the loudness; `bass`, `mid` and `treble` are the loudness of the BANDS; `onset` is the
    onset strength. `beats` are the times of the beats in seconds after the first frame; `tempo` is
    in beats per minute, None without beats. `duration` is in seconds. `bands` holds the loudness of
    the bands that were asked for, by their names.
    """

    rms: Signal
    bass: Signal
    mid: Signal
    treble: Signal
    onset: Signal
    beats: Curve
    tempo: float | None
    duration: float
    bands: Mapping[str, Signal] = field(default_factory=dict)

    @property
    def signals(self) -> Mapping[str, Signal]:
        """The features by name, in the form that a schedule's clock expects."""
        return {name: getattr(self, name) for name in SONG} | dict(self.bands)


def listen(
    path: str | Path,
    fps: Fraction,
    *,
    start: Fraction = Fraction(0),
    bands: Sequence[tuple[float, float]] = (),
    envelope: Callable[[str], Envelope] = lambda name: Envelope(),
) -> AudioFeatures:
    """Read the audio of a file and return its features at `fps` frames per second from `start` on.

    `bands` are further bands (low, high) in Hz; `envelope` gives the envelope of a signal by name.
    Raises UnreadableInput when the file is missing, cannot be decoded or has no audio track.
    """
    path = Path(path)
    levels: list[NDArray[np.float64]] = []
    previous: NDArray[np.float64] | None = None
    count = 0
    for spectra, samples in _spectra(_samples(path)):
        count += samples
        if len(spectra):
            found, previous = _levels(spectra, previous, bands)
            levels.append(found)
    if not levels:
        raise UnreadableInput("the audio track is empty", where=path, remedy="give another file")
    table = np.concatenate(levels)
    return _features(table, fps, float(start), count / RATE, bands, envelope)


def waveform(path: Path, seconds: float, columns: int) -> tuple[Curve, Curve]:
    """The least and the greatest sample of each column of a picture of the first seconds.

    The largest of them is 1. Raises UnreadableInput as `listen` does.
    """
    least, greatest = np.zeros(columns), np.zeros(columns)
    at = 0
    for block in _samples(path):
        column = np.arange(at, at + len(block)) * (columns / (seconds * RATE))
        inside = column < columns
        np.minimum.at(least, column[inside].astype(int), block[inside])
        np.maximum.at(greatest, column[inside].astype(int), block[inside])
        at += len(block)
        if not inside.all():
            break
    loudest = max(SILENCE, float(greatest.max()), -float(least.min()))
    return least / loudest, greatest / loudest


def _samples(path: Path) -> Iterator[NDArray[np.float32]]:
    """Decode to mono at RATE, block by block, padded with silence if the track starts late."""
    with _open(path) as container:
        streams = container.streams.audio
        resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
        heard = failed = 0
        packets = container.demux(streams[0])
        while True:
            try:
                frames = next(packets).decode()
            except StopIteration:
                break
            except av.error.FFmpegError:
                failed += 1  # a damaged packet: later ones may decode
                if failed > TOO_MANY_ERRORS:
                    break
                continue
            for frame in frames:
                if not heard and frame.time and 0 < frame.time < 3600:
                    yield np.zeros(round(frame.time * RATE), np.float32)
                heard += 1
                for block in resampler.resample(frame):
                    yield _floats(block)
        if not heard:
            raise UnreadableInput(
                "the audio cannot be decoded" if failed else "the audio track is empty", where=path
            )
        for block in resampler.resample(None):
            yield _floats(block)


def _floats(block: AudioFrame) -> NDArray[np.float32]:
    return block.to_ndarray().ravel().astype(np.float32)


def _open(path: Path) -> InputContainer:
    check_file(path)
    options = {"format_whitelist": AUDIO_FORMATS, "protocol_whitelist": "file"}
    try:
        opened = open_leniently(path, options)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise UnreadableInput(
            f"not a readable audio file ({reason(error)})",
            where=path,
            remedy="give WAV, FLAC, MP3, or a film with sound",
        ) from error
    if not opened.streams.audio:
        opened.close()
        raise UnreadableInput("no audio track", where=path, remedy="give a file with sound")
    return opened


def check_audio(path: Path) -> None:
    """Raise UnreadableInput unless a file opens and has an audio track; nothing is decoded."""
    _open(path).close()


def _spectra(
    blocks: Iterator[NDArray[np.float32]],
) -> Iterator[tuple[NDArray[np.float64], int]]:
    """Yield centred magnitude spectra [n, WINDOW // 2 + 1] every HOP, and the samples read."""
    window = np.hanning(WINDOW + 1)[:-1]
    window /= window.sum() / 2
    rest = np.zeros(WINDOW // 2, np.float32)

    def analyse(least: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        if len(rest) < max(least, WINDOW):
            return np.empty((0, WINDOW // 2 + 1)), rest
        views = np.lib.stride_tricks.sliding_window_view(rest, WINDOW)[::HOP]
        return np.abs(np.fft.rfft(views * window, axis=1)), rest[len(views) * HOP :]

    for block in blocks:
        rest = np.concatenate((rest, np.nan_to_num(block)))
        found, rest = analyse(1 << 16)
        yield found, len(block)
    rest = np.concatenate((rest, np.zeros(WINDOW // 2, np.float32)))
    yield analyse(0)[0], 0


def _levels(
    spectra: NDArray[np.float64],
    previous: NDArray[np.float64] | None,
    bands: Sequence[tuple[float, float]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reduce spectra to [n, 5 + len(bands)]: loudness, the BANDS, spectral flux, further bands."""
    power = spectra**2 / 2
    hertz = np.fft.rfftfreq(WINDOW, 1 / RATE)
    columns = [np.sqrt(power.sum(axis=1))]
    for low, high in BANDS.values():
        columns.append(np.sqrt(power[:, (hertz >= low) & (hertz < high)].sum(axis=1)))
    loud = np.log1p(1000 * spectra)
    before = loud[:1] if previous is None else previous[None]
    columns.append(np.maximum(np.diff(loud, axis=0, prepend=before), 0).mean(axis=1))
    for band in bands:  # narrower ones than a bin have their share of it
        edges = [np.clip(edge, hertz - hertz[1] / 2, hertz + hertz[1] / 2) for edge in band]
        columns.append(np.sqrt(power @ ((edges[1] - edges[0]) / hertz[1])))
    return np.stack(columns, axis=1), loud[-1]


def _features(
    table: NDArray[np.float64],
    fps: Fraction,
    start: float,
    duration: float,
    bands: Sequence[tuple[float, float]],
    envelope: Callable[[str], Envelope],
) -> AudioFeatures:
    times = start + np.arange(max(1, math.ceil((duration - start) * float(fps)))) / float(fps)
    audible = float(table[:, 0].max()) > SILENCE
    flux = table[:, 4] - _mean(table[:, 4], 0.5)
    onset = _unit(np.maximum(flux, 0))
    beats, tempo = _beats(onset) if audible else (np.empty(0), None)
    half = 0.5 / float(fps)

    def signal(name: str, curve: Curve, decay: float) -> Signal:
        smooth = _enveloped(curve, envelope(name), decay)
        return _peaks(smooth * audible, times - half, times + half)

    loudness = {name: signal(name, table[:, n], DECAY) for n, name in enumerate(SONG[:-1])}
    onsets = signal(SONG[-1], onset, ONSET_DECAY)
    names = [band_name(*band) for band in bands]
    heard = {name: signal(name, table[:, 5 + n], DECAY) for n, name in enumerate(names)}
    return AudioFeatures(
        **loudness, onset=onsets, beats=beats - start, tempo=tempo, duration=duration, bands=heard
    )


def _enveloped(curve: Curve, envelope: Envelope, decay: float) -> Curve:
    """A curve scaled to 0..1, after its own decay in seconds or its envelope's times."""
    if not envelope.smooths:
        return envelope.gated(_unit(_settle(curve, decay)))
    followed = envelope.followed(_mean(curve, 0.03), RATE / HOP, release=decay)
    return envelope.gated(_unit(followed))


def _settle(curve: Curve, seconds: float) -> Curve:
    """Envelope follower: instant attack, exponential decay by a factor e every `seconds`."""
    keep = math.exp(-HOP / RATE / seconds)
    result = np.empty_like(curve)
    level = 0.0
    for index, value in enumerate(_mean(curve, 0.03).tolist()):
        level = max(value, level * keep)
        result[index] = level
    return result


def _mean(curve: Curve, seconds: float) -> Curve:
    width = max(1, round(seconds * RATE / HOP)) | 1
    padded = np.pad(curve, width // 2, mode="edge")
    return np.convolve(padded, np.ones(width) / width, mode="valid")


def _unit(curve: Curve) -> Curve:
    """Scale the 98th percentile to 1 and clip to 0..1."""
    top = float(np.percentile(curve, 98)) or float(curve.max())
    return np.clip(curve / max(top, SILENCE), 0, 1)


def _peaks(curve: Curve, starts: Curve, stops: Curve) -> Signal:
    """Maximum of a curve (one value per HOP) between each start and stop, in seconds."""
    first = np.clip(np.ceil(starts * RATE / HOP).astype(int), 0, len(curve) - 1)
    last = np.clip(np.ceil(stops * RATE / HOP).astype(int), first + 1, len(curve))
    last = np.maximum(last, first + 1)
    return np.array([curve[a:b].max() for a, b in zip(first, last, strict=True)], np.float32)


def _beats(onset: Curve) -> tuple[Curve, float | None]:
    """Track beats by dynamic programming (Ellis 2007): times in seconds, and the tempo."""
    rate = RATE / HOP
    centred = onset - onset.mean()
    lags = np.arange(round(rate * 60 / 200), min(round(rate * 60 / 50), len(onset) // 2 - 1))
    if len(lags) < 2 or not centred.any():
        return np.empty(0), None
    size = 1 << (2 * len(onset) - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2, size)
    # Prior over tempo: listeners prefer about 120 beats per minute.
    taste = np.exp(-0.5 * (np.log2(60 * rate / lags / 120) / 0.9) ** 2)
    best = int(np.argmax(likeness[lags] * taste))
    if likeness[lags[best]] < 0.1 * likeness[0]:
        return np.empty(0), None
    period = float(lags[best]) + _vertex(likeness[lags[best] - 1 : lags[best] + 2])
    score, came = onset.copy(), np.full(len(onset), -1)
    reach = np.arange(round(period / 2), round(period * 2) + 1)
    cost = 6 * np.log(reach / period) ** 2
    for index in range(int(reach[0]), len(onset)):
        valid = reach[reach <= index]
        options = score[index - valid] - cost[: len(valid)]
        place = int(options.argmax())
        if options[place] > 0:
            score[index] += options[place]
            came[index] = index - valid[place]
    at = len(onset) - round(period) + int(score[-round(period) :].argmax())
    found = []
    while at >= 0:
        found.append(at)
        at = int(came[at])
    return np.array(found[::-1]) / rate, 60 * rate / period


def _vertex(three: NDArray[Any]) -> float:
    """Offset of the peak of a parabola through three values from the middle; 0 without a peak."""
    curve = float(three[0] - 2 * three[1] + three[2])
    return min(0.5, max(-0.5, 0.5 * float(three[0] - three[2]) / curve)) if curve < 0 else 0.0
