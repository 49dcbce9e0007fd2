"""What is left of a film that many processes dream; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from dreamvid.errors import DreamvidError, UnreadableInput
from dreamvid.sequence.folder import folder_of, listed_frames
from dreamvid.sequence.plan import Plan, Shot


@dataclass(frozen=True)
class Left:
    """A film of so many `shots` that was not joined here.

    The numbers of the `missing` ones count from 1; `mine` are those of the part that was dreamed
    here, which other processes dream. Without missing ones another process joins the film; one that
    is `stored` elsewhere waits for it.
    """

    shots: int = 0
    missing: tuple[int, ...] = ()
    mine: tuple[int, ...] = ()
    stored: bool = False

    @property
    def text(self) -> str:
        """What is left to do, in words."""
        if not self.missing and self.stored:
            return "all shots are dreamed; dreamvid join makes the film of them"
        if not self.missing:
            return "all shots are dreamed, and another process joins them"
        what = f"{_shots(self.missing)} of {self.shots} missing"
        others = f"; another process dreams {_shots(self.mine)}" if self.mine else ""
        last = "whoever dreams the last one joins the film"
        return f"{what}{others}; {'dreamvid join joins them all' if self.stored else last}"


def left_of(
    plan: Plan, missing: Sequence[Shot], mine: Sequence[Shot], *, stored: bool = False
) -> Left:
    """What is left of a film, to one that dreamed the shots that are `mine`; see Left."""
    numbers = {shot: number for number, shot in enumerate(plan.shots, 1)}
    ours = tuple(numbers[shot] for shot in missing if shot in mine)
    return Left(len(plan.shots), tuple(numbers[shot] for shot in missing), ours, stored)


def unjoined(left: Left, output: Path) -> DreamvidError:
    """The error of a film that cannot be joined, because shots are missing or none are planned."""
    if not left.missing:
        what, remedy = "there are no shots to join", "dream it with --workers or --part"
        return UnreadableInput(what, where=output, remedy=remedy)
    what = f"{_shots(left.missing)} of {left.shots} missing"
    return DreamvidError(what, where=output, remedy="repeat the commands that dream them")


def check_joinable(output: Path) -> None:
    """Raise the error of a film that cannot be joined, as far as is seen without reading parts."""
    folder = folder_of(output)
    plan = Plan.read(folder)
    if plan is None:
        raise unjoined(Left(), output)
    found = {shot: listed_frames(folder, shot.first, shot.end) for shot in plan.shots}
    if missing := [shot for shot, frames in found.items() if frames < shot.frames]:
        raise unjoined(left_of(plan, missing, ()), output)


def _shots(numbers: Sequence[int]) -> str:
    spans = ", ".join(_spans(numbers))
    return f"shot {spans}" if len(numbers) == 1 else f"shots {spans}"


def _spans(numbers: Sequence[int]) -> Iterator[str]:
    """Yield the numbers in words: 3, 5-7."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        first, *others = (number for _, number in group)
        yield f"{first}-{others[-1]}" if others else f"{first}"
