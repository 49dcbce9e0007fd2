"""An atlas in a folder: it is resumed, widened and refused, and shows what it should."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tiny import tiny_network, with_exemplars

from dreamvid.bestiary import atlas as drawing
from dreamvid.bestiary.atlas import PATTERN_SIDE
from dreamvid.commands import atlas
from dreamvid.commands.atlas import draw_atlas, duration
from dreamvid.commands.atlas_folder import MANIFEST, PAGE, read_plan
from dreamvid.dream.slope import Slope
from dreamvid.dream.terms import parse
from dreamvid.errors import OutputExists, UsageError
from dreamvid.networks.known import DEFAULT
from dreamvid.sequence.progress import Progress

FEW = {"layers": ["two"], "channel_count": 3}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pictures of few iterations."""
    monkeypatch.setattr(drawing, "PATTERN_SIDE", 32)
    monkeypatch.setattr(drawing, "PATTERN_ITERATIONS", 2)
    monkeypatch.setattr(drawing, "ITERATIONS", 1)
    monkeypatch.setattr(atlas, "PATTERN_SIDE", 32)


def shown(folder: Path) -> list[dict[str, Any]]:
    """The cells of the page."""
    text = (folder / PAGE).read_text("utf-8")
    data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])
    return [cell for part in data["sections"] for cell in part["cells"]]


