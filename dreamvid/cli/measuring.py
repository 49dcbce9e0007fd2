"""The command `measure`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from dreamvid.cli.flags import NO_FILM, NO_NETWORK, Film, Json, Network
from dreamvid.cli.request import command_that_wrote, find_source, read_sidecar, sidecar_path
from dreamvid.cli.show import Show, print_json, print_table
from dreamvid.errors import DamagedInput, UsageError
from dreamvid.media.source import check_file, check_rate, is_sequence
from dreamvid.networks.known import check_model
from dreamvid.settings.models import ZoomSettings
from dreamvid.settings.tables import DreamSettings, FilmSettings, NetworkSettings

if TYPE_CHECKING:
    from dreamvid.measures.film import Measures
    from dreamvid.measures.standalone import StandaloneMeasures

Source = Annotated[
    Path, Parameter(help="The source film; or the dream, if it is the only argument.")
]
Dreamed = Annotated[Path | None, Parameter(help="The dreamed film.")]
Clip = Annotated[
    Path | None,
    Parameter(help="The same film with every frame dreamed on its own (--stability 0)."),
]
Layer = Annotated[
    str | None,
    Parameter(help="Layer to measure at. Default: the first dreamed layer, or the network's."),
]
Loop = Annotated[bool, Parameter(negative="", help="Also measure the seam of a loop.")]

_ALIVE = "network activations, last third of the film over its first second"
_SEAM = "step from the last frame to the first over the median step"
_FLASHES = "most flashes within any second (WCAG 2.2: at most 3 are safe)"
_HF = "sharpness: standard deviation of the Laplacian of luma"

MEANINGS = {
    "frames": "frames compared",
    "r": "change of the dream along the motion: 0 perfectly carried, 2 independent",
    "e_warp": "change of the film along the motion (warping error)",
    "e_ratio": "e_warp of the dream over that of the source",
    "gain": "network activations, dreamed over source",
    "hf": _HF,
    "drift": "gain of the last quarter over that of the second",
    "fresh": "dream in newly uncovered areas over dream elsewhere",
    "legible": "similarity to the source at 1/8 size",
    "fringe": "chroma over luma in the fine detail (below sigma 2) of the dream",
    "alive": _ALIVE,
    "seam": _SEAM,
    "flashes": _FLASHES,
    "trusted": "share of pixels with reliable motion",
}
"""Descriptions of the measures of a film with a source, in display order."""

LONE_MEANINGS = {
    "frames": "frames measured",
    "r": "change along the camera's motion: 0 perfectly carried, 2 independent",
    "hf": _HF,
    "alive": _ALIVE,
    "brightness": "mean of luma, last second over first",
    "contrast": "standard deviation of luma, last second over first",
    "colour": "standard deviation of chroma, last second over first",
    "tint": "shift of mean chroma from the first second to the last, in a range 0..1",
    "seam": _SEAM,
    "flashes": _FLASHES,
}
"""Descriptions of the measures of a film without a source."""


@dataclass(frozen=True)
class _Made:
    """The contents of a film's sidecar: command, source and settings."""

    command: str | None
    source: Path | None
    tables: Mapping[str, Any]

    def film(self, path: Path) -> FilmSettings:
        """The part of the source that was dreamed, and its background, without its size."""
        film = FilmSettings.checked(self.tables.get("film", {}), where=sidecar_path(path))
        names = ("start", "end", "frames", "rate", "background")
        return FilmSettings(**{name: getattr(film, name) for name in names})

    def judge(self, path: Path) -> tuple[NetworkSettings, str | None]:
        """The network that dreamed, and the first layer it raised (None: its default layer)."""
        network, dream = (
            model.checked(self.tables.get(name, {}), where=sidecar_path(path))
            for name, model in (("network", NetworkSettings), ("dream", DreamSettings))
        )
        assert isinstance(network, NetworkSettings) and isinstance(dream, DreamSettings)
        return network, _raised(dream)


