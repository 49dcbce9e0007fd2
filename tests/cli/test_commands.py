"""The commands, their help, and what they print."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_kit import QUICK, Told, dreamvid, environment, frames_of, write_film
from PIL import Image

from dreamvid.bestiary.atlas import GAP
from dreamvid.cli import app, failures
from dreamvid.cli.app import run
from dreamvid.commands.preset_sheet import LETTERS
from dreamvid.errors import Interrupted
from dreamvid.settings import presets
from dreamvid.settings.toml import read_toml

DIFFERS = "the output may differ from the earlier run; changed"
COMMANDS = [name for group in app.COMMANDS.values() for name, *_ in group]


# --- help ------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys; from dreamvid.cli.app import run; code = run(sys.argv[1:]);"
        "heavy = {'torch', 'numpy', 'cv2', 'av', 'pydantic', 'PIL', 'rich.progress'};"
        "sys.exit(f'{code} {heavy & set(sys.modules)}')"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    assert done.stderr.strip() == "0 set()"


def test_help_names_every_command_in_groups():
    told = dreamvid("--help")
    assert told.code == 0
    places = [told.out.index(f" {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert [told.out.index(f"─ {title} ─") for title in app.COMMANDS] == sorted(
        told.out.index(f"─ {title} ─") for title in app.COMMANDS
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command):
    told = dreamvid(command, "--help")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith(f"Usage: dreamvid {command}")
    for artefact in ("--empty-", "--no-offline", "--no-json", "[default: ()]", "False", "None",
                     "FRACTION", "--source"):  # fmt: skip
        assert artefact not in told.out


def test_help_of_video_tells_defaults_and_presets():
    told = re.sub(r"[\s│]+", " ", dreamvid("video", "--help").out)
    assert "--stability FLOAT Temporal stability" in told
    assert "--cuts --no-cuts Restart the dream at cuts. [default: on]" in told
    assert "--start TIME" in told
    assert ", ".join(presets.names()) in told
    assert "--yes -y Overwrite the output. --quiet" in told
    assert "resumes after the last finished part" in told


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", dreamvid("--version").out)


# --- networks --------------------------------------------------------------------------------


def test_models_tells_which_weights_are_here(tmp_path, monkeypatch):
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path))
    rows = json.loads(dreamvid("models", "--json").out)
    assert [row["name"] for row in rows if row["here"]] == ["efficientnet_lite0", "bestiary"]
    (tmp_path / Path(next(row["path"] for row in rows if row["name"] == "googlenet")).name).touch()
    told = dreamvid("models").out.splitlines()
    assert told[0].split() == ["network", "default", "layer", "MB", "weights"]
    assert any(re.fullmatch(r"googlenet +inception4c +49\.7 +available", line) for line in told)
    assert any(re.fullmatch(r"vgg16 +parts +528 +to be downloaded", line) for line in told)
    assert any(re.fullmatch(r"places365-resnet18 +parts +to be given", line) for line in told)
    assert told[-1].startswith("timm:NAME is a convolutional network of timm")


def test_layers_are_reported_with_strides_and_aliases(monkeypatch):
    told = dreamvid("layers", "googlenet").out.splitlines()
    assert re.fullmatch(r"layer +stride  alias", told[0])
    assert any(re.fullmatch(r"inception4c +16  parts, default", line) for line in told)
    assert any(re.fullmatch(r"inception4c\.branch2\.0\.conv +16", line) for line in told)
    told = json.loads(dreamvid("layers", "googlenet", "--json").out)
    assert told["model"] == "googlenet"
    assert {"layer": "conv2", "stride": 4, "aliases": ["textures"]} in told["layers"]


# --- presets ---------------------------------------------------------------------------------


def test_presets_are_listed_with_what_they_look_like():
    lines = dreamvid("presets").out.splitlines()
    assert lines[0].split() == ["preset", "look"]
    (wild,) = (line for line in lines if line.startswith("wild "))
    assert wild.endswith(presets.about("wild"))
    rows = json.loads(dreamvid("presets", "--json").out)
    assert [row["name"] for row in rows] == list(presets.names())
    assert rows[-1]["about"] == presets.about("wild")
    assert rows[-1]["settings"] == presets.preset("wild")


def test_presets_are_drawn_on_a_picture_with_what_is_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path / "cache"))
    Image.effect_noise((64, 48), 60).convert("RGB").save(tmp_path / "in.png")
    out = tmp_path / "sheet.png"
    told = dreamvid("presets", tmp_path / "in.png", "-o", out, "--offline")
    assert told.code == 0, told.err
    with Image.open(out) as sheet:
        assert sheet.size == (4 * (64 + GAP) + GAP, 4 * (48 + LETTERS + 6 + GAP) + GAP)
    assert dreamvid("presets", "-o", out).code == 4
    assert dreamvid("presets", out, "-o", out).code == 2
    assert "give -o OUT" in dreamvid("presets", out).err


def test_what_a_preset_says_of_the_flow_is_left_out_of_a_zoom(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "_FOLDER", tmp_path)
    text = (
        "# Odd.\n[dream]\nseed = 5\n[motion]\nflow = 'none'\nstability = 0.5\n[film]\nframes = 1\n"
    )
    (tmp_path / "odd.toml").write_text(text)
    out = tmp_path / "zoom.mkv"
    options = ["--from-noise", "--size", "64x48", "--fps", 2, "--seconds", 1, *QUICK]
    told = dreamvid("zoom", "-o", out, "--preset", "odd", *options)
    assert told.code == 0, told.err
    made = settings_of(out)
    assert (made["motion"], made["dream"]["seed"]) == ({"stability": 0.5}, 5)


# --- settings --------------------------------------------------------------------------------


def settings_of(path: Path) -> dict:
    return read_toml(path.with_name(path.name + ".dreamvid.toml"))


def test_flags_lie_over_the_file_and_the_file_over_the_preset(tmp_path, film):
    (tmp_path / "my.toml").write_text("[dream]\nstrength = 0.25\nseed = 3\niterations = 2\n")
    out = tmp_path / "out.mp4"
    told = dreamvid(
        "video", film, "-o", out, "--preset", "wild", "--settings", tmp_path / "my.toml",
        "--seed", 4, "--frames", 2, *QUICK, "--no-cuts",
    )  # fmt: skip
    assert told.code == 0, told.err
    made = settings_of(out)
    motion = {"stability": 0.7, "flow": "dis", "cuts": False, "loop": False}
    assert made["motion"] == motion | {"split_every": 1000, "whole_shots": False}
    assert (made["dream"]["strength"], made["dream"]["seed"]) == (0.25, 4)
    assert made["dream"]["iterations"] == 1


def test_a_sidecar_is_a_settings_file_of_what_was_decided(tmp_path, film):
    out = tmp_path / "out.mp4"
    assert dreamvid("video", film, "-o", out, "--frames", 1, *QUICK).code == 0
    made = settings_of(out)
    assert made["dream"]["layer"]
    assert made["dream"]["step"] > 0
    assert made["network"]["device"] in ("cpu", "cuda", "mps")
    assert len(made["made"]["source_sha256"]) == len(made["made"]["weights_sha256"]) == 64


def test_a_flag_wins_over_its_rivals_in_the_file_and_the_preset(tmp_path, film):
    (tmp_path / "my.toml").write_text("[film]\nwidth = 32\nheight = 32\n")
    out, again, other = (tmp_path / name for name in ("a.mkv", "b.mkv", "c.mkv"))
    told = dreamvid(
        "video", film, "-o", out, "--preset", "eyes", "--settings", tmp_path / "my.toml",
        "--model", "bestiary", "--label", "owl", "--size", "64x64", "--frames", 1, *QUICK,
    )  # fmt: skip
    assert told.code == 0, told.err
    made = settings_of(out)
    assert (made["dream"]["label"], made["dream"]["layer"]) == ("owl", [])
    assert made["film"] == {"size": "64x64", "frames": 1}
    assert dreamvid("video", "--from", out, "-o", again).code == 0
    assert again.read_bytes() == out.read_bytes()
    assert dreamvid("video", "--from", out, "-o", other, "--layer", "4c").code == 0
    assert "label" not in settings_of(other)["dream"]


# --- repeating a run -------------------------------------------------------------------------


def test_from_repeats_a_run_to_the_byte(tmp_path, film):
    first, again, other = (tmp_path / name for name in ("a.mp4", "b.mp4", "c.mp4"))
    options = ["--stability", 0.5, "--seed", 9, "--start", "0.04", "--frames", 4, *QUICK]
    assert dreamvid("video", film, "-o", first, *options).code == 0
    told = dreamvid("video", "--from", first, "-o", again)
    assert told.code == 0, told.err
    assert "may differ from the earlier run" not in told.err
    assert again.read_bytes() == first.read_bytes()
    sidecar = tmp_path / "b.mp4.dreamvid.toml"
    assert dreamvid("video", "--from", sidecar, "-o", other, "--seed", 1).code == 0
    assert other.read_bytes() != first.read_bytes()
    assert frames_of(other) == 4


def test_a_film_dreamed_small_is_reported_and_repeated(tmp_path, film):
    first, again = tmp_path / "a.mkv", tmp_path / "b.mkv"
    options = ["--frames", 2, *QUICK]
    told = dreamvid("video", film, "-o", first, "--dream-size", 32, *options)
    assert told.err.splitlines()[1] == "dreaming at 32x24, added to the 64x48 film"
    assert settings_of(first)["film"] == {"frames": 2, "dream_size": "32x24"}
    told = dreamvid("video", "--from", first, "-o", again)
    assert told.err.splitlines()[1] == "dreaming at 32x24, added to the 64x48 film"
    assert again.read_bytes() == first.read_bytes()


def test_from_finds_a_source_that_moved_along_and_tells_when_it_changed(tmp_path, film):
    (tmp_path / "then").mkdir()
    source = tmp_path / "then" / "in.mp4"
    shutil.copy(film, source)
    assert dreamvid("video", source, "-o", tmp_path / "then/a.mp4", "--frames", 2, *QUICK).code == 0
    (tmp_path / "then").rename(tmp_path / "now")
    told = dreamvid("video", "--from", tmp_path / "now/a.mp4", "-o", tmp_path / "b.mp4")
    assert told.code == 0, told.err
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "now/a.mp4").read_bytes()
    write_film(tmp_path / "now/in.mp4", cut=0)
    told = dreamvid("video", "--from", tmp_path / "now/a.mp4", "-o", tmp_path / "c.mp4")
    assert told.err.splitlines()[1] == f"{DIFFERS}: the source"
    was = settings_of(tmp_path / "b.mp4")["network"]["precision"]
    precision = ("--precision", "bf16" if was == "fp32" else "fp32")
    told = dreamvid("video", "--from", tmp_path / "now/a.mp4", "-o", tmp_path / "d.mp4", *precision)
    assert told.err.splitlines()[1] == f"{DIFFERS}: the source, the precision"


def test_pictures_that_are_left_out_are_told_before_the_dream_and_once(tmp_path):
    for n in range(3):
        Image.new("RGB", (32, 32), (80 * n,) * 3).save(tmp_path / f"{n}.png")
    Image.new("L", (32, 32)).save(tmp_path / "depth.png")
    told = dreamvid("video", tmp_path, "-o", tmp_path / "out.mp4", *QUICK, "-v")
    assert told.code == 0, told.err
    lines = told.err.splitlines()
    assert lines[1] == "1 other image is left out: depth.png"
    assert told.err.count("left out") == 1 and lines[2].startswith("shot 1: 1 of 3")


@pytest.mark.parametrize("moved", ["nothing", "output", "both"])
def test_from_finds_its_source_from_any_folder(tmp_path, film, monkeypatch, moved):
    here = tmp_path / "here"
    (here / "in").mkdir(parents=True)
    (here / "out").mkdir()
    shutil.copy(film, here / "in/film.mp4")
    monkeypatch.chdir(here)
    made = dreamvid("video", "in/film.mp4", "-o", "out/a.mp4", "--frames", 1, *QUICK)
    assert made.code == 0, made.err
    monkeypatch.chdir(tmp_path)
    if moved == "output":
        (here / "out").rename(tmp_path / "elsewhere")
    if moved == "both":
        here.rename(tmp_path / "there")
    folder = {"nothing": here / "out", "output": tmp_path / "elsewhere"}
    first = folder.get(moved, tmp_path / "there/out") / "a.mp4"
    told = dreamvid("video", "--from", first, "-o", "b.mp4")
    assert told.code == 0, told.err
    assert (tmp_path / "b.mp4").read_bytes() == first.read_bytes()


def test_from_tells_another_number_of_threads(tmp_path, film):
    first, again = tmp_path / "a.mp4", tmp_path / "b.mp4"
    assert dreamvid("video", film, "-o", first, "--frames", 1, *QUICK).code == 0
    sidecar = tmp_path / "a.mp4.dreamvid.toml"
    sidecar.write_text(sidecar.read_text().replace("threads = 1", "threads = 2"))
    told = dreamvid("video", "--from", first, "-o", again)
    assert told.err.splitlines()[1] == f"{DIFFERS}: the number of threads"


def test_a_loop_is_repeated_as_another_kind_without_what_only_its_kind_has(tmp_path):
    first, other = tmp_path / "a.mkv", tmp_path / "b.mkv"
    clip = ["--seconds", 1, "--fps", 4, "--size", "64x48", "--seed", 3]
    assert dreamvid("loop", "-o", first, "--symmetry", 2, *clip, *QUICK).code == 0
    told = dreamvid("loop", "--from", first, "-o", other, "--kind", "pan")
    assert told.code == 0, told.err
    assert settings_of(other)["loop"]["kind"] == "pan"
    assert settings_of(other)["dream"]["seed"] == 3
    told = dreamvid("loop", "--from", first, "-o", other, "--kind", "pan", "--symmetry", 2)
    assert told.code == 2
    assert "symmetry: not used by loops of kind pan; leave it out, or use --kind zoom" in told.err


def test_from_tells_what_changed_of_loops_and_zooms_before_they_are_dreamed(tmp_path):
    Image.effect_noise((64, 48), 60).convert("RGB").save(tmp_path / "in.png")
    Image.effect_noise((64, 48), 90).convert("RGB").save(tmp_path / "other.png")
    for kind in ("zoom", "loop"):
        out = tmp_path / f"{kind}.mkv"
        options = ["--seconds", 1, "--fps", 4, *QUICK]
        assert dreamvid(kind, tmp_path / "in.png", "-o", out, *options).code == 0
        told = dreamvid(
            kind, tmp_path / "other.png", "--from", out, "-o", tmp_path / f"b{kind}.mkv"
        )
        assert told.code == 0, told.err
        assert told.err.splitlines()[1] == f"{DIFFERS}: the source"


# --- what is shown meanwhile -----------------------------------------------------------------


def test_plain_lines_without_a_terminal(tmp_path, film):
    told = dreamvid("video", film, "-o", tmp_path / "out.mp4", "--frames", 3, *QUICK)
    lines = told.err.splitlines()
    assert told.out == ""
    assert lines[0].startswith(f"{film}: 64x48, 3 frames at 25 fps; dreams with ")
    assert lines[1] == "shot 1: 1 of 3"
    assert re.fullmatch(r"shot 1: 3 of 3 \d+\.\d\d s/frame", lines[2])
    assert lines[3:] == [f"{tmp_path / 'out.mp4'}: 3 frames"]


def test_quiet_says_nothing_and_verbose_every_frame(tmp_path, film):
    out = tmp_path / "out.mp4"
    assert dreamvid("video", film, "-o", out, "--frames", 3, *QUICK, "-q").err == ""
    told = dreamvid("video", film, "-o", out, "--frames", 3, *QUICK, "-v", "-y")
    _, tags, *shots = told.err.splitlines()
    assert tags.startswith("not tagged, so assumed: matrix smpte170m, ")
    assert [line[:13] for line in shots[:3]] == [f"shot 1: {n} of 3"[:13] for n in (1, 2, 3)]


class Terminal(io.StringIO):
    """Stands in for the person's."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_no_colour_is_respected(tmp_path, film, monkeypatch):
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]")
    monkeypatch.setenv("TERM", "xterm-256color")
    command = ["video", str(film), "-y", "-o", str(tmp_path / "out.mp4"), "--frames", "3", *QUICK]
    for wish in ("", "1"):
        monkeypatch.setenv("NO_COLOR", wish)
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        assert run(command) == 0
        assert "3/3" in terminal.getvalue()
        assert "3 frames" in terminal.getvalue()
        assert bool(colour.search(terminal.getvalue())) == (not wish)


