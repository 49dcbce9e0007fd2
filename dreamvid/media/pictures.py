"""Turn a finished lossless film into pictures: a GIF, an animated WebP, or a file a frame."""

from __future__ import annotations

import os
from pathlib import Path

from dreamvid.errors import DreamvidError
from dreamvid.media.child import run_ffmpeg
from dreamvid.media.probe import file_url
from dreamvid.media.target import Target


def write_pictures(film: Path, target: Target, frames: int) -> tuple[str, ...]:
    """Encode the film at `film` as the pictures that the target's name asks for.

    Works in the folder of `film` and renames at the end. Returns what a user should know.
    Raises DreamvidError or DiskFull when the encoder fails.
    """
    suffix = target.path.suffix.lower()
    source = ["-protocol_whitelist", "file,pipe", "-format_whitelist", "nut", "-i", file_url(film)]
    if suffix == ".png":
        _write_files(source, film.parent / "frames", target, frames)
        return ("no sound in numbered pictures",)
    draft = film.with_name("draft" + suffix)
    if suffix == ".gif":
        # Two passes: one graph with palettegen and paletteuse would hold the whole film in memory.
        palette = file_url(film.with_name("palette.png"))
        run_ffmpeg([*source, "-vf", "palettegen=stats_mode=full", palette], where=target.path)
        use = "[0:v][1:v]paletteuse=dither=sierra2_4a"
        pixels = ["-i", palette, "-filter_complex", use, "-loop", "0"]
        run_ffmpeg(
            [*source, *pixels, "-fps_mode", "passthrough", file_url(draft)], where=target.path
        )
    else:
        pixels = ["-c:v", "libwebp_anim", "-quality", "90", "-loop", "0"]
        run_ffmpeg(
            [*source, *pixels, "-fps_mode", "passthrough", file_url(draft)], where=target.path
        )
    os.replace(draft, target.path)
    return (f"no sound in {suffix}",)


def _write_files(source: list[str], folder: Path, target: Target, frames: int) -> None:
    folder.mkdir()
    pattern = str(folder).replace("%", "%%") + "/" + target.path.name
    run_ffmpeg(
        [*source, "-c:v", "png", "-fps_mode", "passthrough", "-f", "image2", f"file:{pattern}"],
        where=target.path,
    )
    made = sorted(folder.iterdir())
    if len(made) != frames:
        raise DreamvidError(f"only {len(made)} of {frames} pictures were made", where=target.path)
    for file in made:
        os.replace(file, target.folder / file.name)
