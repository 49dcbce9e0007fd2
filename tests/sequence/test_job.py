"""Jobs: stopped anywhere and started again, a film comes out the same, and nothing is left over."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import known_frames, moved, tiny_dreamer

from dreamvid import files as saving
from dreamvid.commands.preflight import check_output
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.objectives import creatures
from dreamvid.errors import (
    DiskFull,
    DreamvidError,
    Interrupted,
    OutputExists,
    UnreadableInput,
    UsageError,
)
from dreamvid.image import to_array
from dreamvid.media import mux, pictures
from dreamvid.media.child import FfmpegChild
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.reader import VideoReader
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence import stretch
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.job import Job
from dreamvid.sequence.progress import Progress
from dreamvid.sequence.render import render
from dreamvid.sequence.unchanged import Row

COUNT, CUT = 9, 5
FRAMES = known_frames(moved(COUNT), cuts=(CUT,))
LIKE = FilmInfo.plain(64, 48, Fraction(25), COUNT)
ENDS = (0, 3, CUT, 8)
"""Where parts of three frames end, or at the cut."""
RECORD = 'seed = 1\nwords = "Grüße"\n'

Report = Callable[[Progress], None]


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The film that was never stopped."""
    path = tmp_path_factory.mktemp("whole") / "whole.mp4"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts_folder, "PART_FRAMES", 3)
        run(path)
    return path.read_bytes()


def run(
    path: Path,
    *,
    report: Report = lambda progress: None,
    frames: list[Frame] = FRAMES,
    record: str = RECORD,
    dream: Dreamer | None = None,
    codec: str = "h264",
    overwrite: bool = False,
    row: Row | None = None,
    most_flashes: int | None = None,
) -> Job:
    output = Output(path, codec=codec, overwrite=overwrite)
    output.check(LIKE.path)
    job = Job(output, like=LIKE, record=record, row=row, most_flashes=most_flashes)
    dream = dream or tiny_dreamer(iterations=3)
    job.run(frames[job.done :], dream, stability=0.8, on_progress=report)
    return job


