"""The table of codecs: encoder, pixel formats, container and size limits of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_LARGEST = (65534, 46340)  # mov stores a side in 16 bits; zscale squares the height in 32
_ENDLESS = (10**6, 10**6)  # larger than any frame that fits in memory


@dataclass(frozen=True)
class Pictures:
    """Image output: the encoder, and whether it is one animation or a numbered file per frame."""

    encoder: str
    numbered: bool = False


@dataclass(frozen=True)
class Codec:
    """One way to encode a film.

    `pixels` maps bit depth to pixel format; a film with more bits than the codec is rounded.
    `alpha` does the same for films with transparency; empty if unsupported. `part` is the container
    of a part, `suffixes` are the allowed file extensions, `crf` is the default quality (None: not
    supported), which the encoder calls `quality`, `tag` the FourCC that players expect in mp4,
    `multiple` what width and height must be divisible by, `smallest` and `largest` the limits of
    (width, height). `rgb` codecs store RGB, all others YUV. `intra` are the options that make every
    frame a keyframe. A codec with `pictures` encodes its parts losslessly and converts them to
    images at the end. `near` names alternatives, best first.
    """

    name: str
    encoder: str
    pixels: Mapping[int, str]
    part: str
    suffixes: tuple[str, ...]
    crf: float | None = None
    top_crf: float = 51
    quality: str = "-crf"
    options: tuple[str, ...] = ()
    deep_options: tuple[str, ...] = ()
    alpha: Mapping[int, str] = field(default_factory=dict)
    alpha_options: tuple[str, ...] = ()
    intra: tuple[str, ...] = ()
    tag: str = ""
    multiple: tuple[int, int] = (2, 2)
    smallest: tuple[int, int] = (1, 1)
    largest: tuple[int, int] = _LARGEST
    rgb: bool = False
    pictures: Pictures | None = None
    near: tuple[str, ...] = ()

    @property
    def on_card(self) -> bool:
        """Whether an NVIDIA card encodes; data-centre cards cannot."""
        return self.encoder.endswith("_nvenc")

    @property
    def even(self) -> bool:
        """Whether the frames have no times of their own: players show them at a constant rate."""
        return self.encoder == "hap" or (self.pictures is not None and self.pictures.numbered)

    def holds(self, size: tuple[int, int]) -> bool:
        """Whether a film of (width, height) is within the size limits."""
        sides = zip(self.smallest, size, self.largest, strict=True)
        return all(least <= side <= most for least, side, most in sides)

    def is_deep(self, bits: int) -> bool:
        """Whether frames of a film of `bits` bits are encoded from 16 bits per channel."""
        return self._depth(bits) > 8

    def pixel_format(self, bits: int, *, alpha: bool = False) -> str:
        """Return the pixel format for a film of `bits` bits."""
        return (self.alpha if alpha else self.pixels)[self._depth(bits)]

    def _depth(self, bits: int) -> int:
        return max(self.pixels) if bits > 8 else min(self.pixels)


_QUICK = (".mp4", ".mov", ".m4v", ".mkv")
_YUV420 = {8: "yuv420p", 10: "yuv420p10le"}

_FILMS = (
    Codec(
        "h264",
        "libx264",
        {8: "yuv420p"},  # few players support 10-bit H.264
        "mp4",
        _QUICK,
        crf=17,
        options=("-preset", "medium"),
        intra=("-g", "1"),
        largest=(16384, 16384),
        near=("h265", "av1", "prores"),
    ),
    Codec(
        "h265",
        "libx265",
        _YUV420,
        "mp4",
        _QUICK,
        crf=19,
        options=("-preset", "medium", "-x265-params", "log-level=error"),
        intra=("-g", "1"),
        tag="hvc1",
        smallest=(32, 32),  # below, no H.265 level fits
        near=("av1", "h264"),
    ),
    Codec(
        "av1",
        "libsvtav1",
        _YUV420,
        "mp4",
        (".mp4", ".mkv", ".webm"),
        crf=22,
        top_crf=63,
        options=("-preset", "6"),
        intra=("-g", "1"),
        smallest=(64, 64),
        largest=(16384, 8704),
        near=("h265", "webm", "h264"),
    ),
    Codec(
        "webm",
        "libvpx-vp9",
        _YUV420,
        "webm",
        (".webm", ".mkv"),
        crf=22,
        top_crf=63,
        options=("-b:v", "0", "-deadline", "good", "-cpu-used", "3", "-row-mt", "1"),
        alpha={8: "yuva420p", 10: "yuva420p10le"},
        alpha_options=("-auto-alt-ref", "0"),  # hidden frames would separate a frame from its alpha
        intra=("-g", "1", "-lag-in-frames", "0", "-auto-alt-ref", "0"),
        near=("av1", "h264"),
    ),
    Codec(
        "prores",
        "prores_ks",
        {10: "yuv422p10le"},
        "mov",
        (".mov", ".mkv"),
        options=("-profile:v", "hq", "-vendor", "apl0"),
        multiple=(2, 1),
        near=("dnxhr", "ffv1"),
    ),
    Codec(
        "prores4444",
        "prores_ks",
        {10: "yuv444p10le"},
        "mov",
        (".mov", ".mkv"),
        options=("-profile:v", "4444", "-vendor", "apl0"),
        alpha={10: "yuva444p10le"},
        alpha_options=("-alpha_bits", "16"),
        multiple=(1, 1),
        near=("ffv1", "png16"),
    ),
    Codec(
        "dnxhr",
        "dnxhd",
        {8: "yuv422p", 10: "yuv422p10le"},
        "mov",
        (".mov", ".mkv"),
        options=("-profile:v", "dnxhr_hq"),
        deep_options=("-profile:v", "dnxhr_hqx"),
        smallest=(256, 120),
        near=("prores", "ffv1"),
    ),
    Codec(
        "ffv1",
        "ffv1",
        {8: "bgr0", 10: "gbrp16le"},
        "matroska",
        (".mkv",),
        options=("-level", "3", "-slicecrc", "1", "-g", "1"),
        alpha={8: "bgra", 10: "gbrap16le"},
        multiple=(1, 1),
        smallest=(2, 1),
        largest=_ENDLESS,
        rgb=True,
        near=("prores4444", "h264"),
    ),
)


def _nvenc(
    like: str,
    encoder: str,
    pixels: Mapping[int, str],
    *,
    smallest: tuple[int, int],
    largest: tuple[int, int],
) -> Codec:
    """Describe an encoder of NVIDIA cards: faster, and larger files, than its like on a CPU."""
    usual = next(codec for codec in _FILMS if codec.name == like)
    return Codec(
        f"{like}-nvenc",
        encoder,
        pixels,
        usual.part,
        usual.suffixes,
        crf=usual.crf,
        top_crf=51,
        quality="-cq",
        options=("-preset", "p5", "-rc", "vbr", "-b:v", "0"),
        intra=("-g", "1", "-bf", "0"),
        tag=usual.tag,
        near=(like,),
        smallest=smallest,
        largest=largest,
    )


_CARDS = (
    _nvenc("h264", "h264_nvenc", {8: "yuv420p"}, smallest=(146, 50), largest=(4096, 4096)),
    _nvenc(
        "h265", "hevc_nvenc", {8: "yuv420p", 10: "p010le"}, smallest=(130, 34), largest=(8192, 8192)
    ),
    _nvenc(
        "av1", "av1_nvenc", {8: "yuv420p", 10: "p010le"}, smallest=(194, 130), largest=(8192, 8192)
    ),
)


def _hap(name: str, variant: str, near: tuple[str, ...], *, alpha: bool = False) -> Codec:
    """Describe a HAP variant: compressed 4x4-pixel textures that a GPU reads directly."""
    return Codec(
        name,
        "hap",
        {8: "rgba"},
        "mov",
        (".mov",),
        options=("-format", variant),
        alpha={8: "rgba"} if alpha else {},
        multiple=(4, 4),
        smallest=(2, 2),
        largest=(65532, 65532),
        rgb=True,
        near=near,
    )


def _pictures(
    name: str,
    suffixes: tuple[str, ...],
    pictures: Pictures,
    depths: tuple[int, ...],
    near: str,
    *,
    largest: tuple[int, int] = _ENDLESS,
) -> Codec:
    """Describe an image format; its parts are FFV1 until the film is complete."""
    return Codec(
        name,
        "ffv1",
        {depth: {8: "bgr0", 10: "gbrp16le"}[depth] for depth in depths},
        "matroska",
        suffixes,
        options=("-level", "3", "-slicecrc", "1", "-g", "1"),
        alpha={depth: {8: "bgra", 10: "gbrap16le"}[depth] for depth in depths},
        multiple=(1, 1),
        smallest=(2, 1),  # FFV1 cannot cut a single column into slices
        largest=largest,
        rgb=True,
        pictures=pictures,
        near=(near,),
    )


CODECS: Final = {
    codec.name: codec
    for codec in (
        *_FILMS,
        *_CARDS,
        _hap("hap", "hap", ("h264", "prores")),
        _hap("hap-q", "hap_q", ("h264", "prores")),
        _hap("hap-alpha", "hap_alpha", ("prores4444", "webm"), alpha=True),
        _pictures("gif", (".gif",), Pictures("gif"), (8,), "webp", largest=(65535, 65535)),
        _pictures("apng", (".apng", ".png"), Pictures("apng"), (8, 10), "webp"),
        _pictures(
            "webp", (".webp",), Pictures("libwebp_anim"), (8,), "apng", largest=(16383, 16383)
        ),
        _pictures("png", (".png",), Pictures("png", numbered=True), (8, 10), "ffv1"),
        _pictures("png16", (".png",), Pictures("png", numbered=True), (10,), "exr"),
        _pictures("exr", (".exr",), Pictures("exr", numbered=True), (10,), "png16"),
    )
}

BY_NAME: Final = {".gif": "gif", ".apng": "apng", ".webp": "webp", ".png": "png", ".exr": "exr"}
"""Image formats chosen by the extension of the output, whatever codec is set."""

USUAL: Final = {".webm": "webm"}
"""Default codec by file extension; h264 for all others."""

OTHER_WORDS: Final = {
    "vp9": "webm",
    "hevc": "h265",
    "nvenc": "h264-nvenc",
    "h264_nvenc": "h264-nvenc",
    "hevc_nvenc": "h265-nvenc",
    "av1_nvenc": "av1-nvenc",
    "x264": "h264",
    "x265": "h265",
    "hapq": "hap-q",
    "hap_q": "hap-q",
    "dnxhd": "dnxhr",
    "openexr": "exr",
}
"""Names of these codecs in other tools, used for suggestions in error messages."""
