"""The commands that dream: `video` and `image`."""

from __future__ import annotations

from pathlib import Path

from dreamvid.cli.again import around, read_stretch, redreamed
from dreamvid.cli.farming import Many, Part, Ray, Stored, Together, Workers, show_many
from dreamvid.cli.flags import (
    NO_DREAM,
    NO_FILM,
    NO_MASK,
    NO_MOTION,
    NO_NETWORK,
    NO_OUTPUT,
    NO_PICTURE,
    NO_SIGNALS,
    NO_SOUND,
    Beside,
    Dream,
    DryRun,
    Encode,
    File,
    Film,
    Force,
    From,
    KeepParts,
    Mask,
    Motion,
    Network,
    Newest,
    NoNewest,
    Picture,
    Preset,
    Quiet,
    Redream,
    Signals,
    Sound,
    To,
    Verbose,
    Yes,
    read_settings,
)
from dreamvid.cli.request import raise_if_damaged, read_request
from dreamvid.cli.show import Show
from dreamvid.cli.targets import film_target, picture_target
from dreamvid.commands.preflight import check_image, check_video
from dreamvid.commands.room import check_room
from dreamvid.errors import UsageError
from dreamvid.media.newest import NewestFrame
from dreamvid.settings.models import ImageSettings, VideoSettings


def image(
    source: Path,
    target: To = None,
    /,
    *,
    out: Beside = None,
    network: Network = NO_NETWORK,
    dream: Dream = NO_DREAM,
    mask: Mask = NO_MASK,
    picture: Picture = NO_PICTURE,
    preset: Preset = None,
    settings: File = None,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream on a picture."""
    given = {"network": network, "dream": dream, "mask": mask, "picture": picture}
    wanted = read_settings(
        lambda *_: ImageSettings, given, preset=preset, file=settings, where=settings
    )
    path = picture_target(source, target, out)
    with Show(quiet=quiet, verbose=verbose) as show:
        checked = check_image(source, path, wanted, overwrite=yes)
        show.say(f"{checked.summary}, into {path}")
        from dreamvid.commands.image import run_image

        with show.busy("dreaming"):
            result = run_image(checked, show.on_progress)
        show.say(*result.notes, f"{path}")


def video(
    source: Path | None = None,
    target: To = None,
    /,
    *,
    out: Beside = None,
    network: Network = NO_NETWORK,
    dream: Dream = NO_DREAM,
    mask: Mask = NO_MASK,
    motion: Motion = NO_MOTION,
    film: Film = NO_FILM,
    sound: Sound = NO_SOUND,
    signals: Signals = NO_SIGNALS,
    output: Encode = NO_OUTPUT,
    preset: Preset = None,
    settings: File = None,
    from_: From = None,
    redream: Redream = None,
    keep_state: KeepParts = False,
    workers: Workers = None,
    together: Together = None,
    part: Part = None,
    ray: Ray = None,
    storage: Stored = None,
    preview: Newest = None,
    no_preview: NoNewest = False,
    dry_run: DryRun = False,
    force: Force = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Dream a film; its length, rate, size, colour format and sound stay the same.

    After an interruption, the same command resumes after the last finished part.
    """
    given = {"network": network, "dream": dream, "mask": mask, "motion": motion, "film": film,
             "sound": sound, "signals": signals, "output": output}  # fmt: skip
    request = read_request(
        lambda *_: VideoSettings, given, source, preset=preset, file=settings, from_=from_
    )
    if request.source is None:
        raise UsageError("no film given", remedy="use dreamvid video FILM")
    path = film_target(request.source, target, out, request.settings.output)
    many = Many(workers, part, ray, storage, keep_state, together)
    is_many = many.check(request.settings)
    alone = not (is_many or dry_run)
    again = None if redream is None else read_stretch(redream, from_, alone=alone)
    source = many.source(request.source)
    with Show(quiet=quiet, verbose=verbose) as show:
        checked = check_video(source, path, request.settings, overwrite=yes)
        show.say(f"{checked.summary}, into {path}", *checked.reader.warnings)
        show.detail(checked.reader.assumed)
        if again is not None:
            show.say(*around(checked, again))
        many.check_device(request.settings.network.device)
        if dry_run:
            from dreamvid.commands.dry_run import try_video

            return show.forecast(
                try_video(checked, show.on_progress, workers=many.count, untold=many.untold),
                checked,
                force=force,
            )
        check_room(checked, force=force)
        newest = NewestFrame.of(path, preview, off=no_preview)
        from dreamvid.commands.video import run_video

        with show.busy("dreaming the first frame"):
            if is_many:
                live, told = None if no_preview else newest, request.watched(show, newest)
                made = many.run(checked, request.source, told, live)
                return show_many(show, checked, made, newest)
            if again is not None:
                result = redreamed(checked, again, request.watched(show, newest))
            else:
                result = run_video(checked, request.watched(show, newest), keep=keep_state)
        show.made(result)
        newest.remove()
    raise_if_damaged(result, request.source)