def stop_after(count: int) -> Report:
    def report(progress: Progress) -> None:
        if progress.done == count:
            raise KeyboardInterrupt

    return report


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def arrays(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as film:
        return [frame.array for frame in film]


def test_a_job_leaves_the_film_and_its_sidecar_and_nothing_else(tmp_path: Path) -> None:
    job = run(tmp_path / "film.mp4")
    assert names(tmp_path) == ["film.mp4", "film.mp4.dreamvid.toml"]
    assert (tmp_path / "film.mp4.dreamvid.toml").read_text("utf-8") == RECORD
    assert job.done == COUNT and len(arrays(tmp_path / "film.mp4")) == COUNT


def test_the_film_holds_the_frames_that_render_gives(tmp_path: Path) -> None:
    run(tmp_path / "film.mkv", codec="ffv1")
    dreamed = render(FRAMES, tiny_dreamer(iterations=3), stability=0.8)
    for array, image in zip(arrays(tmp_path / "film.mkv"), dreamed, strict=True):
        assert np.abs(array.astype(int) - to_array(image)).mean() < 1


def test_progress_tells_frames_and_shots(tmp_path: Path) -> None:
    told: list[Progress] = []
    run(tmp_path / "film.mp4", report=told.append)
    assert [progress.done for progress in told] == list(range(1, COUNT + 1))
    assert {progress.total for progress in told} == {COUNT}
    assert [progress.text for progress in told] == ["shot 1"] * CUT + ["shot 2"] * (COUNT - CUT)


def test_beings_go_on_where_a_film_was_stopped(tmp_path: Path) -> None:
    dream = tiny_dreamer(creatures(), iterations=2)
    run(tmp_path / "whole.mp4", dream=dream)
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mp4", dream=dream, report=stop_after(4))
    assert run(tmp_path / "film.mp4", dream=dream).done == COUNT
    assert (tmp_path / "film.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


@pytest.mark.parametrize("stop", [1, 3, 4, 6, 8, 9])
def test_a_film_stopped_and_started_again_has_the_same_bytes(
    stop: int, tmp_path: Path, whole: bytes
) -> None:
    with pytest.raises(Interrupted) as caught:
        run(tmp_path / "film.mp4", report=stop_after(stop))
    assert f"{stop} frames are in {tmp_path / 'film.partial.mp4'}" in str(caught.value)
    done = max(end for end in ENDS if end < stop)
    kept = f"after frame {done}" if done else "from the first frame"
    assert str(caught.value).endswith(f"; repeat the command to resume {kept}")
    assert not (tmp_path / "film.mp4").exists()
    assert len(arrays(tmp_path / "film.partial.mp4")) == stop
    told: list[Progress] = []
    run(tmp_path / "film.mp4", report=told.append)
    assert (tmp_path / "film.mp4").read_bytes() == whole
    assert told[0].done == done + 1
    assert told[0].text == f"shot {1 + (told[0].done > CUT)}"
    assert ".film.mp4.parts" not in names(tmp_path)
    assert "film.partial.mp4" not in names(tmp_path)


def test_a_film_dreamed_small_is_taken_up_again_at_its_full_size(tmp_path: Path) -> None:
    small = [replace(frame, full=np.tile(to_array(frame.image), (2, 2, 1))) for frame in FRAMES]
    run(tmp_path / "whole.mkv", frames=small, codec="ffv1")
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mkv", frames=small, codec="ffv1", report=stop_after(7))
    run(tmp_path / "film.mkv", frames=small, codec="ffv1")
    assert (tmp_path / "film.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()
    assert arrays(tmp_path / "film.mkv")[-1].shape == (96, 128, 3)


def test_a_film_stopped_again_and_again_has_the_same_bytes(tmp_path: Path, whole: bytes) -> None:
    for stop in (2, 4, 4, 7, 9):
        with pytest.raises(Interrupted):
            run(tmp_path / "film.mp4", report=stop_after(stop))
    run(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == whole


def test_a_film_killed_outright_goes_on_after_its_last_part(tmp_path: Path, whole: bytes) -> None:
    class Killed(BaseException):
        pass

    def killed(progress: Progress) -> None:
        if progress.done == 8:
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path / "film.mp4", report=killed)
    assert names(tmp_path)[0] == ".film.mp4.parts" and not (tmp_path / "film.mp4").exists()
    told: list[Progress] = []
    run(tmp_path / "film.mp4", report=told.append)
    assert told[0].done == CUT + 1
    assert (tmp_path / "film.mp4").read_bytes() == whole


def test_stopping_before_the_first_frame_leaves_nothing(tmp_path: Path) -> None:
    class Stopped(Dreamer):
        def ascend(self, *args, **options):
            raise KeyboardInterrupt

    dream = tiny_dreamer()
    dream.__class__ = Stopped
    with pytest.raises(Interrupted, match="before the first frame"):
        run(tmp_path / "film.mp4", dream=dream)
    assert names(tmp_path) == []


@pytest.mark.parametrize("frame", [1, 3, 4, 5])
def test_stopping_in_the_middle_of_a_write_is_no_other_error(
    frame: int, tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, count = stretch.PartWriter.write, 0

    def stopped(self, image: torch.Tensor, time: Fraction) -> None:
        nonlocal count
        count += 1
        if count == frame:
            raise KeyboardInterrupt
        write(self, image, time)

    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(stretch.PartWriter, "write", stopped)
        run(tmp_path / "film.mp4")
    run(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == whole


@pytest.mark.parametrize("method", ["finish", "kill"])
def test_stopping_while_a_part_is_finished_is_no_other_error(
    method: str, tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, count = getattr(FfmpegChild, method), 0

    def stopped(self) -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise KeyboardInterrupt
        original(self)

    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(FfmpegChild, method, stopped)
        run(tmp_path / "film.mp4")
    run(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == whole


def test_another_setting_discards_the_parts_only_with_overwrite(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mp4", report=stop_after(7))
    assert Job(Output(tmp_path / "film.mp4"), like=LIKE, record=RECORD).done == CUT
    other = RECORD.replace("seed = 1", "seed = 2")
    with pytest.raises(OutputExists, match=r"5 frames are already dreamed, .* \(seed\); .*-y"):
        Job(Output(tmp_path / "film.mp4"), like=LIKE, record=other)
    assert Job(Output(tmp_path / "film.mp4"), like=LIKE, record=RECORD).done == CUT
    told: list[Progress] = []
    again = run(
        tmp_path / "film.mp4",
        record=other,
        dream=tiny_dreamer(seed=2),
        report=told.append,
        overwrite=True,
    )
    assert told[0].done == 1
    assert again.notes[0] == "restarted because settings changed: seed"
    run(tmp_path / "other.mp4", record=other, dream=tiny_dreamer(seed=2))
    assert (tmp_path / "film.mp4").read_bytes() == (tmp_path / "other.mp4").read_bytes()
    assert (tmp_path / "film.mp4.dreamvid.toml").read_text("utf-8") == other


def row_of(*changed: int) -> tuple[Row, str]:
    """The pictures of FRAMES, some of them changed, and the record of their film."""
    digests = {n: "other" if n in changed else str(n) for n in range(COUNT)}
    record = f'{RECORD}source_sha256 = "{changed}"\n'
    return Row(digests, LIKE.rate, Fraction(0)), record


def stop_a_row(path: Path, count: int) -> None:
    row, record = row_of()
    with pytest.raises(Interrupted):
        run(path, row=row, record=record, report=stop_after(count))


def test_a_changed_picture_that_was_not_dreamed_yet_discards_nothing(tmp_path: Path) -> None:
    stop_a_row(tmp_path / "film.mp4", 6)
    row, record = row_of(7)
    changed = [*FRAMES[:7], replace(FRAMES[7], image=FRAMES[2].image), FRAMES[8]]
    told: list[Progress] = []
    again = run(tmp_path / "film.mp4", row=row, record=record, frames=changed, report=told.append)
    assert told[0].done == CUT + 1
    assert again.notes[0] == "pictures have changed; the first 5 frames are kept"
    run(tmp_path / "other.mp4", frames=changed)
    assert (tmp_path / "film.mp4").read_bytes() == (tmp_path / "other.mp4").read_bytes()
    assert (tmp_path / "film.mp4.dreamvid.toml").read_text("utf-8") == record


def test_parts_of_changed_pictures_are_dreamed_again_only_with_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    stop_a_row(path, 9)
    row, record = row_of(4)
    with pytest.raises(OutputExists, match=r"8 frames .* but pictures after frame 3 have changed"):
        Job(Output(path), like=LIKE, record=record, row=row)
    kept = Job(Output(path, overwrite=True), like=LIKE, record=record, row=row)
    assert kept.done == 3
    parts = tmp_path / ".film.mp4.parts"
    assert {file.name[:14] for file in parts.glob("part-*")} == {"part-000000000"}
    assert Job(Output(path), like=LIKE, record=record, row=row).done == 3


def test_parts_are_kept_up_to_one_with_a_memory(tmp_path: Path) -> None:
    stop_a_row(tmp_path / "film.mp4", 9)
    (tmp_path / ".film.mp4.parts" / "part-000000003.memory").unlink()  # as of most older parts
    row, record = row_of(7)
    output = Output(tmp_path / "film.mp4", overwrite=True)
    assert Job(output, like=LIKE, record=record, row=row).done == 3


@pytest.mark.parametrize("why", ["first", "setting", "no list", "no memory"])
def test_nothing_is_kept_of_a_row_that_differs_otherwise(tmp_path: Path, why: str) -> None:
    path = tmp_path / "film.mp4"
    stop_a_row(path, 9)
    row, record = row_of(0 if why == "first" else 8)
    if why == "setting":
        record = record.replace("seed = 1", "seed = 2")
    if why == "no list":
        (tmp_path / ".film.mp4.parts" / "pictures.txt").unlink()
    if why == "no memory":
        for memory in (tmp_path / ".film.mp4.parts").glob("*.memory"):
            memory.unlink()
    assert Job(Output(path, overwrite=True), like=LIKE, record=record, row=row).done == 0


@pytest.mark.parametrize("left", [None, b"\xff\xfe", b"garbage"])
def test_parts_that_nothing_tells_of_are_kept_without_overwrite(
    left: bytes | None, tmp_path: Path
) -> None:
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mp4", report=stop_after(7))
    (tmp_path / "film.partial.mp4").unlink()
    record = tmp_path / ".film.mp4.parts" / "job.toml"
    record.unlink() if left is None else record.write_bytes(left)
    with pytest.raises(
        OutputExists, match="5 frames are already dreamed, the job record is damaged; use another"
    ):
        Job(Output(tmp_path / "film.mp4"), like=LIKE, record=RECORD)
    assert Job(Output(tmp_path / "film.mp4", overwrite=True), like=LIKE, record=RECORD).done == 0


def test_a_moved_folder_goes_on(tmp_path: Path) -> None:
    here = RECORD + 'source_absolute = "/here/in.mp4"\n'
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mp4", record=here, report=stop_after(7))
    there = here.replace("/here/", "/there/")
    assert Job(Output(tmp_path / "film.mp4"), like=LIKE, record=there).done == CUT


def test_another_setting_may_take_the_place_of_what_was_stopped_in_its_first_part(
    tmp_path: Path,
) -> None:
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mp4", report=stop_after(2))
    other = RECORD.replace("seed = 1", "seed = 2")
    run(tmp_path / "film.mp4", record=other, dream=tiny_dreamer(seed=2))
    assert names(tmp_path) == ["film.mp4", "film.mp4.dreamvid.toml"]


def test_a_partial_film_of_somebody_else_is_kept(tmp_path: Path) -> None:
    (tmp_path / "film.partial.mp4").write_bytes(b"precious")
    with pytest.raises(OutputExists, match=r"film\.partial\.mp4: already exists"):
        run(tmp_path / "film.mp4")
    assert names(tmp_path) == ["film.partial.mp4"]
    run(tmp_path / "film.mp4", overwrite=True)
    assert "film.partial.mp4" not in names(tmp_path)


@pytest.mark.parametrize(
    ("damaged", "done"),
    [
        ("part-000000005.film", CUT),  # the last: the one before has its memory still
        ("part-000000005.film.times", CUT),
        ("part-000000005.memory", CUT),
        ("part-000000003.film", 3),  # of the memories, the first is kept
        ("part-000000000.film", 0),
    ],
)
@pytest.mark.parametrize("left", [0, 0.6])
def test_what_a_power_cut_has_damaged_is_dreamed_again(
    damaged: str, done: int, left: float, tmp_path: Path, whole: bytes
) -> None:
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mp4", report=stop_after(9))
    file = tmp_path / ".film.mp4.parts" / damaged
    file.write_bytes(file.read_bytes()[: int(left * file.stat().st_size)])
    told: list[Progress] = []
    again = run(tmp_path / "film.mp4", report=told.append)
    assert told[0].done == done + 1
    assert (tmp_path / "film.mp4").read_bytes() == whole
    assert any("are damaged and are dreamed again" in note for note in again.notes)


@pytest.mark.parametrize(
    ("part", "kind", "done"),
    [(0, "film", 0), (1, "film", 3), (2, "film", CUT), (2, "memory", CUT), (2, "film.times", CUT)],
)
def test_a_few_bytes_changed_in_a_finished_part_are_found(
    part: int, kind: str, done: int, tmp_path: Path, whole: bytes
) -> None:
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mp4", report=stop_after(9))
    file = tmp_path / ".film.mp4.parts" / f"part-{ENDS[part]:09d}.{kind}"
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4] = bytes(255 - byte for byte in data[middle : middle + 4])
    file.write_bytes(data)
    told: list[Progress] = []
    again = run(tmp_path / "film.mp4", report=told.append)
    assert told[0].done == done + 1
    assert (tmp_path / "film.mp4").read_bytes() == whole
    assert f"the parts after frame {done} are damaged and are dreamed again" in again.notes


def test_of_the_memories_the_last_two_and_one_in_a_few_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 1)
    monkeypatch.setattr(stretch, "KEPT_EVERY", 3)
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mp4", report=stop_after(9))
    kept = sorted(path.stem for path in (tmp_path / ".film.mp4.parts").glob("*.memory"))
    assert kept == [f"part-{number:09d}" for number in (0, 3, 6, 7)]


@pytest.mark.parametrize(("size", "frames"), [((64, 48), 30), ((640, 360), 30), ((1280, 720), 15)])
def test_parts_of_large_frames_are_shorter(
    size: tuple[int, int], frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 30)
    like = FilmInfo.plain(*size, Fraction(25))
    assert parts_folder.part_frames((like.width, like.height)) == frames


def test_an_error_before_the_first_part_leaves_nothing(tmp_path: Path) -> None:
    def broken(progress: Progress) -> None:
        raise DreamvidError("no")

    with pytest.raises(DreamvidError, match="no"):
        run(tmp_path / "film.mp4", report=broken)
    assert names(tmp_path) == []


def test_no_frames_at_all_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="no frame can be decoded"):
        run(tmp_path / "film.mp4", frames=[])
    assert not (tmp_path / "film.mp4").exists()


def test_what_exists_is_only_replaced_with_overwrite_and_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(OutputExists):
        run(path)
    assert names(tmp_path) == ["film.mp4"]
    with pytest.raises(Interrupted):
        run(path, overwrite=True, report=stop_after(4))
    assert path.read_bytes() == b"precious"
    run(path, overwrite=True)
    assert len(arrays(path)) == COUNT


def test_a_sidecar_that_cannot_be_written_is_reported_before_the_dream(tmp_path: Path) -> None:
    (tmp_path / "film.mp4.dreamvid.toml").mkdir()
    with pytest.raises(UsageError, match=r"film\.mp4\.dreamvid\.toml: the output is a folder"):
        check_output(Output(tmp_path / "film.mp4"), None)


def test_a_full_disk_is_reported_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(stretch.Memory, "save", full)
    with pytest.raises(DiskFull, match="make room"):
        run(tmp_path / "film.mp4")


@pytest.mark.parametrize("name", ["film.mp4", "100%d.gif"])
def test_all_that_is_on_the_way_lies_with_the_parts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[list[str]] = []
    settle = saving.settle

    def watch(draft: Path, path: Path) -> None:
        there.append(names(tmp_path))
        settle(draft, path)

    for module in (mux, pictures):
        monkeypatch.setattr(module, "settle", watch)
    run(tmp_path / name)
    assert there == [[f".{name}.parts"]]
    assert names(tmp_path) == [name, f"{name}.dreamvid.toml"]


def test_pictures_are_made_from_lossless_parts(tmp_path: Path) -> None:
    run(tmp_path / "frame_%02d.png")
    assert len([name for name in names(tmp_path) if name.endswith(".png")]) == COUNT
    dreamed = render(FRAMES, tiny_dreamer(iterations=3), stability=0.8)
    for array, image in zip(arrays(tmp_path / "frame_%02d.png"), dreamed, strict=True):
        assert np.abs(array.astype(int) - to_array(image)).mean() < 1


def test_numbered_pictures_leave_none_of_an_older_film(tmp_path: Path) -> None:
    target = tmp_path / "frame_%02d.png"
    with pytest.raises(Interrupted):
        run(target, codec="ffv1", report=stop_after(7))
    assert (tmp_path / "frame_01.partial.png").is_file()
    run(target, codec="ffv1")
    assert len(list(tmp_path.glob("*.png"))) == COUNT
    run(target, codec="ffv1", frames=FRAMES[:4], overwrite=True)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        f"frame_{number:02d}.png" for number in range(1, 5)
    ]


def flickering() -> list[Frame]:
    """Frames of which every other one is dark."""
    lit = [array // 4 + 150 * (n % 2 == 0) for n, array in enumerate(moved(COUNT))]
    return known_frames([array.astype(np.uint8) for array in lit], cuts=(CUT,))


@pytest.mark.parametrize("stop", [1, 4, 6, 8])
def test_a_guarded_film_resumes_with_the_same_bytes(stop: int, tmp_path: Path) -> None:
    dream = tiny_dreamer(step=0.001, iterations=1)
    options = {"frames": flickering(), "dream": dream, "codec": "ffv1", "most_flashes": 1}
    run(tmp_path / "whole.mkv", **options)
    with pytest.raises(Interrupted):
        run(tmp_path / "film.mkv", report=stop_after(stop), **options)
    run(tmp_path / "film.mkv", **options)
    assert (tmp_path / "film.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()
    free = options | {"most_flashes": None}
    run(tmp_path / "free.mkv", **free)
    pairs = zip(arrays(tmp_path / "free.mkv"), arrays(tmp_path / "whole.mkv"), strict=True)
    same = [np.array_equal(one, other) for one, other in pairs]
    assert all(same[:4]) and not any(same[4::2])  # three changes are let through


def test_a_guard_leaves_a_film_that_does_not_flash_alone(whole: bytes, tmp_path: Path) -> None:
    run(tmp_path / "film.mp4", most_flashes=3)
    assert (tmp_path / "film.mp4").read_bytes() == whole


def test_what_was_seen_of_a_film_outlives_the_parts_of_another_job(tmp_path: Path) -> None:
    folder = parts_folder.folder_of(tmp_path / "film.mp4")
    (folder / "seam-000000003").mkdir(parents=True)
    for name in ("signals.json", "look.lock", "plan.json", "other"):
        (folder / name).write_text("seen")
    Job(Output(tmp_path / "film.mp4"), like=LIKE, record=RECORD)
    assert sorted(path.name for path in folder.iterdir()) == [
        "job.toml", "look.lock", "signals.json"]  # fmt: skip
