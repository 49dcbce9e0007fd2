"""The commands that dream: `video` and `image`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from dreamvid.cli.asked import asked, mind_damage, tell_changes
from dreamvid.cli.flags import (
    NO_DREAM,
    NO_FILM,
    NO_MOTION,
    NO_NETWORK,
    NO_OUTPUT,
    NO_SOUND,
    Dream,
    Encode,
    File,
    Film,
    From,
    Motion,
    Network,
    Out,
    Preset,
    Quiet,
    Sound,
    Verbose,
    Yes,
    layered,
)
from dreamvid.cli.show import Show
from dreamvid.errors import UsageError
from dreamvid.preflight import check_image, check_video
from dreamvid.settings import ImageSettings, VideoSettings


def image(
    source: Path,
    /,
    *,
    out: Out,
    network: Network = NO_NETWORK,
    dream: Dream = NO_DREAM,
    preset: Preset = None,
    settings: File = None,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream on a picture."""
    given = {"network": network, "dream": dream}
    wanted = ImageSettings.checked(layered(given, name=preset, file=settings), where=settings)

    with Show(quiet=quiet, verbose=verbose) as show:
        show.say(check_image(source, out, wanted, overwrite=yes).told)
        from dreamvid.api import dream_image

        result = dream_image(source, out, wanted, overwrite=yes, fetched=show.fetched)
        for note in result.notes:
            show.say(note)
        show.say(f"{out}")


def video(
    source: Path | None = None,
    /,
    *,
    out: Out,
    network: Network = NO_NETWORK,
    dream: Dream = NO_DREAM,
    motion: Motion = NO_MOTION,
    film: Film = NO_FILM,
    sound: Sound = NO_SOUND,
    output: Encode = NO_OUTPUT,
    preset: Preset = None,
    settings: File = None,
    from_: From = None,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream a film: same length, rate, size, colours and sound.

    Given again after it was stopped, the same command goes on after its last part.
    """
    given = {"network": network, "dream": dream, "motion": motion, "film": film,
             "sound": sound, "output": output}  # fmt: skip
    run = asked(VideoSettings, given, source, preset=preset, file=settings, from_=from_)
    if run.source is None:
        raise UsageError("no film given", remedy="dreamvid video FILM -o OUT")

    with Show(quiet=quiet, verbose=verbose) as show:
        checked = check_video(run.source, out, run.settings, overwrite=yes)
        checked.reader.close()
        show.say(checked.told)
        from dreamvid.api import dream_video

        result = dream_video(
            run.source, out, run.settings, overwrite=yes, fetched=show.fetched,
            report=show.report, begun=partial(tell_changes, run.then, show.say),
        )  # fmt: skip
        show.made(result)
    mind_damage(result, run.source)
