"""Dream on images in memory: what `dream_image`, `dream_video` and `dream_zoom` do with files.

For programs that dreamvid is a part of. Images are [3, H, W] of float32 RGB in 0..1, and results
are on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain

import torch

from dreamvid.commands.dreams import Dreams
from dreamvid.commands.shared import load_all
from dreamvid.commands.zoom import FIRST_TIMES, fill, make_camera
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Health
from dreamvid.dream.octaves import Size
from dreamvid.errors import UsageError
from dreamvid.loops.texture import noise_texture
from dreamvid.motion.flow import estimator
from dreamvid.networks.network import Network
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.frames import Frame, camera_frames, image_frames
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.progress import OnProgress, ignore
from dreamvid.sequence.render import DreamerAt, render_with_memory
from dreamvid.settings.dials import steady
from dreamvid.settings.tables import (
    CameraSettings,
    ClipSettings,
    DreamSettings,
    MotionSettings,
    NetworkSettings,
    SteadySettings,
)
from dreamvid.settings.values import SMALLEST

OnStep = Callable[[int, int], None]
"""Called before each update with the number of those done and of all; may raise, to stop."""


@dataclass(frozen=True)
class LoadedNetworks:
    """Networks in memory, with the settings that say which they are and where they run."""

    settings: NetworkSettings
    networks: tuple[Network, ...] = field(repr=False)

    @classmethod
    def load(
        cls, settings: NetworkSettings | None = None, on_progress: OnProgress = ignore
    ) -> LoadedNetworks:
        """Load the networks of settings; `on_progress` gets the events of downloads."""
        settings = settings or NetworkSettings()
        return cls(settings, load_all(settings, on_progress))


@dataclass(frozen=True)
class Dreaming:
    """What is dreamed: networks, settings, and pictures [3, H, W] that guide, if there are any."""

    loaded: LoadedNetworks
    dream: DreamSettings = field(default_factory=DreamSettings)
    pictures: tuple[torch.Tensor, ...] = ()

    def same(self, other: Dreaming) -> bool:
        """Whether another one dreams the same."""
        return (self.loaded, self.dream, len(self.pictures)) == (
            other.loaded,
            other.dream,
            len(other.pictures),
        ) and all(map(torch.equal, self.pictures, other.pictures))

    def dreams(
        self,
        clock: Clock,
        size: Size,
        before_update: Callable[[], None] | None = None,
        *,
        times: float = 1.0,
        patient: bool = False,
    ) -> Dreams:
        """The Dreamer of each frame of a size (height, width); UsageError for a guide and a label.

        The options are those of Dreams.
        """
        if self.pictures and self.dream.label is not None:
            raise UsageError("label and guide: give only one of them")
        if min(size) < SMALLEST:
            raise UsageError(f"an image of {size[1]}x{size[0]} is too small",
                             remedy=f"use {SMALLEST} pixels or more on each side")  # fmt: skip
        return Dreams(
            self.loaded.networks,
            self.loaded.settings,
            self.dream,
            clock,
            size=size,
            times=times,
            patient=patient,
            pictures=self.pictures,
            before_update=before_update,
        )


@dataclass(frozen=True)
class Carried:
    """Where a sequence goes on: its last frame, and what is carried from there.

    `image` is the source of that frame, None in a zoom.
    """

    index: int
    image: torch.Tensor | None = field(repr=False)
    memory: Memory = field(repr=False)
    dreaming: Dreaming = field(repr=False)
    dream: Dreamer = field(repr=False)

    def check_size(self, size: Size) -> None:
        """Raise UsageError unless the sequence goes on in this size (height, width)."""
        own = _size(self.memory.dreamed)
        if own != size:
            raise UsageError(f"the images are {size[1]}x{size[0]}, those before {own[1]}x{own[0]}",
                             where="memory", remedy="give all of them one size")  # fmt: skip

    def frame(self) -> tuple[int, torch.Tensor]:
        """The index and the source of the last frame; UsageError for one of a zoom."""
        if self.image is None:
            raise UsageError("a film cannot go on after a zoom", where="memory",
                             remedy="give that of a film")  # fmt: skip
        return self.index, self.image

    def led(self, dreaming: Dreaming, dreams: Dreams) -> DreamerAt:
        """The Dreamers of the frames that follow; those before had another if that has changed."""
        if dreaming.same(self.dreaming):
            return dreams
        return lambda index: self.dream if index <= self.index else dreams(index)


def dream_images(
    images: Iterable[torch.Tensor], dreaming: Dreaming, *, on_step: OnStep | None = None
) -> Iterator[torch.Tensor]:
    """Dream on images, each on its own, as `dream_image` does; they may differ in size.

    `on_step` is called before each update, with those done and those of the whole image.
    """
    made: dict[Size, Dreamer] = {}
    counter = _Counter(on_step)
    for image in images:
        size = _size(image)
        if size not in made:
            clock = Clock(Fraction(1), 1, dreaming.dream.seed)
            made = {size: dreaming.dreams(clock, size, counter, patient=True)(0)}
        counter.begin(made[size].updates(*size))
        yield made[size](image).cpu()


def dream_frames(
    images: Iterable[torch.Tensor],
    dreaming: Dreaming,
    motion: MotionSettings | None = None,
    *,
    rate: Fraction,
    after: Carried | None = None,
    on_step: OnStep | None = None,
) -> Iterator[tuple[torch.Tensor, Carried]]:
    """Dream on the frames of a film, carried along its motion, as `dream_video` does.

    With what was carried `after` an earlier frame the film goes on there, and the frames are those
    of one long film. All are dreamed at their own size. Yields every dreamed frame, and what goes
    on after it. The number of all updates is not known: `on_step` gets 0 for it. Raises UsageError
    for frames of another size, and after a zoom.
    """
    motion = motion or MotionSettings()
    every = iter(images)
    first = next(every, None)
    if first is None:
        return
    size, clock = _size(first), Clock(rate, None, dreaming.dream.seed)
    frames = image_frames(
        _of_one_size(chain([first], every), size, after),
        rate=rate,
        before=None if after is None else after.frame(),
        flow=estimator(motion.flow if motion.stability else "none"),
        cuts=motion.cuts,
    )
    dreams = dreaming.dreams(clock, size, _Counter(on_step))
    yield from _carried(frames, dreaming, dreams, motion, clock, after)


def dream_zoom_frames(
    image: torch.Tensor | None,
    dreaming: Dreaming,
    camera: CameraSettings | None = None,
    clip: ClipSettings | None = None,
    motion: SteadySettings | None = None,
    *,
    after: Carried | None = None,
    on_step: OnStep | None = None,
) -> Iterator[tuple[torch.Tensor, Carried]]:
    """Dream an endless zoom into an image, or with None into noise, as `dream_zoom` does.

    With what was carried `after` an earlier frame it goes on for the length of the clip, and needs
    no image; after a film it zooms into the last frame. Otherwise as `dream_frames`.
    """
    camera, clip = camera or CameraSettings(), clip or ClipSettings()
    width, height = clip.size_for(None if image is None else _size(image)[::-1])
    if after is not None and clip.size is None:
        height, width = _size(after.memory.dreamed)
    size = height, width
    if after is not None:
        after.check_size(size)
    begin = 0 if after is None else after.index + 1
    clock = Clock(clip.fps, begin + clip.frames, dreaming.dream.seed)
    times = FIRST_TIMES if image is None else 1.0
    dreams = dreaming.dreams(clock, size, _Counter(on_step), times=times)
    if image is None:
        image = noise_texture(size, seed=dreaming.dream.seed)
    path = make_camera(camera, clock, width, height)
    frames = camera_frames(
        fill(image, width, height), path, count=begin + clip.frames, rate=clip.fps
    )
    left = (frame for frame in frames if frame.index >= begin)
    yield from _carried(left, dreaming, dreams, motion or SteadySettings(), clock, after)


def _carried(
    frames: Iterable[Frame],
    dreaming: Dreaming,
    dreams: Dreams,
    motion: SteadySettings,
    clock: Clock,
    after: Carried | None,
) -> Iterator[tuple[torch.Tensor, Carried]]:
    """Dream frames after those before; yields each dreamed one, and what goes on after it."""
    rendered = render_with_memory(
        frames,
        dreams if after is None else after.led(dreaming, dreams),
        stability=steady(motion, clock),
        memory=None if after is None else after.memory,
    )
    for frame, memory in rendered:
        dream = dreams(frame.index)
        Health(memory.gauge.noted).check()
        yield memory.dreamed.cpu(), Carried(frame.index, frame.image, memory, dreaming, dream)


def _of_one_size(
    images: Iterable[torch.Tensor], size: Size, after: Carried | None
) -> Iterator[torch.Tensor]:
    if after is not None:
        after.check_size(size)
    for image in images:
        if _size(image) != size:
            raise UsageError("the frames differ in size", remedy="give all of them one size")
        yield image


def _size(image: torch.Tensor) -> Size:
    """The (height, width) of an image."""
    return int(image.shape[-2]), int(image.shape[-1])


class _Counter:
    """Counts updates for a callback, which may be None."""

    def __init__(self, on_step: OnStep | None) -> None:
        self._on_step, self._done, self._total = on_step, 0, 0

    def begin(self, total: int) -> None:
        """Count anew, up to a total."""
        self._done, self._total = 0, total

    def __call__(self) -> None:
        if self._on_step is not None:
            self._on_step(self._done, self._total)
        self._done += 1
