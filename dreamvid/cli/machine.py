"""The commands about this machine: `doctor` and `bench`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from dreamvid.bench.doctor import checks
from dreamvid.cli.flags import Json, Quiet
from dreamvid.cli.show import Show, print_json, print_table, print_tables
from dreamvid.errors import MissingDependency
from dreamvid.settings.values import Device

Networks = Annotated[
    tuple[str, ...],
    Parameter(name="--model", help="Time only this network; repeat for more."),
]


FilmSize = Annotated[
    str | None, Parameter(help="Size of the film of the part film, as 1280x720. Default: 432x240.")
]
Where = Annotated[Device, Parameter(help="Device of the part film.")]


Cluster = Annotated[
    str | None,
    Parameter(
        name="--ray",
        help="Say what a Ray cluster offers instead: auto, HOST:PORT or ray://HOST:10001.",
    ),
]


def doctor(*, ray: Cluster = None, json: Json = False) -> None:
    """Check what is installed, and whether it works, by using each component once.

    The exit code is 6 when something that dreamvid needs is missing.
    """
    if ray is not None:
        return _cluster(ray, json)
    found = list(checks())
    if json:
        print_json([asdict(check) for check in found])
    else:
        print_table(("", "", ""), [(check.name, check.state, check.message) for check in found])
    lacking = [check.name for check in found if check.state == "missing"]
    if lacking:
        raise MissingDependency(f"{', '.join(lacking)} missing", remedy="see the table above")


def _cluster(address: str, json: bool) -> None:
    """Say what a Ray cluster offers; MissingDependency if a machine of it cannot dream."""
    from dreamvid.farm.cluster import connected, offers
    from dreamvid.settings.versions import version_of

    with connected(address) as module:
        found = offers(module)
    ours = version_of("dreamvid")
    if json:
        print_json([asdict(node) for node in found])
    else:
        head = ("machine", "CPUs", "GPUs", "memory", "dreamvid")
        rows = [(node.address, f"{node.cpus:g}", f"{node.gpus:g}",
                 f"{node.memory / 2**30:.1f} GiB", node.dreamvid or node.problem)
                for node in found]  # fmt: skip
        print_table(head, rows)
    lacking = [node.address for node in found if node.dreamvid != ours]
    if lacking:
        what = f"dreamvid {ours} is missing on {', '.join(lacking)}"
        raise MissingDependency(what, remedy="install the same version on all machines")


def codecs(*, json: Json = False) -> None:
    """List the codecs: the values of --codec, and the file suffixes that each can use."""
    from dreamvid.media.formats import CODECS, available_codecs

    here = available_codecs()
    rows = [
        {
            "codec": codec.name,
            "names": codec.suffixes,
            "bits": max(codec.pixels),
            "alpha": bool(codec.alpha),
            "here": codec.name in here,
        }
        for codec in CODECS.values()
    ]
    if json:
        print_json(rows)
        return
    print_table(
        ("codec", "names", "bits", "alpha", "here"),
        [
            (row["codec"], " ".join(codec.suffixes), row["bits"],
             "yes" if row["alpha"] else "", "yes" if row["here"] else "no")
            for row, codec in zip(rows, CODECS.values(), strict=True)
        ],
    )  # fmt: skip


def bench(
    *parts: str,
    model: Networks = (),
    size: FilmSize = None,
    device: Where = "auto",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure how fast this machine dreams, and how much memory it uses.

    PARTS are any of step, objects, video, memory, loop, zoom, workers and film; the default is all
    but film, which has the figures of a film on one device. Close other programs first: they
    distort the result.
    """
    from dreamvid.bench import speed as bench_module

    found: dict[str, Any] = {"machine": bench_module.machine()}
    with Show(quiet=quiet or json, verbose=False) as show:
        for part in bench_module.chosen(parts):
            with show.busy(f"measuring {part}"):
                if part == "film":
                    found[part] = bench_module.time_film(model, size=size, device=device)
                else:
                    found[part] = bench_module.PARTS[part](model)
    if json:
        print_json(found)
        return
    print(", ".join(f"{name} {value}" for name, value in found.pop("machine").items()))
    print_tables({bench_module.TITLES[part]: rows for part, rows in found.items()})
