"""What films, zooms and loops share: Dreamers and sound."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from dreamvid.commands.dreams import Dreams
from dreamvid.dream.dreamer import Dreamer
from dreamvid.media.info import FilmInfo
from dreamvid.networks.kept import kept
from dreamvid.networks.network import Network
from dreamvid.networks.registry import load_network
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.progress import OnProgress, counted, ignore
from dreamvid.settings.dials import Dials
from dreamvid.settings.tables import AudioSettings, DreamSettings, NetworkSettings


def make_dreamer(
    network: NetworkSettings,
    dream: DreamSettings,
    *,
    size: tuple[int, int],
    on_progress: OnProgress = ignore,
) -> Dreamer:
    """Make the Dreamer that the settings describe, for pictures of a size (height, width).

    `on_progress` gets the events of a download.
    """
    clock = Clock(Fraction(1), 1, dream.seed)
    return make_dreams(network, dream, clock, size=size, patient=True, on_progress=on_progress)(0)


def make_dreams(
    network: NetworkSettings,
    dream: DreamSettings,
    clock: Clock,
    *,
    size: tuple[int, int],
    times: float = 1.0,
    patient: bool = False,
    on_progress: OnProgress = ignore,
) -> Dreams:
    """Make the Dreamers of all frames: see Dreams for the options."""
    Dials(dream, clock)  # raises errors before a download
    loaded = load_all(network, on_progress)
    return Dreams(loaded, network, dream, clock, size=size, times=times, patient=patient)


def load_all(network: NetworkSettings, on_progress: OnProgress) -> tuple[Network, ...]:
    """Load the networks, or take them as kept; `on_progress` gets the events of downloads."""
    progress = counted(on_progress, "download", "downloading weights")

    def load() -> tuple[Network, ...]:
        return tuple(
            load_network(
                name,
                weights=network.weights,
                arch=network.arch,
                offline=network.offline,
                progress=progress,
            )
            for name, _ in network.parts
        )

    return kept(network.model_dump_json(), load)


def with_sound(info: FilmInfo, sound: AudioSettings) -> FilmInfo:
    """Replace a film's sound by the given audio, cut off at the end of the film."""
    if sound.audio is None:
        return info
    nothing = Fraction(0)
    return replace(
        info,
        path=sound.audio,
        has_audio=True,
        start=nothing,
        origin=nothing,
        cut_out=True,
    )