def files(folder: Path) -> dict[str, bytes]:
    """All files but hidden ones, by path."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if not path.name.startswith(".")
    }


def stop_after(count: int) -> Callable[[Progress], None]:
    """A callback that interrupts as Ctrl-C does, when so many pictures are drawn."""

    def on_progress(event: Progress) -> None:
        if event.task == "pictures" and event.done == count:
            raise KeyboardInterrupt

    return on_progress


def test_the_page_shows_every_layer_channel_and_class_with_its_picture(tmp_path: Path) -> None:
    made = draw_atlas(tiny_network(), tmp_path / "a", channel_count=4)
    cells = shown(tmp_path / "a")
    assert [cell["flag"] for cell in cells] == [
        "--layer one", "--layer one:0", "--layer one:2", "--layer one:4", "--layer one:6",
        "--layer two", "--layer two:0", "--layer two:3", "--layer two:6", "--layer two:9",
        "--label ant", "--label bee", "--label cat", "--label dog",
    ]  # fmt: skip
    assert (made.path, made.frames) == (tmp_path / "a" / PAGE, 14)
    pictures = {path for path in files(tmp_path / "a") if path.endswith(".webp")}
    assert pictures == {cell["file"] for cell in cells}
    assert [cell["whole"] for cell in cells].count(True) == 2
    with Image.open(tmp_path / "a" / cells[1]["file"]) as picture:
        assert (picture.format, picture.size) == ("WEBP", (32, 32))


def test_every_flag_is_understood(tmp_path: Path) -> None:
    network = tiny_network()
    draw_atlas(network, tmp_path / "a", model="my nets/vgg.safetensors", channel_count=2)
    for cell in shown(tmp_path / "a"):
        model, path, flag, value = shlex.split(cell["flag"])
        assert (model, path) == ("--model", "my nets/vgg.safetensors")
        if flag == "--layer":
            parse(value, network)
        else:
            assert flag == "--label" and len(network.labelled(value)) == 1


def test_labels_of_one_name_are_told_by_their_numbers(tmp_path: Path) -> None:
    network = tiny_network()
    network.labels = ("crane", "great owl", "crane", "it's", "elk")
    draw_atlas(network, tmp_path / "a", channel_count=5, model=DEFAULT)
    flags = [cell["flag"] for cell in shown(tmp_path / "a")][-5:]
    assert [shlex.split(flag) for flag in flags] == [
        ["--label", "0"], ["--label", "great owl"], ["--label", "2"], ["--label", "it's"],
        ["--label", "elk"],
    ]  # fmt: skip


def test_an_atlas_that_was_stopped_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    draw_atlas(tiny_network(), tmp_path / "whole", **FEW)
    with pytest.raises(KeyboardInterrupt):
        draw_atlas(tiny_network(), tmp_path / "cut", **FEW, on_progress=stop_after(2))
    before = files(tmp_path / "cut")
    assert sum(path.endswith(".webp") for path in before) == 2 and PAGE in before
    times = {p: (tmp_path / "cut" / p).stat().st_mtime_ns for p in before if p.endswith(".webp")}
    notes: list[str] = []
    draw_atlas(tiny_network(), tmp_path / "cut", **FEW, on_progress=lambda e: notes.append(e.text))
    assert files(tmp_path / "cut") == files(tmp_path / "whole")
    assert times == {p: (tmp_path / "cut" / p).stat().st_mtime_ns for p in times}  # not redrawn
    assert notes[0].startswith("4 pictures, 2 of them drawn before; about ")


def test_pictures_do_not_depend_on_those_drawn_before(tmp_path: Path) -> None:
    draw_atlas(tiny_network(), tmp_path / "a", channel_count=4)
    draw_atlas(tiny_network(), tmp_path / "b", layers=["two"], channel_count=2)
    whole, few = files(tmp_path / "a"), files(tmp_path / "b")
    assert few["layers/two/6.webp"] == whole["layers/two/6.webp"]


def test_a_run_that_asks_for_more_adds_to_what_is_there(tmp_path: Path) -> None:
    draw_atlas(tiny_network(), tmp_path, layers=["two"], channel_count=1)
    first = files(tmp_path)
    draw_atlas(tiny_network(), tmp_path, layers=["textures"], channel_count=1, classes=["cat"])
    flags = [cell["flag"] for cell in shown(tmp_path)]
    assert flags == ["--layer one", "--layer one:0", "--layer two", "--layer two:0", "--label cat"]
    later = files(tmp_path)
    assert all(later[path] == first[path] for path in first if path.endswith(".webp"))


def test_without_layers_there_are_as_many_classes_as_channels(tmp_path: Path) -> None:
    draw_atlas(tiny_network(), tmp_path / "a", channel_count=2)
    plan = read_plan(tmp_path / "a")
    assert plan is not None and plan.classes == (0, 2)
    draw_atlas(tiny_network(), tmp_path / "b", layers=["two"], channel_count=2)
    plan = read_plan(tmp_path / "b")
    assert plan is not None and (plan.classes, plan.layers) == ((), {"two": (0, 6)})


def test_another_network_is_refused_or_drawn_anew(tmp_path: Path) -> None:
    draw_atlas(tiny_network(), tmp_path, layers=["one", "two"], channel_count=2)
    before = files(tmp_path)
    other = tiny_network(seed=1)
    other.weights_sha256 = "other"
    with pytest.raises(OutputExists, match="an atlas of tiny with other weights"):
        draw_atlas(other, tmp_path, layers=["two"], channel_count=2)
    assert files(tmp_path) == before
    draw_atlas(other, tmp_path, layers=["two"], channel_count=2, overwrite=True)
    after = files(tmp_path)
    assert "layers/one/0.webp" not in after
    assert after["layers/two/0.webp"] != before["layers/two/0.webp"]
    assert json.loads(after[MANIFEST])["weights"] == "other"


def test_overwriting_the_same_atlas_goes_on_with_it(tmp_path: Path) -> None:
    draw_atlas(tiny_network(), tmp_path, **FEW)
    time = (tmp_path / "layers/two/layer.webp").stat().st_mtime_ns
    draw_atlas(tiny_network(), tmp_path, **FEW, overwrite=True)
    assert (tmp_path / "layers/two/layer.webp").stat().st_mtime_ns == time


@pytest.mark.parametrize(
    ("layers", "classes", "what"),
    [(["three"], [], "no layer 'three'"), (["logits"], [], "has no positions"),
     ([], ["gnu"], "unknown label 'gnu'")],
)  # fmt: skip
def test_unknown_names_leave_nothing_behind(
    tmp_path: Path, layers: list[str], classes: list[str], what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        draw_atlas(tiny_network(), tmp_path / "a", layers=layers, classes=classes)
    assert not (tmp_path / "a").exists()


def test_pictures_come_in_rounds_with_the_time_left(tmp_path: Path) -> None:
    events: list[Progress] = []
    seen: list[set[str]] = []

    def on_progress(event: Progress) -> None:
        events.append(event)
        seen.append({path for path in files(tmp_path) if path.endswith(".webp")})

    draw_atlas(
        tiny_network(), tmp_path, layers=["one", "two"], channel_count=2, on_progress=on_progress
    )
    note, *drawn = events
    assert re.match(r"6 pictures; about \d+ \w+; .*index.html can be opened", note.text)
    assert [(e.task, e.done, e.total) for e in drawn] == [("pictures", k, 6) for k in range(1, 7)]
    assert all(re.fullmatch(r"about \d+ (s|min|h) left", event.detail) for event in drawn)
    assert seen[2] == {"layers/one/layer.webp", "layers/two/layer.webp"}  # first of each layer


def test_the_time_of_a_class_counts_the_passes_that_its_exemplar_adds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_exemplars(monkeypatch)
    network, clock = tiny_network(), [0.0]
    seen = Slope._seen

    def timed(self: Slope, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        clock[0] += 1  # for each forward pass
        return seen(self, batch)

    monkeypatch.setattr(Slope, "_seen", timed)
    monkeypatch.setattr(atlas.time, "perf_counter", lambda: clock[0])
    elk, cat = (atlas._of_class(network, network.labelled(name)[0], "") for name in ("elk", "cat"))
    assert atlas._seconds(network, [elk]) == atlas.OVERHEAD * atlas.WHOLE_PASSES
    assert atlas._seconds(network, [cat]) == 2 * atlas._seconds(network, [elk])


def test_the_page_can_be_opened_before_the_first_picture(tmp_path: Path) -> None:
    def on_progress(event: Progress) -> None:
        assert len(shown(tmp_path)) == 4

    draw_atlas(tiny_network(), tmp_path, **FEW, on_progress=on_progress)


def test_a_class_takes_the_size_of_the_other_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def noted(network: object, index: int, *, size: int) -> torch.Tensor:
        sizes.append(size)
        return torch.zeros(3, size, size)

    monkeypatch.setattr(atlas, "thing", noted)
    monkeypatch.setattr(atlas, "PATTERN_SIDE", PATTERN_SIDE)
    draw_atlas(tiny_network(), tmp_path, layers=["two"], channel_count=1, classes=["ant", "elk"])
    assert sizes == [PATTERN_SIDE] * 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "about 1 s"), (42.4, "about 42 s"), (89, "about 89 s"), (91, "about 2 min"),
     (600, "about 10 min"), (5000, "about 83 min"), (9000, "about 2 h")],
)  # fmt: skip
def test_a_time_is_told_in_one_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words
