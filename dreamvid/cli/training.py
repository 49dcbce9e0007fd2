"""The commands about training: `train`, and `renders`, which draws training pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dreamvid.cli.flags import NO_TRAIN, Out, Quiet, Train, Verbose, Yes
from dreamvid.cli.show import Show
from dreamvid.commands.preflight import check_train
from dreamvid.errors import UsageError

FromRenders = Annotated[
    bool,
    Parameter(
        name="--renders", negative="", help="Train on generated renders instead of a folder."
    ),
]
Classes = Annotated[
    str | None, Parameter(name="--classes", help="Draw all labels of these classes: owl,pagoda.")
]
Seed = Annotated[
    int, Parameter(name="--seed", help="Random seed; changes the pictures, not the classes.")
]
Cell = Annotated[int, Parameter(name="--cell", help="Side of each picture in pixels, 64 to 512.")]


LETTERS = 12
"""Height of the names below the renders, in pixels."""


def train(
    pictures: Path | None = None,
    /,
    *,
    out: Out,
    renders: FromRenders = False,
    settings: Train = NO_TRAIN,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a network on a folder of pictures: one sub-folder per class, or no classes.

    OUT.sheet.png shows what the network dreams and is updated every few minutes. A stopped
    training leaves OUT.partial.safetensors, which can be used; the same command resumes it.
    """
    if renders == (pictures is not None):
        raise UsageError(
            "give a folder of pictures or --renders, not both"
            if renders
            else "no pictures to train on",
            where="train",
            remedy="use dreamvid train FOLDER -o OUT.safetensors",
        )
    check_train(pictures, out, settings, overwrite=yes)
    from dreamvid.commands.train import train_network

    with Show(quiet=quiet, verbose=verbose) as show:
        done = train_network(pictures, out, settings, overwrite=yes, on_progress=show.on_progress)
        show.say(f"{done.path} is ready; use dreamvid image PICTURE --model {done.path}")
        show.say(f"{done.sheet} shows what the network dreams")


def renders(
    *,
    out: Out,
    classes: Classes = None,
    seed: Seed = 0,
    cell: Cell = 160,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Draw a contact sheet of training pictures of the embedded network.

    Without --classes one picture of each class is drawn.
    """
    from dreamvid.image import picture_format, save_image, to_image
    from dreamvid.media.target import check_new
    from dreamvid.renders import sheet

    picture_format(out)
    check_new(out, overwrite=yes)
    names = [name.strip() for name in classes.split(",")] if classes else None
    with Show(quiet=quiet, verbose=False) as show:
        with show.busy("drawing renders"):
            page = sheet(names, seed=seed, cell=cell, repeat=4 if names else 1, letters=LETTERS)
        save_image(out, to_image(page))
        show.say(f"{out} is ready")
