"""What cannot work is refused before torch is imported: in one line, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import Answer, answers_of, write_film
from PIL import Image

from dreamvid.networks.installed import has_timm


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("refused")
    write_film(path / "film.mp4", frames=2)
    (path / "row").mkdir()
    for n in range(4):
        Image.new("RGB", (20 + (n == 3), 20)).save(path / "row" / f"{n}.png")
    (path / "deep.toml").write_text("a = " + "[" * 20_000)
    (path / "huge.toml").write_text("[dream]\nseed = " + "9" * 100_000)
    (path / "loop.toml").write_text("[loop]\nkind = 'square'")
    (path / "bas.toml").write_text("[signals.bas]\ngain = 2")
    (path / "cut.toml").write_text("[dream]\nstrength = '1+cut'")
    (path / "words.csv").write_text("0,1\n1,x")
    (path / "none.csv").write_text("seconds,value\n")
    Image.new("RGB", (20, 20)).save(path / "a.png")
    Image.new("L", (40, 30)).save(path / "black.png")
    Image.new("L", (40, 40), 255).save(path / "square.png")
    (path / "text.mp4").write_text("no film")
    (path / "two.toml").write_text("[[region]]\nmask = 'black.png'\n[[region]]\nmask = 'still'")
    (path / "both.toml").write_text("[mask]\nmask = 'still'\n[[region]]\nmask = 'moving'")
    (path / "taken.mp4").touch()
    return path


REFUSED = (
    ("video row -o out.mp4", 3, "row: 1 of 4 images are not 20x20, the size of most: 3.png"),
    ("video nosuch.mp4", 3, "nosuch.mp4: no such file; check the path"),
    ("video film.mp4 -o taken.mp4", 4, "taken.mp4: already exists; use another name, or -y"),
    ("video film.mp4 --part 0/3", 2, "--part: 0/3 is not a part; give one such as 3/40"),
    ("video film.mp4 --part 4/3", 2, "--part: 4/3 is not a part; give one such as 3/40"),
    ("video film.mp4 --part 3", 2, "--part: 3 is not a part; give one such as 3/40"),
    ("video film.mp4 --workers 0", 2, "--workers: 0 is too small; give 1 or more"),
    (
        "video film.mp4 --workers 2 --part 1/2",
        2,
        "--workers: not allowed together with --part; use one",
    ),
    ("video film.mp4 --workers 2 --loop", 2, "loop: a loop is dreamed by one process; leave"),
    (
        "video film.mp4 --part 1/2 --max-flash 3",
        2,
        "max_flash: flashes are counted across cuts",
    ),
    ("status nosuch.mp4", 3, "nosuch.mp4: nothing is dreamed here; check the name"),
    ("join nosuch.mp4", 3, "nosuch.mp4: no shots are dreamed for it; check its name"),
    ("video film.mp4 -o out.xyz", 2, "out.xyz: h264 cannot be stored in a '.xyz' file; end"),
    ("video film.mp4 -o out.mp4 --codec foo", 2, "codec: unknown codec 'foo'; use h264"),
    (
        "video film.mp4 -o out.mp4 --start 0:0:1:12",
        2,
        "start = '0:0:1:12': is a timecode; give",
    ),
    ("video film.mp4 -o out.mp4 --start 9", 2, "film.mp4: no frame at or after 9 s; start"),
    ("video film.mp4 -o out.mp4 --settings deep.toml", 3, "deep.toml: not a readable settings"),
    ("video film.mp4 -o out.mp4 --settings huge.toml", 3, "huge.toml: not a readable settings"),
    (
        "video film.mp4 -o out.mp4 --strength 0:(1),0:(2)",
        2,
        "strength: this time is used twice",
    ),
    ("video film.mp4 -o out.mp4 --strength 1,5", 2, "strength = '1,5': use a decimal point: 1"),
    ("video film.mp4 -o out.mp4 --guide gone.png", 3, "gone.png: no such file; check the"),
    ("video film.mp4 -o out.mp4 --label nothing_of_the_kind", 2, "label: unknown label"),
    ("video film.mp4 -o out.mp4 --model vgg17", 2, "unknown network 'vgg17'; did you mean"),
    ("video film.mp4 -o out.mp4 --layer nosuch", 2, "efficientnet_lite0 has no layer 'nosuch'"),
    ("image a.png -o out.png --model vgg16 --layer fc", 2, "vgg16 has no layer 'fc'; try text"),
    (
        "image a.png -o out.png --label owl,fox",
        2,
        "label: one label is raised at a time, not 'owl,fox'; give one, or use --layer creatur",
    ),
    ("image a.png -o out.png --label owl,foxx", 2, "label: unknown label 'foxx'; try fox, ox"),
    (
        "image a.png -o out.png --label owl --label fox",
        2,
        "--label is given more than once; give one, or use --layer creatures:owl,fox for sever",
    ),
    ("image a.png -o out.png --seed 1 --seed 2", 2, "--seed is given more than once; give it"),
    ("image a.png -o out.png --layer creatures:owl,", 2, "layer: a word is missing in 'creat"),
    ("image a.png -o out.png --layer creatures:catt", 2, "label: unknown label 'catt'; try cat"),
    (
        "image a.png -o o.png --model vgg16 --model alexnet --layer 0:(creatures:)",
        2,
        "layer: a word is missing in 'creatures:'; write creatures, or creatures:owl,fish",
    ),
    ("video film.mp4 -o out.mp4 --mask gone.png", 3, "gone.png: no such file; check the path"),
    ("video film.mp4 -o out.mp4 --mask !gone.mp4", 3, "gone.mp4: no such file; check the path"),
    ("video film.mp4 -o out.mp4 --mask text.mp4", 3, "text.mp4: not a readable film"),
    (
        "video film.mp4 -o out.mp4 --mask black.png",
        2,
        "black.png: the mask is black everywhere",
    ),
    (
        "video film.mp4 -o out.mp4 --mask square.png",
        2,
        "square.png: a mask of 40x40 has another",
    ),
    (
        "video film.mp4 -o out.mp4 --mask inside:0,0,2,1",
        2,
        "mask: 'inside:0,0,2,1' is not insi",
    ),
    ("video film.mp4 -o out.mp4 --mask inside:0,0", 2, "mask: cannot read 'inside:0,0'; write"),
    (
        "video film.mp4 -o out.mp4 --mask moving --flow none",
        2,
        "flow: masks that follow motion",
    ),
    (
        "video film.mp4 -o out.mp4 --mask 0:(moving),4b:(still)",
        2,
        "mask: beats need a tempo, column 12, at '4b:(still)'; set bpm",
    ),
    ("video film.mp4 -o out.mp4 --mask still --feather 2", 2, "feather = '2': must be at"),
    ("video film.mp4 -o out.mp4 --feather .1", 2, "feather: there is no mask whose edge it"),
    ("video film.mp4 -o out.mp4 --attack 1s", 2, "signals: no schedule reads a signal whose"),
    ("zoom a.png -o out.mp4 --release 1s", 2, "signals: no schedule reads a signal whose"),
    ("video film.mp4 -o out.mp4 --settings two.toml", 2, "black.png: the mask is black every"),
    ("video film.mp4 -o out.mp4 --settings both.toml", 2, "both.toml: mask and region: give"),
    (
        "image a.png -o out.png --mask moving",
        2,
        "mask: nothing moves in a single picture; give",
    ),
    ("image a.png -o out.png --mask film.mp4", 2, "film.mp4: a film cannot mask a single pict"),
    ("zoom a.png -o out.mp4 --mask still", 2, "unknown option --mask; a zoom has no source"),
    ("zoom a.png -o out.mp4 --settings two.toml", 2, "two.toml: region: unknown setting"),
    ("loop a.png -o out.mp4 --mask still", 2, "unknown option --mask; a loop has no source to"),
    ("image a.png -o o.png --model places365-resnet18", 6, "the weights of places365-resnet18"),
    ("image a.png -o o.png --model a.png", 2, "a.png: it does not say its architecture; add"),
    ("image a.png -o o.png --model gone.pth", 3, "gone.pth: no such file"),
    (
        "image a.png -o o.png --model a.png --arch resnet19",
        2,
        "unknown architecture 'resnet19'",
    ),
    ("image a.png -o o.png --model vgg16 --arch vgg16", 2, "arch: names the architecture of a"),
    ("zoom nosuch.png -o out.mp4", 3, "nosuch.png: no such file; check the path"),
    ("zoom a.png -o taken.mp4", 4, "taken.mp4: already exists; use another name, or -y"),
    ("loop film.mp4 -o taken.mp4 --kind film", 4, "taken.mp4: already exists; use another"),
    ("video - -o out.mp4", 2, "standard input and output are not supported; give file"),
    ("image a.png -o out.doc", 2, "out.doc: unknown picture format '.doc'; use .png"),
    ("image film.mp4 -o out.png", 3, "film.mp4: not a readable picture"),
    ("zoom a.png -o out.mp4 --frames 40", 2, "unknown option --frames; use --seconds and"),
    ("zoom -o out.mp4", 2, "zoom: no picture given; give one, or --from-noise"),
    ("loop a.png -o out.mp4 --seconds 1.01", 2, "seconds: 1.01 s at 30 fps is 30.3 frames"),
    ("loop -o out.mp4 --kind film", 2, "loop: no film given; use dreamvid loop FILM"),
    (
        "loop a.png -o out.mp4 --settings loop.toml",
        2,
        "loop.toml: loop.kind = 'square': must be",
    ),
    (
        "video film.mp4 -o out.mp4 --strength 1+moton",
        2,
        "strength: unknown variable 'moton' (did",
    ),
    (
        "video film.mp4 -o out.mp4 --strength bands(9,9e9)",
        2,
        "strength: bands(low, high) takes",
    ),
    (
        "video film.mp4 -o out.mp4 --strength bands(9,90)",
        2,
        "strength: bands(9, 90) needs audio",
    ),
    ("video film.mp4 -o out.mp4 --strength curve('no.csv')", 3, "no.csv: no such file; check"),
    ("video film.mp4 -o out.mp4 --strength curve('none.csv')", 3, "none.csv: there are no"),
    ("video film.mp4 -o out.mp4 --strength curve('words.csv')", 3, "words.csv: line 2: 'x' is"),
    ("video film.mp4 -o out.mp4 --layer parts*(1+onst)", 2, "layer: unknown variable 'onst'"),
    (
        "video film.mp4 -o out.mp4 --attack 20mx",
        2,
        "attack = '20mx': must be a time such as 20",
    ),
    ("video film.mp4 -o out.mp4 --release 90", 2, "release = '90': must be 0 to 60 seconds"),
    ("video film.mp4 -o out.mp4 --max-flash -1", 2, "max_flash = '-1': "),
    (
        "video film.mp4 -o out.mp4 --settings bas.toml",
        2,
        "bas.toml: signals: unknown signal 'bas'",
    ),
    (
        "zoom a.png -o out.mp4 --strength 1+motion",
        2,
        "strength: motion needs a film, which a z",
    ),
    ("loop a.png -o out.mp4 --attack 20ms", 2, "attack: not used by loops of kind zoom; leave"),
    ("loop a.png -o out.mp4 --max-flash 3", 2, "max_flash: loops are not limited: what is hel"),
    ("video film.mp4 -o out.mp4 --loop --max-flash 3", 2, "max_flash: loops are not limited: "),
    ("zoom a.png -o out.mp4 --repeat-to 9 --max-flash 3", 2, "max_flash: loops are not limite"),
    ("plot cut.toml -o out.png", 2, "cut: needs the film; use dreamvid plot SETTINGS FILM"),
    ("live --input text.mp4", 3, "text.mp4: not a readable film (Invalid data found when proc"),
    ("atlas -o sheet.png --classes owl,unicorn", 2, "label: unknown label 'unicorn'; try"),
    ("judge gone.safetensors", 3, "gone.safetensors: no such file; check the path"),
    ("judge --reader vgg17", 2, "unknown network 'vgg17'; did you mean vgg19"),
    ("videos film.mp4", 2, "unknown command 'videos'; use dreamvid video"),
)
"""Commands, with the exit code and how their one line begins."""


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[str, Answer]:
    return answers_of([line for line, _, _ in REFUSED], folder)


@pytest.mark.parametrize(("line", "code", "told"), REFUSED)
def test_a_refusal_is_one_line_without_torch(
    answers: dict[str, Answer], line: str, code: int, told: str
) -> None:
    got = answers[line]
    heavy = [name for name in got.heavy if name != "cv2"]  # which looks at masks
    assert (got.code, got.out, heavy, got.changed) == (code, "", [], []), got.err
    first, *caret = got.err.splitlines()
    assert first.startswith(f"dreamvid: {told}") and len(first) < 400
    assert not caret or caret[-1].strip() == "^"


def test_networks_of_timm_are_checked_by_name(folder: Path) -> None:
    missing = "timm:resnet5O needs timm, which is not installed; pip install 'dreamvid[timm]'"
    near = "unknown network 'timm:resnet5O'; did you mean timm:resnet50"
    code, told = (2, near) if has_timm() else (6, missing)
    line = "image a.png -o o.png --model timm:resnet5O"
    got = answers_of([line], folder)[line]
    heavy = [name for name in got.heavy if name != "cv2"]
    assert (got.code, got.out, heavy) == (code, "", []) and told in got.err