def test_a_dumb_terminal_gets_plain_lines(tmp_path, film, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert run(["video", str(film), "-o", str(tmp_path / "out.mp4"), "--frames", "3", *QUICK]) == 0
    assert terminal.getvalue().splitlines()[1] == "shot 1: 1 of 3"


# --- measure ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dreams(film, tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("dreams")
    paths = folder / "carried.mkv", folder / "alone.mkv"
    for path, stability in zip(paths, (0.9, 0), strict=True):
        told = dreamvid(
            "video", film, "-o", path, "--codec", "ffv1", "--stability", stability,
            "--start", "0.04", "--iterations", 3, "--octaves", 1,
        )  # fmt: skip
        assert told.code == 0, told.err
    return paths


def test_measure_as_a_table(film, dreams):
    told = dreamvid("measure", film, dreams[0])
    assert told.code == 0, told.err
    rows = {line.split()[0]: line.split() for line in told.out.splitlines()}
    assert rows["measure"] == ["measure", "dreamed", "meaning"]
    assert rows["frames"][1] == "7"
    assert float(rows["gain"][1]) > 1
    assert float(rows["fringe"][1]) > 0
    assert 0 <= int(rows["flashes"][1]) <= 3
    assert "seam" not in rows
    assert "alive" not in rows  # the film is shorter than its first second


def test_measure_beside_independent_frames_as_json(film, dreams):
    told = dreamvid("measure", film, dreams[0], "--independent", dreams[1], "--json", "--loop")
    found = json.loads(told.out)
    assert found["judge"] == {"model": "efficientnet_lite0", "layer": "5c"}
    assert found["dreamed"]["r"] < found["independent"]["r"]
    expected = found["dreamed"]["e_warp"] / found["independent"]["e_warp"]
    assert found["ratio"]["e_warp"] == pytest.approx(expected)
    assert found["dreamed"]["seam"] > 0
    assert 0 <= found["dreamed"]["flashes"] <= found["independent"]["flashes"]


def test_measure_takes_the_part_of_the_source_that_was_dreamed(film, dreams):
    whole = json.loads(dreamvid("measure", film, film, "--json").out)["dreamed"]
    assert (whole["frames"], whole["r"], whole["legible"]) == (8, None, pytest.approx(1))
    cut = json.loads(dreamvid("measure", film, dreams[0], "--json").out)["dreamed"]
    shifted = json.loads(dreamvid("measure", film, dreams[0], "--json", "--start", 0).out)
    assert shifted["dreamed"]["legible"] < cut["legible"]


def test_measure_tells_films_of_other_lengths_and_sizes(film, dreams, tmp_path):
    assert dreamvid("measure", film, dreams[0]).err == ""
    shorter = write_film(tmp_path / "shorter.mkv", frames=7, codec="ffv1")
    note = "{}: is longer than the 7 frames that were compared\n"
    assert dreamvid("measure", film, shorter, "--json").err == note.format(film)
    assert dreamvid("measure", shorter, film, "--json").err == note.format(film)
    small = write_film(tmp_path / "small.mkv", frames=8, size=(32, 24), codec="ffv1")
    told = dreamvid("measure", film, small, "--independent", small).err
    assert told == f"{film}: measured at 32x24, the size of the dream\n"


def test_measure_reads_a_dream_of_another_size_and_a_padded_one(film, tmp_path):
    small = tmp_path / "small.mkv"
    options = ["--codec", "ffv1", "--width", 32, "--frames", 3, *QUICK]
    assert dreamvid("video", film, "-o", small, *options).code == 0
    found = json.loads(dreamvid("measure", film, small, "--json").out)["dreamed"]
    assert (found["frames"], found["legible"] > 0.8) == (3, True)
    odd = write_film(tmp_path / "odd.mkv", frames=3, size=(63, 47), codec="ffv1")
    assert dreamvid("video", odd, "-o", tmp_path / "padded.mp4", *QUICK).code == 0
    assert dreamvid("measure", odd, tmp_path / "padded.mp4").code == 0


def test_measure_tells_what_is_alive_beside_independent_frames(tmp_path):
    film = write_film(tmp_path / "long.mkv", frames=40, codec="ffv1")
    dream, alone = tmp_path / "dream.mkv", tmp_path / "alone.mkv"
    for path, stability in ((dream, 0.9), (alone, 0)):
        options = ["--codec", "ffv1", "--stability", stability, *QUICK]
        assert dreamvid("video", film, "-o", path, *options).code == 0
    found = json.loads(dreamvid("measure", film, dream, "--independent", alone, "--json").out)
    expected = found["dreamed"]["alive"] / found["independent"]["alive"]
    assert found["ratio"]["alive"] == pytest.approx(expected)
    told = dreamvid("measure", film, dream, "--independent", alone).out
    (row,) = (line.split() for line in told.splitlines() if line.startswith("alive"))
    assert float(row[3]) == pytest.approx(expected, rel=0.01)


def test_measure_finds_the_source_of_a_film_by_its_sidecar(film, dreams):
    told, alone = (dreamvid("measure", *given) for given in ((film, dreams[0]), (dreams[0],)))
    assert (alone.code, alone.out) == (0, told.out)


@pytest.fixture(scope="module")
def zoomed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("zoomed")
    out = folder / "zoom.mkv"
    told = dreamvid(
        "zoom", "-o", out, "--from-noise", "--size", "64x48", "--fps", 4, "--seconds", 3,
        "--zoom", 1.5, "--codec", "ffv1", "--model", "bestiary", "--layer", "3b*0.5", *QUICK,
    )  # fmt: skip
    assert told.code == 0, told.err
    return out


def test_measure_a_zoom_by_itself_along_its_camera(zoomed, tmp_path):
    found = json.loads(dreamvid("measure", zoomed, "--json").out)
    assert found["source"] is None
    assert found["judge"] == {"model": "bestiary", "layer": "3b"}  # which dreamed
    assert found["dreamed"]["frames"] == 12
    assert 0 < found["dreamed"]["r"] < 0.3
    assert found["dreamed"]["alive"] > 0
    assert found["dreamed"]["brightness"] == pytest.approx(1, abs=0.1)
    bare = tmp_path / "bare.mkv"  # without a sidecar nobody knows the camera
    shutil.copy(zoomed, bare)
    judge = ["--model", "bestiary", "--layer", "3b"]
    alone = json.loads(dreamvid("measure", bare, "--json", *judge).out)["dreamed"]
    assert alone == found["dreamed"] | {"r": None}


def test_creatures_are_judged_by_the_layer_between_them(film, tmp_path):
    out = tmp_path / "owls.mkv"
    told = dreamvid(
        "video", film, "-o", out, "--frames", 3, "--codec", "ffv1", "--model", "bestiary",
        "--layer", "creatures:owls,fish", *QUICK,
    )  # fmt: skip
    assert told.code == 0, told.err
    assert settings_of(out)["dream"]["layer"] == ["creatures:owls,fish"]
    found = json.loads(dreamvid("measure", out, "--json").out)
    assert found["judge"] == {"model": "bestiary", "layer": "5b"} and found["dreamed"]["gain"] > 1


def test_measure_a_zoom_as_a_table(zoomed):
    rows = {line.split()[0]: line for line in dreamvid("measure", zoomed).out.splitlines()}
    assert rows["measure"].split() == ["measure", "dreamed", "meaning"]
    assert {"frames", "r", "hf", "alive", "brightness", "contrast", "colour", "tint"} < set(rows)
    assert 0 <= int(rows["flashes"].split()[1]) <= 3
    assert "along the camera's motion" in rows["r"]
    assert "seam" not in rows and "gain" not in rows
    assert "seam" in dreamvid("measure", zoomed, "--loop").out


def test_the_judge_can_be_named(zoomed):
    found = json.loads(dreamvid("measure", zoomed, "--json", "--layer", "3a").out)
    assert found["judge"]["layer"] == "3a"
    found = json.loads(dreamvid("measure", zoomed, "--json", "--model", "bestiary").out)
    assert found["judge"]["layer"] == "5b"


# --- image -----------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["gentle", "wild"])
def test_image(tmp_path, preset):
    Image.effect_noise((64, 48), 60).convert("RGB").save(tmp_path / "in.png")
    out = tmp_path / "out.png"
    told = dreamvid("image", tmp_path / "in.png", "-o", out, *QUICK, "--preset", preset)
    assert told.code == 0 and told.err.splitlines()[1:] == [f"{out}"]
    with Image.open(out) as dreamed, Image.open(tmp_path / "in.png") as source:
        assert dreamed.size == (64, 48)
        assert dreamed.tobytes() != source.tobytes()


def test_a_channel_of_a_layer_whose_name_begins_with_a_digit(tmp_path):
    """`4c:3` is no keyframe at 4."""
    Image.effect_noise((64, 48), 60).convert("RGB").save(tmp_path / "in.png")
    for text in ("4c:3", "4c:3*0.5", "3b:0", "0:(4c:3)"):
        command = ["image", tmp_path / "in.png", "-y", "-o", tmp_path / "o.png", *QUICK]
        told = dreamvid(*command, "--layer", text)
        assert told.code == 0, told.err


# --- doctor ----------------------------------------------------------------------------------


def test_doctor_tries_everything():
    told = dreamvid("doctor", "--json")
    assert told.code == 0, told.err
    found = {check["name"]: check for check in json.loads(told.out)}
    assert not [check for check in found.values() if check["state"] == "missing"]
    assert "h264" in found["codecs"]["message"].split()
    assert "cpu" in found["devices"]["message"]
    assert found["film"]["message"].startswith("4 frames dreamed")


def test_a_broken_cv2_is_reported_in_a_line_by_every_command(tmp_path, film):
    fault = "libGL.so.1: cannot open shared object file: No such file or directory"
    Image.new("RGB", (64, 48)).save(tmp_path / "in.png")
    (tmp_path / "cv2.py").write_text(f"raise ImportError({fault!r})")
    commands = [
        ["video", str(film), "-o", str(tmp_path / "o.mp4")],
        ["image", str(tmp_path / "in.png"), "-o", str(tmp_path / "o.png")],
        ["measure", str(film), str(film)],
        ["bench"],
        ["doctor"],
    ]
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from dreamvid.cli.app import run;"
        f"print([run(command) for command in {commands!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment()
    )
    assert done.stdout.splitlines()[-1] == "[6, 6, 6, 6, 6]", done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("dreamvid: ")]
    assert len(lines) == 5
    assert all("apt install libgl1" in line for line in lines[:4])
    assert "cv2, scenedetect missing; see the table above" in lines[4]
    assert "apt install libgl1" in done.stdout


