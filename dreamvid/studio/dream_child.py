"""The child that dreams previews: it keeps the network loaded, and the last picture.

`python -m dreamvid.studio.dream_child`: the server itself never imports torch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dreamvid.commands.clock import clock_of, needs_look
from dreamvid.commands.masked import make_regions
from dreamvid.commands.shared import make_dreams
from dreamvid.dream.beings import Places, ViewVariation
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Gradient, Scale
from dreamvid.dream.octaves import resize
from dreamvid.image import to_array, to_image
from dreamvid.loops.texture import noise_texture
from dreamvid.networks.kept import networks_kept
from dreamvid.schedules.schedule import Clock
from dreamvid.schedules.signals import FILM
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.progress import ignore
from dreamvid.sequence.regions import Region, Regions, blended
from dreamvid.settings.base import Settings
from dreamvid.settings.models import ImageSettings, VideoSettings
from dreamvid.studio.channel import Order, Reply, bounded, serve
from dreamvid.studio.commands import checked_settings
from dreamvid.studio.media_child import jpeg, read_frame

PAINT_EVERY: Final = 0.1
"""Least seconds from one picture of the same octave to the next."""


@dataclass(frozen=True)
class Watched:
    """Gradients that are shown while they are ascended: a picture now and then.

    `show(image, octave, iteration)` gets the image of the octave before an update; it may raise
    Cancelled. `octaves` is their number.
    """

    gradient: Gradient
    show: Callable[[Tensor, int, int], None]

    def ground(self, image: Tensor, shift: tuple[int, int], scale: Scale) -> Tensor:
        """The gradient of the objective, after the image has been shown."""
        left, iteration = map(int, scale.key.split("."))
        self.show(image[:3], left, iteration)
        return self.gradient.ground(image, shift, scale)

    def with_beings(
        self,
        ground: Tensor,
        image: Tensor,
        places: Places,
        looks: Sequence[ViewVariation],
        scale: Scale,
    ) -> Tensor:
        """The gradient with that of the beings."""
        return self.gradient.with_beings(ground, image, places, looks, scale)

    def value(self, image: Tensor) -> float:
        """The objective at an image."""
        return self.gradient.value(image)


class Painter:
    """Sends pictures of a dream of `source` [3, H, W] while it grows, and checks that it is wanted.

    `finish(dreamed)` makes the picture that is shown from the dream of the region that is growing.
    """

    def __init__(self, reply: Reply, source: Tensor) -> None:
        self._reply, self._source = reply, source
        self._last, self._octave = -PAINT_EVERY, 0
        self.finish: Callable[[Tensor], Tensor] = lambda dreamed: dreamed
        self.octaves = 1

    def __call__(self, image: Tensor, left: int, iteration: int) -> None:
        """Show an image of an octave; `left` counts down to 1, the largest."""
        self._reply.check()
        now = time.monotonic()
        begins = left != self._octave
        if iteration and not begins and now - self._last < PAINT_EVERY:
            return
        if not iteration and left == self.octaves:  # nothing has been dreamed yet
            return
        self._octave, self._last = left, now
        base = resize(self._source, (image.shape[-2], image.shape[-1]))
        whole = self._source + resize(
            image - base, (self._source.shape[-2], self._source.shape[-1])
        )
        self.send(whole.clamp(0, 1), octave=self.octaves - left + 1, iteration=iteration)

    def send(self, dreamed: Tensor, *, octave: int, iteration: int, last: bool = False) -> None:
        """Send a picture of the dream as a JPEG."""
        data = jpeg(_levels(self.finish(dreamed)), 95 if last else 80)
        self._reply.send("picture", data, octave=octave, octaves=self.octaves,
                         iteration=iteration, final=last)  # fmt: skip


class Studio:
    """What is kept from one preview to the next: the networks, and the last picture."""

    def __init__(self) -> None:
        self._kept = ExitStack()
        self._networks = ""
        self._picture: tuple[object, NDArray[np.uint8]] | None = None

    def preview(self, order: Order, reply: Reply) -> None:
        """Dream on one frame, octave by octave."""
        settings = checked_settings(order["command"], order["settings"])
        source, frame, rate, frames = self._source(order, settings)
        reply.send("source", jpeg(_levels(source)))
        reply.check()
        self._keep(settings)
        with ExitStack() as films:
            regions = self._regions(settings, source, rate, frames, films, reply)
            time_ = frame / rate
            shares = regions.shares(Frame(frame, time_, source, None), _everywhere(source))
            whole = self._dream(regions, source, frame, shares, reply)
        del whole

    def _dream(
        self,
        regions: Regions,
        source: Tensor,
        frame: int,
        shares: Sequence[Tensor],
        reply: Reply,
    ) -> Tensor:
        painter, dreamed = Painter(reply, source), [source] * len(regions.regions)
        for k, region in enumerate(regions.regions):
            dream = region.dream(frame)

            def finish(image: Tensor, k: int = k) -> Tensor:
                images = [*dreamed[:k], image, *dreamed[k + 1 :]]
                return blended(source, images, shares) if shares else image

            painter.finish, painter.octaves = finish, _octaves(dream, source)
            watched = dream.with_gradient(lambda gradient: Watched(gradient, painter))
            dreamed[k] = watched(source, shares[k] if shares else None).cpu()
        painter.send(dreamed[-1], octave=painter.octaves, iteration=0, last=True)
        return painter.finish(dreamed[-1])

    def _source(self, order: Order, settings: Settings) -> tuple[Tensor, int, Fraction, int]:
        """The picture to dream on, its index, and the rate and number of the frames."""
        width, path, frame = int(order["width"]), order.get("path"), int(order.get("frame", 0))
        clip: Any = getattr(settings, "clip", None)
        rate, frames = Fraction(order.get("rate") or 1), int(order.get("frames") or 1)
        if clip is not None and hasattr(clip, "fps"):
            rate, frames = clip.fps, clip.frames
        if path is None:
            whole = clip.size_for(None) if clip is not None else (width, width)
            size = max(16, round(whole[1] * width / whole[0])), width
            dream: Any = settings
            return noise_texture(size, seed=dream.dream.seed), frame, rate, frames
        key = (path, frame, width, Path(path).stat().st_mtime_ns)
        if self._picture is None or self._picture[0] != key:
            self._picture = key, read_frame(Path(path), frame, width)
        return to_image(self._picture[1]), frame, rate, frames

    def _keep(self, settings: Any) -> None:
        """Keep the networks of these settings; forget those of others before."""
        wanted = settings.network.model_dump_json()
        if wanted != self._networks:
            self._kept.close()
            self._kept.enter_context(networks_kept())
            self._networks = wanted

    def _regions(
        self,
        settings: Any,
        source: Tensor,
        rate: Fraction,
        frames: int,
        films: ExitStack,
        reply: Reply,
    ) -> Regions:
        size = int(source.shape[1]), int(source.shape[2])
        clock = Clock(Fraction(1), 1, settings.dream.seed)
        if not isinstance(settings, ImageSettings) and hasattr(settings, "signals"):
            clock = _clock(settings, rate, frames, reply)
        if isinstance(settings, ImageSettings | VideoSettings):
            still = isinstance(settings, ImageSettings)
            return make_regions(
                settings, clock, films, size=size, patient=still, on_progress=ignore
            )
        dreams = make_dreams(settings.network, settings.dream, clock, size=size)
        return Regions([Region(dreams)])


def _clock(settings: Any, rate: Fraction, frames: int, reply: Reply) -> Clock:
    """The clock of a clip; what would need a look at the whole film is taken as nothing."""
    clock = clock_of(settings, rate, frames)
    if isinstance(settings, VideoSettings) and needs_look(settings, frames):
        reply.send("note", text="signals of the film are taken as 0 in the preview")
        nothing = {name: np.zeros(max(1, frames)) for name in FILM}
        clock = replace(clock, signals={**clock.signals, **nothing})
    return clock


def _levels(image: Tensor) -> NDArray[np.uint8]:
    return to_array(image).astype(np.uint8)


def _everywhere(source: Tensor) -> NDArray[np.float32]:
    """What moves, where it is unknown: all."""
    return np.ones((source.shape[1], source.shape[2]), np.float32)


def _octaves(dream: Dreamer, source: Tensor) -> int:
    """The number of octaves of a Dreamer on a picture, without those that are too small."""
    height, width = int(source.shape[1]), int(source.shape[2])
    fitted = dream.fitted(height, width)
    return max(1, len(fitted.dose.iterations) - fitted.skipped(height, width))


def main() -> None:
    """Carry out the orders on standard input."""
    from dreamvid.networks.allocator import keep_freed_memory

    bounded()
    keep_freed_memory()
    studio = Studio()
    serve({"preview": studio.preview})


if __name__ == "__main__":
    main()
