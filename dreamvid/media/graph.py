"""The one filter graph between a decoder's frame and an upright RGB picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import av.error
from av.filter import Graph
from av.video.frame import VideoFrame

SWSCALE_FLAGS: Final = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
"""Without the last three, YUV becomes RGB about one level too dark."""


@dataclass(frozen=True)
class Look:
    """What the graph has to do; `width` and `height` before turning.

    `matrix` is a YUV matrix in ffmpeg's name, `deep` asks for 16 bits a channel instead of 8.
    """

    width: int
    height: int
    matrix: str
    full_range: bool
    turn: tuple[str, ...] = ()
    deinterlace: bool = False
    deep: bool = False

    def steps(self) -> list[tuple[str, str]]:
        """Give the filters of the graph as (name, arguments)."""
        fields = ("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
        size = f"w={self.width}:h={self.height}:flags={SWSCALE_FLAGS}"
        source = (
            f"in_color_matrix={self.matrix}:in_range={'full' if self.full_range else 'limited'}"
        )
        turns = [(name, args) for name, _, args in (t.partition("=") for t in self.turn)]
        steps = [fields] if self.deinterlace else []
        steps.append(("scale", f"{size}:{source}:out_range=full"))
        steps.append(("format", f"pix_fmts={'rgb48le' if self.deep else 'rgb24'}"))
        return [*steps, *turns]


class FrameGraph:
    """A configured filter graph for frames of one size and format."""

    def __init__(self, frame: VideoFrame, time_base: Fraction, look: Look) -> None:
        self._graph = Graph()
        self._graph.threads = 1
        self._source = self._graph.add(
            "buffer",
            video_size=f"{frame.width}x{frame.height}",
            pix_fmt=frame.format.name,
            time_base=str(time_base),
            colorspace=str(int(frame.colorspace)),
            range=str(int(frame.color_range)),
        )
        nodes = [self._source, *(self._graph.add(name, args) for name, args in look.steps())]
        self._sink = self._graph.add("buffersink")
        self._graph.link_nodes(*nodes, self._sink).configure()

    def push(self, frame: VideoFrame | None) -> Iterator[VideoFrame]:
        """Give a frame, or None at the end, and yield the finished ones."""
        self._source.push(frame)
        while True:
            try:
                yield self._sink.pull()  # type: ignore[misc]
            except (av.error.BlockingIOError, av.error.EOFError):
                return
