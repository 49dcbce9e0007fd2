"""The plan: shots that cover the film, and text that says the same when it is read again."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from dreamvid.errors import DreamvidError
from dreamvid.media.mark import Mark
from dreamvid.sequence.folder import PLAN
from dreamvid.sequence.plan import FADE, WARM, Plan, Shot, overhead, pieces
from dreamvid.settings import versions as packages

PLAN_OF_THREE = Plan(
    (Shot(0, 5), Shot(5, 8), Shot(8, 20, 3, 2)),
    "2 frames are missing",
    ("dark",),
    (Mark(0, Fraction(0), 1), Mark(50, Fraction(1001, 600), 2**32 - 1)),
)


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / PLAN).write_text(PLAN_OF_THREE.text)
    assert Plan.read(tmp_path) == PLAN_OF_THREE


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"shots": [], "damage": null, "warnings": []}', '{"shots": 3}']
)
def test_another_file_is_no_plan(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / PLAN).write_text(text)
    assert Plan.read(tmp_path) is None


def test_it_counts_its_frames() -> None:
    assert PLAN_OF_THREE.frames == 20
    assert [shot.frames for shot in PLAN_OF_THREE.shots] == [5, 3, 12]


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_parts_share_the_shots_out(of: int) -> None:
    shares = [PLAN_OF_THREE.share(part, of) for part in range(1, of + 1)]
    assert sorted(shot for share in shares for shot in share) == list(PLAN_OF_THREE.shots)
    assert PLAN_OF_THREE.share(2, 2) == (Shot(5, 8),)


@pytest.mark.parametrize("made", ["0.0.1", None])
def test_a_plan_of_another_version_is_refused(made: str | None, tmp_path: Path) -> None:
    found = json.loads(PLAN_OF_THREE.text)
    now = found.pop("dreamvid")
    (tmp_path / PLAN).write_text(json.dumps(found | ({"dreamvid": made} if made else {})))
    said = f"planned by dreamvid {made or 'another version'}, this is {now}; go on with that"
    with pytest.raises(DreamvidError, match=re.escape(said)):
        Plan.read(tmp_path)


def test_without_a_version_of_its_own_it_reads_its_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise packages.PackageNotFoundError(name)

    monkeypatch.setattr(packages, "version", missing)
    (tmp_path / PLAN).write_text(PLAN_OF_THREE.text)
    assert Plan.read(tmp_path) == PLAN_OF_THREE


@pytest.mark.parametrize("frames", [1, 2, 99, 100, 101, 199, 200, 250, 1001])
@pytest.mark.parametrize("first", [0, 37])
def test_a_shot_is_split_evenly_into_few_pieces(frames: int, first: int) -> None:
    found = list(pieces(first, first + frames, 100))
    assert (found[0].first, found[-1].end) == (first, first + frames)
    assert all(one.end == two.first for one, two in pairwise(found))
    lengths = [piece.frames for piece in found]
    assert max(lengths) <= 100 and max(lengths) - min(lengths) <= 1
    assert len(found) == -(-frames // 100)
    assert (found[0].warm, found[0].fade) == (0, 0)
    for before, piece in pairwise(found):
        assert piece.warm == min(WARM, piece.first - first)
        assert piece.fade == min(FADE, piece.warm, before.frames)


def test_without_a_limit_no_shot_is_split() -> None:
    assert list(pieces(3, 10**6, None)) == [Shot(3, 10**6)]
    assert overhead((Shot(0, 5), Shot(5, 9))) == ""


def test_large_frames_are_led_over_fewer() -> None:
    assert [piece.fade for piece in pieces(0, 300, 100, fade=7)] == [0, 7, 7]