def measure(
    source: Source,
    dreamed: Dreamed = None,
    /,
    *,
    independent: Clip = None,
    loop: Loop = False,
    json: Json = False,
    layer: Layer = None,
    network: Network = NO_NETWORK,
    film: Film = NO_FILM,
) -> None:
    """Measure how stable, strong and sharp a dreamed film is, compared with its source.

    Give only the film for a zoom or a loop, which has no source. Missing arguments are read from
    the sidecar of DREAMED: the source, the part of it that was dreamed, the exact motion of a
    zoom, and the network and layer, whose activations are measured. Measure lossless films
    (--codec ffv1): other codecs blur.
    """
    films = {"dreamed": dreamed or source} | ({"independent": independent} if independent else {})
    made = _made(films["dreamed"])
    original = source if dreamed else made.source
    _check(film, original, independent)
    _check_files(film, [path for path in (original, *films.values()) if path is not None])
    named = {"model", "weights", "arch"} & network.model_fields_set
    judging, raised = (network, None) if named else made.judge(films["dreamed"])
    (model, _), *others = judging.parts
    if named and others:
        raise UsageError("one network measures", where="model", remedy="name one of them")
    check_model(model, judging.weights, judging.arch)
    from dreamvid.networks.registry import load_network

    judge = load_network(model, weights=judging.weights, arch=judging.arch, offline=network.offline)
    chosen = judge.resolve(layer or raised or judge.default_layer)
    given = {name: getattr(film, name) for name in film.model_fields_set}
    cut = made.film(films["dreamed"]).model_copy(update=given)
    options = {"film": cut, "judge": judge, "layer": chosen, "device": network.device, "loop": loop}
    found = _found(made, original, films, options)
    about = {"source": original, "judge": {"model": judge.name, "layer": chosen}}
    _print(found, about, json=json)
    if damage := "; ".join(filter(None, (measures.damage for measures in found.values()))):
        raise DamagedInput(damage, remedy="only the readable frames were measured")


def _check_files(film: FilmSettings, paths: list[Path]) -> None:
    """Raise an error for films that cannot be read."""
    check_rate(film.rate, *paths)
    for path in paths:
        if not is_sequence(path):
            check_file(path)


def _check(film: FilmSettings, original: Path | None, independent: Path | None) -> None:
    """Raise UsageError for flags that do not apply to the given films."""
    if sizes := sorted({"size", "width", "height", "dream_size"} & film.model_fields_set):
        raise UsageError(
            "the source is measured at the size of the dreamed film",
            where=sizes[0],
            remedy="leave it out",
        )
    if original is not None:
        return
    no_source = sorted({"start", "end"} & film.model_fields_set)
    if no_source or independent:
        raise UsageError(
            "needs a dream that has a source",
            where=no_source[0] if no_source else "independent",
            remedy="leave it out, or use dreamvid measure SOURCE DREAMED",
        )


def _made(path: Path) -> _Made:
    """Read the sidecar of a film, if there is one."""
    if not sidecar_path(path).is_file():
        return _Made(None, None, {})
    made, tables = read_sidecar(path)
    command = command_that_wrote(tables)
    source = find_source(made, sidecar_path(path)) if command == "video" else None
    return _Made(command, source, tables)


def _raised(dream: DreamSettings) -> str | None:
    """The first layer that was raised, without channel and weight; None for the default layer.

    It is also None for labels, which use all layers, and for creatures, which use the network's
    default layer.
    """
    from dreamvid.networks.kinds import CREATURES, LABEL
    from dreamvid.settings.dials import texts_of

    if dream.label is not None:
        return None
    texts = (texts_of(layer, "layer")[0] for layer in dream.layer)
    names = (re.split(r"[:*]", text)[0].strip() for text in texts)
    return next((name for name in names if name not in (CREATURES, LABEL)), None)


def _found(
    made: _Made, original: Path | None, films: Mapping[str, Path], options: Mapping[str, Any]
) -> Mapping[str, Measures | StandaloneMeasures]:
    """Measure each of the films."""
    from dreamvid.commands.zoom import zoom_moves
    from dreamvid.measures.files import measure_films, measure_standalone_film

    if original is None:
        moves = None
        if made.command == "zoom":
            where = sidecar_path(films["dreamed"])
            moves = partial(zoom_moves, ZoomSettings.checked(made.tables, where=where))
        return {
            name: measure_standalone_film(path, moves=moves, **options)
            for name, path in films.items()
        }
    once = cache(Show(quiet=False, verbose=False).on_progress)  # prints each line only once
    return {
        name: measure_films(original, path, on_progress=once, **options)
        for name, path in films.items()
    }


def _print(
    found: Mapping[str, Measures | StandaloneMeasures], about: Mapping[str, Any], *, json: bool
) -> None:
    """Print the measures, and their ratio to those of independently dreamed frames."""
    from dreamvid.measures.film import Measures

    dreamed, independent = found["dreamed"], found.get("independent")
    ratios: Mapping[str, float | None] = {}
    if isinstance(dreamed, Measures) and isinstance(independent, Measures):
        ratios = dreamed.relative_to(independent)
    values = {name: asdict(measures) for name, measures in found.items()}
    if json:
        print_json({**about, **values, **({"ratio": ratios} if independent else {})})
        return
    meanings = LONE_MEANINGS if about["source"] is None else MEANINGS
    rows = []
    for name, meaning in meanings.items():
        row = [measures[name] for measures in values.values()]
        if any(value is not None for value in row):
            ratio = (ratios.get(name, ""),) if independent else ()
            rows.append((name, *row, *ratio, meaning))
    print_table(("measure", *found, *(("ratio",) if independent else ()), "meaning"), rows)
