"""A film, or one part of it, dreamed in this process."""

from __future__ import annotations

from dreamvid.commands.preflight import Film
from dreamvid.commands.result import Result
from dreamvid.errors import Interrupted
from dreamvid.farm.joining import interrupted
from dreamvid.farm.left import Left
from dreamvid.farm.storage import Storage
from dreamvid.farm.tally import Tally
from dreamvid.farm.together import Count
from dreamvid.farm.work import work
from dreamvid.sequence.progress import OnProgress


def dream_part(
    request: Film,
    part: int,
    of: int,
    on_progress: OnProgress,
    storage: Storage | None = None,
    *,
    keep: bool = False,
    together: Count = 1,
) -> Result | Left:
    """Dream part 1..`of` of a checked film, and close it; raises Interrupted on Ctrl-C.

    Progress is that of the part. Its files also go to a `storage`, if one is given; who has one
    does not join the film. Who joins it may `keep` its state. So many shots `together` are dreamed
    at once. Raises any DreamvidError.
    """
    tally = Tally(on_progress, f"part {part} of {of}", alone=together == 1)
    try:
        return work(
            request,
            tally.pass_on,
            tally.begin,
            part=part,
            of=of,
            storage=storage,
            keep=keep,
            together=together,
        )
    except KeyboardInterrupt:
        what = f"part {part} of {of} stopped"
        remedy = "repeat the command to resume"
        raise Interrupted(what, where=request.output.path, remedy=remedy) from None


def dream_together(
    request: Film, together: Count, on_progress: OnProgress, *, keep: bool = False
) -> Result | Left:
    """Dream a checked film, so many shots `together` at once, and close it.

    Who joins it may `keep` its state. Raises any DreamvidError, and Interrupted on Ctrl-C.
    """
    tally = Tally(on_progress, "all shots")
    try:
        return work(request, tally.pass_on, tally.begin, keep=keep, together=together)
    except KeyboardInterrupt:
        raise interrupted(request) from None
