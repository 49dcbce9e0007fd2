"""Digests of parts: one changed byte is found, and what is missing is never whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamvid.media.parts import PartTable
from dreamvid.sequence.digests import (
    digests_of,
    has_memory,
    is_intact,
    memory_of,
    write_digests,
)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / "part-000003.film"
    for n, file in enumerate((path, PartTable.place(path), memory_of(path))):
        file.write_bytes(bytes(range(200)) * (n + 1))
    write_digests(path)
    return path


def test_a_finished_part_is_intact_and_has_its_memory(part: Path) -> None:
    assert is_intact(part) and has_memory(part)
    assert digests_of(part).name == "part-000003.sha256"


@pytest.mark.parametrize("at", [0, 99, -1])
def test_a_changed_byte_is_found(part: Path, at: int) -> None:
    for file, kept in ((part, (False, True)), (PartTable.place(part), (False, True)),
                       (memory_of(part), (True, False))):  # fmt: skip
        whole = file.read_bytes()
        data = bytearray(whole)
        data[at] ^= 1
        file.write_bytes(data)
        assert (is_intact(part), has_memory(part)) == kept
        file.write_bytes(whole)
    assert is_intact(part)


def test_a_part_without_its_memory_is_intact(part: Path) -> None:
    memory_of(part).unlink()
    assert is_intact(part) and not has_memory(part)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "3", '{"part-000003.film": 3}', "\xff"])
def test_damaged_digests_vouch_for_nothing(part: Path, text: str | None) -> None:
    if text is None:
        digests_of(part).unlink()
    else:
        digests_of(part).write_bytes(text.encode("latin-1"))
    assert not is_intact(part) and not has_memory(part)


def test_the_digests_of_another_part_do_not_count(part: Path) -> None:
    other = part.with_name("part-000004.film")
    for file, copy in ((part, other), (PartTable.place(part), PartTable.place(other))):
        copy.write_bytes(file.read_bytes())
    digests_of(other).write_bytes(digests_of(part).read_bytes())
    assert not is_intact(other)