# --- errors nobody foresaw -------------------------------------------------------------------

FORESEEN = {
    RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"): 8,
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate: not enough memory"): 8,
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 24 bytes."): 8,
    RuntimeError("could not create a primitive"): 8,
    ImportError("libtorch_cpu.so: failed to map segment from shared object"): 8,
    OSError(12, "Cannot allocate memory", "/usr/bin/ffmpeg"): 8,
    MemoryError(): 8,
    OSError(28, "No space left on device"): 7,
    PermissionError(13, "Permission denied", "/x"): 1,
    KeyboardInterrupt(): 130,
    ModuleNotFoundError("No module named 'av'", name="av"): 6,
    ImportError("cannot import name 'x' from 'dreamvid.api'"): 1,
    ModuleNotFoundError("No module named 'dreamvid.x'", name="dreamvid.x"): 1,
    ZeroDivisionError("division by zero"): 1,
}


@pytest.mark.parametrize("error", FORESEEN, ids=repr)
def test_any_exception_becomes_a_line(error):
    told = failures.explain(error)
    assert told.exit_code == FORESEEN[error]
    assert "\n" not in str(told)


def test_after_a_stop_nothing_else_is_reported():
    assert isinstance(failures.explain(RuntimeError("broken pipe"), stopped=True), Interrupted)
    told = Interrupted("stopped; 3 frames are in x")
    assert failures.explain(told, stopped=True) is told


