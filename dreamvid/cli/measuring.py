"""The command `measure`."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from dreamvid.cli.asked import record, sidecar_of
from dreamvid.cli.flags import NO_FILM, NO_NETWORK, Film, Json, Network
from dreamvid.cli.show import Show, print_json, print_table
from dreamvid.errors import DamagedInput, UsageError
from dreamvid.settings import FilmSettings

Clip = Annotated[
    Path | None,
    Parameter(help="The same film, every frame dreamed for itself (--stability 0)."),
]
Layer = Annotated[str | None, Parameter(help="Layer of the judge. Default: its own.")]
Loop = Annotated[bool, Parameter(negative="", help="Measure the seam of a loop as well.")]

MEANINGS = {
    "frames": "frames compared",
    "r": "change of the dream along the motion: 0 carried perfectly, 2 independent",
    "e_warp": "change of the film along the motion",
    "e_ratio": "that of the dream over that of the source",
    "gain": "activations of the judge, dreamed over source",
    "hf": "sharpness: deviation of the Laplacian of luma",
    "drift": "gain of the last quarter over that of the second",
    "fresh": "dream on ground just uncovered over dream elsewhere",
    "legible": "likeness to the source, 8 times smaller",
    "seam": "step from the last frame to the first over the median step",
    "trusted": "share of pixels whose motion is known",
}


def measure(
    source: Path,
    dreamed: Path,
    /,
    *,
    independent: Clip = None,
    loop: Loop = False,
    json: Json = False,
    layer: Layer = None,
    network: Network = NO_NETWORK,
    film: Film = NO_FILM,
) -> None:
    """Measure how calm, strong and sharp a dreamed film is, against its source.

    Which part of the source was dreamed is read from the sidecar of DREAMED, if
    it is not given. The network is the judge of the gain. Measure lossless films
    (--codec ffv1): other codecs blur.
    """
    if sizes := sorted({"size", "width", "height"} & film.model_fields_set):
        raise UsageError(
            "the source is measured at the dream's size", where=sizes[0], remedy="leave it out"
        )
    films = {"dreamed": dreamed} | ({"independent": independent} if independent else {})
    from dreamvid.compare import measure_films
    from dreamvid.media.stills import check_rate
    from dreamvid.networks.registry import load_network

    check_rate(film.rate, source, *films.values())
    given = {name: getattr(film, name) for name in film.model_fields_set}
    cut = film.model_copy(update=_sidecar_cut(dreamed) | given)
    judge = load_network(network.model, weights=network.weights, offline=network.offline)
    chosen = judge.resolve(layer or judge.default_layer)
    look = partial(
        measure_films, source, film=cut, judge=judge, layer=chosen, device=network.device,
        loop=loop, say=cache(Show(quiet=False, verbose=False).say),  # a line is said once
    )  # fmt: skip
    found = {name: look(path) for name, path in films.items()}
    ratios = found["dreamed"].relative_to(found["independent"]) if independent else {}
    values = {name: asdict(measures) for name, measures in found.items()}
    if json:
        about = {"source": source, "judge": {"model": judge.name, "layer": chosen}}
        print_json(about | values | ({"ratio": ratios} if independent else {}))
    else:
        head = ("measure", *films, *(("ratio",) if independent else ()), "meaning")
        print_table(head, _rows(values, ratios))
    if damage := "; ".join(filter(None, (measures.damage for measures in found.values()))):
        raise DamagedInput(damage, remedy="what is there was measured")


def _rows(
    values: dict[str, dict[str, Any]], ratios: dict[str, float | None]
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for name, meaning in MEANINGS.items():
        found = [measures[name] for measures in values.values()]
        if any(value is not None for value in found):
            ratio = (ratios.get(name, ""),) if len(found) > 1 else ()
            rows.append((name, *found, *ratio, meaning))
    return rows


def _sidecar_cut(dreamed: Path) -> dict[str, Any]:
    """Which part of the source was dreamed, as far as a sidecar tells."""
    if not sidecar_of(dreamed).is_file():
        return {}
    film = FilmSettings.checked(record(dreamed)[1].get("film", {}), where=sidecar_of(dreamed))
    return {name: getattr(film, name) for name in ("start", "end", "frames", "rate")}
