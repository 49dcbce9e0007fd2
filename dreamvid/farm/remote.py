"""The job of a film in a storage: what machines without a common folder share.

Every machine has a folder of its own with the parts that it dreams. A part is sent when it is
finished, its digests after it, and the mark of a piece when all of its parts are there. Whatever is
fetched is checked against its digests where it is used.
"""

from __future__ import annotations

import hashlib
import shutil
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from dreamvid.errors import DreamvidError, OutputExists, UnreadableInput, writing
from dreamvid.farm.storage import Storage
from dreamvid.files import cache_folder, write_whole
from dreamvid.media.parts import PartTable
from dreamvid.sequence.digests import digests_of, has_memory, is_intact, memory_of
from dreamvid.sequence.folder import PLAN, SIGNALS, frames_in, intact_parts, part_at, record_in
from dreamvid.sequence.plan import Plan, Shot
from dreamvid.settings.toml import differing, write_toml

PLACES = ("source", "source_absolute")
"""Where the source lies, in the record of a job: every machine has its own place for it."""


MEMORY_EVERY: Final = 120.0
"""Seconds from one memory that is sent to the next: what the loss of a machine costs at most."""


class RemoteJob:
    """The job of one film in a storage; `folder` is that of its parts on this machine."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self._storage, self._folder = storage, folder
        self.place = storage.place
        self._sent: set[Path] = set()
        self._since = time.monotonic()

    def record(self) -> str | None:
        """The record of the job; None if nobody has begun it."""
        with self._fetched("job.toml") as file:
            return None if file is None else file.read_text("utf-8")

    def begin(self, record: str, *, overwrite: bool) -> None:
        """Begin the job, or go on with it; OutputExists if it is another one."""
        earlier = self.record()
        if earlier is not None and placeless(earlier) == placeless(record):
            return
        if earlier is not None:
            if not overwrite:
                changed = differing(write_toml(placeless(earlier)), write_toml(placeless(record)))
                raise OutputExists(
                    f"is dreamed by a run with other settings ({changed})",
                    where=self.place,
                    remedy="use another name, or -y to start over",
                )
            self.clear()
        with _written("job.toml", record.encode()) as file:
            self._storage.send(file)

    def fetch_signals(self) -> None:
        """Take over the signals of the film, if there are any; they name the source they are of."""
        with writing(self._folder), suppress(FileNotFoundError):
            self._folder.mkdir(exist_ok=True)
            self._storage.fetch(SIGNALS, self._folder / SIGNALS)

    def fetch_plan(self) -> None:
        """Take over the plan, if there is one."""
        with writing(self._folder), suppress(FileNotFoundError):
            self._storage.fetch(PLAN, self._folder / PLAN)

    def send_plan(self) -> None:
        """Store the plan and the signals, if any, which are the same whoever makes them."""
        for name in (SIGNALS, PLAN):
            if (self._folder / name).exists():
                self._storage.send(self._folder / name)

    def done(self) -> set[int]:
        """The first frames of the pieces that are complete."""
        return {int(name[5:14]) for name in self._storage.names("shot-")}

    def fetch(self, shot: Shot, *, memory: bool = True) -> None:
        """Fetch the finished parts of a piece that are not here, with the memory to go on from."""
        first = shot.first
        with writing(self._folder):
            while first < shot.end and self._fetch_part(part := part_at(self._folder, first)):
                first += frames_in([part])
            parts = intact_parts(self._folder, shot.first, shot.end)
            if memory and parts and first < shot.end and not has_memory(parts[-1]):
                with suppress(FileNotFoundError):
                    self._storage.fetch(memory_of(parts[-1]).name, memory_of(parts[-1]))

    def send(self, shot: Shot, parts: Sequence[Path]) -> None:
        """Store finished parts that were not yet; the digests last, and then the mark of a piece.

        Memories are far larger than parts, and only needed to go on elsewhere: one is sent every
        MEMORY_EVERY seconds, and deleted when the next one is there.
        """
        complete = shot.first + frames_in(parts) >= shot.end
        for part in parts:
            if part in self._sent:
                continue
            with_memory = part == parts[-1] and not complete and self._is_due()
            memory = [memory_of(part)] if with_memory else []
            for file in (part, PartTable.place(part), *memory, digests_of(part)):
                self._storage.send(file)
            self._sent.add(part)
            if with_memory:
                self._storage.remove([memory_of(one).name for one in parts[:-1]])
        if complete:
            self._storage.remove([memory_of(one).name for one in parts])
            digests = b"".join(digests_of(part).read_bytes() for part in parts)
            with _written(_mark(shot), hashlib.sha256(digests).hexdigest().encode()) as file:
                self._storage.send(file)

    def _is_due(self) -> bool:
        """Whether it is time to send a memory."""
        now = time.monotonic()
        due = now - self._since >= MEMORY_EVERY
        self._since = now if due else self._since
        return due

    def forget(self, shot: Shot) -> None:
        """Mark a piece as incomplete, whose parts have turned out to be damaged."""
        self._storage.remove([_mark(shot)])

    def gather(self, source: Path, origin: Mapping[str, Any]) -> None:
        """Fetch the whole job to this machine, to join it; `origin` names its source there.

        Raises UnreadableInput if there is no job, or no plan of it.
        """
        record = self.record()
        with writing(self._folder):
            self._folder.mkdir(exist_ok=True)
            self.fetch_plan()
        plan = Plan.read(self._folder)
        if record is None or plan is None:
            raise UnreadableInput("no film is dreamed there", where=self.place)
        values = tomllib.loads(record)
        values["made"] |= {name: origin[name] for name in PLACES}
        if values["made"]["source_sha256"] != origin["source_sha256"]:
            raise UnreadableInput("is not the film that was dreamed", where=source)
        with writing(self._folder):
            write_whole(record_in(self._folder), write_toml(values).encode())
        done = self.done()
        for shot in plan.shots:
            if shot.first in done:
                self.fetch(shot, memory=False)
                parts = intact_parts(self._folder, shot.first, shot.end)
                if frames_in(parts) < shot.frames:
                    self.forget(shot)

    def clear(self) -> None:
        """Delete the job; the record goes last, so that what is left is never taken for another."""
        names = self._storage.names()
        self._storage.remove(sorted(names - {"job.toml"}))
        self._storage.remove(["job.toml"])
        self._sent.clear()

    def _fetch_part(self, part: Path) -> bool:
        """Fetch a part unless it is here; whether it is there whole. Damaged ones are deleted."""
        for _ in range(2):  # the first may have been replaced while it was fetched
            if is_intact(part):
                return True
            try:
                for file in (digests_of(part), part, PartTable.place(part)):
                    self._storage.fetch(file.name, file)
            except FileNotFoundError:
                digests_of(part).unlink(missing_ok=True)
                return False
        if is_intact(part):
            return True
        digests_of(part).unlink(missing_ok=True)
        self._storage.remove([digests_of(part).name])
        return False

    @contextmanager
    def _fetched(self, name: str) -> Iterator[Path | None]:
        with TemporaryDirectory(prefix="dreamvid-") as folder:
            file = Path(folder) / name
            try:
                self._storage.fetch(name, file)
            except FileNotFoundError:
                yield None
            else:
                yield file


def placeless(record: str) -> dict[str, Any]:
    """A record without the places of its source; DreamvidError if it cannot be read."""
    try:
        values = tomllib.loads(record)
        values["made"] = {key: row for key, row in values["made"].items() if key not in PLACES}
    except (tomllib.TOMLDecodeError, KeyError, AttributeError) as error:
        raise DreamvidError(f"the record of the job is damaged ({error})") from error
    return values


def local_copy(place: str) -> Path:
    """The folder on this machine for a job or a film in a storage; it is created."""
    folder = cache_folder() / "farm" / hashlib.sha256(place.encode()).hexdigest()[:20]
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def forget_copy(place: str) -> None:
    """Delete the folder of a job on this machine."""
    shutil.rmtree(local_copy(place), ignore_errors=True)


def _mark(shot: Shot) -> str:
    """The name of the file that says that a piece is complete."""
    return f"shot-{shot.first:09d}.done"


@contextmanager
def _written(name: str, data: bytes) -> Iterator[Path]:
    with TemporaryDirectory(prefix="dreamvid-") as folder:
        file = Path(folder) / name
        file.write_bytes(data)
        yield file
