"""The commands that dream: `video` and `image`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
from dreamvid.errors import DamagedInput, UsageError
from dreamvid.settings import ImageSettings, VideoSettings, read_toml


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
    from dreamvid.api import dream_image

    with Show(quiet=quiet, verbose=verbose) as show:
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

    Given again after it was stopped, the same command goes on where it was.
    """
    given = {"network": network, "dream": dream, "motion": motion, "film": film,
             "sound": sound, "output": output}  # fmt: skip
    made, before = record(from_) if from_ else ({}, {})
    layers = layered(given, name=preset, file=settings, before=before)
    wanted = VideoSettings.checked(layers, where=settings or from_)
    source = source or source_of(made, from_)
    from dreamvid.api import dream_video

    with Show(quiet=quiet, verbose=verbose) as show:
        result = dream_video(
            source, out, wanted, overwrite=yes, fetched=show.fetched, report=show.report
        )
        for note in (*result.notes, *changes(made, out)):
            show.say(note)
        show.say(f"{result.path}: {result.frames} frames")
    if result.damage:
        raise DamagedInput(result.damage, where=source, remedy=f"{result.path} holds what is there")


def sidecar_of(path: Path) -> Path:
    """The file that says how `path` was made: `path` itself when that is it."""
    return path if path.suffix == ".toml" else path.with_name(path.name + ".dreamvid.toml")


def record(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a sidecar, given itself or its film: how it was made, and the settings."""
    values = read_toml(sidecar_of(path))
    return values.pop("made", {}), values


def source_of(made: dict[str, Any], sidecar: Path | None) -> Path:
    """The film that a repeated run read: as it was named then, else beside the sidecar."""
    name = made.get("source")
    if sidecar is None or not isinstance(name, str):
        raise UsageError("no film given", remedy="dreamvid video FILM -o OUT")
    moved = sidecar.parent / Path(name).name
    return moved if moved.exists() and not Path(name).exists() else Path(name)


def changes(made: dict[str, Any], out: Path) -> list[str]:
    """Say why a repeated run may differ from the one that `made` tells of."""
    if not made:
        return []
    now, _ = record(out)
    changed = [
        f"the {name.removesuffix('_sha256')}"
        for name in ("source_sha256", "weights_sha256", "guide_sha256", "audio_sha256")
        if made.get(name) != now.get(name)
    ]
    then, versions = made.get("versions", {}), now.get("versions", {})
    changed += [f"the version of {name}" for name in versions if then.get(name) != versions[name]]
    return [f"not the same as then: {', '.join(changed)}"] if changed else []
