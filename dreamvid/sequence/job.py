"""Dream a film part by part, so that it can be interrupted and resumed without changes.

Finished parts, and the memory after each, are kept in a folder beside the output until it is
complete. The same job, run again, resumes after the last finished part and gives the same bytes.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import Interrupted, OutputExists, UnreadableInput, writing
from dreamvid.files import write_whole
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.output import Output
from dreamvid.sequence.digests import has_memory
from dreamvid.sequence.folder import (
    PLAN,
    START_OVER,
    clear,
    finished_parts,
    folder_of,
    frames_in,
    other_settings,
    part_at,
    part_frames,
    record_in,
)
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.lap import Lead
from dreamvid.sequence.owners import check_unowned
from dreamvid.sequence.progress import OnProgress, ignore
from dreamvid.sequence.render import DreamerAt
from dreamvid.sequence.stretch import Stretch
from dreamvid.sequence.unchanged import Row
from dreamvid.settings.toml import UNREADABLE, differing

ELSEWHERE = r"(?m)^source_absolute = .*\n"
"""The line of a record that changes when the folder of the film is moved."""

PICTURES = "pictures.txt"
"""The file, beside the parts, that lists the pictures of a row."""


class Job:
    """One film to dream.

    `record` is the text of the sidecar. It contains everything that determines the film's bytes, so
    existing parts are reused only if their record is equal, or differs only in pictures of a `row`
    that come later. `most_flashes` limits the flashes of the film within any second. `keep` gets
    the parts of the finished film, and their length, before they are deleted, and returns a note.
    Of a `shared` job, other processes may be dreaming shots. The output has been checked; raises
    OutputExists if there are other parts, which would be lost.
    """

    def __init__(
        self,
        output: Output,
        *,
        like: FilmInfo,
        record: str,
        row: Row | None = None,
        most_flashes: int | None = None,
        keep: Callable[[Sequence[Path], int], str] = lambda parts, length: "",
        shared: bool = False,
    ) -> None:
        self._keep = keep
        self.output, self._like, self._record, self._row = output, like, record, row
        self.folder = folder_of(output.path)
        self._most_flashes = most_flashes
        self.notes: tuple[str, ...] = () if shared else self._whole.notes
        with writing(self.folder):
            self._claim(shared)
        self.delivered = 0

    @cached_property
    def _whole(self) -> Stretch:
        """All frames of the film; whoever dreams only a shot does not read the parts of others."""
        most_flashes = self._most_flashes
        return Stretch(self.folder, self.output, like=self._like, most_flashes=most_flashes)

    @property
    def done(self) -> int:
        """The index of the first frame that is not in a finished part."""
        return self._whole.done

    @property
    def _parts(self) -> list[Path]:
        return self._whole.parts

    def shot(self, first: int, end: int) -> Stretch:
        """The frames of a shot, from index `first` up to `end`, to be dreamed on their own."""
        return Stretch(self.folder, self.output, like=self._like, first=first, end=end)

    def run(
        self,
        frames: Iterable[Frame],
        dream: Dreamer | DreamerAt,
        *,
        stability: float | Callable[[int], float],
        lead: Lead | None = None,
        on_progress: OnProgress = ignore,
    ) -> None:
        """Dream the remaining frames, from index `done` on, and assemble the film.

        `lead` may replace the memory at a frame, as in loops and at seams. On Ctrl-C the frames
        so far are written under another name and Interrupted is raised. After any other error the
        finished parts remain, so that the job can be resumed.
        """
        whole = self._whole
        try:
            whole.run(frames, dream, stability=stability, lead=lead, on_progress=on_progress)
        except KeyboardInterrupt:
            raise self.interrupted() from None
        except BaseException:
            whole.abort()
            self.leave()
            raise
        self.notes = tuple(dict.fromkeys(self.notes + whole.notes))
        self.complete(whole.parts)

    def _claim(self, shared: bool) -> None:
        """Create the folder of the parts; delete existing parts unless they belong to this job."""
        job = record_in(self.folder)
        earlier = job.read_text(encoding="utf-8", errors="replace") if job.is_file() else None
        same = earlier is not None and _same(earlier, self._record)
        if not (same and shared):
            changed = "" if earlier is None or same else differing(earlier, self._record)
            check_unowned(self.folder, self.output.path, changed)
        if same:
            return
        kept = self._still_valid(earlier)
        if not self.output.overwrite and (kept != finished_parts(self.folder) or not kept):
            self._check_replaceable(earlier, kept)
        if earlier is not None:
            changed = differing(earlier, self._record)
            why = changed if changed == UNREADABLE else f"settings changed: {changed}"
            going_on = f"pictures have changed; the first {frames_in(kept)} frames are kept"
            self.notes = (going_on if kept else f"restarted because {why}",)
        self._keep_only(kept)
        if self._row is not None:
            write_whole(self.folder / PICTURES, self._row.text().encode())
        write_whole(job, self._record.encode())

    def _still_valid(self, earlier: str | None) -> list[Path]:
        """The existing parts that this job would make again, with the memory to go on from."""
        pictures = self.folder / PICTURES
        if self._row is None or earlier is None or not pictures.is_file():
            return []
        if differing(earlier, self._record) != "source_sha256":
            return []
        valid = self._row.valid(self._parts, pictures.read_text("utf-8", errors="replace"))
        while valid and not has_memory(valid[-1]):
            valid.pop()
        return valid

    def _keep_only(self, parts: list[Path]) -> None:
        """Delete all that is in the folder except these parts, which are the first ones."""
        if not parts:
            clear(self.folder)
        first = part_at(self.folder, frames_in(parts)).stem
        for file in self.folder.glob("part-*"):
            if file.name >= first:
                file.unlink()
        (self.folder / PLAN).unlink(missing_ok=True)
        for seam in self.folder.glob("seam-*/"):
            shutil.rmtree(seam)
        self._whole.keep(parts)

    def _check_replaceable(self, earlier: str | None, kept: list[Path]) -> None:
        """Raise OutputExists if going on from `kept` would delete parts of another job."""
        if earlier is None and (taken := self._partials()):
            remedy = "use another name, or -y"
            raise OutputExists("already exists", where=taken[0], remedy=remedy)
        there = frames_in(finished_parts(self.folder))
        if kept:
            raise OutputExists(
                f"{there} frames are already dreamed, but pictures after frame "
                f"{frames_in(kept)} have changed",
                where=self.output.path,
                remedy="use another name to keep them, or -y to dream these again",
            )
        if there:
            what = UNREADABLE if earlier is None else differing(earlier, self._record)
            if what != UNREADABLE:
                raise other_settings(self.output.path, there, what)
            raise OutputExists(
                f"{there} frames are already dreamed, {what}",
                where=self.output.path,
                remedy=START_OVER,
            )

    @property
    def _partial(self) -> Path:
        """The path of the output of an interrupted run."""
        path = self.output.path
        return path.with_name(f"{path.stem}.partial{path.suffix}")

    def _partials(self) -> list[Path]:
        """Existing output files of an interrupted run; deleted once the film is complete."""
        return replace(self.output, path=self._partial).files()

    def leave(self) -> None:
        """Delete the folder if there is nothing to resume and no partial output to identify."""
        if not finished_parts(self.folder) and not self._partials():
            shutil.rmtree(self.folder, ignore_errors=True)

    def complete(self, parts: Sequence[Path]) -> None:
        """Assemble the film from all of its parts, and delete them."""
        output = self.output
        if not parts:
            raise UnreadableInput("no frame can be decoded", where=self._like.path)
        made = assemble(
            parts,
            output.path,
            source=self._like,
            overwrite=output.overwrite,
            repeat_to=output.repeat_to,
        )
        self.notes, self.delivered = tuple(dict.fromkeys(self.notes + made.notes)), made.frames
        write_record(output.sidecar, self._record)
        for file in self._partials():
            file.unlink()
        length = part_frames((self._like.width, self._like.height))
        self.notes += tuple(filter(None, [self._keep(parts, length)]))
        shutil.rmtree(self.folder, ignore_errors=True)

    def interrupted(self) -> Interrupted:
        """Assemble the frames so far; the unfinished part is dreamed again on resume."""
        path, partial = self.output.path, self._partial
        kept = f"after frame {frames_in(self._parts)}" if self._parts else "from the first frame"
        parts = self._whole.closed()
        if not parts:
            self.leave()
            if elsewhere := frames_in(finished_parts(self.folder)):
                what, remedy = f"stopped; {elsewhere} frames are dreamed", "repeat the command"
                return Interrupted(what, where=path, remedy=f"{remedy} to resume")
            return Interrupted("stopped before the first frame", where=path)
        assemble(parts, partial, source=self._like, overwrite=True, complete=False)
        return Interrupted(
            f"stopped; {frames_in(parts)} frames are in {partial}",
            where=path,
            remedy=f"repeat the command to resume {kept}",
        )


def write_record(path: Path, record: str) -> None:
    """Write a sidecar atomically."""
    with writing(path):
        write_whole(path, record.encode())


def _same(earlier: str, record: str) -> bool:
    """Whether two records are equal, wherever their folder lies."""
    return re.sub(ELSEWHERE, "", earlier) == re.sub(ELSEWHERE, "", record)
