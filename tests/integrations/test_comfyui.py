"""The ComfyUI pack: its nodes against a stub of ComfyUI, and its example workflows."""

from __future__ import annotations

import ast
import copy
import json
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from comfy_kit import (
    CORE,
    PACK,
    WORKFLOWS,
    Comfy,
    InterruptProcessingException,
    batch,
    execute,
    inputs_of,
    load_pack,
    load_tiny_networks,
)
from make_workflows import EXAMPLES, default_of, is_widget, texts
from tiny import moved, texture, tiny_network

import dreamvid
from dreamvid.commands import shared
from dreamvid.errors import UsageError
from dreamvid.settings.dials import NUMBERS, RATES
from dreamvid.settings.tables import CameraSettings, ClipSettings, DreamSettings, MotionSettings
from dreamvid.settings.values import BOUNDS

QUICK = {"iterations": 3, "octaves": 2, "step": 0.03}
NODES = ("Image", "Frames", "Zoom", "Network", "Objective", "Guide")


@pytest.fixture
def comfy(tmp_path: Path) -> Comfy:
    (tmp_path / "dreamvid").mkdir()
    return Comfy(tmp_path)


@pytest.fixture
def pack(comfy: Comfy, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    load_tiny_networks(monkeypatch)
    return load_pack(comfy, monkeypatch)


def run(pack: ModuleType, name: str, **given: Any) -> Any:
    """Run a node as ComfyUI does, with the defaults of what is not given."""
    kind = pack.NODE_CLASS_MAPPINGS[f"Dreamvid{name}"]
    known = inputs_of(kind)
    defaults = {key: default_of(known[key]) for key in known if is_widget(known[key][0])}
    quick = QUICK if "iterations" in known else {}
    node = kind()
    with torch.inference_mode():
        return getattr(node, node.FUNCTION)(**defaults | quick | given)


def network(pack: ModuleType, **given: Any) -> Any:
    return run(pack, "Network", precision="fp32", **given)[0]


def frames(count: int = 6) -> torch.Tensor:
    with torch.inference_mode():  # as those of any node before
        return batch(*moved(count))


def sub(pack: ModuleType, name: str) -> ModuleType:
    """A module of the pack."""
    return sys.modules[f"{pack.__name__}.{name}"]


# --- what ComfyUI asks for -----------------------------------------------------------


def test_the_pack_has_the_nodes_with_all_that_comfyui_asks_for(pack: ModuleType) -> None:
    assert set(pack.NODE_CLASS_MAPPINGS) == {f"Dreamvid{name}" for name in NODES}
    assert pack.NODE_DISPLAY_NAME_MAPPINGS.keys() == pack.NODE_CLASS_MAPPINGS.keys()
    for kind in pack.NODE_CLASS_MAPPINGS.values():
        assert kind.CATEGORY == "dreamvid" and callable(getattr(kind, kind.FUNCTION))
        assert len(kind.RETURN_TYPES) == len(kind.RETURN_NAMES) and kind.DESCRIPTION
        json.dumps(kind.INPUT_TYPES())  # it is sent to the page


def test_every_widget_has_a_default_within_its_range_and_a_help_text(pack: ModuleType) -> None:
    for kind in pack.NODE_CLASS_MAPPINGS.values():
        for name, (of, options) in inputs_of(kind).items():
            if not is_widget(of):
                continue
            value = default_of((of, options))
            assert options["tooltip"], name
            if isinstance(of, list):
                assert value in of, name
            elif of in ("INT", "FLOAT"):
                assert options.get("min", value) <= value <= options.get("max", value), name


@pytest.mark.parametrize("name", NUMBERS)
def test_dials_are_read_off_the_settings(pack: ModuleType, name: str) -> None:
    for node in ("Image", "Frames", "Zoom"):
        known = inputs_of(pack.NODE_CLASS_MAPPINGS[f"Dreamvid{node}"])
        kind, options = known[name]
        field, bounds = DreamSettings.model_fields[name], BOUNDS[name]
        assert kind == ("INT" if bounds.whole else "FLOAT")
        assert options["max"] == bounds.high and options["tooltip"].startswith(field.description)
        unset = field.default is None
        assert options["min"] == (0 if unset else bounds.low)
        assert options["default"] == (0 if unset else field.default)


def test_no_dial_of_a_dream_is_missing(pack: ModuleType) -> None:
    nodes = pack.NODE_CLASS_MAPPINGS
    elsewhere = {"layer", "label", "guide", "guide_match", "guide_time", "palette"}
    for node in ("Image", "Frames", "Zoom"):
        known = inputs_of(nodes[f"Dreamvid{node}"])
        assert DreamSettings.model_fields.keys() - elsewhere <= known.keys()
    assert {"stability", "flow", "cuts"} <= inputs_of(nodes["DreamvidFrames"]).keys()
    zoom = inputs_of(nodes["DreamvidZoom"])
    assert CameraSettings.model_fields.keys() <= zoom.keys()
    assert zoom["edges"][0] == ["mirror", "replicate", "wrap"]
    assert zoom["seconds"][1]["default"] == float(ClipSettings().length)
    assert zoom["seed"][1]["max"] == 2**53 - 1  # what JSON keeps


def test_widgets_at_their_defaults_are_the_default_settings(pack: ModuleType) -> None:
    widgets = sub(pack, "widgets")
    for model in (DreamSettings, CameraSettings, MotionSettings, ClipSettings):
        values = {
            name: default_of(widgets.widget(model, name))
            for name in model.model_fields
            if name not in ("layer", "loop", "background")
        }
        assert model.checked(widgets.given(model, values)) == model()


def test_the_registry_and_pip_find_what_they_read() -> None:
    project = tomllib.loads((PACK / "pyproject.toml").read_text("utf-8"))
    own = tomllib.loads((PACK.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    about = project["project"]
    assert re.fullmatch(r"[a-z][a-z0-9-]*", about["name"]) and "comfyui" not in about["name"]
    assert about["version"] == own["version"]
    assert about["requires-python"] == own["requires-python"]
    assert about["license"] == {"text": own["license"]}
    assert project["tool"]["comfy"]["DisplayName"]
    needs = (PACK / "requirements.txt").read_text("utf-8").split()
    assert about["dependencies"] == needs == [f"{own['name']}>={own['version']}"]


def test_the_pack_needs_nothing_that_dreamvid_does_not_bring() -> None:
    own = tomllib.loads((PACK.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    brought = {re.match(r"[\w-]+", need)[0] for need in own["dependencies"]}  # type: ignore[index]
    known = {"dreamvid", "comfy", "folder_paths", *sys.stdlib_module_names}
    known |= {"PIL" if name == "pillow" else name for name in brought}
    for path in PACK.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                absolute = isinstance(node, ast.ImportFrom) and not node.level
                names = [str(node.module)] if absolute else []  # type: ignore[attr-defined]
            assert {name.partition(".")[0] for name in names} <= known, path.name


def test_the_pack_is_loaded_through_a_link(comfy: Comfy, monkeypatch: pytest.MonkeyPatch) -> None:
    link = comfy.models / "custom_nodes" / "dreamvid"
    link.parent.mkdir()
    link.symlink_to(PACK)
    assert load_pack(comfy, monkeypatch, link).NODE_CLASS_MAPPINGS


def test_the_readme_names_the_nodes_and_workflows_and_its_links_lead_somewhere(
    pack: ModuleType,
) -> None:
    text = (PACK / "README.md").read_text("utf-8")
    for name in pack.NODE_DISPLAY_NAME_MAPPINGS.values():
        assert f"| *{name}* |" in text
    assert re.findall(r"^\| `(\w+)` \|", text, re.M) == list(EXAMPLES)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        assert (PACK / link).exists(), link


# --- pictures ------------------------------------------------------------------------


def test_pictures_are_dreamed_in_their_shape_and_range_and_again_the_same(pack: ModuleType) -> None:
    images = frames(2)
    before, loaded = images.clone(), network(pack)
    (dreamed,) = run(pack, "Image", images=images, network=loaded)
    (again,) = run(pack, "Image", images=images, network=loaded)
    (other,) = run(pack, "Image", images=images, network=loaded, seed=1)
    assert dreamed.shape == images.shape and dreamed.dtype == torch.float32
    assert dreamed.min() >= 0 and dreamed.max() <= 1 and dreamed.is_contiguous()
    assert (dreamed - images).abs().mean() > 0.01
    assert torch.equal(dreamed, again) and not torch.equal(dreamed, other)
    assert torch.equal(images, before)


def test_a_picture_is_dreamed_as_the_library_does(pack: ModuleType) -> None:
    (dreamed,) = run(pack, "Image", images=frames(1), network=network(pack))
    settings = DreamSettings(**QUICK)
    look = dreamvid.Dreaming(network(pack), settings)
    image = frames(1).clone()[0].permute(2, 0, 1).contiguous()
    assert torch.equal(next(dreamvid.dream_images([image], look)), dreamed[0].permute(2, 0, 1))


def test_alpha_passes_by(pack: ModuleType) -> None:
    alpha = torch.rand(2, 48, 64, 1, generator=torch.Generator().manual_seed(0))
    images, loaded = frames(2), network(pack)
    both = torch.cat((images, alpha), dim=-1)
    (dreamed,) = run(pack, "Image", images=both, network=loaded)
    assert torch.equal(dreamed[..., 3:], alpha)
    assert torch.equal(dreamed[..., :3], run(pack, "Image", images=images, network=loaded)[0])
    assert torch.equal(run(pack, "Frames", images=both, network=loaded)[0][..., 3:], alpha)


def test_strength_0_changes_nothing(pack: ModuleType, comfy: Comfy) -> None:
    images, loaded = frames(2), network(pack)
    assert torch.equal(run(pack, "Image", images=images, network=loaded, strength=0.0)[0], images)
    assert torch.equal(run(pack, "Frames", images=images, network=loaded, strength=0.0)[0], images)
    assert comfy.shown[-1] == (2, 2)


@pytest.mark.parametrize("shape", [(1, 48, 64, 1), (48, 64, 3), (1, 8, 8, 3)])
def test_what_is_no_batch_of_pictures_is_refused(pack: ModuleType, shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"pixels or more|3 or 4 channels"):
        run(pack, "Image", images=torch.rand(shape), network=network(pack))


# --- frames --------------------------------------------------------------------------


@pytest.mark.parametrize("split", [1, 3])
def test_two_batches_with_memory_are_one(pack: ModuleType, split: int) -> None:
    images, loaded = frames(), network(pack)
    whole, end = run(pack, "Frames", images=images, network=loaded)
    first, memory = run(pack, "Frames", images=images[:split], network=loaded)
    second, last = run(pack, "Frames", images=images[split:], network=loaded, memory=memory)
    assert torch.equal(torch.cat((first, second)), whole)
    assert last.index == end.index == 5
    again, _ = run(pack, "Frames", images=images[split:], network=loaded, memory=memory)
    assert torch.equal(again, second)  # a memory is not used up


def test_frames_are_carried_and_a_cut_is_found_between_batches(pack: ModuleType) -> None:
    loaded = network(pack)
    images = frames(3)
    alone, _ = run(pack, "Frames", images=images, network=loaded, stability=0.0)
    carried, memory = run(pack, "Frames", images=images, network=loaded)
    assert not torch.equal(alone, carried) and memory.memory.age == 2
    black = torch.zeros(1, 48, 64, 3)
    _, after = run(pack, "Frames", images=black, network=loaded, memory=memory)
    assert after.memory.shot == 2
    _, kept = run(pack, "Frames", images=black, network=loaded, memory=memory, cuts=False)
    assert kept.memory.shot == 1


def test_schedules_go_on_in_the_next_batch(pack: ModuleType) -> None:
    images, loaded = frames(4), network(pack)
    schedules = "strength = 0:(0), 2:(0), 3:(1)\n\n stability = 0.5 "
    whole, _ = run(pack, "Frames", images=images, network=loaded, schedules=schedules)
    assert torch.equal(whole[:3], images[:3]) and not torch.equal(whole[3], images[3])
    first, memory = run(pack, "Frames", images=images[:2], network=loaded, schedules=schedules)
    second, _ = run(pack, "Frames", images=images[2:], network=loaded, schedules=schedules,
                    memory=memory)  # fmt: skip
    assert torch.equal(torch.cat((first, second)), whole)


@pytest.mark.parametrize("text", ["strength", "strength =", "cake = 1", "seed = 3"])
def test_a_schedule_that_is_none_is_refused(pack: ModuleType, text: str) -> None:
    with pytest.raises(UsageError, match=rf"schedules: cannot read '{text}'"):
        run(pack, "Frames", images=frames(1), network=network(pack), schedules=text)


def test_a_schedule_without_its_dial_in_a_node_is_refused(pack: ModuleType) -> None:
    with pytest.raises(UsageError, match="cannot read 'zoom = 2'") as refused:
        run(pack, "Frames", images=frames(1), network=network(pack), schedules="zoom = 2")
    assert "rotate" not in str(refused.value)
    lines = "\n".join(f"{name} = 1" for name in (*NUMBERS, *RATES, "stability"))
    known = inputs_of(pack.NODE_CLASS_MAPPINGS["DreamvidZoom"])
    assert sub(pack, "widgets").scheduled(lines, known).keys() == {*NUMBERS, *RATES, "stability"}


def test_the_next_batch_may_dream_of_something_else_but_not_in_another_size(
    pack: ModuleType,
) -> None:
    images, loaded = frames(), network(pack)
    _, memory = run(pack, "Frames", images=images[:3], network=loaded)
    (other,) = run(pack, "Objective", layer="one")
    changed, _ = run(pack, "Frames", images=images[3:], network=loaded, memory=memory,
                     objective=other)  # fmt: skip
    same, _ = run(pack, "Frames", images=images[3:], network=loaded, memory=memory)
    assert not torch.equal(changed, same)
    with pytest.raises(UsageError, match="memory: the images are 32x48, those before 64x48"):
        run(pack, "Frames", images=images[:, :, :32], network=loaded, memory=memory)


# --- zooms ---------------------------------------------------------------------------


def test_a_zoom_has_its_length_and_size_and_goes_on(pack: ModuleType) -> None:
    loaded, image = network(pack), frames(1)
    clip = {"fps": 10.0, "zoom": 2.0, "network": loaded}
    whole, _ = run(pack, "Zoom", image=image, seconds=0.6, **clip)
    first, memory = run(pack, "Zoom", image=image, seconds=0.3, **clip)
    second, _ = run(pack, "Zoom", seconds=0.3, memory=memory, **clip)
    assert whole.shape == (6, 48, 64, 3)
    assert torch.equal(torch.cat((first, second)), whole)
    assert not torch.equal(whole[0], whole[1])


def test_a_zoom_into_noise_has_the_size_it_is_given(pack: ModuleType) -> None:
    noise, _ = run(pack, "Zoom", network=network(pack), seconds=0.1, fps=20.0, size="64x32")
    assert noise.shape == (2, 32, 64, 3) and noise.std() > 0.02


def test_the_camera_obeys_schedules(pack: ModuleType) -> None:
    clip = {"network": network(pack), "image": frames(1), "seconds": 0.2, "fps": 20.0}
    still, _ = run(pack, "Zoom", zoom=1.0, **clip)
    scheduled, _ = run(pack, "Zoom", zoom=3.0, schedules="zoom = 1", **clip)
    assert torch.equal(still, scheduled)


# --- networks, objectives, guides ------------------------------------------------------


def test_auto_is_the_device_of_comfyui(pack: ModuleType, comfy: Comfy) -> None:
    host = sub(pack, "host")
    for own, chosen in (("cpu", "cpu"), ("cuda", "cuda"), ("xpu", "cpu"), ("mps", "mps")):
        comfy.device = own
        assert host.device_for("auto") == chosen
    assert host.device_for("cpu") == "cpu"
    comfy.device = "cpu"
    assert network(pack).settings.device == "cpu"


def test_networks_in_a_chain_dream_together(pack: ModuleType) -> None:
    first = network(pack)
    both = network(pack, other="timm:abc", share=0.5, network=first)
    assert both.settings.parts == (("efficientnet_lite0", 1.0), ("timm:abc", 0.5))
    assert both.networks[0] is first.networks[0] and len(both.networks) == 2
    images = frames(1)
    assert not torch.equal(
        run(pack, "Image", images=images, network=both)[0],
        run(pack, "Image", images=images, network=first)[0],
    )


def test_trained_networks_are_listed_and_a_changed_file_is_read_anew(
    pack: ModuleType, comfy: Comfy
) -> None:
    file = comfy.models / "dreamvid" / "mine.safetensors"
    file.write_bytes(b"one")
    (comfy.models / "dreamvid" / "note.txt").write_bytes(b"")
    kind = pack.NODE_CLASS_MAPPINGS["DreamvidNetwork"]
    known = kind.INPUT_TYPES()["required"]["model"][0]
    assert known[-1] == "mine.safetensors" and "bestiary" in known and "note.txt" not in known
    assert network(pack, model="mine.safetensors").settings.model == (str(file),)
    values = {"device": "auto", "precision": "auto", "network": None}
    before = kind.IS_CHANGED(model="mine.safetensors", **values)
    assert before == kind.IS_CHANGED(model="mine.safetensors", **values)
    file.write_bytes(b"other")
    assert before != kind.IS_CHANGED(model="mine.safetensors", **values)
    assert kind.IS_CHANGED(model="bestiary") == kind.IS_CHANGED(model="bestiary")
    assert kind.IS_CHANGED(weights=str(file)) != kind.IS_CHANGED(weights="")


def test_a_download_is_shown_and_can_be_interrupted(
    pack: ModuleType, comfy: Comfy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(model: str, *, progress: Any, **_: object) -> Any:
        for done in (10, 20, 30):
            progress(done, 30)
        return tiny_network()

    monkeypatch.setattr(shared, "load_network", load)
    network(pack)
    assert comfy.shown == [(10, 30), (20, 30), (30, 30)]
    comfy.checks, comfy.interrupt_at = 0, 3
    with pytest.raises(InterruptProcessingException):
        network(pack)


@pytest.mark.parametrize(
    ("layer", "weight", "made"),
    [
        ("parts", 1.0, ("parts",)),
        (" parts \n\n one*0.5 ", 1.0, ("parts", "one*0.5")),
        ("parts\none*-0.5", -2.0, ("parts*-2.0", "one*(-0.5)*-2.0")),
        ("", 0.5, ()),
    ],
)
def test_an_objective_has_its_layers_with_weights(
    pack: ModuleType, layer: str, weight: float, made: tuple[str, ...]
) -> None:
    (objective,) = run(pack, "Objective", layer=layer, weight=weight)
    assert objective.layers == made
    run(pack, "Image", images=frames(1), network=network(pack), objective=objective)


def test_a_negative_weight_pushes_away(pack: ModuleType) -> None:
    loaded, images = network(pack), frames(1)
    image = images.clone()[0].permute(2, 0, 1).contiguous()
    look = dreamvid.Dreamer(loaded.networks[0], dreamvid.layer("one"), device="cpu")
    rates = []
    for weight in (1.0, -1.0):
        (objective,) = run(pack, "Objective", layer="one", weight=weight)
        (dreamed,) = run(pack, "Image", images=images, network=loaded, objective=objective)
        rates.append(look.rate(dreamed.clone()[0].permute(2, 0, 1).contiguous()))
    assert rates[0] > look.rate(image) > rates[1]


def test_objectives_add_up(pack: ModuleType) -> None:
    (one,) = run(pack, "Objective", layer="one", weight=0.5)
    (both,) = run(pack, "Objective", layer="two", objective=one)
    assert both.layers == ("one*0.5", "two")


def test_a_label_is_raised_alone(pack: ModuleType) -> None:
    (label,) = run(pack, "Objective", label="bee")
    (dreamed,) = run(pack, "Image", images=frames(1), network=network(pack), objective=label)
    assert not torch.equal(dreamed, frames(1))
    for given in ({"layer": "one"}, {"objective": label}):
        with pytest.raises(UsageError, match="label"):
            run(pack, "Objective", **{"label": "cat", **given})
    (guide,) = run(pack, "Guide", images=frames(1))
    (guided,) = run(pack, "Objective", label="bee", guide=guide)
    with pytest.raises(UsageError, match="label and guide: give only one"):
        run(pack, "Image", images=frames(1), network=network(pack), objective=guided)


def test_a_layer_or_a_label_that_there_is_not_is_refused_in_one_line(pack: ModuleType) -> None:
    for given in ({"layer": "cake"}, {"label": "cake"}):
        (objective,) = run(pack, "Objective", **given)
        with pytest.raises(UsageError, match="cake") as refused:
            run(pack, "Image", images=frames(1), network=network(pack), objective=objective)
        assert "\n" not in str(refused.value)
    with pytest.raises(UsageError, match="weight: a schedule of layers"):
        run(pack, "Objective", layer="0:(one), 5:(two)", weight=0.5)


def test_guides_draw_the_dream_and_their_match_counts(pack: ModuleType) -> None:
    images, loaded = frames(1), network(pack)
    found = [run(pack, "Image", images=images, network=loaded)[0]]
    for match, seed in (("dot", 5), ("cosine", 5), ("gram", 5), ("dot", 6)):
        (guide,) = run(pack, "Guide", images=batch(texture(seed)), match=match)
        (objective,) = run(pack, "Objective", guide=guide)
        (dreamed,) = run(pack, "Image", images=images, network=loaded, objective=objective)
        assert all(not torch.equal(dreamed, other) for other in found)
        found.append(dreamed)


def test_guides_in_a_chain_guide_together_and_only_one_is_in_a_sum(pack: ModuleType) -> None:
    (small,) = run(pack, "Guide", images=batch(texture(5, height=32, width=40)))
    (both,) = run(pack, "Guide", images=frames(2), guide=small)
    assert [tuple(picture.shape) for picture in both.pictures] == [(3, 32, 40), *[(3, 48, 64)] * 2]
    (guided,) = run(pack, "Objective", guide=both)
    (total,) = run(pack, "Objective", layer="one", objective=guided)
    assert total.guide is both
    run(pack, "Frames", images=frames(2), network=network(pack), objective=total)
    with pytest.raises(UsageError, match="guide: both objectives have a guide"):
        run(pack, "Objective", guide=small, objective=guided)


# --- progress and interrupts ------------------------------------------------------------


def test_the_bar_counts_the_updates_of_pictures(pack: ModuleType, comfy: Comfy) -> None:
    run(pack, "Image", images=frames(2), network=network(pack))
    assert comfy.shown == [(done, 12) for done in (*range(6), 6, *range(6, 12), 12)]
    kind, image, side = comfy.previews[-1]
    assert kind == "JPEG" and image.size == (64, 48) and side == 512
    assert sum(preview is not None for preview in comfy.previews) == 2


def test_the_bar_counts_frames(pack: ModuleType, comfy: Comfy) -> None:
    loaded = network(pack)
    run(pack, "Frames", images=frames(3), network=loaded)
    assert comfy.shown == [(1, 3), (2, 3), (3, 3)]
    comfy.shown.clear()
    run(pack, "Zoom", image=frames(1), network=loaded, seconds=0.2, fps=10.0)
    assert comfy.shown == [(1, 2), (2, 2)]


@pytest.mark.parametrize("node", ["Image", "Frames", "Zoom"])
def test_an_interrupt_ends_a_node_at_the_next_update(
    pack: ModuleType, comfy: Comfy, node: str
) -> None:
    given = {"Image": {"images": frames(2)}, "Frames": {"images": frames(2)}}
    loaded = network(pack)
    comfy.checks, comfy.interrupt_at = 0, 4
    with pytest.raises(InterruptProcessingException):
        run(pack, node, network=loaded, **given.get(node, {"image": frames(1)}))
    assert comfy.checks == 4 and len(comfy.shown) <= 3
    comfy.interrupt_at = None
    run(pack, "Image", images=frames(1), network=loaded)


# --- workflows --------------------------------------------------------------------------


def api(name: str) -> dict[str, Any]:
    return json.loads((WORKFLOWS / "api" / f"{name}.json").read_text("utf-8"))


def test_the_workflows_are_those_of_these_nodes(pack: ModuleType) -> None:
    wanted = texts(CORE | pack.NODE_CLASS_MAPPINGS)
    assert {path for path in WORKFLOWS.rglob("*.json")} == set(wanted)
    for path, text in wanted.items():
        assert path.read_text("utf-8") == text, "run tests/integrations/make_workflows.py"


@pytest.mark.parametrize("name", EXAMPLES)
def test_both_forms_of_a_workflow_are_one_graph(name: str) -> None:
    page = json.loads((WORKFLOWS / f"{name}.json").read_text("utf-8"))
    links = {link[0]: link for link in page["links"]}
    for node in page["nodes"]:
        item = api(name)[str(node["id"])]
        assert item["class_type"] == node["type"]
        linked = {
            slot["name"]: [str(links[slot["link"]][1]), links[slot["link"]][2]]
            for slot in node["inputs"]
            if slot["link"] is not None
        }
        assert linked == {k: v for k, v in item["inputs"].items() if isinstance(v, list)}
        values = iter(node["widgets_values"])
        for slot in filter(lambda slot: "widget" in slot, node["inputs"]):
            value = next(values)
            assert slot["link"] is not None or value == item["inputs"][slot["name"]]
            assert slot["name"] != "seed" or next(values) == "fixed"
        assert next(values, None) is None


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_workflow_runs(pack: ModuleType, comfy: Comfy, name: str) -> None:
    graph: dict[str, Any] = copy.deepcopy(api(name))
    for item in graph.values():
        if "iterations" in item["inputs"]:
            item["inputs"] |= QUICK
        if "seconds" in item["inputs"]:
            item["inputs"] |= {"seconds": 0.1, "size": "64x48" if item["inputs"]["size"] else ""}
        if item["inputs"].get("layer") == "creatures":  # the tiny network knows no animals
            item["inputs"]["layer"] = "creatures:bee"
    results = execute(graph, CORE | pack.NODE_CLASS_MAPPINGS)
    saved = [found["saved"] for found in results.values() if isinstance(found, Mapping)]
    assert saved and all(images.shape[1:] == (48, 64, 3) for images in saved)
    assert comfy.shown


def test_the_examples_use_every_node() -> None:
    used = {item["class_type"] for name in EXAMPLES for item in api(name).values()}
    assert {f"Dreamvid{name}" for name in NODES} <= used
