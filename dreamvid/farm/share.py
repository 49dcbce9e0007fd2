"""One part of a film, dreamed in this process."""

from __future__ import annotations

from dreamvid.commands.preflight import Film
from dreamvid.commands.result import Result
from dreamvid.errors import Interrupted
from dreamvid.farm.joining import Left
from dreamvid.farm.storage import Storage
from dreamvid.farm.tally import Tally
from dreamvid.farm.work import work
from dreamvid.sequence.progress import OnProgress, Progress


def dream_part(
    request: Film,
    part: int,
    of: int,
    on_progress: OnProgress,
    storage: Storage | None = None,
    *,
    keep: bool = False,
) -> Result | Left:
    """Dream part 1..`of` of a checked film, and close it; raises Interrupted on Ctrl-C.

    Progress is that of the part. Its files also go to a `storage`, if one is given; who has one
    does not join the film. Who joins it may `keep` its state. Raises any DreamvidError.
    """
    tally = Tally(on_progress, f"part {part} of {of}")

    def told(event: Progress) -> None:
        if event.task == "frames":
            tally.add(event)
        else:
            on_progress(event)

    try:
        return work(request, told, tally.begin, part=part, of=of, storage=storage, keep=keep)
    except KeyboardInterrupt:
        what = f"part {part} of {of} stopped"
        remedy = "repeat the command to resume"
        raise Interrupted(what, where=request.output.path, remedy=remedy) from None
