"""What bad input gets: one line with what, where and what to do, the right code, and no litter."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from cli_kit import QUICK, Told, child, dreamvid, frames_of, write_film, write_sound
from PIL import Image
from safetensors.torch import save_file

from dreamvid.networks import zoo


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@pytest.fixture
def refused(tmp_path: Path):
    """Run a command that must fail with this code, this line, and leave everything as it was."""

    def run(code: int, *needles: str, command: list[object]) -> Told:
        before = tree(tmp_path)
        told = dreamvid(*command)
        assert told.code == code, told.err
        for needle in needles:
            assert needle in told.line
        assert tree(tmp_path) == before
        return told

    return run


@pytest.fixture
def bad_film(tmp_path: Path, refused):
    """Dream a film that must be refused."""

    def run(source: Path | str, *needles: str, code: int = 3, options=()) -> Told:
        out = tmp_path / "out.mp4"
        return refused(code, *needles, command=["video", source, "-o", out, *QUICK, *options])

    return run


# --- inputs that cannot be read --------------------------------------------------------------


def test_missing_film(bad_film, tmp_path):
    bad_film(tmp_path / "no.mp4", "no.mp4: no such file; check the path")


def test_missing_picture(refused, tmp_path):
    command = ["image", tmp_path / "no.png", "-o", tmp_path / "out.png"]
    refused(3, "no.png: no such file; check the path", command=command)


def test_an_address_is_no_file(bad_film, refused, tmp_path):
    needle = "no such file; download it first; only local files are read"
    bad_film("https://example.com/film.mp4", needle)
    command = ["image", "https://example.com/a.png", "-o", tmp_path / "out.png"]
    refused(3, needle, command=command)


def test_text_named_mp4(bad_film, tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("This is not a film.\n" * 100)
    bad_film(path, "text.mp4: not a readable film")


def test_text_named_png(refused, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    command = ["image", tmp_path / "text.png", "-o", tmp_path / "out.png"]
    refused(3, "text.png: not a readable picture", command=command)


def test_empty_file(bad_film, tmp_path):
    (tmp_path / "empty.mp4").touch()
    bad_film(tmp_path / "empty.mp4", "empty.mp4: the file is empty")


def test_empty_picture(refused, tmp_path):
    (tmp_path / "empty.png").touch()
    command = ["image", tmp_path / "empty.png", "-o", tmp_path / "out.png"]
    refused(3, "empty.png: the file is empty; copy it again", command=command)


def test_folder_without_pictures(bad_film, tmp_path):
    (tmp_path / "folder").mkdir()
    bad_film(tmp_path / "folder", "folder: no images found")


def test_sound_only(bad_film, tmp_path):
    write_sound(tmp_path / "sound.mp4")
    bad_film(tmp_path / "sound.mp4", "sound.mp4: no video track (only audio)")


def test_ffconcat_script(bad_film, tmp_path, film):
    shutil.copy(film, tmp_path / "secret.mp4")
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile secret.mp4\n")
    bad_film(tmp_path / "list.mp4", "list.mp4: not a readable film")


def test_a_film_cut_off_before_its_index(bad_film, tmp_path, film):
    whole = film.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    bad_film(tmp_path / "cut.mp4", "cut.mp4: the file is truncated: its index (moov)")


def test_a_picture_of_60000x60000(refused, tmp_path):
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    path = tmp_path / "huge.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with path.open("ab") as file:
        for kind, data in chunks:
            check = zlib.crc32(kind + data)
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check))
    command = ["image", path, "-o", tmp_path / "out.png"]
    refused(3, "huge.png: ", "60000x60000", command=command)
    command = ["video", path, "-o", tmp_path / "out.mp4", *QUICK]
    refused(3, "huge.png: ", command=command)


# --- inputs that are damaged, small, or oddly named ------------------------------------------


def test_a_film_cut_in_the_middle_is_dreamed_as_far_as_it_goes(tmp_path):
    film = write_film(tmp_path / "film.mkv", frames=40)
    whole = film.read_bytes()
    film.write_bytes(whole[: len(whole) * 6 // 10])
    told = dreamvid("video", film, "-o", tmp_path / "out.mp4", *QUICK)
    assert told.code == 5
    assert "missing" in told.err.splitlines()[-1]
    assert "Traceback" not in told.err
    assert 4 < frames_of(tmp_path / "out.mp4") < 40


@pytest.mark.parametrize("command", ["loop", "measure"])
def test_a_film_cut_in_the_middle_is_looped_and_measured_and_reported(tmp_path, command):
    film = write_film(tmp_path / "film.mkv", frames=40)
    whole = film.read_bytes()
    film.write_bytes(whole[: len(whole) * 6 // 10])
    out = tmp_path / "out.mp4"
    rest = [film, "--json"] if command == "measure" else ["--kind", "film", "--fade", 3, "-o", out]
    told = dreamvid(command, film, *rest)
    last = told.err.splitlines()[-1]
    assert (told.code, "film.mkv: the last" in last, "missing; " in last) == (5, True, True)
    if command == "loop":
        assert "out.mp4 holds the frames that could be read" in last
        assert frames_of(out) > 3
    else:
        assert json.loads(told.out)["dreamed"]["frames"] > 9


def test_damaged_bytes_are_reported_and_what_is_there_is_dreamed(tmp_path):
    film = write_film(tmp_path / "film.mp4", frames=40)
    whole = bytearray(film.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 600] = np.random.default_rng(1).bytes(600)
    film.write_bytes(whole)
    told = dreamvid("video", film, "-o", tmp_path / "out.mp4", *QUICK)
    assert told.code == 5
    last = told.err.splitlines()[-1]
    assert "damaged" in last or "missing" in last
    assert "out.mp4 holds the frames that could be read" in last
    assert frames_of(tmp_path / "out.mp4") > 20


@pytest.mark.parametrize("size", [(1, 1), (31, 17)])
def test_tiny_films_are_dreamed_or_refused_in_a_line(tmp_path, size):
    film = write_film(tmp_path / "film.mkv", frames=3, size=size, codec="ffv1")
    told = dreamvid("video", film, "-o", tmp_path / "out.mp4", *QUICK)
    if told.code:
        assert (told.code, told.line.count("film.mkv")) == (3, 1)
        assert not (tmp_path / "out.mp4").exists()
    else:
        assert frames_of(tmp_path / "out.mp4") == 3


@pytest.mark.parametrize("size", [(1, 1), (31, 17)])
def test_tiny_pictures_are_dreamed_or_refused_in_a_line(tmp_path, size):
    Image.new("RGB", size, (90, 120, 150)).save(tmp_path / "dot.png")
    out = tmp_path / "out.png"
    told = dreamvid("image", tmp_path / "dot.png", "-o", out, *QUICK)
    if told.code:
        assert (told.code, out.exists()) == (3, False)
        assert "dot.png" in told.line
    else:
        with Image.open(out) as dreamed:
            assert dreamed.size == size


ODD_NAMES = (
    "with space.mp4", "it's \"quoted\".mp4", "a:b.mp4", "http:x.mp4", "grüße-映画.mp4", "100%.mp4",
    "[red]x[.mp4", "new\nline.mp4", "concat:a|b.mp4", "?*.mp4",
)  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_in_and_out(tmp_path, monkeypatch, film, name):
    monkeypatch.chdir(tmp_path)
    shutil.copy(film, name)
    told = dreamvid("video", name, "-o", f"out {name}", "--frames", 2, *QUICK)
    assert told.code == 0, told.err
    assert frames_of(tmp_path / f"out {name}") == 2
    again = dreamvid("video", "--from", f"out {name}", "-o", "again.mp4")
    assert again.code == 0, again.err
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / f"out {name}").read_bytes()


def test_a_name_with_a_leading_dash(tmp_path, monkeypatch, film):
    monkeypatch.chdir(tmp_path)
    shutil.copy(film, "-film.mp4")
    told = dreamvid("video", "-film.mp4", "-o", "out.mp4", *QUICK)
    assert told.code == 2
    assert "./-film.mp4" in told.line
    told = dreamvid("video", "./-film.mp4", "-o", "./-out.mp4", "--frames", 2, *QUICK)
    assert told.code == 0, told.err
    assert frames_of(tmp_path / "-out.mp4") == 2
    told = dreamvid("video", "-y", "-o", "out.mp4", "--frames", 2, *QUICK, "--", "-film.mp4")
    assert told.code == 0, told.err


def test_names_that_are_no_utf8(tmp_path, monkeypatch, film):
    monkeypatch.chdir(tmp_path)
    source, picture, out, again = (
        os.fsdecode(b"caf\xe9" + end) for end in (b".mp4", b".png", b"-out.mp4", b"-again.mp4")
    )
    shutil.copy(film, source)
    Image.effect_noise((64, 48), 60).convert("RGB").save(picture)
    told = child("video", source, "-o", out, "--guide", picture, "--frames", 2, *QUICK)
    assert told.code == 0, told.err
    assert told.err.endswith("caf\\udce9-out.mp4: 2 frames\n")
    assert "\\" not in Path(out + ".dreamvid.toml").read_text(encoding="utf-8")
    told = dreamvid("video", "--from", out, "-o", again)
    assert (told.code, "may differ from the earlier run" in told.err) == (0, False)
    assert Path(again).read_bytes() == Path(out).read_bytes()
    assert dreamvid("image", picture, "-o", picture + ".png", *QUICK).code == 0


# --- outputs that cannot be written ----------------------------------------------------------


def test_output_exists(refused, tmp_path, film):
    out = tmp_path / "out.mp4"
    out.write_text("precious")
    command = ["video", film, "-o", out, *QUICK]
    refused(4, "out.mp4: already exists; use another name, or -y", command=command)
    assert dreamvid(*command, "-y", "--frames", 2).code == 0
    assert frames_of(out) == 2


def test_output_picture_exists(refused, tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "in.png")
    (tmp_path / "out.png").write_text("precious")
    command = ["image", tmp_path / "in.png", "-o", tmp_path / "out.png", *QUICK]
    refused(4, "out.png: already exists", "-y", command=command)


def test_output_is_a_link_to_itself(tmp_path, film):
    out = tmp_path / "out.mp4"
    out.symlink_to(out)
    told = dreamvid("video", film, "-o", out, "-y", "--frames", 2, *QUICK)
    assert (told.code, told.err.splitlines()[-1]) == (0, f"{out}: 2 frames")
    assert frames_of(out) == 2


def test_output_is_the_source(refused, tmp_path, film):
    shutil.copy(film, tmp_path / "film.mp4")
    command = ["video", tmp_path / "film.mp4", "-o", tmp_path / "film.mp4", "-y", *QUICK]
    refused(2, "film.mp4: the output is the source file; use another name", command=command)


@pytest.mark.parametrize("flag", ["guide", "palette"])
@pytest.mark.parametrize("kind", ["image", "zoom"])
def test_output_is_the_guide_or_the_palette(refused, tmp_path, kind, flag):
    Image.new("RGB", (64, 48)).save(tmp_path / "in.png")
    out = tmp_path / "guide.gif"
    Image.new("RGB", (64, 48)).save(out)
    command = [kind, tmp_path / "in.png", "-o", out, f"--{flag}", out, "-y", *QUICK]
    refused(2, f"guide.gif: the output is a {flag} file; use another name", command=command)


def test_output_is_the_audio(refused, tmp_path, film):
    out = tmp_path / "song.mp4"
    shutil.copy(film, out)
    command = ["video", film, "-o", out, "--audio", out, "-y", *QUICK]
    refused(2, "song.mp4: the output is a sound file; use another name", command=command)


@pytest.mark.parametrize("flag", ["guide", "palette"])
def test_a_file_without_a_name(refused, tmp_path, film, flag):
    command = ["video", film, "-o", tmp_path / "out.mp4", f"--{flag}", "", *QUICK]
    refused(2, f"{flag} = '': must be the name of a file; see --help", command=command)


def test_output_picture_is_the_source(refused, tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "in.png")
    command = ["image", tmp_path / "in.png", "-o", tmp_path / "in.png", "-y", *QUICK]
    refused(2, "in.png: the output is the source file; use another name", command=command)


@pytest.mark.parametrize("kind", ["video", "image"])
def test_output_folder_missing(refused, tmp_path, film, kind):
    Image.new("RGB", (64, 48)).save(tmp_path / "in.png")
    source, name = (film, "out.mp4") if kind == "video" else (tmp_path / "in.png", "out.png")
    command = [kind, source, "-o", tmp_path / "no" / name, *QUICK]
    refused(2, "no: no such folder; create it first", command=command)


@pytest.mark.parametrize("kind", ["video", "image"])
def test_output_is_a_folder(refused, tmp_path, film, kind):
    Image.new("RGB", (64, 48)).save(tmp_path / "in.png")
    source, name = (film, "out.mp4") if kind == "video" else (tmp_path / "in.png", "out.png")
    (tmp_path / name).mkdir()
    command = [kind, source, "-o", tmp_path / name, "-y", *QUICK]
    refused(2, f"{name}: the output is a folder", command=command)


@pytest.mark.parametrize("name", ["out.txt", "out", "out.png", ".mp4"])
def test_output_name_that_says_no_film(refused, tmp_path, film, name):
    told = refused(2, name, "; ", command=["video", film, "-o", tmp_path / name, *QUICK])
    assert len(told.line) < 400


@pytest.mark.parametrize("kind", ["video", "image"])
def test_output_name_without_a_format(refused, tmp_path, film, kind):
    Image.new("RGB", (64, 48)).save(tmp_path / "in.png")
    source = film if kind == "video" else tmp_path / "in.png"
    told = refused(
        2, ".: the output name has no file extension; ", command=[kind, source, "-o", "."]
    )
    assert (".mp4" if kind == "video" else ".png") in told.line


def test_output_picture_of_unknown_kind(refused, tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "in.png")
    command = ["image", tmp_path / "in.png", "-o", tmp_path / "out.xyz", *QUICK]
    refused(2, "out.xyz: ", ".png", command=command)


@pytest.fixture
def mounted(tmp_path: Path):
    """Mount a small file system in memory; skip where that is not allowed."""
    folder, made = tmp_path / "mounted", []

    def mount(options: str) -> Path:
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("cannot mount here")
        made.append(folder)
        return folder

    yield mount
    for each in made:
        subprocess.run(["umount", str(each)], check=True)


def test_read_only_folder(mounted, film):
    folder = mounted("ro,size=64k")
    told = dreamvid("video", film, "-o", folder / "out.mp4", *QUICK)
    assert told.code == 2
    assert "mounted: the folder is not writable; use another folder" in told.line


def test_read_only_folder_for_a_picture(mounted, tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "in.png")
    told = dreamvid("image", tmp_path / "in.png", "-o", mounted("ro,size=64k") / "o.png", *QUICK)
    assert told.code == 2
    assert "mounted: the folder is not writable; use another folder" in told.line


@pytest.mark.parametrize("size", ["4k", "16k", "64k", "400k"])
def test_disk_full(mounted, tmp_path, size):
    film = write_film(tmp_path / "film.mp4", frames=24, size=(192, 160))
    folder = mounted(f"size={size}")
    out = folder / "out.mkv"
    told = dreamvid("video", film, "-o", out, "--codec", "ffv1", *QUICK, "-q")
    assert told.code == 7, told.err
    assert "make room" in told.line
    assert not out.exists()
    assert [p.name for p in folder.iterdir() if not p.name.endswith(".parts")] == []


def test_disk_full_for_a_picture(mounted, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "in.png")
    folder = mounted("size=16k")
    told = dreamvid("image", tmp_path / "in.png", "-o", folder / "out.png", *QUICK)
    assert told.code == 7, told.err
    assert "make room" in told.line
    assert list(folder.iterdir()) == []


# --- values that cannot be used --------------------------------------------------------------

USAGE = {
    "--frames 0": "frames",
    "--frames -1": "frames",
    "--frames 1.5": "frames",
    "--frames x": "frames",
    "--strength nan": "strength",
    "--strength -1": "strength",
    "--strength inf": "strength",
    "--stability nan": "stability",
    "--stability -0.1": "stability",
    "--stability 1.1": "stability",
    "--step nan": "step",
    "--step 0": "step",
    "--octaves 0": "octaves",
    "--octave-scale 1": "octave_scale",
    "--octave-scale nan": "octave_scale",
    "--iterations 0": "iterations",
    "--seed -1": "seed",
    "--tile 5": "tile",
    "--start -1": "start",
    "--start nan": "start",
    "--start x": "start",
    "--start 1e999999999": "start",
    "--start 0.2 --end 0.1": "end",
    "--start 100": "no frame at or after 100 s",
    "--width 0": "width",
    "--width 99999": "width",
    "--size 64": "size = '64': must be a width and a height such as 1280x720",
    "--size 0x0": "size",
    "--dream-size 960x": "dream_size = '960x': must be a width such as 960, a size such as 960x540",
    "--dream-size 4": "dream_size = '4': sides must be 16 to 16384",
    "--size 64x99999999999": "size",
    "--rate 0": "rate",
    "--rate -1": "rate = '-1': must be frames per second such as 25 or 24000/1001",
    "--rate abc": "rate = 'abc': must be frames per second",
    "--rate 12": "rate: applies only to image sequences",
    "--size 64x48 --width 64": "size and width: give only one of them",
    "--size 64x48 --height 48": "size and height: give only one of them",
    "--label owl --layer 4c": "label and layer: give only one of them",
    "--label owl --guide a.png": "label and guide: give only one of them",
    "--crf -1": "crf",
    "--crf 60": "crf",
    "--crf nan": "crf",
    "--device abacus": "device",
    "--flow river": "flow",
    "--codec h26": "unknown codec 'h26'; use h26",
    "--codec nope": "unknown codec 'nope'; use h264, h265, av1, webm, prores,",
    "--preset wld": "unknown preset 'wld'; did you mean wild?",
    "--model googlenett": "did you mean googlenet",
    "--layer 4x": "efficientnet_lite0 has no layer '4x'; did you mean 4",
    "--layer 4c:x": "cannot read layer '4c:x'",
    "--layer 4c*nan": "nan",
    "--layer 4c*0": "the weights add up to zero; change them, or use --strength 0",
    "--layer 4c --layer 4c*-1": "the weights add up to zero",
    "--layer 4c:99999": "99999",
    "--layer 4c:-1": "-1",
    "--label unicornfish": "unknown label 'unicornfish'",
    "--sed 3": "--seed",
    "--frames": "--frames",
    "more.mp4": "more.mp4",
}


@pytest.mark.parametrize("options", USAGE)
def test_values_that_cannot_be_used(bad_film, film, options):
    told = bad_film(film, USAGE[options], code=2, options=options.split())
    assert "; " in told.line or "known:" in told.line, "no remedy"
    assert len(told.line) < 400


def test_cuda_where_there_is_none(bad_film, film):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    bad_film(film, "device 'cuda' is not available", "auto", code=2, options=["--device", "cuda"])


def test_unknown_command_and_missing_source(refused, film):
    refused(2, "vide", "video", command=["vide", film])
    refused(2, "no film given", command=["video", "-o", "out.mp4"])
    refused(2, "MODEL", command=["layers"])


def test_layers_of_an_unknown_network(refused):
    refused(2, "unknown network 'vgg17'; did you mean vgg1", command=["layers", "vgg17"])


# --- settings files --------------------------------------------------------------------------

SETTINGS = {
    "not = [toml": (3, "not a readable settings file"),
    "[dream]\noctave = 3": (2, "dream.octave = 3: unknown setting; see --help, or use the"),
    "[dreams]\n[made]\nsource = 'a.mp4'": (2, "is the sidecar of a film; give it to --from"),
    "[dreams]\noctaves = 3": (2, "dreams"),
    "[dream]\noctaves = 'many'": (2, "octaves"),
    "[dream]\nlabel = 'owl'\nlayer = ['4c']": (2, "dream: label and layer: give only one of them"),
    "[dream]\nstrength = nan": (2, "strength"),
    "dream = 3": (2, "dream"),
}


@pytest.mark.parametrize("text", SETTINGS)
def test_bad_settings_files(refused, film, tmp_path, text):
    path = tmp_path / "my.toml"
    path.write_text(text)
    code, needle = SETTINGS[text]
    command = ["video", film, "-o", tmp_path / "out.mp4", "--settings", path]
    refused(code, "my.toml: ", needle, command=command)


def test_settings_of_absurd_size_are_refused_in_a_short_line(refused, film, tmp_path):
    for code, needle, text in (
        (3, "nested too deeply", "a = " + "[" * 20_000),
        (3, "digits", "[dream]\nseed = " + "9" * 100_000),
        (2, "more than 1000 characters", f'[dream]\nlayer = ["{"x" * 5_000_000}"]'),
    ):
        (tmp_path / "my.toml").write_text(text)
        command = ["video", film, "-o", tmp_path / "out.mp4", "--settings", tmp_path / "my.toml"]
        assert len(refused(code, needle, command=command).line) < 500


def test_missing_settings_file(bad_film, film, tmp_path):
    bad_film(film, "no.toml", code=3, options=["--settings", tmp_path / "no.toml"])


def test_from_a_film_without_a_record(refused, tmp_path, film):
    command = ["video", "--from", film, "-o", tmp_path / "out.mp4"]
    refused(3, "film.mp4.dreamvid.toml", command=command)


def test_from_what_is_no_sidecar(refused, tmp_path, film):
    for text in ("made = 3", "[made]\nversions = 3"):
        (tmp_path / "a.toml").write_text(text)
        command = ["video", film, "--from", tmp_path / "a.toml", "-o", tmp_path / "out.mp4"]
        refused(3, "a.toml: not a sidecar; give a sidecar written by dreamvid", command=command)


def test_from_a_film_of_another_command(refused, tmp_path, film):
    made = dreamvid("video", film, "-o", tmp_path / "a.mp4", "--frames", 1, *QUICK)
    assert made.code == 0, made.err
    command = ["zoom", "--from", tmp_path / "a.mp4", "-o", tmp_path / "out.mp4"]
    refused(2, "a.mp4: was made by dreamvid video; use dreamvid video --from ", command=command)


def test_from_a_film_whose_source_is_gone(refused, tmp_path, film):
    shutil.copy(film, tmp_path / "in.mp4")
    made = dreamvid("video", tmp_path / "in.mp4", "-o", tmp_path / "a.mp4", "--frames", 1, *QUICK)
    assert made.code == 0, made.err
    (tmp_path / "in.mp4").unlink()
    command = ["video", "--from", tmp_path / "a.mp4", "-o", tmp_path / "out.mp4"]
    told = refused(3, command=command).line
    assert told == (
        f"dreamvid: {tmp_path / 'a.mp4.dreamvid.toml'}: its source in.mp4 is not there; "
        "give the source as well, before --from"
    )


# --- ffmpeg ----------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["missing", "/bin/true", "/bin/false"])
def test_an_ffmpeg_that_does_not_work_is_named(film, tmp_path, wrong):
    path = tmp_path / "ffmpeg" if wrong == "missing" else Path(wrong)
    environment = {**os.environ, "IMAGEIO_FFMPEG_EXE": str(path)}
    command = [sys.executable, "-m", "dreamvid", "video", film, "-o", tmp_path / "out.mp4"]
    told = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert told.returncode == 6
    assert told.stderr.startswith(f"dreamvid: ffmpeg: {path} is not an ffmpeg that works (")
    remedy = "; set IMAGEIO_FFMPEG_EXE to the path of an ffmpeg, or unset it\n"
    assert told.stderr.endswith(remedy)


@pytest.mark.parametrize("name", [".out.mp4.draft", ".out.mp4.dreamvid.toml.draft"])
def test_a_folder_with_the_name_of_a_draft_is_named(refused, film, tmp_path, name):
    (tmp_path / name).mkdir()
    command = ["video", film, "-o", tmp_path / "out.mp4", *QUICK]
    refused(2, f"{name}: a folder has this name; remove it", command=command)


# --- weights ---------------------------------------------------------------------------------


class Trap:
    """Writes a file when it is unpickled by something that runs what it reads."""

    def __reduce__(self):
        return (Path.touch, (Path("sprung"),))


def _pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Trap()))


def _list(path: Path) -> None:
    torch.save([1, 2, 3], path)


def _text(path: Path) -> None:
    path.write_text("weights, honestly")


def _empty(path: Path) -> None:
    path.touch()


def _module(path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), path)


@pytest.mark.parametrize("make", [_pickle, _list, _text, _empty, _module])
def test_weights_that_are_no_state_dict(bad_film, film, tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "w.pth")
    options = ["--model", "squeezenet1_0", "--weights", tmp_path / "w.pth"]
    told = bad_film(film, "w.pth: ", options=options)
    assert len(told.line) < 400


def test_weights_of_another_network(bad_film, film, tmp_path):
    state = zoo.architecture("squeezenet1_1").to_empty(device="cpu").state_dict()
    torch.save(state, tmp_path / "w.pth")
    options = ["--model", "googlenet", "--weights", tmp_path / "w.pth"]
    bad_film(film, "w.pth: not the weights of googlenet", "squeezenet1_1", options=options)


def test_weights_without_the_name_of_their_network(bad_film, film, tmp_path):
    """The bestiary's weights come as a network file; those of ImageNet networks fit by name."""
    state = zoo.architecture("squeezenet1_1").to_empty(device="cpu").state_dict()
    torch.save(state, tmp_path / "w.pth")
    save_file(state, tmp_path / "w.safetensors")
    for name in ("w.pth", "w.safetensors"):
        options = ["--weights", tmp_path / name]
        bad_film(
            film, f"{name}: not the weights of efficientnet_lite0", "squeezenet1_1", options=options
        )
        needle, options = "give --model NAME --weights FILE", [*options, "--model", "bestiary"]
        bad_film(film, f"{name}: not a", needle, options=options)