def test_a_bug_is_reported_in_a_line_and_traced_back_with_v(monkeypatch, tmp_path, film):
    def broken(*arguments, **options):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("dreamvid.commands.video.run_video", broken)
    told = dreamvid("video", film, "-o", tmp_path / "o.mp4")
    assert told.code == 1
    assert told.line.startswith("dreamvid: ZeroDivisionError: division by zero; this is a bug")
    told = dreamvid("video", film, "-o", tmp_path / "o.mp4", "-v")
    assert "Traceback" in told.err


def test_a_pipe_that_closes_early_is_no_error():
    command = [sys.executable, "-m", "dreamvid", "labels", "bestiary"]
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, "wb") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, env=environment())
    assert (done.returncode, done.stderr) == (141, b"")


def shell(redirection: str, *arguments: object) -> Told:
    """Run dreamvid with its streams as a shell redirects them."""
    words = [sys.executable, "-m", "dreamvid", *map(str, arguments)]
    command = ["sh", "-c", f'"$@" {redirection}', "sh", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=120)
    return Told(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("redirection", ["2>&-", "<&- >&- 2>&-", "2>/dev/full", "2>&1 | head -1"])
def test_a_dream_goes_on_when_nobody_listens(tmp_path, film, redirection):
    out = tmp_path / "out.mp4"
    told = shell(redirection, "video", film, "-o", out, "-v", *QUICK)
    assert (told.code, told.err) == (0, "")
    assert frames_of(out) == 8


def test_a_result_that_cannot_be_written_is_reported_in_a_line():
    told = shell(">/dev/full", "labels", "bestiary")
    assert (told.code, told.err) == (7, "dreamvid: no space left on the disk; make room\n")
    assert shell(">&-", "labels", "bestiary") == Told(0, "", "")


def test_help_on_the_narrowest_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "1")
    told = shell("", "layers", "--help")
    assert (told.code, told.out.split()[:3]) == (0, ["Usage:", "dreamvid", "layers"])
