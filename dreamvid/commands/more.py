"""Lengthen a finished zoom: its settings with more seconds, if what was dreamed stays the same.

Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dreamvid.commands.clock import schedules_of
from dreamvid.errors import UsageError
from dreamvid.media.state import FilmState
from dreamvid.media.target import same_file
from dreamvid.schedules.parse import is_keyed, parse_text_schedule
from dreamvid.schedules.schedule import Key
from dreamvid.settings.dials import guides_of
from dreamvid.settings.models import ZoomSettings
from dreamvid.settings.tables import ClipSettings

OF_LENGTH = frozenset({"progress", "max_f"})
"""Variables of schedules that are another in a longer film."""


def longer(settings: ZoomSettings, more: str) -> ZoomSettings:
    """The settings of a zoom that is longer by some seconds.

    Raises UsageError if a schedule or a guide depends on the length: the frames that are there
    would be others in a longer zoom.
    """
    if why := depends_on_length(settings):
        raise UsageError(
            f"{why} depends on the length, so the frames that are there would change",
            where="more",
            remedy="dream the longer zoom from its start with --from and --seconds",
        )
    given = ClipSettings.checked({"seconds": more}, where="more")
    clip = settings.clip.model_dump() | {"seconds": settings.clip.length + given.length}
    return settings.model_copy(update={"clip": ClipSettings.checked(clip, where="more")})


def check_apart(path: Path, begun: FilmState) -> None:
    """Raise UsageError if the longer zoom would replace the one that it is made from."""
    if same_file(path, begun.film):
        raise UsageError(
            "the output is the zoom itself", where=path, remedy="use another name, delete it later"
        )


def depends_on_length(settings: ZoomSettings) -> str:
    """What in the settings depends on the length of the zoom, in words; empty if nothing does."""
    for where, key in _keys(settings):
        names = key.amount.names | (key.formula.names if key.formula else frozenset())
        if found := sorted(names & OF_LENGTH):
            return f"{where}, which reads {found[0]},"
        if key.unit == "%":
            return f"{where}, with a key at a share of the length,"
    for guide in guides_of(settings.dream):
        from dreamvid.media.guide import is_film

        stretched = is_film(guide) and settings.dream.guide_time == "stretch"
        if stretched or Path(guide).is_dir():
            return "the guide, which is spread over the zoom,"
    return ""


def _keys(settings: ZoomSettings) -> Iterator[tuple[object, Key]]:
    """Every key of every schedule, of numbers and of text, with the name of its setting."""
    for schedule in schedules_of(settings):
        for key in schedule.keys:
            yield schedule.where, key
    dream = settings.dream
    for where, texts in (("layer", dream.layer), ("guide", (dream.guide,))):
        for text in filter(None, texts):
            for key in parse_text_schedule(text, where=where).keys if is_keyed(text) else ():
                yield where, key
