"""Dream a stretch of a film part by part: a whole film, or one of its shots.

A part is named by its first frame. It ends at a cut, or after a number of frames, so that whoever
dreams a stretch, and whatever was dreamed of it before, makes the same parts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from dreamvid.device.card import Card, Coming, along, card_of
from dreamvid.device.numbers import stays
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Health
from dreamvid.errors import DreamvidError, writing
from dreamvid.image import with_alpha
from dreamvid.media.formats import codec_named, part_codec
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.prefetch import Prefetcher
from dreamvid.media.writer import PartWriter
from dreamvid.motion.flow import Array
from dreamvid.sequence.digests import (
    digests_of,
    has_memory,
    memory_of,
    write_digests,
)
from dreamvid.sequence.dream_size import at_full_size
from dreamvid.sequence.flash_guard import FlashGuard
from dreamvid.sequence.folder import KEPT_EVERY, frames_in, intact_parts, part_at, part_frames
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.lap import Lead
from dreamvid.sequence.matte import masked, matte
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.on_card import Levels
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.sequence.render import DreamerAt, render_with_memory

AHEAD = 2
"""Pictures that wait for the encoder when the dream runs on a GPU."""

Picture = torch.Tensor | Array
Rendered = tuple[Frame, Memory]
Pictures = AbstractContextManager[Iterator[tuple[Frame, Memory, Callable[[], Picture]]]]


class Stretch:
    """The frames of a film from index `first` on, up to `end`; None is the end of the film.

    Its parts lie in `folder`. `parts` are the finished ones, `done` is the index of the frame after
    them. `most_flashes` limits the flashes of the film within any second.
    """

    def __init__(
        self,
        folder: Path,
        output: Output,
        *,
        like: FilmInfo,
        first: int = 0,
        end: int | None = None,
        most_flashes: int | None = None,
    ) -> None:
        self._folder, self._output, self._like = folder, output, like
        self.first, self.end, self._most_flashes = first, end, most_flashes
        self.notes: tuple[str, ...] = ()
        self._part_frames = part_frames((like.width, like.height))
        self._guard: FlashGuard | None = None
        self.parts = self._finished()
        self.done = first + frames_in(self.parts)
        self.writer: PartWriter | None = None

    @property
    def complete(self) -> bool:
        """Whether all frames are in finished parts; False if it goes on to the film's end."""
        return self.end is not None and self.done >= self.end

    def keep(self, parts: list[Path]) -> None:
        """Go on after these parts, which are the first ones; others have been deleted."""
        self.parts, self.done = parts, self.first + frames_in(parts)

    def run(
        self,
        frames: Iterable[Frame],
        dream: Dreamer | DreamerAt,
        *,
        stability: float | Callable[[int], float],
        lead: Lead | None = None,
        on_progress: OnProgress = ignore,
    ) -> None:
        """Dream the remaining frames, from index `done` on.

        `lead` may replace the memory at a frame. After an exception `writer` is the unfinished
        part, if there is one; the caller ends it.
        """
        dreamer = dream if isinstance(dream, Dreamer) else dream(self.done)
        last = self._last_memory(dreamer.device)
        if self._most_flashes is not None:
            self._guard = FlashGuard(self._most_flashes, None if last is None else last.guard)
        self._began = time.monotonic()
        rendered = render_with_memory(frames, dream, stability=stability, memory=last, lead=lead)
        with self._pictures(rendered, dreamer.device) as pictures:
            for frame, memory, picture in pictures:
                ends = frame.motion is None or (lead is not None and lead.is_break(frame.index))
                if self.writer is not None and ends:
                    self._finish(last)
                writer = self.writer = self.writer or self._open(self.done)
                image = picture()
                writer.write(image, frame.time)
                last, self.done = memory, self.done + 1
                text = f"shot {memory.shot}"
                on_progress(Progress("frames", self.done, self._like.frames, text, image=image))
                if writer.count == self._part_frames:
                    self._finish(last)
        if self.writer is not None:
            self._finish(last)

    def abort(self) -> None:
        """Delete the unfinished part, if there is one."""
        if self.writer is not None:
            self.writer.abort()

    def closed(self) -> list[Path]:
        """The parts, with the unfinished one if it can be closed; it is dreamed again on resume."""
        writer = self.writer
        if writer is None or writer.path in self.parts:
            return list(self.parts)
        return [*self.parts, *([writer.path] if _closed(writer) else [])]

    def _last_memory(self, device: torch.device) -> Memory | None:
        """The memory after the last finished part."""
        return Memory.load(memory_of(self.parts[-1]), device=device) if self.parts else None

    def _pictures(self, rendered: Iterator[Rendered], device: torch.device) -> Pictures:
        """The pictures of frames; beside a GPU a thread dreams ahead of what is encoded here."""
        if not stays(device):
            made = ((*pair, partial(self._output_image, *pair)) for pair in rendered)
            return nullcontext(made)
        card = card_of(device)
        fetched = ((*pair, self._fetched(card, *pair)) for pair in rendered)
        return Prefetcher(along(card, fetched), AHEAD)

    def _fetched(self, card: Card, frame: Frame, memory: Memory) -> Callable[[], Picture]:
        """Start to fetch the picture of a frame; what is returned waits for it, and checks it."""
        memories = (memory, *memory.others)
        health = Health([pair for one in memories for pair in one.gauge.noted])
        if self._guard is not None and not self._output.alpha:
            coming = card.fetch(at_full_size(frame, memory)[0])
            return partial(_checked, health, partial(self._guarded, coming, frame))
        levels = Levels(card, self._output_image(frame, memory), self._bits)
        return partial(_checked, health, levels.array)

    def _guarded(self, coming: Coming, frame: Frame) -> torch.Tensor:
        """A picture that was fetched, past the flash guard."""
        assert self._guard is not None
        dreamed = self._guard(torch.from_numpy(coming.array()), frame.time)
        return dreamed if frame.alpha is None else with_alpha(dreamed, frame.alpha)

    def _output_image(self, frame: Frame, memory: Memory) -> torch.Tensor:
        """The image to write: the dreamed frame, or only the dream; with the source's alpha."""
        dreamed, source = at_full_size(frame, memory)
        if self._output.alpha:
            return masked(matte(dreamed, source), frame.alpha)
        if self._guard is not None:
            dreamed = self._guard(dreamed, frame.time)
        return dreamed if frame.alpha is None else with_alpha(dreamed, frame.alpha)

    @property
    def _bits(self) -> int:
        """The bits of each channel that the encoder is given."""
        codec = codec_named(part_codec(self._output.path, self._output.codec))
        return 16 if codec.is_deep(self._like.bits) else 8

    def _finished(self) -> list[Path]:
        """The intact parts from the first on; the last has its memory, unless all are there."""
        end = math.inf if self.end is None else self.end
        parts = intact_parts(self._folder, self.first, end)
        done = self.first + frames_in(parts)
        if done < end:
            while parts and not has_memory(parts[-1]):
                done -= frames_in([parts.pop()])
            if digests_of(part_at(self._folder, done)).exists():  # it was finished once
                self.notes = (f"the parts after frame {done} are damaged and are dreamed again",)
        return parts

    def _open(self, first: int) -> PartWriter:
        path, output = part_at(self._folder, first), self._output
        codec = part_codec(output.path, output.codec)  # lossless if the output is images
        crf = output.crf if codec == output.codec else None
        intra = output.repeat_to is not None
        return PartWriter(path, like=self._like, codec=codec, crf=crf, intra=intra)

    def _finish(self, memory: Memory | None) -> None:
        """Close a part and save its memory, without which it does not count as finished."""
        assert memory is not None and self.writer is not None
        if self._guard is not None:
            memory = replace(memory, guard=self._guard.state)
        writer = self.writer
        writer.close()
        now = time.monotonic()
        with writing(self._folder):
            memory.save(memory_of(writer.path))
            write_digests(writer.path, seconds=now - self._began)
            older = len(self.parts) - 2  # keep the last two: the last one may get damaged
            if older >= 0 and older % KEPT_EVERY:
                memory_of(self.parts[older]).unlink(missing_ok=True)
        self.parts.append(writer.path)
        self.notes = tuple(dict.fromkeys(self.notes + writer.notes))
        self.writer, self._began = None, now


def _checked(health: Health, picture: Callable[[], Picture]) -> Picture:
    """A picture, once the numbers of its dream are known to be finite."""
    health.check()
    return picture()


def _closed(writer: PartWriter) -> bool:
    """Close an interrupted part, if possible."""
    try:
        writer.close()
    except DreamvidError:  # no frame yet, or it was already closing
        writer.abort()
        return False
    return True