def test_safetensors_that_are_no_network(bad_film, film, tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "w.safetensors")
    bad_film(film, "w.safetensors: not a network", options=["--model", tmp_path / "w.safetensors"])


def test_missing_weights_file(bad_film, film, tmp_path):
    options = ["--model", "vgg16", "--weights", tmp_path / "no.pth"]
    bad_film(film, "no.pth: no such weights file", options=options)
    needle = "no.safetensors: no such file; check the path"
    bad_film(film, needle, options=["--model", tmp_path / "no.safetensors"])


def test_no_network_for_a_download(bad_film, film, tmp_path, monkeypatch):
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path / "cache"))
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    options = ["--model", "squeezenet1_1"]
    needle = "cannot download the weights of squeezenet1_1"
    bad_film(film, needle, "--weights", code=6, options=options)
    bad_film(
        film,
        "the weights of squeezenet1_1 are not in the cache",
        code=6,
        options=[*options, "--offline"],
    )


# --- measure ---------------------------------------------------------------------------------


def test_measure_refuses_what_is_no_pair(refused, tmp_path, film):
    refused(3, "no.mp4: no such file", command=["measure", film, tmp_path / "no.mp4"])
    wide = write_film(tmp_path / "wide.mkv", frames=2, size=(160, 48))
    refused(2, "160x48", "64x48", command=["measure", film, wide])
    refused(2, "has no layer 'x'", command=["measure", film, film, "--layer", "x"])
    needle = "width: the source is measured at the size of the dreamed film"
    refused(2, needle, command=["measure", film, film, "--width", 32])
    needle = needle.replace("width", "dream_size")
    refused(2, needle, command=["measure", film, film, "--dream-size", 32])
    needle = "rate: applies only to image sequences"
    refused(2, needle, command=["measure", film, film, "--rate", 30])


def test_measure_of_one_film_refuses_what_takes_a_source(refused, film):
    for flag, value in (("--independent", film), ("--start", 0), ("--end", 1)):
        needle = f"{flag.strip('-')}: needs a dream that has a source"
        refused(2, needle, command=["measure", film, flag, value])


def test_bench_refuses_unknown_parts(refused):
    says = "bench: unknown part 'speed'; use step, objects, video, memory, loop, zoom, film"
    refused(2, says, command=["bench", "speed"])
