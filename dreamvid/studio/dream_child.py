"""The child that dreams previews: it keeps the network loaded, and the last picture.

`python -m dreamvid.studio.dream_child`: the server itself never imports torch.
"""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamvid.commands.shared import load_all
from dreamvid.commands.zoom import fill
from dreamvid.image import to_image
from dreamvid.loops.texture import noise_texture
from dreamvid.networks.kept import networks_kept
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.progress import ignore
from dreamvid.sequence.regions import Regions, blended
from dreamvid.settings.models import VideoSettings
from dreamvid.settings.tables import NetworkSettings
from dreamvid.studio import drawing, strip
from dreamvid.studio.channel import Order, Reply, bounded, serve
from dreamvid.studio.commands import checked_settings
from dreamvid.studio.media_child import allow_formats, read_frame
from dreamvid.studio.painting import Painter, picture
from dreamvid.studio.scene import Clocks, Scene, placed

LEAST: Final = 16
"""Fewest lines of a preview from noise."""
MOST_KEPT: Final = 3
"""Most settings of networks whose networks are kept: then all are forgotten."""


class Studio:
    """What is kept from one order to the next: the networks, and the last picture."""

    def __init__(self) -> None:
        self._kept = ExitStack()
        self._networks: set[str] = set()
        self.clocks = Clocks()
        self._picture: tuple[object, NDArray[np.uint8]] | None = None

    def warm(self, order: Order, reply: Reply) -> None:
        """Load the networks of some settings, and run them once."""
        settings = checked_settings(order["command"], order["settings"])
        grey = Scene(settings, torch.full((3, 96, 160), 0.5), "", 0, Fraction(25), 1)
        self.keep(grey.settings.network)
        with ExitStack() as films:
            dream = grey.regions(self.clocks(grey, reply), films, reply)(0)
        dream.rate(grey.image)

    def preview(self, order: Order, reply: Reply) -> None:
        """Dream on one frame, octave by octave."""
        scene = self.scene(order)
        reply.send("source", picture(scene.image))
        reply.check()
        self.keep(scene.settings.network)
        with ExitStack() as films:
            regions = scene.regions(self.clocks(scene, reply), films, reply)
            frame = Frame(scene.index, scene.time, scene.image, None)
            moving = np.ones(scene.size, np.float32)  # what moves is unknown
            _dream(regions, frame, regions.shares(frame, moving), reply)

    def strip(self, order: Order, reply: Reply) -> None:
        """Dream some frames, each of which carries the dream of the one before."""
        scene = self.scene(order)
        self.keep(scene.settings.network)
        with ExitStack() as films:
            clock = self.clocks(scene, reply)
            regions = scene.regions(clock, films, reply, first=scene.time)
            strip.send(scene, regions, clock, int(order["count"]), reply)

    def motion(self, order: Order, reply: Reply) -> None:
        """The motion of the camera of a zoom, without dreaming."""
        scene = self.scene(order)
        strip.send_motion(scene, self.clocks(scene, reply), int(order["count"]), reply)

    def preset(self, order: Order, reply: Reply) -> None:
        """What a preset makes of a landscape."""
        how = NetworkSettings()
        self.keep(how)
        reply.send("picture", drawing.preset(order["name"], how, int(order["width"]), reply))

    def layer(self, order: Order, reply: Reply) -> None:
        """What a layer dreams."""
        how = NetworkSettings(model=(order["model"],), offline=True)
        self.keep(how)
        (network,) = load_all(how, ignore)
        reply.send("picture", drawing.layer_picture(network, order["layer"], reply))

    def scene(self, order: Order) -> Scene:
        """What an order asks to dream on."""
        settings: Any = checked_settings(order["command"], order["settings"])
        path, width = order["path"], int(order["width"])
        clip: Any = getattr(settings, "clip", None)
        rate, frames = Fraction(order["rate"]), int(order["frames"])
        index, begins = int(order["frame"]), Fraction(0)
        if hasattr(clip, "fps"):
            rate, frames = clip.fps, clip.frames
        if isinstance(settings, VideoSettings):
            begins = settings.film.start or begins
            index, frames = placed(settings, index, rate, frames)
        if path is None:
            whole = clip.size_for(None) if clip is not None else (16, 9)
            size = max(LEAST, round(whole[1] * width / whole[0])), width
            image = noise_texture(size, seed=settings.dream.seed)
        else:
            image = to_image(self._read(path, int(order["frame"]), width))
            if clip is not None:  # a zoom fills its frame with the picture
                wide, high = clip.size_for((int(image.shape[2]), int(image.shape[1])))
                image = fill(image, width, max(LEAST, round(width * high / wide)))
        return Scene(settings, image, path, index, rate, frames, begins)

    def keep(self, how: NetworkSettings) -> None:
        """Keep the networks of these settings; forget those of others when they are too many."""
        wanted = how.model_dump_json()
        if wanted in self._networks:
            return
        if not self._networks or len(self._networks) == MOST_KEPT:
            self._kept.close()
            self._kept.enter_context(networks_kept())
            self._networks.clear()
        self._networks.add(wanted)

    def _read(self, path: str, frame: int, width: int) -> NDArray[np.uint8]:
        key = (path, frame, width, Path(path).stat().st_mtime_ns)
        if self._picture is None or self._picture[0] != key:
            self._picture = key, read_frame(Path(path), frame, width)
        return self._picture[1]


def _dream(regions: Regions, frame: Frame, shares: tuple[Tensor, ...], reply: Reply) -> None:
    """Dream on a frame with each region, and send what is seen of all while they grow."""
    source = frame.image
    assert source is not None
    painter, dreamed = Painter(reply, source), [source] * len(regions.regions)
    for k, region in enumerate(regions.regions):

        def finish(image: Tensor, k: int = k) -> Tensor:
            images = [*dreamed[:k], image, *dreamed[k + 1 :]]
            return blended(source, images, shares) if shares else image

        painter.finish = finish
        dream = painter.watch(region.dream(frame.index))
        dreamed[k] = dream(source, shares[k] if shares else None).cpu()
    painter.send(dreamed[-1], octave=painter.octaves, iteration=0, final=True)


def main() -> None:
    """Carry out the orders on standard input."""
    from dreamvid.networks.allocator import keep_freed_memory

    bounded()
    allow_formats()
    keep_freed_memory()
    studio = Studio()
    serve(
        {
            "warm": studio.warm,
            "preview": studio.preview,
            "strip": studio.strip,
            "motion": studio.motion,
            "preset": studio.preset,
            "layer": studio.layer,
            "layers": drawing.layers,
        }
    )


if __name__ == "__main__":
    main()
