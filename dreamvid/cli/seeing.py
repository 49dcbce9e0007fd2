"""The command `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dreamvid.cli.flags import Out, Quiet, Yes
from dreamvid.cli.networks import Weights
from dreamvid.cli.show import Show
from dreamvid.errors import UsageError
from dreamvid.networks import known

Model = Annotated[str, Parameter(help="Network, by name, or a .safetensors file.")]
Layer = Annotated[str | None, Parameter(help="Layer to look at. Default: the network's own.")]
Channels = Annotated[int, Parameter(help="Channels to show, 1 to 24.")]
MOST = 24


def explain(
    picture: Path,
    /,
    *,
    out: Out,
    model: Model = known.DEFAULT,
    layer: Layer = None,
    channels: Channels = 6,
    weights: Weights = None,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Draw what a network sees in a picture.

    The channels of one layer that this picture excites more than others do,
    where each fires, what each dreams, what the picture becomes when all are
    raised, and the likeliest classes. Takes about 15 s on two cores. A
    channel that is shown can be dreamed with --layer, as in --layer 5c:72.
    """
    from dreamvid.image import picture_format, read_picture, save_image, to_image
    from dreamvid.media.target import check_new, same_file

    picture_format(out)
    if same_file(out, picture):
        raise UsageError("the output is the source file", where=out, remedy="use another name")
    if not 1 <= channels <= MOST:
        raise UsageError(f"cannot show {channels}", where="channels", remedy=f"give 1 to {MOST}")
    array = read_picture(picture)
    check_new(out, overwrite=yes)
    known.check_model(model, weights)
    if layer is not None:
        known.check_layer(model, layer)
    with Show(quiet=quiet, verbose=False) as show:
        shown = layer or known.default_layer(model)
        show.say(f"{picture}: {array.shape[1]}x{array.shape[0]}; seen by {model}, layer {shown}")
        from dreamvid.commands.explain import explain as draw
        from dreamvid.networks.registry import load_network

        with show.busy(f"loading {model}"):
            network = load_network(model, weights=weights)
        sheet = draw(
            network, to_image(array), layer=layer, count=channels, on_progress=show.on_progress
        )
        save_image(out, sheet)
        show.say(f"{out} is ready")
