"""The filter graph that converts a decoded frame to an upright RGB image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av.error
import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from dreamvid.media.curves import from_linear

SWSCALE_FLAGS: Final = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
"""Without the last three flags, the converted RGB is about one level too dark."""

LINEAR: Final = "gbrpf32le"
"""Output pixel format for floating-point sources: linear light, over black where transparent."""

LINEAR_ALPHA: Final = "gbrapf32le"
"""The same with alpha, by which the colours are multiplied."""

LUMA_WEIGHTS: Final = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}
"""Luma coefficients of red and blue, by matrix."""


@dataclass(frozen=True)
class Look:
    """Parameters of the graph; `width` and `height` are those before the rotation filters `turn`.

    `matrix` is ffmpeg's name of a YUV matrix; `deep` is the output pixel format for films of more
    than 8 bits ("" for 8 bits). With `alpha` the frames keep their alpha channel.
    """

    width: int
    height: int
    matrix: str
    full_range: bool
    turn: tuple[str, ...] = ()
    deinterlace: bool = False
    deep: str = ""
    alpha: bool = False

    def steps(self) -> list[tuple[str, str]]:
        """Return the filters of the graph as (name, arguments)."""
        fields = ("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
        span = "full" if self.full_range else "limited"
        scale = (
            f"w={self.width}:h={self.height}:flags={SWSCALE_FLAGS}"
            f":in_color_matrix={self.matrix}:in_range={span}"
        )
        if self.deep.startswith("yuv"):
            scale += f":out_color_matrix={self.matrix}:out_range={span}"
        else:
            scale += ":out_range=full"
        steps = [fields] if self.deinterlace else []
        pixels = self.deep or ("rgba" if self.alpha else "rgb24")
        steps += [("scale", scale), ("format", f"pix_fmts={pixels}")]
        turns = (turn.partition("=") for turn in self.turn)
        return [*steps, *((name, arguments) for name, _, arguments in turns)]


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
        """Push a frame, or None at the end, and yield the filtered frames."""
        self._source.push(frame)
        while True:
            try:
                yield self._sink.pull()  # type: ignore[misc]
            except (av.error.BlockingIOError, av.error.EOFError):
                return


def rgb_array(frame: VideoFrame, look: Look) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Copy a filtered frame to an array [H, W, 3] RGB: uint8, or uint16 above 8 bits.

    With `look.alpha` it is [H, W, 4], with straight alpha. High bit depth YUV is converted to RGB
    here: swscale loses half an 8-bit level.
    """
    if look.deep in (LINEAR, LINEAR_ALPHA):
        return _from_light(np.ascontiguousarray(frame.to_ndarray(), dtype=np.float32))
    if not look.deep.startswith("yuv"):
        plain: NDArray[Any] = np.ascontiguousarray(frame.to_ndarray())
        return plain
    luma, blue, red = (_plane(frame, n) for n in range(3))
    bits = frame.format.components[0].bits
    top, unit = float((1 << bits) - 1), float(1 << (bits - 8))
    if look.full_range:
        luma, gain = luma / top, 1 / top
    else:
        luma, gain = (luma - 16 * unit) / (219 * unit), 1 / (224 * unit)
    blue, red = (blue - 128 * unit) * gain, (red - 128 * unit) * gain
    kr, kb = LUMA_WEIGHTS[look.matrix]
    rgb = np.empty((*luma.shape, 4 if look.alpha else 3), dtype=np.float32)
    rgb[..., 0] = luma + 2 * (1 - kr) * red
    rgb[..., 2] = luma + 2 * (1 - kb) * blue
    rgb[..., 1] = (luma - kr * rgb[..., 0] - kb * rgb[..., 2]) / (1 - kr - kb)
    if look.alpha:
        rgb[..., 3] = _plane(frame, 3) / top
    levels: NDArray[np.uint16] = np.rint(np.clip(rgb, 0, 1) * 65535).astype(np.uint16)
    return levels


def _from_light(light: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Encode linear light [H, W, 3], or [H, W, 4] multiplied by alpha, which is divided off."""
    if light.shape[2] == 3:
        return from_linear(light)
    alpha = np.clip(np.nan_to_num(light[..., 3:]), 0, 1)
    straight = light[..., :3] / np.maximum(alpha, 1e-6)
    colours = from_linear(straight.astype(np.float32))
    return np.concatenate([colours, np.rint(alpha * 65535).astype(np.uint16)], axis=2)


def _plane(frame: VideoFrame, index: int) -> NDArray[np.float32]:
    plane = frame.planes[index]
    rows = np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)  # type: ignore[call-overload]
    values: NDArray[np.float32] = rows[: frame.height, : frame.width].astype(np.float32)
    return values
