"""What is answered at once: refusals that need no network, the first line of a run, and hints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_kit import QUICK, Answer, answers_of, dreamvid, frames_of, write_film
from PIL import Image
from tiny import dream_tiny, texture

from dreamvid.cli import app
from dreamvid.commands.atlas_folder import Plan
from dreamvid.image import load_image, save_image, to_image
from dreamvid.media.formats import CODECS
from dreamvid.networks import known

REFUSED = {
    "video gone.mp4 -o a.mp4": (3, "no such file"),
    "video text.mp4 -o a.mp4": (3, "not a readable film"),
    "video film.mp4 -o there.mp4": (4, "there.mp4: already exists; use another name, or -y"),
    "video film.mp4 -o a.xyz": (2, "cannot be stored in a '.xyz'"),
    "video film.mp4 -o no/a.mp4": (2, "no such folder"),
    "video film.mp4 -o a.mp4 --codec h999": (2, "unknown codec 'h999'"),
    "video film.mp4 -o a.mp4 --preset furr": (2, "unknown preset 'furr'"),
    "video film.mp4 -o a.mp4 --settings gone.toml": (3, "gone.toml: no such file"),
    "video film.mp4 -o a.mp4 --model gogglenet": (2, "did you mean googlenet"),
    "video film.mp4 -o a.mp4 --model gone.safetensors": (3, "no such file"),
    "video film.mp4 -o a.mp4 --weights gone.pth": (3, "no such weights file"),
    "video film.mp4 -o a.mp4 --label unicornfish": (2, "unknown label 'unicornfish'"),
    "video film.mp4 -o a.mp4 --guide gone.png": (3, "no such file"),
    "video film.mp4 -o a.mp4 --guide gone.mp4": (3, "no such file"),
    "video film.mp4 -o a.mp4 --guide text.mp4": (3, "not a readable film"),
    "video film.mp4 -o a.mp4 --guide empty": (3, "the guide has no pictures in it"),
    "video film.mp4 -o a.mp4 --guide small.png": (3, "a guide of 20 pixels is too small; use 32"),
    "video film.mp4 -o a.mp4 --palette gone.png": (3, "no such file"),
    "video film.mp4 -o a.mp4 --layer label:unicornfish": (2, "unknown label 'unicornfish'"),
    "video film.mp4 -o a.mp4 --model bestiary --model gogglenet": (2, "did you mean googlenet"),
    "video film.mp4 -o a.mp4 --model bestiary*0": (2, "the weight in 'bestiary*0' must be"),
    "video film.mp4 -o a.mp4 --model bestiary*x": (2, "the weight in 'bestiary*x' must be"),
    "video film.mp4 -o a.mp4 --model bestiary --model vgg16 --weights x": (2, "one network"),
    "video film.mp4 -o a.mp4 --palette source --keep-colours": (2, "give only one of them"),
    "image in.png --pull 0.7": (2, "must be 0 to 0.5"),
    "video film.mp4 -o a.mp4 --strength 0:(1),5:(rms)": (2, "needs audio (--audio)"),
    "video film.mp4 -o a.mp4 --strength 0:(": (2, "strength"),
    "video film.mp4 -o a.mp4 --strength 1,5": (2, "use a decimal point: 1.5"),
    "video film.mp4 -o a.mp4 --start 99": (2, "no frame at or after 99 s"),
    "video film.mp4 -o a.mp4 --nonsense": (2, "--nonsense"),
    "video film.mp4 a.mp4 -o b.mp4": (2, "two outputs, a.mp4 and b.mp4; give only one"),
    "image gone.png": (3, "no such file"),
    "image text.png": (3, "not a readable picture"),
    "image in.png -o in.png": (2, "the output is the source file"),
    "image in.png -o a.xyz": (2, "unknown picture format"),
    "image in.png --label foxx --model bestiary": (2, "try fox"),
    "image in.png --layer 0:(parts),2:(objects)": (
        2,
        "schedules are not allowed for a single picture",
    ),
    "zoom": (2, "no picture given"),
    "zoom gone.png": (3, "no such file"),
    "zoom in.png -o there.mp4": (4, "already exists"),
    "zoom in.png --zoom 0:(1.4),3s:(2,bogus)": (2, "not an easing"),
    "zoom in.png --zoom 0:(1.4),30:(-2)": (2, "zoom"),
    "zoom in.png --audio gone.wav": (3, "no such file"),
    "zoom in.png --audio in.png": (3, "no audio track"),
    "loop --model gogglenet": (2, "did you mean googlenet"),
    "loop --seconds 1.01": (2, "a loop needs a whole number"),
    "loop --rotate 7": (2, "do not close the loop"),
    "loop --kind film": (2, "no film given"),
    "loop gone.mp4 --kind film": (3, "no such file"),
    "loop --kind pan --direction sideways": (2, "unknown direction 'sideways'"),
    "loop --kind feedback --fade 999": (2, "a fade of 999 frames is too long for a loop of 300"),
    "train gone -o a.safetensors": (3, "no such folder of pictures"),
    "train . -o a.png": (2, "written as .safetensors"),
    "train . -o a.safetensors --model gogglenet": (2, "did you mean googlenet"),
    "atlas gogglenet -o a.png": (2, "did you mean googlenet"),
    "atlas gogglenet -o a": (2, "did you mean googlenet"),
    "atlas -o folder": (4, "folder: a folder of other files, not an atlas; use a new folder"),
    "atlas vgg16 -o vgg19/": (4, "vgg19: an atlas of vgg19; use another folder, or -y"),
    "atlas -o text.png/": (4, "a file has this name"),
    "atlas -o no/a/": (2, "no such folder"),
    "atlas googlenet -o a/ --layers conv1,inception9": (2, "googlenet has no layer 'inception9'"),
    "atlas -o a/ --channels 0": (2, "0 is too small; give 1 or more"),
    "atlas -o a/ --classes owl,unicornfish": (2, "unknown label 'unicornfish'"),
    "atlas -o a.png --layers parts": (2, "has no --layers and --channels; give a folder"),
    "explain gone.png -o a.png": (3, "no such file"),
    "explain text.png -o a.png": (3, "not a readable picture"),
    "explain in.png -o in.png": (2, "the output is the source file"),
    "explain in.png -o small.png": (4, "already exists"),
    "explain in.png -o a.xyz": (2, "unknown picture format"),
    "explain in.png -o a.png --model gogglenet": (2, "did you mean googlenet"),
    "explain in.png -o a.png --layer 9z": (2, "efficientnet_lite0 has no layer '9z'"),
    "explain in.png -o a.png --channels 25": (2, "cannot show 25; give 1 to 24"),
    "layers gogglenet": (2, "did you mean googlenet"),
    "presets gone.png -o a.png": (3, "no such file"),
    "measure gone.mp4 film.mp4": (3, "no such file"),
    "measure film.mp4 there.mp4 --model gogglenet": (2, "did you mean googlenet"),
}
"""By a command: its exit code, and what it tells."""

ANSWERED = ("video --help", "image --help", "labels", "labels bestiary", "codecs", "presets")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What all of them answer, one after the other in one process that has not met torch."""
    folder = tmp_path_factory.mktemp("answers")
    write_film(folder / "film.mp4", frames=4)
    for name in ("text.mp4", "text.png", "there.mp4"):
        (folder / name).write_text("mine\n" * 100)
    Image.new("RGB", (64, 48)).save(folder / "in.png")
    Image.new("RGB", (64, 20)).save(folder / "small.png")
    (folder / "empty").mkdir()
    (folder / "folder").mkdir()
    (folder / "folder" / "mine.txt").touch()
    (folder / "vgg19").mkdir()
    Plan("vgg19", "").write(folder / "vgg19")
    return answers_of([*REFUSED, *ANSWERED], folder)


