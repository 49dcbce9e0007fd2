"""The command `batch`: many films and pictures, one line each, a table at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from dreamvid.cli.failures import explain
from dreamvid.cli.flags import (
    NO_DREAM,
    NO_NETWORK,
    Dream,
    File,
    Folder,
    Network,
    Preset,
    Quiet,
    Sources,
    Verbose,
    Watch,
    Yes,
)
from dreamvid.cli.show import Show, print_table
from dreamvid.commands.batch import Item, Look, check_out, dream_item, find_items
from dreamvid.errors import DamagedInput, Interrupted, UnreadableInput, UsageError
from dreamvid.media.newest import NewestFrame
from dreamvid.networks.kept import networks_kept
from dreamvid.sequence.progress import Progress
from dreamvid.settings import presets
from dreamvid.settings.toml import merge, read_toml

SETTLED: Final = 5.0
"""Seconds without a change after which a file that is watched is complete."""

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at watched folders."""


@dataclass(frozen=True)
class Outcome:
    """What became of a source, in how many seconds."""

    source: Path
    result: str
    seconds: float
    frames: int | None = None
    error: str = ""


def batch(
    *sources: Sources,
    out: Folder,
    network: Network = NO_NETWORK,
    dream: Dream = NO_DREAM,
    preset: Preset = None,
    settings: File = None,
    watch: Watch = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream all films and pictures of folders into another folder, with the same names.

    What is done is skipped, so the same command goes on after an interruption. FILE.toml beside a
    FILE has settings for it alone. After errors the others are dreamed; the exit code is then 5.
    """
    if not sources:
        raise UsageError("no folder given", remedy="use dreamvid batch FOLDER -o DREAMS")
    check_out(sources, out)
    look = _look({"network": network, "dream": dream}, preset, settings)
    items = _watched(sources, out) if watch else _listed(sources, out)
    batch = _Batch(out, look, overwrite=yes, quiet=quiet, verbose=verbose)
    try:
        batch.run(items)
    except (KeyboardInterrupt, Interrupted):
        batch.tell()
        what = f"stopped; {len(batch.outcomes)} files are done"
        raise Interrupted(what, where=out, remedy="repeat the command to go on") from None
    batch.tell()
    batch.raise_if_failed()


def _look(given: dict[str, BaseModel], preset: str | None, file: Path | None) -> Look:
    """The settings of all: flags override the settings file, which overrides the preset."""
    flags = {table: model.model_dump(exclude_unset=True) for table, model in given.items()}
    layers: list[dict[str, Any]] = [presets.preset(preset)] if preset else []
    layers += [read_toml(file)] if file else []
    return Look.checked(merge(*layers, {name: row for name, row in flags.items() if row}), file)


def _listed(sources: tuple[str, ...], out: Path) -> Iterator[Item]:
    """All that is there now; UnreadableInput if there is nothing."""
    items = find_items(sources, out)
    if not items:
        remedy = "give a folder that has some, or a quoted pattern"
        raise UnreadableInput("no films or pictures", where=" ".join(sources), remedy=remedy)
    return iter(items)


def _watched(sources: tuple[str, ...], out: Path) -> Iterator[Item]:
    """What is there and what comes, each once its size and time have not changed for a while."""
    seen: dict[Path, tuple[tuple[int, int], float]] = {}
    given: dict[Path, tuple[int, int]] = {}
    while True:
        for item in find_items(sources, out):
            try:
                stat = item.source.stat()
            except OSError:  # it has just gone
                continue
            state, now = (stat.st_size, stat.st_mtime_ns), time.monotonic()
            before, since = seen.get(item.source, (None, now))
            seen[item.source] = state, since if before == state else now
            settled = now - seen[item.source][1] >= SETTLED
            if settled and stat.st_size and given.get(item.source) != state:
                given[item.source] = state
                yield item
        time.sleep(LOOK_EVERY)


class _Batch:
    """Dreams one item after the other, and keeps what became of each."""

    def __init__(
        self, out: Path, look: Look, *, overwrite: bool, quiet: bool, verbose: bool
    ) -> None:
        self._out, self._look, self._overwrite = out, look, overwrite
        self._quiet, self._verbose = quiet, verbose
        self.outcomes: list[Outcome] = []

    def run(self, items: Iterator[Item]) -> None:
        """Dream all items; only an interruption ends it early."""
        with networks_kept():
            for item in items:
                self.outcomes.append(self._outcome(item))

    def tell(self) -> None:
        """Print the table."""
        if self.outcomes and not self._quiet:
            head = ("file", "result", "frames", "seconds", "error")
            rows = [(one.source, one.result, one.frames, round(one.seconds, 1), one.error)
                    for one in self.outcomes]  # fmt: skip
            print_table(head, rows)

    def raise_if_failed(self) -> None:
        """Raise DamagedInput if anything went wrong."""
        failed = [one for one in self.outcomes if one.error]
        if failed:
            raise DamagedInput(
                f"{len(failed)} of {len(self.outcomes)} files failed, first {failed[0].source}",
                where=self._out,
                remedy="the table says why; the same command dreams only what is missing",
            )

    def _outcome(self, item: Item) -> Outcome:
        began = time.monotonic()
        with Show(quiet=self._quiet, verbose=self._verbose) as show:
            newest = NewestFrame.of(item.place)

            def on_progress(event: Progress) -> None:
                if event.image is not None:
                    newest.show(event.image)
                show.on_progress(event)

            try:
                target, result = dream_item(
                    item, self._look, overwrite=self._overwrite, on_progress=on_progress
                )
            except (KeyboardInterrupt, Interrupted):
                raise
            except Exception as error:
                told = str(explain(error)).removeprefix(f"{item.source}: ")
                show.say(f"{item.source}: failed: {told}")
                return Outcome(item.source, "failed", time.monotonic() - began, error=told)
            took = time.monotonic() - began
            if result is None:
                show.say(f"{item.source}: is done already, {target}")
                return Outcome(item.source, "there already", took)
            newest.remove()
            show.say(
                *result.notes, f"{item.source}: {target}, {result.frames} frames, {took:.1f} s"
            )
            damage = result.damage or ""
            return Outcome(
                item.source, "damaged" if damage else "dreamed", took, result.frames, damage
            )
