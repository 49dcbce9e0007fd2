"""Films out: the same times, colours and sound, complete or not at all."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from media_clips import (
    TONE,
    Make,
    copy_film,
    ffmpeg,
    frames_of,
    from_planes,
    packets,
    times,
)
from PIL import Image

from dreamvid.errors import DreamvidError, OutputExists, UsageError
from dreamvid.image import to_image
from dreamvid.media.formats import CODECS, available_codecs, codec_named
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.media.tracks import SideTracks
from dreamvid.media.writer import PartWriter, VideoWriter

GREY = FilmInfo.plain(64, 48, Fraction(24))


def texture(size: tuple[int, int], *, full: bool) -> np.ndarray:
    """Smooth colours and grain as planes of 4:2:0 YUV."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    luma = 125 + 40 * np.sin(x / 9) * np.cos(y / 7) + np.random.default_rng(2).normal(0, 3, y.shape)
    v, u = np.mgrid[0 : height // 2, 0 : width // 2]
    planes = [luma, 128 + 20 * np.sin(u / 11 + v / 17), 128 + 20 * np.cos(u / 13 - v / 8)]
    low, high = (0, 255) if full else (16, 235)
    flat = np.concatenate([np.clip(plane, low, high).ravel() for plane in planes])
    return np.rint(flat).astype(np.uint8).reshape(height * 3 // 2, width)


def yuv(path: Path) -> np.ndarray:
    """Decode the first frame to its own YUV planes."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name in ("yuv420p", "yuvj420p")
        return frame.to_ndarray().astype(float)


def steady(count: int) -> list[tuple[torch.Tensor, Fraction]]:
    """Images of 64x48 with a bar that moves."""
    images = []
    for n in range(count):
        image = torch.full((3, 48, 64), 0.4)
        image[0, :, n % 60 : n % 60 + 4] = 0.9
        images.append((image, Fraction(n, 24)))
    return images


# --- the source comes back -----------------------------------------------------------------


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt470bg", "bt2020nc"])
@pytest.mark.parametrize("full", [False, True])
def test_colours_survive_the_round_trip(tmp_path: Path, matrix: str, full: bool) -> None:
    span = "full" if full else "limited"
    tags = f"colorspace={matrix}:range={span}:color_primaries=bt470bg:color_trc=smpte170m"
    clip = from_planes(tmp_path / "a.mp4", texture((96, 64), full=full), "yuv420p", tags)
    copy_film(clip, tmp_path / "b.mp4", crf=0)
    error = yuv(tmp_path / "b.mp4") - yuv(clip)
    luma, chroma = error[:64], error[64:]
    assert np.abs(luma).mean() < 0.05
    assert np.abs(chroma).mean() < 0.25
    assert abs(chroma.mean()) < 0.05
    with VideoReader(clip) as before, VideoReader(tmp_path / "b.mp4") as after:
        assert after.info.colour == before.info.colour
        colours = next(after).array.astype(float) - next(before).array
    assert np.abs(colours).mean() < 0.4


@pytest.mark.parametrize(
    ("lines", "name", "options", "assumed"),
    [
        (480, "a.mp4", (), "smpte170m"),
        (720, "a.mp4", (), "bt709"),
        (480, "a.avi", ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"), "bt470bg"),
    ],
)
def test_a_film_without_colour_tags_is_tagged_as_it_was_read(
    make: Make, tmp_path: Path, lines: int, name: str, options: tuple[str, ...], assumed: str
) -> None:
    clip = make(name, *options, source=f"testsrc2=size=64x{lines}:rate=4:duration=0.5")
    with VideoReader(clip) as film:
        before = next(film).array.astype(int)
        assert film.info.matrix == assumed
        told = film.assumed
    tagged = name == "a.avi"  # with matrix and range, by its codec
    rest = f"primaries {assumed}, transfer {'smpte170m' if tagged else assumed}"
    whole = rest if tagged else f"matrix {assumed}, {rest}, limited range"
    assert told == f"not tagged, so assumed: {whole}"
    copy_film(clip, tmp_path / "b.mp4", crf=1)
    with VideoReader(tmp_path / "b.mp4") as film:
        colour = film.info.colour
        assert np.abs(next(film).array - before).mean() < 4  # another matrix costs 10
        assert film.assumed == ""
    assert (colour.matrix, colour.full_range) == (assumed, name == "a.avi")
    assert "unknown" not in (colour.primaries, colour.transfer)


def test_an_untagged_film_scaled_below_hd_is_tagged_as_it_was_meant(
    make: Make, tmp_path: Path
) -> None:
    clip = make("a.mp4", source="testsrc2=size=1280x720:rate=4:duration=0.5")
    copy_film(clip, tmp_path / "b.mp4", width=320)
    with VideoReader(tmp_path / "b.mp4") as film:
        assert film.info.matrix == "bt709"


def test_the_default_quality_is_close_to_the_source(make: Make, tmp_path: Path) -> None:
    smooth = "testsrc2=size=128x72:rate=24:duration=0.5,gblur=sigma=5"
    clip = make("a.mp4", "-pix_fmt", "yuv420p", "-crf", "5", source=smooth)
    copy_film(clip, tmp_path / "b.mp4")
    error = yuv(tmp_path / "b.mp4") - yuv(clip)
    assert abs(error[:72].mean()) < 0.3
    assert abs(error[72:].mean()) < 0.3
    assert np.abs(error).mean() < 1.0  # what crf 17 loses; the colours alone lose a fifth of it


def test_times_of_a_variable_film_are_kept(make: Make, tmp_path: Path) -> None:
    uneven = "settb=1/1000,setpts='N*37+N*N*3'"
    passed = ("-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-bf", "0")
    clip = make("a.mp4", "-vf", uneven, *passed)
    copy_film(clip, tmp_path / "b.mp4")
    assert times(tmp_path / "b.mp4") == times(clip)
    with VideoReader(clip) as before, VideoReader(tmp_path / "b.mp4") as after:
        assert before.info.duration is not None and after.info.duration is not None
        assert abs(after.info.duration - before.info.duration) < Fraction(1, 100)


@pytest.mark.parametrize("name", ["b.mp4", "b.mkv", "b.mov"])
def test_a_long_last_frame_keeps_its_length(tmp_path: Path, name: str) -> None:
    moments = [Fraction(n, 20) for n in (0, 2, 6, 7, 9)]
    like = replace(FilmInfo.plain(64, 48, Fraction(20)), duration=Fraction(3, 4))
    with VideoWriter(tmp_path / name, like=like) as out:
        for (image, _), time in zip(steady(5), moments, strict=True):
            out.write(image, time)
    with av.open(str(tmp_path / name)) as container:
        assert container.duration == 750_000
        found = [packet.pts for packet in container.demux(video=0) if packet.size]
    assert found != sorted(found)  # the last one decoded is not the last one shown


@pytest.mark.parametrize("name", ["b.mp4", "b.mkv", "b.mov"])
def test_the_rate_stays_a_fraction(make: Make, tmp_path: Path, name: str) -> None:
    clip = make("a.mp4", source="testsrc2=size=64x48:rate=30000/1001:duration=1")
    copy_film(clip, tmp_path / name)
    with VideoReader(tmp_path / name) as film:
        assert film.info.rate == Fraction(30000, 1001)
        assert [frame.time for frame in film] == [n * Fraction(1001, 30000) for n in range(30)]


@pytest.mark.parametrize("name", ["b.mp4", "b.mkv"])
def test_sound_is_copied_byte_by_byte(make: Make, tmp_path: Path, name: str) -> None:
    clip = make("a.mp4", "-c:a", "aac", sound=TONE)
    out = copy_film(clip, tmp_path / name)
    before, after = packets(clip, "audio"), packets(tmp_path / name, "audio")
    if name == "b.mkv":  # which cannot begin before zero: the encoder's run-in is left out
        before = [packet for packet in before if packet[0] >= 0]
    assert [data for _, data in after] == [data for _, data in before]
    assert all(abs(a - b) < Fraction(1, 900) for (a, _), (b, _) in zip(after, before, strict=True))
    assert times(tmp_path / name)[0] == 0
    assert out.notes == ()


def test_sound_from_a_broadcast_stream_stays_in_step(make: Make, tmp_path: Path) -> None:
    clip = make("a.ts", "-c:a", "aac", sound=TONE)
    copy_film(clip, tmp_path / "b.mp4")
    gaps = [packets(path, "audio")[0][0] - times(path)[0] for path in (clip, tmp_path / "b.mp4")]
    assert abs(gaps[0] - gaps[1]) < Fraction(1, 10000)


def test_sound_that_does_not_fit_is_encoded_again_and_said(make: Make, tmp_path: Path) -> None:
    clip = make("a.mp4", "-c:a", "aac", sound=TONE)
    out = copy_film(clip, tmp_path / "b.webm", codec="webm")
    with av.open(str(tmp_path / "b.webm")) as container:
        assert container.streams.audio[0].codec_context.name in ("opus", "libopus")
        assert len(container.streams.video) == 1
    assert packets(tmp_path / "b.webm", "audio")[0][0] < Fraction(1, 20)
    assert any("converted to libopus" in note for note in out.notes)


@pytest.mark.parametrize(("codec", "name"), [("flac", "b.mov"), ("truehd", "b.mp4")])
def test_sound_that_only_the_header_shows_not_to_fit_is_encoded_again(
    make: Make, tmp_path: Path, codec: str, name: str
) -> None:
    clip = make("a.mkv", "-c:a", codec, "-strict", "-2", sound=TONE)
    out = copy_film(clip, tmp_path / name)
    assert out.notes == (
        f"audio track 1 ({codec}) cannot be stored in {name[2:]} and is converted to aac",
    )
    found = packets(tmp_path / name, "audio")
    assert found[-1][0] - found[0][0] > Fraction(9, 10)
    assert len(times(tmp_path / name)) == 24


@pytest.mark.parametrize(
    ("codec", "speakers", "name", "becomes"),
    [("ac3", "5.1(side)", "b.webm", "5.1"), ("flac", "4.0", "b.mov", "4.0")],
)
def test_speakers_stand_where_the_encoder_knows_them(
    make: Make, tmp_path: Path, codec: str, speakers: str, name: str, becomes: str
) -> None:
    around = f"{TONE},aformat=sample_rates=48000:channel_layouts={speakers}"
    clip = make("a.mkv", "-c:a", codec, sound=around)
    copy_film(clip, tmp_path / name, codec="webm" if name == "b.webm" else "h264")
    with av.open(str(tmp_path / name)) as container:
        assert container.streams.audio[0].layout.name == becomes


@pytest.mark.parametrize(
    ("source", "codec", "name", "becomes"),
    [
        ("a.mov", "pcm_s16le", "b.mp4", "aac"),
        ("a.mov", "pcm_s16le", "b.m4v", "aac"),
        ("a.mov", "pcm_s16le", "b.mov", "pcm_s16le"),
        ("a.mkv", "libvorbis", "b.mp4", "aac"),
        ("a.mkv", "libmp3lame", "b.mp4", "mp3"),
    ],
)
def test_sound_that_players_leave_mute_is_encoded_again(
    make: Make, tmp_path: Path, source: str, codec: str, name: str, becomes: str
) -> None:
    out = copy_film(make(source, "-c:a", codec, sound=TONE), tmp_path / name)
    with av.open(str(tmp_path / name)) as film:
        assert film.streams.audio[0].codec_context.name.startswith(becomes)
    kind = codec.removeprefix("lib")
    told = f"audio track 1 ({kind}) is mute in mp4 in many players and is converted to aac"
    assert out.notes == ((told,) if becomes == "aac" else ())


def test_sound_that_names_no_speakers_is_encoded_again(make: Make, tmp_path: Path) -> None:
    clip = make("a.mkv", "-c:a", "tta", sound=TONE)
    out = copy_film(clip, tmp_path / "b.mp4")
    assert out.notes == ("audio track 1 (tta) cannot be stored in mp4 and is converted to aac",)


def test_sound_of_several_packets_a_millisecond_is_copied(make: Make, tmp_path: Path) -> None:
    clip = make("a.mkv", "-c:a", "truehd", "-strict", "-2", sound=TONE)
    out = copy_film(clip, tmp_path / "b.mkv")
    assert out.notes == ()
    assert packets(tmp_path / "b.mkv", "audio") == packets(clip, "audio")


@pytest.mark.parametrize("name", ["b.mp4", "b.mkv"])
def test_sound_that_is_announced_and_never_comes_is_left_out(
    make: Make, tmp_path: Path, name: str
) -> None:
    clip = make("a.ts", "-c:a", "aac", "-bsf:a", "noise=drop=1", sound=TONE)
    out = copy_film(clip, tmp_path / name)
    assert len(times(tmp_path / name)) == 24
    assert [note for note in out.notes if "omitted" in note]


def test_a_source_that_is_gone_by_then_is_said(make: Make, tmp_path: Path) -> None:
    clip = make("a.mp4", sound=TONE)
    with VideoReader(clip) as film, VideoWriter(tmp_path / "out.mp4", like=film.info) as out:
        for frame in film:
            out.write(frame.array, frame.time)
        clip.unlink()
    assert f"{clip} no longer exists, so the audio is omitted" in out.notes


def test_a_track_that_nothing_decodes_is_left_out(make: Make, tmp_path: Path) -> None:
    clip = make("a.mkv", "-c:a", "aac", sound=TONE)
    clip.write_bytes(clip.read_bytes().replace(b"A_AAC", b"A_NEW"))
    out = copy_film(clip, tmp_path / "b.mp4")
    assert len(times(tmp_path / "b.mp4")) == 24
    assert out.notes == ("audio track 1 (unknown) cannot be stored in mp4 and is omitted",)


def test_packets_that_the_container_refuses_do_not_end_the_film(make: Make, tmp_path: Path) -> None:
    clip = make("a.ts", "-c:a", "aac", sound=TONE)
    data, whole = bytearray(clip.read_bytes()), len(packets(clip, "audio"))
    heads = [at for at in range(len(data)) if data[at : at + 3] == b"\xff\xf1\x50"]
    for at in heads[-3:]:  # they now claim what no muxer can take apart: four frames and a CRC
        data[at + 1] &= 0xFE
        data[at + 6] |= 3
    clip.write_bytes(data)
    out = copy_film(clip, tmp_path / "b.mp4")
    assert len(times(tmp_path / "b.mp4")) == 24
    assert len(packets(tmp_path / "b.mp4", "audio")) == whole - 3
    assert out.notes == ("damaged audio or subtitles: 3 packets are dropped",)


def test_the_picture_arrives_whatever_its_tracks_are(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no such track")

    monkeypatch.setattr(SideTracks, "join", refuse)
    out = copy_film(make("a.mp4", sound=TONE), tmp_path / "b.mp4")
    assert len(times(tmp_path / "b.mp4")) == 24
    assert out.notes == ("audio and subtitles cannot be written (no such track) and are omitted",)


def test_words_chapters_and_subtitles_are_kept(make: Make, tmp_path: Path) -> None:
    (tmp_path / "s.srt").write_text("1\n00:00:00,200 --> 00:00:00,700\nA dream\n", "utf-8")
    (tmp_path / "m.txt").write_text(
        ";FFMETADATA1\ntitle=Drift\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=Dusk\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\ntitle=Sea\n",
        "utf-8",
    )
    clip, whole = make("a.mp4", "-c:a", "aac", sound=TONE), tmp_path / "whole.mkv"
    ffmpeg(
        *("-i", str(clip), "-i", str(tmp_path / "s.srt"), "-i", str(tmp_path / "m.txt")),
        *("-map", "0", "-map", "1", "-map_metadata", "2", "-map_chapters", "2"),
        *("-metadata:s:a:0", "language=fra", "-c", "copy", str(whole)),
    )
    for name, codec, note in (("b.mkv", ("subrip", "srt"), False), ("b.mp4", ("mov_text",), True)):
        out = copy_film(whole, tmp_path / name)
        with av.open(str(tmp_path / name)) as film:
            assert film.metadata["title"] == "Drift"
            assert [c["metadata"]["title"] for c in film.chapters()] == ["Dusk", "Sea"]
            assert film.streams.audio[0].language == "fra"
            assert film.streams.subtitles[0].codec_context.name in codec
        words = [(t, d) for t, d in packets(tmp_path / name, "subtitle") if b"A dream" in d]
        assert [round(float(t), 3) for t, _ in words] == [0.2]
        assert any("mov_text" in n for n in out.notes) == note


def test_tracks_that_are_left_out_are_said(make: Make, tmp_path: Path) -> None:
    clip, cover, font = make("a.mp4", sound=TONE), tmp_path / "cover.png", tmp_path / "f.ttf"
    Image.new("RGB", (16, 16)).save(cover)
    font.write_bytes(b"letters")
    ffmpeg(
        *("-i", str(clip), "-i", str(clip), "-map", "0", "-map", "1:v", "-c", "copy"),
        *("-attach", str(font), "-metadata:s:t", "mimetype=font/ttf", str(tmp_path / "two.mkv")),
    )
    out = copy_film(tmp_path / "two.mkv", tmp_path / "b.mkv")
    assert any("video track 2 is omitted" in note for note in out.notes)
    assert any("attachment track 3 is omitted (f.ttf)" in note for note in out.notes)
    ffmpeg(
        *("-i", str(clip), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy"),
        *("-disposition:v:1", "attached_pic", "-timecode", "01:00:00:00"),
        str(tmp_path / "cover.mov"),
    )
    out = copy_film(tmp_path / "cover.mov", tmp_path / "c.mov")
    assert any("data track" in note for note in out.notes)
    out = copy_film(clip, tmp_path / "d.mp4")
    assert not any("omitted" in note for note in out.notes)


def test_a_cover_picture_left_out_is_said(make: Make, tmp_path: Path) -> None:
    clip, cover = make("a.mp4"), tmp_path / "cover.png"
    Image.new("RGB", (16, 16)).save(cover)
    ffmpeg(
        *("-i", str(clip), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy"),
        *("-disposition:v:1", "attached_pic", str(tmp_path / "covered.mp4")),
    )
    out = copy_film(tmp_path / "covered.mp4", tmp_path / "b.mp4")
    assert any("cover image is omitted" in note for note in out.notes)


def test_the_start_offset_is_kept(make: Make, tmp_path: Path) -> None:
    clip = make("a.mp4", "-output_ts_offset", "2", "-c:a", "aac", sound=TONE)
    copy_film(clip, tmp_path / "b.mp4")
    assert times(tmp_path / "b.mp4") == times(clip)
    assert times(clip)[0] == 2
    assert packets(tmp_path / "b.mp4", "audio") == packets(clip, "audio")


def test_a_stretch_takes_its_own_sound_along(make: Make, tmp_path: Path) -> None:
    long = "testsrc2=size=64x48:rate=24:duration=4"
    clip = make("a.mp4", "-c:a", "aac", source=long, sound="sine=frequency=440:duration=4")
    copy_film(clip, tmp_path / "b.mp4", start=Fraction(1), end=Fraction(2))
    assert times(tmp_path / "b.mp4") == [Fraction(n, 24) for n in range(24)]
    before = [p for p in packets(clip, "audio") if 1 <= p[0] < 2]
    after = packets(tmp_path / "b.mp4", "audio")
    assert [data for _, data in after] == [data for _, data in before]
    assert all(a == b - 1 for (a, _), (b, _) in zip(after, before, strict=True))


@pytest.mark.parametrize("name", ["b.mp4", "b.mkv"])
def test_subtitles_end_with_a_stretch(make: Make, tmp_path: Path, name: str) -> None:
    (tmp_path / "s.srt").write_text("1\n00:00:00,500 --> 00:00:03,900\nA dream\n", "utf-8")
    plain, clip = make("a.mp4", source="testsrc2=size=64x48:rate=24:duration=4"), tmp_path / "s.mkv"
    ffmpeg("-i", str(plain), "-i", str(tmp_path / "s.srt"), "-c:v", "copy", str(clip))
    copy_film(clip, tmp_path / name, end=Fraction(2))
    assert any(b"A dream" in data for _, data in packets(tmp_path / name, "subtitle"))
    with av.open(str(tmp_path / name)) as container:
        assert container.duration == 2_000_000


@pytest.mark.parametrize("name", ["b.mp4", "b.mkv"])
def test_a_subtitle_that_is_there_as_a_stretch_begins_is_kept(
    make: Make, tmp_path: Path, name: str
) -> None:
    cues = "1\n00:00:00,100 --> 00:00:00,900\nGone\n\n2\n00:00:00,500 --> 00:00:01,500\nHere\n"
    (tmp_path / "s.srt").write_text(cues, "utf-8")
    plain, clip = make("a.mp4", source="testsrc2=size=64x48:rate=24:duration=3"), tmp_path / "s.mkv"
    ffmpeg("-i", str(plain), "-i", str(tmp_path / "s.srt"), "-c:v", "copy", str(clip))
    copy_film(clip, tmp_path / name, start=Fraction(1))
    time, data = packets(tmp_path / name, "subtitle")[0]
    assert time == 0 and b"Here" in data
    with av.open(str(tmp_path / name)) as container:
        first = next(container.demux(subtitles=0))
        assert first.duration * first.time_base == Fraction(1, 2)


def test_an_mp4_begins_with_its_index(make: Make, tmp_path: Path) -> None:
    copy_film(make("a.mp4"), tmp_path / "b.mp4")
    data = (tmp_path / "b.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


# --- codecs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", sorted(n for n, c in CODECS.items() if c.pictures is None))
@pytest.mark.parametrize("bits", [8, 10])
def test_every_codec_keeps_times_count_and_colours(
    make: Make, tmp_path: Path, codec: str, bits: int
) -> None:
    known = CODECS[codec]
    if codec not in available_codecs():
        pytest.skip(f"no {known.encoder} here")
    deep = ("-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", "log-level=error")
    tags = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
    smooth = "testsrc2=size=256x128:rate=24:duration=0.25,gblur=sigma=8"
    options = ("-vf", f"format=yuv420p,{tags}") if bits == 8 else ("-vf", tags, *deep)
    clip, target = make("a.mp4", *options, source=smooth), tmp_path / f"b{known.suffixes[0]}"
    out = copy_film(clip, target, codec=codec)
    before, after = frames_of(clip), frames_of(target)
    assert [frame.time for frame in after] == [Fraction(n, 24) for n in range(6)]
    assert any("stores 8" in note for note in out.notes) == (bits == 10 and 10 not in known.pixels)
    for a, b in zip(before, after, strict=True):
        top = [float(np.iinfo(frame.array.dtype).max) for frame in (a, b)]
        error = b.array / top[1] - a.array / top[0]
        assert abs(error.mean()) * 255 < 0.5
        assert np.abs(error).mean() * 255 < (6 if known.encoder == "hap" else 1.5)
    if known.encoder != "hap":  # whose decoder tells no tags
        with VideoReader(target) as film:
            assert film.info.primaries == "bt709"
            assert film.info.bits == (10 if known.is_deep(bits) else 8)


def test_an_unknown_codec_names_its_neighbours() -> None:
    with pytest.raises(UsageError, match=r"unknown codec 'h246'.*h264"):
        codec_named("h246")


def test_a_codec_and_a_name_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.webm"):
        VideoWriter(tmp_path / "a.webm", like=GREY)
    with (
        pytest.raises(UsageError, match="too small for dnxhr"),
        PartWriter(tmp_path / "p", like=GREY, codec="dnxhr") as part,
    ):
        part.write(*steady(1)[0])


@pytest.mark.parametrize(("codec", "crf"), [("h264", 60), ("h264", -1), ("prores", 10)])
def test_a_crf_out_of_range_is_refused(tmp_path: Path, codec: str, crf: float) -> None:
    with pytest.raises(UsageError, match="crf"):
        PartWriter(tmp_path / "p", like=GREY, codec=codec, crf=crf)


@pytest.mark.parametrize("size", [(31, 17), (1, 1), (64, 47)])
def test_odd_sizes_are_padded_and_said(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    grey = torch.rand(1, height, width, generator=torch.Generator().manual_seed(0))
    image = grey.expand(3, -1, -1)
    with VideoWriter(tmp_path / "a.mp4", like=FilmInfo.plain(*size, Fraction(5)), crf=1) as out:
        for n in range(3):
            out.write(image, Fraction(n, 5))
    shown = frames_of(tmp_path / "a.mp4")[0].array
    assert shown.shape == (height + height % 2, width + width % 2, 3)
    assert any(f"padded from {width}x{height}" in note for note in out.notes)
    luma = shown.astype(float).mean(axis=2)
    wanted = image.mean(dim=0).numpy() * 255
    assert np.abs(luma[:height, :width] - wanted).mean() < 2


# --- pictures -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["b.gif", "b.webp"])
def test_an_animation_holds_every_frame(tmp_path: Path, name: str) -> None:
    with VideoWriter(tmp_path / name, like=FilmInfo.plain(64, 48, Fraction(10))) as out:
        for n, (image, _) in enumerate(steady(6)):
            out.write(image, Fraction(n, 10))
    with Image.open(tmp_path / name) as picture:
        assert picture.n_frames == 6  # type: ignore[attr-defined]
        assert picture.info.get("loop", 0) == 0
        picture.seek(1)
        picture.load()
        assert picture.info["duration"] == 100
        assert picture.convert("RGB").getpixel((30, 20)) == pytest.approx((102, 102, 102), abs=6)
    assert os.listdir(tmp_path) == [name]


def test_numbered_pictures_are_exact(tmp_path: Path) -> None:
    images = steady(4)
    with VideoWriter(tmp_path / "f_%03d.png", like=GREY) as out:
        for image, time in images:
            out.write(image, time)
    names = sorted(os.listdir(tmp_path))
    assert names == [f"f_{n:03d}.png" for n in range(1, 5)]
    for name, (image, _) in zip(names, images, strict=True):
        with Image.open(tmp_path / name) as picture:
            found = to_image(np.asarray(picture.convert("RGB")))
        assert (found - image).abs().max() <= 0.5 / 255 + 1e-6
    with pytest.raises(OutputExists):
        VideoWriter(tmp_path / "f_%03d.png", like=GREY)
    with pytest.raises(UsageError, match="cannot hold all frames"):
        VideoWriter(tmp_path / "f.png", like=GREY)


# --- where it goes ----------------------------------------------------------------------------


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "a.mp4", like=GREY) as out:
        out.write(*steady(1)[0])
        assert not (tmp_path / "a.mp4").exists()
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_a_film_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no frame"), VideoWriter(tmp_path / "a.mp4", like=GREY):
        pass
    assert os.listdir(tmp_path) == []


def test_what_is_there_is_not_overwritten_without_permission(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_text("precious")
    with pytest.raises(OutputExists, match=r"a\.mp4"):
        VideoWriter(target, like=GREY)
    assert target.read_text() == "precious"
    with VideoWriter(target, like=GREY, overwrite=True) as out:
        out.write(*steady(1)[0])
        assert target.read_text() == "precious"
    assert len(frames_of(target)) == 1
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~_umask()


def test_the_source_is_never_the_target(make: Make, tmp_path: Path) -> None:
    clip = make("a.mp4")
    (tmp_path / "link.mp4").symlink_to(clip)
    with VideoReader(clip) as film:
        for name in ("a.mp4", "link.mp4"):
            with pytest.raises(UsageError, match="source"):
                VideoWriter(tmp_path / name, like=film.info, overwrite=True)


def test_pictures_never_overwrite_the_pictures_they_come_from(tmp_path: Path) -> None:
    for n in range(3):
        Image.new("RGB", (20, 10)).save(tmp_path / f"f_{n}.png")
    for source in (tmp_path, tmp_path / "f_%d.png", tmp_path / "f_1.png"):
        with VideoReader(source) as film, pytest.raises(UsageError, match="source file"):
            VideoWriter(tmp_path / "f_%03d.png", like=film.info, overwrite=True)
        with VideoReader(source) as film:
            VideoWriter(tmp_path / "g_%03d.png", like=film.info).abort()


def test_a_folder_that_cannot_be_written_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        VideoWriter(tmp_path / "none" / "a.mp4", like=GREY)
    with pytest.raises(UsageError, match="not writable"):
        VideoWriter("/proc/a.mp4", like=GREY)


@pytest.mark.parametrize("name", ["a b.mp4", "it's.mp4", "-y.mp4", "a:b.mp4", "夢.mp4", "5%d.mp4"])
def test_any_name_will_do(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    copy_film(make("plain.mp4", sound=TONE), Path(name))
    assert len(frames_of(Path(name))) == 24


def test_frames_must_advance_and_keep_their_size(tmp_path: Path) -> None:
    (image, _), *_ = steady(1)
    with (
        pytest.raises(UsageError, match="not later than the last"),
        VideoWriter(tmp_path / "a.mp4", like=GREY) as out,
    ):
        out.write(image, Fraction(1))
        out.write(image, Fraction(1))
    with (
        pytest.raises(UsageError, match="the film"),
        VideoWriter(tmp_path / "a.mp4", like=GREY) as out,
    ):
        out.write(image, Fraction(0))
        out.write(image[:, :10], Fraction(1))
    assert os.listdir(tmp_path) == []


def test_a_dead_encoder_is_reported_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = ("-preset", "no-such-preset")
    monkeypatch.setitem(CODECS, "h264", _with_options(spoilt))
    with (
        pytest.raises(DreamvidError, match="ffmpeg failed with exit code"),
        VideoWriter(tmp_path / "a.mp4", like=GREY) as out,
    ):
        for image, time in steady(60):
            out.write(image, time)
    assert os.listdir(tmp_path) == []


def _with_options(options: tuple[str, ...]) -> object:
    return replace(CODECS["h264"], options=options)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_without_times_frames_follow_at_the_films_rate(tmp_path: Path) -> None:
    info = FilmInfo.plain(32, 32, Fraction(24000, 1001), 3)
    with VideoWriter(tmp_path / "out.mp4", like=info) as out:
        for _ in range(3):
            out.write(torch.full((3, 32, 32), 0.5))
    with VideoReader(tmp_path / "out.mp4") as film:
        assert [frame.time for frame in film] == [Fraction(1001, 24000) * k for k in range(3)]
