"""Who may import whom: lower knows nothing of upper; only the command line prints."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dreamvid

PACKAGE = Path(dreamvid.__file__).parent

LEVELS = (
    ("errors", "files", "image"),
    ("schedules", "settings"),
    ("device", "media", "motion", "networks", "serving"),
    ("renders",),
    ("dream",),
    ("loops", "sequence"),
    ("measures", "bestiary"),
    ("commands",),
    ("farm",),
    ("studio",),
    ("bench", "live", "cli"),
    ("__main__",),
)
"""Every part of the package imports from the levels above it here, or to its left on its own."""

ORDER = [part for parts in LEVELS for part in parts]
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> Iterator[str]:
    """The parts of the package that a module imports, anywhere in it."""
    above = ("dreamvid", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = above[: len(above) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            named = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in named:
            top, _, rest = name.partition(".")
            if top == "dreamvid" and rest:
                yield rest.split(".")[0]


def test_every_part_of_the_package_has_its_level() -> None:
    assert {part_of(path) for path in MODULES} == set(ORDER)


def test_lower_knows_nothing_of_upper() -> None:
    wrong = [
        f"{name_of(path)} imports {other}"
        for path in MODULES
        for other in imported(path)
        if ORDER.index(other) > ORDER.index(part_of(path))
    ]
    assert not wrong


def test_the_root_of_the_package_has_few_modules_and_none_is_long() -> None:
    assert len([path for path in MODULES if path.parent == PACKAGE]) <= 4
    long = [name_of(path) for path in MODULES if path.read_text("utf-8").count("\n") > 400]
    assert not long


def test_only_the_command_line_prints() -> None:
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if part_of(path) != "cli"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert not wrong


def test_help_needs_no_torch() -> None:
    check = "import sys, dreamvid, dreamvid.cli; print([m for m in HEAVY if m in sys.modules])"
    check = check.replace("HEAVY", repr(("torch", "cv2", "av", "scenedetect", "torchvision")))
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_film_does_not_wait_for_torchvision() -> None:
    """It takes longer to import than all of dreamvid; only its own networks need it."""
    check = (
        "import sys, dreamvid.farm.crew, dreamvid.farm.work; print('torchvision' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
