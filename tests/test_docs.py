"""The README and docs: their commands parse, their code runs, their links lead somewhere."""

from __future__ import annotations

import inspect
import re
import shlex
import shutil
import tomllib
from fractions import Fraction
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import torch
from tiny import moved, texture

import dreamvid
from dreamvid.cli.app import COMMANDS, build, run
from dreamvid.image import save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.networks.network import Network
from dreamvid.networks.registry import describe
from dreamvid.settings.live import LiveSettings

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
OTHER_PROGRAMS = ("pip install ", "apt install ", "pytest", "sbatch ", "ray start ")
QUICK = [
    "dreamvid models",
    "dreamvid presets",
    "dreamvid codecs",
    "dreamvid doctor",
    "dreamvid layers efficientnet_lite0",
    "dreamvid labels bestiary",
    "dreamvid plot samples/settings/zoom.toml -o curves.png",
    "dreamvid zoom photo.jpg --motion-preview -o preview.mp4",
    "dreamvid loop clip.mp4 -o loop.mp4 --kind film",
]
"""Commands that run in seconds on small files."""


def fences(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page that are in a language; '' is that of shell commands."""
    pieces = re.split(r"^```(.*)\n", page.read_text("utf-8"), flags=re.M)
    assert len(pieces) % 4 == 1, f"{page.name}: a fence is not closed"
    return [text for name, text in zip(pieces[1::4], pieces[2::4], strict=True) if name == language]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return "".join(re.split(r"^```.*\n", page.read_text("utf-8"), flags=re.M)[::2])


def shell_commands(page: Path) -> list[str]:
    """The commands in the fenced blocks of a page, without their comments."""
    lines = "".join(fences(page, "")).splitlines()
    parts = [part for line in lines for part in line.split(" && ")]
    return [shlex.join(words) for part in parts if (words := shlex.split(part, comments=True))]


SHELL = list(dict.fromkeys(line for page in PAGES for line in shell_commands(page)))


@cache
def all_flags() -> set[str]:
    """Every flag of every command."""
    app = build()
    names = [name for group in COMMANDS.values() for name, *_ in group]
    arguments = [arg for name in names for arg in app[name].assemble_argument_collection()]
    return {name for argument in arguments for name in argument.names} | {"--help"}


def test_the_pages_have_commands() -> None:
    assert len(PAGES) > 5 and len(SHELL) > 40


@pytest.mark.parametrize("line", SHELL)
def test_every_shell_command_parses(line: str) -> None:
    program, *arguments = shlex.split(line)
    if program == "dreamvid":
        build().parse_args(arguments, exit_on_error=False, print_error=False)
    elif program == "python":
        assert (ROOT / arguments[0]).is_file()
    else:
        assert line.startswith(OTHER_PROGRAMS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_flags_and_commands_in_the_prose_are_there(page: Path) -> None:
    spans = re.findall(r"`([^`\n]+)`", prose(page))
    ours = [span for span in spans if not span.startswith(OTHER_PROGRAMS)]
    flags = {flag for span in ours for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", span)}
    assert flags <= all_flags()
    named = {span.split()[1] for span in spans if re.match(r"dreamvid [a-z]", span)}
    assert named <= {name for group in COMMANDS.values() for name, *_ in group}


def test_quick_commands_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "samples/settings", "samples/settings")
    save_image("photo.jpg", to_image(texture()))
    write_film("clip.mp4", frames=30)
    for line in QUICK:
        assert line in SHELL
        code = run(shlex.split(line)[1:])
        assert code == 0, f"{line}: {capsys.readouterr().err}"


def write_film(path: str, *, frames: int) -> None:
    info = FilmInfo.plain(64, 48, Fraction(25))
    with dreamvid.VideoWriter(path, like=info) as film:
        for number, array in enumerate(moved(frames)):
            film.write(to_image(array), number / info.rate)


def quotes_the_loop(block: str) -> bool:
    """Whether a block is code of `render`, line for line."""
    return indent(block, " " * 4) in inspect.getsource(dreamvid.render)


def test_the_readme_quotes_the_loop() -> None:
    assert sum(map(quotes_the_loop, fences(README, "python"))) == 1


def test_python_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def untrained(model: str, **options: Any) -> Network:
        return describe(model)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dreamvid.commands.shared.load_network", untrained)
    monkeypatch.setattr("dreamvid.dream.dreamer.load_network", untrained)
    Path("samples").mkdir()
    save_image("samples/dusk.png", to_image(texture()))
    write_film("samples/drift.mp4", frames=2)
    pieces = [(page, block) for page in PAGES for block in fences(page, "python")]
    torch.manual_seed(0)
    namespaces: dict[Path, dict[str, Any]] = {page: {} for page in PAGES}
    for page, block in pieces:
        if not quotes_the_loop(block):
            exec(compile(block, str(page), "exec"), namespaces[page])
    assert Path("drift-dream.mp4").is_file()


def test_settings_in_the_docs_and_samples_can_be_used() -> None:
    blocks = [tomllib.loads(block) for page in PAGES for block in fences(page, "toml")]
    sample = tomllib.loads((ROOT / "samples/settings/regions.toml").read_text("utf-8"))
    assert {"region": sample["region"]} in blocks
    for tables in blocks:
        if "live" in tables:
            LiveSettings.checked(tables)
            continue
        made = dreamvid.VideoSettings.checked(tables)
        assert len(made.region) == len(tables.get("region", ()))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_links_every_page() -> None:
    links = re.findall(r"\]\((docs/[^)#\s]+)", prose(README))
    assert set(links) == {f"docs/{page.name}" for page in PAGES[1:]}
