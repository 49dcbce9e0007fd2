"""Long shots that are split: the same bytes in one process, in parts, after kills and damage."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from farm_kit import Fork, Forked, Hired, parts_in, request_for, write_shots
from tiny import dream_tiny, read, texture

from dreamvid.commands import looks as looking
from dreamvid.commands import planning
from dreamvid.commands.result import Result
from dreamvid.commands.room import seam_bytes
from dreamvid.commands.video import run_video
from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import DreamvidError, Interrupted, UsageError
from dreamvid.farm.crew import dream_by_workers
from dreamvid.farm.joining import join_film
from dreamvid.farm.left import Left
from dreamvid.farm.share import dream_part
from dreamvid.farm.status import status_of
from dreamvid.farm.storage import storage_at
from dreamvid.image import to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.state import FilmState, state_of
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence import plan as plans
from dreamvid.sequence.digests import digests_of, memory_of
from dreamvid.sequence.folder import folder_of, part_at
from dreamvid.sequence.plan import Plan, Shot
from dreamvid.sequence.progress import OnProgress, Progress, ignore

SHOTS, EVERY = (4, 15, 5), 5
PIECES = (Shot(0, 4), Shot(4, 9), Shot(9, 14, 5, 3), Shot(14, 19, 6, 3), Shot(19, 24))
SPLIT = {"motion": {"split_every": EVERY}}


@pytest.fixture(autouse=True)
def short_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch)


def shorten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plans, "WARM", 6)
    patch.setattr(planning, "FADE", 3)
    patch.setattr(planning, "MARK_EVERY", 4)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shots(tmp_path_factory.mktemp("film") / "film.mkv", SHOTS)


@pytest.fixture(scope="module")
def plain(film: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The split film that one process dreams in one go."""
    path = tmp_path_factory.mktemp("plain") / "out.mkv"
    with pytest.MonkeyPatch.context() as patch:
        dream_tiny(patch)
        shorten(patch)
        patch.setattr(parts_folder, "PART_FRAMES", 2)
        run_video(split(film, path), ignore)
    return path.read_bytes()


def split(source: Path, path: Path, **tables: Any) -> Any:
    return request_for(source, path, **SPLIT | {"output": {"codec": "ffv1"}} | tables)


class Stopped(DreamvidError):
    """A run that ends without an end."""


def stop_after(count: int) -> OnProgress:
    """Ends a run at its `count`-th event of a frame, also of a warm-up."""
    left = iter(range(count - 1))

    def stop(event: Progress) -> None:
        if event.task in ("frames", "lead-in") and next(left, None) is None:
            raise Stopped("no more")

    return stop


def test_the_long_shot_is_split_evenly(film: Path, tmp_path: Path) -> None:
    path, told = tmp_path / "out.mkv", list[Progress]()
    dream_part(split(film, path), 1, 5, told.append)
    plan = Plan.read(folder_of(path))
    assert plan is not None and plan.shots == PIECES
    assert [mark.index for mark in plan.marks] == [0, 4, 8, 12, 16, 20]
    said = "long shots are split at 2 places: 11 more frames are dreamed (45.8%)"
    assert said in [event.text for event in told if event.task == "note"]


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_parts_in_any_order_give_the_bytes_of_one_process(
    of: int, film: Path, plain: bytes, tmp_path: Path
) -> None:
    path, order = tmp_path / "out.mkv", list(range(1, of + 1))
    random.Random(of).shuffle(order)
    made = [dream_part(split(film, path), part, of, ignore) for part in order]
    last = next(found for found in made if isinstance(found, Result))
    assert last.frames == sum(SHOTS)
    assert path.read_bytes() == plain


