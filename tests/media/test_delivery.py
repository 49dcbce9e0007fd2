"""What players get: every codec decoded back, alpha, delays, and loops repeated without a gap."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from media_clips import frames_of, packets, times
from numpy.typing import NDArray
from PIL import Image

from dreamvid.errors import DiskFull, DreamvidError, MissingDependency, UsageError
from dreamvid.media import formats
from dreamvid.media.codecs import CODECS, Codec
from dreamvid.media.formats import check_delivery, check_size, codec_named, ffmpeg_path
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.output import Output
from dreamvid.media.parts import PartTable
from dreamvid.media.writer import PartWriter, VideoWriter

RATE = Fraction(30000, 1001)
LOSS = {"gif": 6.0, "webp": 3.0, "hap": 4.0, "hap-q": 2.0, "hap-alpha": 4.0}
"""Mean levels of 8 bits by which a codec may be off; 1.5 for those not named."""

FINE = {"png16": 1 / 65535, "exr": 1 / 800, "ffv1": 1 / 255, "png": 1 / 255, "apng": 1 / 255}
"""The largest error, as a share, of the codecs that lose nothing but the last digit."""


def colours(width: int, height: int, count: int, *, alpha: bool = False) -> list[torch.Tensor]:
    """Smooth colours that drift, a soft disc of them opaque when there is alpha."""
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    images = []
    for n in range(count):
        planes = [
            0.5 + 0.4 * torch.sin(3 * x + k + 0.3 * n) * torch.cos(2 * y - k) for k in (0, 1, 2)
        ]
        if alpha:
            planes.append((1.5 - 3 * ((x - 0.5) ** 2 + (y - 0.5) ** 2).sqrt()).clamp(0, 1))
        images.append(torch.stack(planes))
    return images


def deliver(path: Path, images: list[torch.Tensor], codec: str, **options: object) -> VideoWriter:
    """Write images at 29.97 a second."""
    like = FilmInfo.plain(images[0].shape[2], images[0].shape[1], RATE, len(images))
    with VideoWriter(path, like=like, codec=codec, **options) as out:  # type: ignore[arg-type]
        for n, image in enumerate(images):
            out.write(image, n / RATE)
    return out


def output_name(codec: Codec) -> str:
    numbered = codec.pictures is not None and codec.pictures.numbered
    return ("f_%04d" if numbered else "film") + codec.suffixes[0]


def planes_of(path: Path, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Decode a film or pictures with ffmpeg itself to RGBA, [frames, H, W, 4] in 0..1."""
    decoder = ["-c:v", "libvpx-vp9"] if path.suffix == ".webm" else []  # the other drops alpha
    scale = "scale=flags=accurate_rnd+full_chroma_int:out_range=full,format=rgba64le"
    found = subprocess.run(
        [
            *(ffmpeg_path(), "-v", "error", *decoder, "-i", str(path), "-vf", scale),
            *("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba64le", "-"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    ).stdout
    return np.frombuffer(found, "<u2").reshape(-1, *shape, 4).astype(np.float32) / 65535


def wanted(images: list[torch.Tensor]) -> NDArray[np.float32]:
    return torch.stack(images).permute(0, 2, 3, 1).numpy()


# --- every codec ----------------------------------------------------------------------------


def test_the_codecs_are_those_promised() -> None:
    films = "h264 h265 av1 webm prores prores4444 dnxhr hap hap-q hap-alpha ffv1"
    cards = "h264-nvenc h265-nvenc av1-nvenc"
    assert set(CODECS) == set(f"{films} {cards} gif apng webp png png16 exr".split())


@pytest.mark.parametrize("name", sorted(CODECS))
def test_every_codec_gives_the_pictures_back(tmp_path: Path, name: str) -> None:
    codec = CODECS[name]
    if name not in formats.available_codecs():
        pytest.skip(f"no {name} here")
    images = colours(256, 128, 4)
    path = tmp_path / output_name(codec)
    out = deliver(path, images, name)
    assert not any("padded" in note for note in out.notes)
    if name == "webp":
        found = _webp_planes(path)[..., :3]
    else:
        made = frames_of(path, **({"rate": RATE} if "%" in path.name else {}))
        assert all(abs(frame.time - n / RATE) < Fraction(6, 1000) for n, frame in enumerate(made))
        found = np.stack([f.array / np.float32(np.iinfo(f.array.dtype).max) for f in made])
    error = found - wanted(images)
    assert np.abs(error).mean() * 255 < LOSS.get(name, 1.5)
    assert abs(error.mean()) * 255 < 0.6
    if name in FINE:
        assert np.abs(error).max() <= FINE[name] * 0.51 + 1e-6


FILMS = sorted(name for name, codec in CODECS.items() if codec.pictures is None)


@pytest.mark.parametrize("name", FILMS)
def test_films_are_tagged(tmp_path: Path, name: str) -> None:
    if name not in formats.available_codecs():
        pytest.skip(f"no {name} here")
    path = tmp_path / output_name(CODECS[name])
    deliver(path, colours(256, 128, 1), name)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc) == (1, 1)
        if not CODECS[name].rgb:
            assert (context.colorspace, context.color_range) == (1, 1)
        tag = context.codec_tag
    assert {"hap": "Hap1", "hap-alpha": "Hap5", "hap-q": "HapY", "h265": "hvc1"}.get(
        name, tag
    ) == tag
    assert {"prores": "apch", "prores4444": "ap4h", "dnxhr": "AVdh"}.get(name, tag) == tag


@pytest.mark.parametrize("name", ["png16", "apng"])
@pytest.mark.parametrize(("transfer", "chunk"), [("bt709", b"sRGB"), ("smpte2084", b"cICP")])
def test_pictures_are_tagged_as_they_are_shown(
    tmp_path: Path, name: str, transfer: str, chunk: bytes
) -> None:
    plain = FilmInfo.plain(16, 16, RATE)
    like = replace(plain, colour=replace(plain.colour, transfer=transfer))
    path = tmp_path / output_name(CODECS[name])
    with VideoWriter(path, like=like, codec=name) as out:
        out.write(torch.full((3, 16, 16), 0.5), Fraction(0))
    made = tmp_path / "f_0001.png" if name == "png16" else path
    assert chunk in made.read_bytes()
    if name == "png16":
        assert made.read_bytes()[24] == 16  # bits a channel, though the film has 8


@pytest.mark.parametrize(("name", "multiple"), [("hap-q", 4), ("prores", 2), ("webm", 2)])
def test_sizes_are_padded_and_said(tmp_path: Path, name: str, multiple: int) -> None:
    image = torch.full((3, 45, 61), 0.5)
    image[:, :, -1] = 0.8  # what the padding repeats
    out = deliver(tmp_path / f"a{CODECS[name].suffixes[0]}", [image], name)
    width = -(-61 // multiple) * multiple
    height = -(-45 // CODECS[name].multiple[1]) * CODECS[name].multiple[1]
    assert f"padded from 61x45 to {width}x{height} for {name}" in out.notes
    shown = frames_of(tmp_path / f"a{CODECS[name].suffixes[0]}")[0].array
    assert shown.shape[:2] == (height, width)
    top = np.iinfo(shown.dtype).max
    assert np.abs(shown[:40, 61:] / top - 0.8).mean() < 0.03


ALPHA = sorted(name for name, codec in CODECS.items() if codec.alpha)


@pytest.mark.parametrize("name", ALPHA)
def test_transparency_comes_back(tmp_path: Path, name: str) -> None:
    if name not in formats.available_codecs():
        pytest.skip(f"no {name} here")
    images = colours(64, 48, 3, alpha=True)
    path = tmp_path / output_name(CODECS[name])
    deliver(path, images, name)
    found = _webp_planes(path) if name == "webp" else planes_of(path, (48, 64))
    expected = wanted(images)
    if name == "exr":  # linear light, times alpha
        assert np.abs(found[..., 3] - expected[..., 3]).max() < 1 / 1000
        light = _light(expected[..., :3]) * expected[..., 3:]
        assert np.abs(_light(frames_rgb(path)) - light).max() < 2 / 1000
        return
    error = np.abs(found - expected)
    if name == "gif":
        assert ((found[..., 3] > 0.5) == (expected[..., 3] > 0.5)).mean() > 0.99
        return
    assert error[..., 3].mean() * 255 < 2
    solid = expected[..., 3] > 0.5
    assert error[..., :3][solid].mean() * 255 < LOSS.get(name, 2)


def _webp_planes(path: Path) -> NDArray[np.float32]:
    frames = []
    with Image.open(path) as picture:
        for n in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(n)
            frames.append(np.asarray(picture.convert("RGBA"), dtype=np.float32) / 255)
    return np.stack(frames)


def frames_rgb(path: Path) -> NDArray[np.float32]:
    return np.stack([frame.array / np.float32(65535) for frame in frames_of(path)])


def _light(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


# --- transparency ---------------------------------------------------------------------------


def test_a_codec_without_transparency_names_those_with(tmp_path: Path) -> None:
    clear = colours(64, 48, 1, alpha=True)
    with pytest.raises(
        UsageError, match=r"h264 does not support transparency; use webm, prores4444, ffv1, hap-al"
    ):
        deliver(tmp_path / "a.mp4", clear, "h264")
    with pytest.raises(UsageError, match="not support transparency"):
        Output(tmp_path / "a.mp4", alpha=True).check(None)
    assert list(tmp_path.iterdir()) == []


def test_frames_agree_on_transparency(tmp_path: Path) -> None:
    images = [*colours(64, 48, 1, alpha=True), *colours(64, 48, 1)]
    with pytest.raises(UsageError, match=r"64x48 with 3 channels, the film 64x48 with 4"):
        deliver(tmp_path / "a.mov", images, "prores4444")


def test_parts_with_and_without_transparency_do_not_mix(tmp_path: Path) -> None:
    like = FilmInfo.plain(64, 48, RATE)
    for n, alpha in enumerate((True, False)):
        with PartWriter(tmp_path / f"p{n}", like=like, codec="prores4444") as part:
            part.write(colours(64, 48, 1, alpha=alpha)[0], n / RATE)
    assert PartTable.load(tmp_path / "p0").alpha and not PartTable.load(tmp_path / "p1").alpha
    with pytest.raises(DreamvidError, match="different films"):
        assemble([tmp_path / "p0", tmp_path / "p1"], tmp_path / "a.mov", source=like)


@pytest.mark.parametrize("name", ["hap-alpha", "png16", "webm"])
def test_parts_keep_transparency(tmp_path: Path, name: str) -> None:
    images, like = colours(64, 48, 4, alpha=True), FilmInfo.plain(64, 48, RATE)
    parts = [tmp_path / "p0", tmp_path / "p1"]
    for n, part in enumerate(parts):
        with PartWriter(part, like=like, codec=name) as writer:
            for k in (2 * n, 2 * n + 1):
                writer.write(images[k], k / RATE)
    path = tmp_path / output_name(CODECS[name])
    assemble(parts, path, source=like)
    error = np.abs(planes_of(path, (48, 64)) - wanted(images))
    assert error[..., 3].mean() * 255 < 2
    if name == "webm":  # browsers look for this element, AlphaMode, not for the alpha itself
        assert b"\x53\xc0\x81\x01" in path.read_bytes()


# --- delays ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rate", "delays"),
    [
        ("gif", Fraction(24), [40, 40, 50, 40, 40, 40, 40]),
        ("gif", Fraction(60), [30, 40, 30, 20]),  # the last one is what is left of 7/60 s
        ("apng", RATE, [1001 / 30] * 7),
        ("webp", Fraction(25), [40] * 7),
    ],
)
def test_animations_have_the_right_delays(
    tmp_path: Path, name: str, rate: Fraction, delays: list[float]
) -> None:
    path = tmp_path / f"a.{name}"
    with VideoWriter(path, like=FilmInfo.plain(64, 48, rate), codec=name) as out:
        for n, image in enumerate(colours(64, 48, 7)):
            out.write(image, n / rate)
    found = []
    with Image.open(path) as picture:
        assert picture.info["loop"] == 0
        for n in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(n)
            picture.load()
            found.append(picture.info["duration"])
    assert found == pytest.approx(delays, abs=0.01)
    assert any("50 per second" in note for note in out.notes) == (rate > 50)


@pytest.mark.parametrize("name", ["gif", "apng", "webp"])
def test_animations_keep_uneven_times(tmp_path: Path, name: str) -> None:
    like = replace(
        FilmInfo.plain(64, 48, Fraction(25, 3)), time_base=Fraction(1, 12800), variable=True
    )
    lengths = [40, 40, 80, 120, 170, 50, 120]
    with VideoWriter(tmp_path / f"a.{name}", like=like, codec=name) as out:
        for n, image in enumerate(colours(64, 48, 7)):
            out.write(image, Fraction(sum(lengths[:n]), 1000))
    found = []
    with Image.open(tmp_path / f"a.{name}") as picture:
        for n in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(n)
            picture.load()
            found.append(picture.info["duration"])
    assert found == pytest.approx(lengths, abs=0.1)


@pytest.mark.parametrize("name", ["gif", "apng", "webp"])
def test_the_last_picture_lasts_as_long_as_the_film(tmp_path: Path, name: str) -> None:
    like = replace(FilmInfo.plain(64, 48, Fraction(10), 3), duration=Fraction(1))
    with VideoWriter(tmp_path / f"a.{name}", like=like, codec=name) as out:
        for n, image in enumerate(colours(64, 48, 3)):
            out.write(image, Fraction(n, 10))
    with Image.open(tmp_path / f"a.{name}") as picture:
        picture.seek(2)
        picture.load()
        assert picture.info["duration"] == pytest.approx(800, abs=1)


# --- repeated -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILMS)
def test_a_loop_is_repeated_without_a_gap(tmp_path: Path, name: str) -> None:
    if name not in formats.available_codecs():
        pytest.skip(f"no {name} here")
    path = tmp_path / output_name(CODECS[name])
    images = colours(256, 128, 5)
    out = deliver(path, images, name, repeat_to=Fraction(1, 2))
    found = times(path)
    assert len(found) == 15  # three rounds of a sixth of a second, a little more than asked
    assert any("played 3 times" in note for note in out.notes)
    base = Fraction(1, 1000) if path.suffix in (".webm", ".mkv") else Fraction(0)
    assert all(abs(time - n / RATE) <= base for n, time in enumerate(found))
    data = [data for _, data in packets(path)]
    assert data[:5] == data[5:10] == data[10:]
    with av.open(str(path)) as container:
        assert all(packet.is_keyframe for packet in container.demux(video=0) if packet.size)
    shown = [frame.array for frame in frames_of(path)]
    assert all(np.array_equal(shown[n], shown[n + 5]) for n in range(10))
    assert all(not np.array_equal(a, b) for a, b in pairwise(shown))


def test_a_repeated_film_keeps_uneven_times(tmp_path: Path) -> None:
    like = replace(FilmInfo.plain(64, 48, Fraction(10)), time_base=Fraction(1, 1000))
    moments = [Fraction(0), Fraction(1, 10), Fraction(17, 100)]
    with VideoWriter(tmp_path / "a.mp4", like=like, repeat_to=Fraction(1)) as out:
        for image, time in zip(colours(64, 48, 3), moments, strict=True):
            out.write(image, time)
    length = Fraction(27, 100)
    assert times(tmp_path / "a.mp4") == [k * length + time for k in range(4) for time in moments]


def test_frames_that_need_others_are_not_repeated(tmp_path: Path) -> None:
    like = FilmInfo.plain(64, 48, RATE)
    with PartWriter(tmp_path / "part", like=like) as part:
        for n, image in enumerate(colours(64, 48, 5)):
            part.write(image, n / RATE)
    with pytest.raises(DreamvidError, match="is a keyframe"):
        assemble([tmp_path / "part"], tmp_path / "a.mp4", source=like, repeat_to=Fraction(1))
    assert not (tmp_path / "a.mp4").exists()


def test_a_loop_that_cannot_fit_is_refused_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(tmp_path)._replace(free=10_000)
    monkeypatch.setattr("dreamvid.media.mux.shutil.disk_usage", lambda _: free)
    with pytest.raises(DiskFull, match="the repeated film needs"):
        deliver(tmp_path / "a.mp4", colours(64, 48, 5), "h264", repeat_to=Fraction(3600))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "why"), [("gif", "already plays in a loop"), ("exr", "cannot be repea")]
)
def test_pictures_are_not_repeated(tmp_path: Path, name: str, why: str) -> None:
    path = tmp_path / output_name(CODECS[name])
    with pytest.raises(UsageError, match=why):
        VideoWriter(path, like=FilmInfo.plain(8, 8, RATE), codec=name, repeat_to=Fraction(9))


# --- told before anything is made -----------------------------------------------------------


def test_what_this_ffmpeg_lacks_is_reported_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have = formats.encoders() - {"hap", "gif", "libx264"}
    monkeypatch.setattr(formats, "encoders", lambda: have)
    for name, nearest in (("hap-q", "prores"), ("gif", "webp"), ("h264", "h265")):
        path = tmp_path / output_name(CODECS[name])
        with pytest.raises(MissingDependency, match=rf"cannot encode {name} .*use {nearest} or"):
            VideoWriter(path, like=FilmInfo.plain(64, 48, RATE), codec=name)
    assert "gif" not in formats.available_codecs()
    assert "webp" in formats.available_codecs()


@pytest.mark.parametrize("asked", ["vp9", "hevc", "hapq", "openexr"])
def test_other_names_lead_to_ours(asked: str) -> None:
    with pytest.raises(UsageError, match=rf"unknown codec '{asked}'; use (webm|h265|hap-q|exr)$"):
        codec_named(asked)


@pytest.mark.parametrize(
    ("name", "codec", "says"),
    [
        (
            "a.mp4",
            "gif",
            r"gif cannot be stored in a '.mp4' file; end it in .gif, or use codec h264, h265",
        ),
        ("a.webm", "h264", "or use codec av1, webm"),
        ("a.png", "png16", "use a_%05d.png, or codec apng or a video file name"),
        ("a.exr", "h264", "use a_%05d.exr"),
        ("a.xyz", "h264", "end it in .mp4"),
    ],
)
def test_names_that_do_not_fit_are_reported_with_those_that_do(
    tmp_path: Path, name: str, codec: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        check_delivery(tmp_path / name, codec)


@pytest.mark.parametrize(
    ("codec", "name", "options", "says"),
    [
        ("prores", "a.mov", {"crf": 20}, "prores has no crf setting; omit it, or use h264, h265"),
        ("h264", "a.gif", {"crf": 20}, "gif has no crf"),
        ("h264", "a.mp4", {"crf": 60}, "outside 0..51"),
        (
            "dnxhr",
            "a.mov",
            {"size": (64, 64)},
            "too small for dnxhr, which needs at least 256x120; use pr",
        ),
        ("hap", "a.mov", {"size": (1, 1)}, "too small for hap, which needs at least 2x2; use h264"),
        ("h264", "a.mp4", {"size": (60000, 1)}, "too large for h264, .* 16384x16384; use prores"),
        ("h265", "a.mp4", {"size": (16384, 16)}, "too small for h265, .* 32x32; use h264"),
        ("av1", "a.mp4", {"size": (64, 8706)}, "too large for av1, .* 16384x8704; use h265 or"),
        ("h264", "a.webp", {"size": (16384, 16)}, "too large for webp, .* 16383x16383; use apng"),
        ("hap", "a.mov", {"size": (4, 70000)}, "65532x65532; give a smaller --size"),
    ],
)
def test_what_a_codec_refuses_is_reported_at_once(
    tmp_path: Path, codec: str, name: str, options: dict[str, object], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        size = options.pop("size", (256, 256))
        output = Output(tmp_path / name, codec=codec, **options)  # type: ignore[arg-type]
        output.check(None)
        check_size(output.format, size)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CODECS)
def test_the_least_and_the_longest_films_that_a_codec_is_said_to_hold_are_encoded(
    tmp_path: Path, name: str
) -> None:
    codec = CODECS[name]
    if codec.on_card and name not in formats.available_codecs():
        pytest.skip(f"no {name} here")
    least, most = codec.smallest, tuple(min(side, 47000) for side in codec.largest)
    for width, height in (least, (most[0], least[1]), (least[0], most[1])):
        like = FilmInfo.plain(width, height, Fraction(25))
        target = tmp_path / f"{width}x{height}_%05d{codec.suffixes[0]}"
        with VideoWriter(target, like=like, codec=name) as out:
            out.write(np.zeros((height, width, 3), np.uint8))


def test_an_apng_may_be_named_png(tmp_path: Path) -> None:
    deliver(tmp_path / "a.png", colours(32, 32, 3), "apng")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.n_frames == 3  # type: ignore[attr-defined]
