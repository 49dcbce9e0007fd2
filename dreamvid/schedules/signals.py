"""The signals that schedules may read: of a song, of a film, and curves drawn in files.

    rms bass mid treble onset   of the song, 0..1
    bands(40, 120)              the loudness of the song between two frequencies in Hz, 0..1
    motion brightness cut       of the film, 0..1
    curve('drawn.csv')          a curve of a file, interpolated

Every signal has a name by which a clock finds its values; that of a form with arguments is the form
itself, written in one way.
"""

from __future__ import annotations

from collections.abc import Iterable

SONG = ("rms", "bass", "mid", "treble", "onset")
"""The variables that come from audio."""

FILM = ("motion", "brightness", "cut")
"""The variables that come from the frames of a film."""

BANDS, CURVE = "bands", "curve"
"""Signals with arguments: a band of the song, and a curve of a file."""

HIGHEST_HERTZ = 11025
"""The highest frequency that is heard: half the rate at which audio is analysed."""


def band_name(low: float, high: float) -> str:
    """The name of a band of the song; ValueError unless 0 <= low < high <= HIGHEST_HERTZ."""
    if not 0 <= low < high <= HIGHEST_HERTZ:
        raise ValueError(
            f"bands(low, high) takes two frequencies in Hz with 0 <= low < high <= {HIGHEST_HERTZ}"
        )
    return f"{BANDS}({low:.12g}, {high:.12g})"


def curve_name(path: str) -> str:
    """The name of the curve of a file."""
    return f"{CURVE}({path!r})"


def bands_in(names: Iterable[str]) -> dict[str, tuple[float, float]]:
    """The bands among some names, as (low, high) in Hz."""
    pairs = {name: name.removeprefix(f"{BANDS}(")[:-1].split(",") for name in sorted(names)
             if kind_of(name) == BANDS}  # fmt: skip
    return {name: (float(low), float(high)) for name, (low, high) in pairs.items()}


def curves_in(names: Iterable[str]) -> dict[str, str]:
    """The curves among some names, and the paths of their files."""
    import ast

    found = {name for name in names if kind_of(name) == CURVE}
    return {name: ast.literal_eval(name.removeprefix(CURVE)) for name in sorted(found)}


def kind_of(name: str) -> str:
    """A name without its arguments."""
    return name.partition("(")[0]


def is_signal(name: str) -> bool:
    """Whether a variable follows a song, a film or a drawn curve, not the time alone."""
    return is_song(name) or kind_of(name) in (*FILM, CURVE, "beat")


def is_song(name: str) -> bool:
    """Whether a signal is one of the song."""
    return kind_of(name) in (*SONG, BANDS)