@pytest.mark.parametrize("count", range(1, 35, 3))
def test_stopped_anywhere_one_process_goes_on_to_the_same_bytes(
    count: int, film: Path, plain: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "out.mkv"
    with pytest.raises(Stopped):
        run_video(split(film, path), stop_after(count))
    run_video(split(film, path), ignore)
    assert path.read_bytes() == plain
    assert not folder_of(path).exists()


@pytest.mark.parametrize("seed", range(4))
def test_parts_and_plain_runs_go_on_with_what_others_have_made(
    seed: int, film: Path, plain: bytes, tmp_path: Path
) -> None:
    path, rng = tmp_path / "out.mkv", random.Random(seed)
    while not path.exists():
        stop = stop_after(rng.randint(2, 9))
        try:
            if rng.random() < 0.3:
                run_video(split(film, path), stop)
            else:
                dream_part(split(film, path), rng.randint(1, 3), 3, stop)
        except Stopped:
            pass
    assert path.read_bytes() == plain


def test_parts_at_once_give_the_same_bytes(film: Path, plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "out.mkv"
    forks = [Fork(lambda n=n: dream_part(split(film, path), n, 5, ignore)) for n in range(1, 6)]
    codes = [fork.wait() for fork in forks]
    if not path.exists():
        dream_part(split(film, path), 1, 1, ignore)
    assert codes.count(0) >= 4 and path.read_bytes() == plain


@pytest.mark.usefixtures("in_step")
def test_workers_that_are_killed_give_the_same_bytes(
    film: Path, plain: bytes, tmp_path: Path
) -> None:
    path, hired, rng, left = tmp_path / "out.mkv", Hired(), random.Random(3), iter(range(3))

    def kill(event: Progress) -> None:
        if event.task == "frames" and rng.random() < 0.3 and next(left, None) is not None:
            rng.choice(hired.all).kill()

    made = dream_by_workers(split(film, path), 2, kill, hired)
    assert isinstance(made, Result | Left)
    assert path.read_bytes() == plain


def test_the_parts_are_those_of_one_process(film: Path, tmp_path: Path) -> None:
    """In mp4: a Matroska file has a random number."""
    path, other, kept = tmp_path / "out.mp4", tmp_path / "other.mp4", dict[str, bytes]()

    def keep(event: Progress) -> None:
        if event.task == "frames" and event.done == sum(SHOTS):
            kept.update(parts_in(folder_of(other)))

    run_video(split(film, other, output={}), keep)
    for part in (2, 3, 4):
        dream_part(split(film, path, output={}), part, 5, ignore)
    found = parts_in(folder_of(path))
    assert len(found) == 18 and found.items() <= kept.items()


def test_damaged_warm_ups_and_parts_are_dreamed_again(
    film: Path, plain: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "out.mkv"
    folder = folder_of(path)
    dream_part(split(film, path), 3, 5, ignore)  # the second piece of three
    assert sorted(seam.name for seam in folder.glob("seam-*/")) == [
        "seam-000000009", "seam-000000014"]  # fmt: skip
    last = sorted(folder.glob("seam-000000009/*.memory"))[-1]
    data = bytearray(last.read_bytes())
    data[-5] ^= 255
    last.write_bytes(data)
    (folder / "seam-000000014/digests.json").unlink()
    part = part_at(folder, 9)
    part.write_bytes(part.read_bytes()[:-9])
    dream_part(split(film, path), 1, 1, ignore)
    assert path.read_bytes() == plain


def test_warm_ups_are_deleted_when_both_pieces_have_them(film: Path, tmp_path: Path) -> None:
    path, seen = tmp_path / "out.mkv", set[str]()

    def look(event: Progress) -> None:
        seen.add(" ".join(sorted(seam.name[-2:] for seam in folder_of(path).glob("seam-*/"))))

    run_video(split(film, path), look)
    assert seen == {"", "09", "14"}


def test_the_room_of_a_warm_up_is_that_of_its_files(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.mkv"
    dream_part(split(film, path), 2, 5, ignore)
    files = folder_of(path).glob("seam-000000009/*.memory")
    assert sum(file.stat().st_size for file in files) == pytest.approx(
        seam_bytes(PIECES[2], 64 * 48), rel=0.1
    )


def test_status_counts_pieces(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.mkv"
    left = dream_part(split(film, path), 2, 5, ignore)
    assert left == Left(5, (1, 3, 4, 5), ())
    found = status_of(path)
    assert (found.shots, found.shots_done, found.frames_done, found.frames) == (5, 1, 5, 24)


def test_an_interrupted_film_holds_what_is_dreamed(
    film: Path, plain: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "out.mkv"

    def stop(event: Progress) -> None:
        if event.task == "lead-in" and event.text.endswith("frame 15") and event.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"12 frames are in .*resume after frame 11"):
        run_video(split(film, path), stop)
    assert len(read(tmp_path / "out.partial.mkv")) == 12
    run_video(split(film, path), ignore)
    assert path.read_bytes() == plain


def test_short_shots_stay_as_they_are(film: Path, tmp_path: Path) -> None:
    """A film without a long shot has the bytes that it has when nothing may be split."""
    for name, motion in (("a", {"split_every": 15}), ("b", {"whole_shots": True}), ("c", {})):
        run_video(split(film, tmp_path / f"{name}.mkv", motion=motion), ignore)
    films = [(tmp_path / f"{name}.mkv").read_bytes() for name in "abc"]
    assert films[0] == films[1] == films[2]


def test_pieces_differ_only_near_and_after_the_seam(
    film: Path, plain: bytes, tmp_path: Path
) -> None:
    whole, pieces = tmp_path / "whole.mkv", tmp_path / "pieces.mkv"
    pieces.write_bytes(plain)
    run_video(split(film, whole, motion={"whole_shots": True}), ignore)
    changed = [n for n, (one, two) in enumerate(zip(read(whole), read(pieces), strict=True))
               if (one != two).any()]  # fmt: skip
    assert set(range(14, 19)) <= set(changed) <= set(range(7, 19))


@pytest.mark.parametrize(
    "tables",
    [
        {"mask": {"mask": "moving"}},
        {"dream": {"octaves": 1, "iterations": 1, "strength": "0.2+2*motion"}},
        {"film": {"dream_size": "48x36"}},
        {"film": {"start": "0.12", "frames": 17}},
        {"region": [{"mask": "inside:0,0,0.5,1", "iterations": 2}]},
        {"dream": {"octaves": 1, "iterations": 1, "layer": ["0:(one), 12:(two, linear)"]}},
        {"motion": {"split_every": EVERY, "stability": 0.0}},
        {"motion": {"split_every": 2}},
    ],
)
def test_whatever_is_dreamed_parts_give_the_bytes_of_one_process(
    tables: dict[str, Any], film: Path, tmp_path: Path
) -> None:
    one, many = tmp_path / "one.mkv", tmp_path / "many.mkv"
    run_video(split(film, one, **tables), ignore)
    for part in (3, 2, 1):
        dream_part(split(film, many, **tables), part, 3, ignore)
    assert one.read_bytes() == many.read_bytes()


@pytest.mark.parametrize("strength", [None, "0.2+2*motion"])
def test_machines_without_a_common_folder_give_the_bytes_of_one_process(
    strength: str | None, film: Path, plain: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each dreams the warm-ups of its pieces; one looks at the film and plans it for all."""
    tables: dict[str, Any] = {}
    if strength is not None:
        tables = {"dream": {"octaves": 1, "iterations": 1, "strength": strength}}
        run_video(split(film, tmp_path / "one.mkv", **tables), ignore)
        plain = (tmp_path / "one.mkv").read_bytes()
    looked, planned = list[Path](), list[Path]()
    look, plan = looking.look_at_source, planning.make_plan
    monkeypatch.setattr(
        looking, "look_at_source", lambda *said: looked.append(said[0]) or look(*said)
    )
    monkeypatch.setattr(
        planning, "make_plan", lambda ready, told: planned.append(film) or plan(ready, told)
    )
    store = storage_at(str(tmp_path / "store"), "out.mkv")
    for part in (3, 1, 5, 2, 4):
        machine = tmp_path / f"machine {part}"
        machine.mkdir()
        source = shutil.copy(film, machine / "film.mkv")
        dream_part(split(source, machine / "out.mkv", **tables), part, 5, ignore, store)
    assert (len(looked), len(planned)) == (int(strength is not None), 1)
    result = join_film(split(film, tmp_path / "out.mkv", **tables), store)
    assert result.frames == sum(SHOTS) and not store.names()
    assert (tmp_path / "out.mkv").read_bytes() == plain


def test_a_machine_of_a_storage_keeps_no_warm_up_that_nobody_needs(
    film: Path, tmp_path: Path
) -> None:
    store = storage_at(str(tmp_path / "store"), "out.mkv")
    left = {}
    for machine, part in (("a", 2), ("b", 3), ("a", 4)):
        (tmp_path / machine).mkdir(exist_ok=True)
        path = tmp_path / machine / "out.mkv"
        dream_part(split(film, path), part, 5, ignore, store)
        left[machine, part] = sorted(seam.name[-2:] for seam in folder_of(path).glob("seam-*/"))
    assert left == {("a", 2): ["09"], ("b", 3): ["14"], ("a", 4): []}


def test_a_warm_up_that_runs_out_of_memory_is_dreamed_on_smaller_tiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ascend, warming = Dreamer.ascend, False

    def short_of_memory(self: Dreamer, *args: Any, **options: Any) -> Any:
        if warming and self.tile > 144:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return ascend(self, *args, **options)

    def on_progress(event: Progress) -> None:
        nonlocal warming
        warming = warming or event.task == "lead-in"

    monkeypatch.setattr(Dreamer, "ascend", short_of_memory)
    wide = write_shots(tmp_path / "film.mkv", (10,), width=288)
    result = dream_part(split(wide, tmp_path / "out.mkv"), 1, 1, on_progress)
    assert isinstance(result, Result) and result.frames == 10
    assert "dreamed on tiles of 144 pixels, because memory ran out" in result.notes


@pytest.mark.parametrize("keep", [False, True])
def test_whoever_joins_may_keep_the_state(keep: bool, film: Path, tmp_path: Path) -> None:
    for name, ask in (("a", None), ("b", str(tmp_path / "store"))):
        path = tmp_path / name / "out.mkv"
        path.parent.mkdir()
        state_of(path).write_bytes(b"of an earlier film")
        made = dream_by_workers(split(film, path), 1, ignore, Forked, storage=ask, keep=keep)
        assert isinstance(made, Result) and state_of(path).exists() == keep
        if keep:
            assert len(FilmState.read(path).starts) == 14


def test_a_film_that_cannot_be_sought_is_read_from_its_start(
    film: Path, plain: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamvid.media.reader.VideoReader.begin_at", lambda *_: False)
    path = tmp_path / "out.mkv"
    for part in (2, 1):
        dream_part(split(film, path), part, 2, ignore)
    assert path.read_bytes() == plain


def test_a_guard_of_flashes_is_kept_across_seams(film: Path, tmp_path: Path) -> None:
    """Only one process can do this: its state goes on at a seam, and after a stop there."""
    output = {"output": {"codec": "ffv1", "max_flash": 3}}
    one, other = tmp_path / "one.mkv", tmp_path / "other.mkv"
    run_video(split(film, one, **output), ignore)
    with pytest.raises(Stopped):
        run_video(split(film, other, **output), stop_after(22))
    run_video(split(film, other, **output), ignore)
    assert one.read_bytes() == other.read_bytes()


def test_a_loop_is_not_split(film: Path, tmp_path: Path) -> None:
    path, told = tmp_path / "out.mkv", list[Progress]()
    run_video(split(film, path, motion={"split_every": 5, "loop": True}), told.append)
    assert not any("split" in event.text for event in told if event.task == "note")


def memories(folder: Path) -> Iterator[Path]:
    yield from (memory_of(part) for part in folder.glob("part-*.film") if digests_of(part).exists())


def test_without_the_memories_of_parts_a_piece_begins_again(
    film: Path, plain: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "out.mkv"
    with pytest.raises(Stopped):
        dream_part(split(film, path), 4, 5, stop_after(10))
    for memory in memories(folder_of(path)):
        memory.unlink(missing_ok=True)
    for seam in folder_of(path).glob("seam-*/"):
        shutil.rmtree(seam)
    dream_part(split(film, path), 1, 1, ignore)
    assert path.read_bytes() == plain


def test_a_film_is_looked_at_once_for_all_workers(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = tmp_path / "looks"

    def counted(*arguments: Any) -> Any:
        with looks.open("a") as file:
            file.write("one\n")
        time.sleep(0.2)  # the others come meanwhile
        return looked(*arguments)

    looked = looking.look_at_source
    monkeypatch.setattr(looking, "look_at_source", counted)
    dream = {"octaves": 1, "iterations": 1, "strength": "0.2+2*motion"}
    path = tmp_path / "out.mkv"
    forks = [
        Fork(lambda n=n: dream_part(split(film, path, dream=dream), n, 3, ignore))
        for n in (1, 2, 3)
    ]
    for fork in forks:
        fork.wait()
    assert looks.read_text() == "one\n"


def test_a_mask_of_what_moves_looks_ahead_across_a_seam(tmp_path: Path) -> None:
    """What stops after a seam is seen to move before it, whoever dreams the piece."""
    like = FilmInfo.plain(64, 48, Fraction(25), 10)
    with VideoWriter(tmp_path / "in.mkv", like=like, codec="ffv1") as out:
        for t in range(10):
            array = texture()
            x = 3 * min(t, 5)
            array[16:32, x + 4 : x + 20] = texture(5, height=16, width=16)
            out.write(to_image(array))
    tables = {"mask": {"mask": "moving"}, "motion": {"split_every": 6}}
    one, many = tmp_path / "one.mkv", tmp_path / "many.mkv"
    run_video(split(tmp_path / "in.mkv", one, **tables), ignore)
    for part in (2, 1):
        dream_part(split(tmp_path / "in.mkv", many, **tables), part, 2, ignore)
    assert one.read_bytes() == many.read_bytes()


def test_a_run_that_fails_after_the_look_leaves_nothing(film: Path, tmp_path: Path) -> None:
    dream = {"octaves": 1, "iterations": 1, "strength": "20*motion"}
    with pytest.raises(UsageError, match=r"not in 0\.\.10"):
        run_video(split(film, tmp_path / "out.mkv", dream=dream), ignore)
    assert not list(tmp_path.iterdir())