@pytest.mark.parametrize("line", REFUSED)
def test_what_needs_no_network_is_refused_without_torch(line, answers):
    code, says = REFUSED[line]
    got = answers[line]
    assert (got.code, got.heavy, got.changed) == (code, [], []), got.err
    assert got.err.startswith("dreamvid: ") and says in got.err.splitlines()[0]


@pytest.mark.parametrize("line", ANSWERED)
def test_what_there_is_is_reported_without_torch(line, answers):
    got = answers[line]
    assert (got.code, got.err, got.heavy, got.changed) == (0, "", [], [])


# --- the first line, and where the output goes ------------------------------------------------


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with a film and a picture, and a network that is quick."""
    dream_tiny(monkeypatch)
    monkeypatch.chdir(tmp_path)
    save_image("in.png", to_image(texture()))
    write_film(tmp_path / "film.mov", frames=3)
    return tmp_path


def test_a_run_begins_with_what_there_is_and_what_dreams(here):
    told = dreamvid("video", "film.mov", "-o", "a.mp4", *QUICK)
    assert told.err.splitlines()[0] == (
        "film.mov: 64x48, 3 frames at 25 fps; dreams with efficientnet_lite0, 5c, into a.mp4"
    )
    told = dreamvid("image", "in.png", *QUICK, "--layer", "parts*2", "--layer", "one:3")
    assert "in.png: 64x48; dreams with efficientnet_lite0, parts*2 + one:3, into" in told.err
    told = dreamvid("zoom", "--from-noise", "--seconds", "1", "--size", "32x32", "--model", "nix")
    assert told.line.startswith("dreamvid: unknown network 'nix'")
    assert dreamvid("video", "film.mov", "b.mp4", *QUICK, "-q").err == ""


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("video film.mov", "film.dream.mov"),
        ("video film.mov --codec webm", "film.dream.webm"),
        ("video sub/clip.avi", "sub/clip.dream.mp4"),
        ("video row", "row.dream.mp4"),
        ("video row/f_%02d.png", "row/f.dream.mp4"),
        ("image in.png", "in.dream.png"),
        ("image in.png --width 32", "in.dream.png"),
        ("zoom in.png --seconds 0.2 --size 32x32", "in.dream.mp4"),
        ("zoom in.png --seconds 0.2 --size 32x32 --motion-preview", "in.preview.mp4"),
        ("loop --seconds 0.2 --size 32x32", "noise.dream.mp4"),
    ],
)
def test_an_output_that_is_not_named_lies_beside_the_source(line, name, here):
    for folder in ("sub", "row"):
        Path(folder).mkdir()
    write_film(Path("sub/clip.avi"), frames=2, codec="libx264")
    for number in (1, 2):
        save_image(f"row/f_{number:02d}.png", to_image(texture()))
    before = {*here.rglob("*")}
    told = dreamvid(*line.split(), *QUICK)
    made = {path.relative_to(here).as_posix() for path in {*here.rglob("*")} - before}
    assert told.code == 0, told.err
    assert {path for path in made if not path.endswith(".toml")} == {name}
    assert name in told.err.splitlines()[-1]
    assert dreamvid(*line.split(), *QUICK).line.endswith("use another name, or -y")


def test_the_output_may_follow_the_source(here):
    assert dreamvid("video", "film.mov", "out.webm", *QUICK, "-q").code == 0
    assert frames_of(Path("out.webm")) == 3
    assert dreamvid("image", "in.png", "out.jpg", *QUICK, "-q").code == 0
    assert dreamvid("loop", "in.png", "out.mp4", *QUICK, "--seconds", "1", "-q").code == 0
    assert Path("out.jpg").is_file() and Path("out.mp4").is_file()
    assert dreamvid("video", "--from", "out.webm", "-o", "again.webm", "-q").code == 0
    assert Path("again.webm").read_bytes() == Path("out.webm").read_bytes()


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (("--width", "32"), (24, 32)),
        (("--height", "96"), (96, 128)),
        (("--size", "20x40"), (40, 20)),
        (("--width", "20", "--height", "30"), (30, 20)),
        ((), (48, 64)),
    ],
)
def test_a_picture_is_dreamed_at_the_size_asked_for(options, size, here):
    assert dreamvid("image", "in.png", "out.png", *QUICK, *options, "-q").code == 0
    assert tuple(load_image("out.png").shape[1:]) == size


def test_sizes_exclude_each_other(here):
    told = dreamvid("image", "in.png", "--size", "20x40", "--width", "20")
    assert told.code == 2 and "size and width: give only one" in told.line


# --- hints ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("video a.mp4 --fps 30", "unknown option --fps; a film keeps its frame rate; --rate"),
        ("video a.mp4 --output b.mp4", "unknown option --output; use -o"),
        ("video a.mp4 --output=b.mp4", "unknown option --output; use -o"),
        ("image a.png --gpu", "unknown option --gpu; use --device cuda"),
        ("video a.mp4 --fast", "use --iterations 5"),
        ("video a.mp4 --seconds 3", "use --end"),
        ("zoom a.png --duration 3", "use --seconds"),
        ("zoom a.png --frames 40", "use --seconds and --fps"),
        ("loop --frames 40", "use --seconds and --fps"),
        ("image a.png --seconds 3", "use dreamvid zoom or loop"),
        ("video --list", "use dreamvid models, layers, labels, codecs or presets"),
        ("clip.mp4", "unknown command 'clip.mp4'; use dreamvid video clip.mp4"),
        ("photo.JPG -o a.png", "unknown command 'photo.JPG'; use dreamvid image photo.JPG"),
        ("lables", "unknown command 'lables'; use dreamvid labels or dreamvid layers"),
        ("networks", "unknown command 'networks'; use dreamvid models"),
        ("xyzzy", "use video, image, zoom, loop, live, batch, studio"),
        ("video -", "standard input and output are not supported; give file names"),
        ("video a.mp4 -o -", "standard input and output are not supported"),
    ],
)
def test_the_right_name_is_reported(line, says):
    told = dreamvid(*line.split())
    assert told.code == 2 and says in told.line
    assert ", ;" not in told.line and told.err.count("\n") == 1


def test_a_pattern_that_the_shell_opened_is_not_echoed(tmp_path):
    names = [tmp_path / f"{number}.png" for number in range(40)]
    for name in names:
        name.write_bytes(b"")
    told = dreamvid("video", *names, "-o", tmp_path / "a.mp4")
    assert told.code == 2 and "38 unexpected files" in told.line
    assert "a quoted pattern" in told.line and len(told.line) < 250


def test_help_is_a_command_too():
    assert dreamvid("help").out == dreamvid("--help").out
    assert dreamvid("help", "video").out == dreamvid("video", "--help").out


def test_labels_are_listed():
    told = dreamvid("labels")
    assert told.out.splitlines()[:2] == ["tench", "goldfish"] and told.out.count("\n") == 1000
    assert "fox/side" in dreamvid("labels", "bestiary").out
    assert json.loads(dreamvid("labels", "vgg16", "--json").out)["labels"][1] == "goldfish"


def test_labels_are_those_that_torchvision_documents():
    from torchvision.models import get_model_weights

    told = get_model_weights("vgg16").IMAGENET1K_V1.meta["categories"]
    assert list(known.labels("vgg16")) == told


def test_codecs_are_listed():
    rows = json.loads(dreamvid("codecs", "--json").out)
    assert [row["codec"] for row in rows] == list(CODECS)
    assert next(row for row in rows if row["codec"] == "webm")["names"] == [".webm", ".mkv"]
    shown = dreamvid("codecs").out
    assert all(name in shown for name in CODECS)


def test_every_command_that_is_hinted_at_is_there():
    from dreamvid.cli import hints

    names = [name for group in app.COMMANDS.values() for name, *_ in group]
    assert set(hints.COMMANDS.values()) <= set(names)
    assert not set(hints.COMMANDS) & set(names)


@pytest.mark.parametrize("value", ["0.7", "0.8", "0.9"])
@pytest.mark.parametrize("preset", [[], ["--preset", "classic"], ["--preset", "deep-sea"]])
def test_stability_is_refused_by_exact_loops_whatever_its_value(preset, value):
    answer = dreamvid("loop", "-o", "out.mp4", *preset, "--stability", value)
    assert answer.code == 2
    assert "stability: not used by loops of kind zoom" in answer.err
