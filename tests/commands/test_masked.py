"""Films and pictures in masks and regions: from settings to bytes, resumed, repeated, refused."""

from __future__ import annotations

import hashlib
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from tiny import dream_tiny, read, texture

from dreamvid.commands.image import dream_image
from dreamvid.commands.sidecar import digest
from dreamvid.commands.video import dream_video
from dreamvid.errors import Interrupted, OutputExists
from dreamvid.image import to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.mattes import LATE
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence.progress import Progress
from dreamvid.settings.models import ImageSettings, VideoSettings

QUICK = {"octaves": 1, "iterations": 2}
COUNT, HEIGHT, WIDTH, RATE = 8, 48, 64, Fraction(25)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)


def write_film(
    path: Path, arrays: list[np.ndarray], rate: Fraction = RATE, codec: str = "ffv1"
) -> Path:
    height, width = arrays[0].shape[:2]
    like = FilmInfo.plain(width, height, rate, len(arrays))
    with VideoWriter(path, like=like, codec=codec) as out:
        for n, array in enumerate(arrays):
            out.write(to_image(array), n / rate)
    return path


def square(left: int, *, height: int = HEIGHT, width: int = WIDTH, side: int = 20) -> np.ndarray:
    """A white square at x = `left` on black."""
    array = np.zeros((height, width, 3), np.uint8)
    array[14 : 14 + side, left : left + side] = 255
    return array


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A square of another texture crosses a panning one, with grain."""
    rng = np.random.default_rng(0)
    arrays = []
    for t in range(COUNT):
        array = texture(dx=t).astype(int)
        inside = square(4 + 4 * t)[..., 0] > 0
        array[inside] = 255 - texture(5, dx=4 * t)[inside]
        array += rng.integers(-4, 5, array.shape)
        arrays.append(array.clip(0, 255).astype(np.uint8))
    return write_film(tmp_path / "in.mkv", arrays)


def dreamed(source: Path, target: Path, **tables: Any) -> list[np.ndarray]:
    """The frames of a film dreamed and written without loss."""
    tables = {"dream": QUICK, "output": {"codec": "ffv1"}} | tables
    dream_video(source, target, VideoSettings.checked(tables), overwrite=True)
    return read(target)


def hard(text: object, **values: object) -> dict[str, Any]:
    """The table of a mask with a hard edge."""
    return {"mask": str(text), "feather": 0} | values


def unlike(one: np.ndarray, other: np.ndarray, source: np.ndarray) -> float:
    """The difference of two dreams of a source, relative to what they add to it."""
    added = np.abs(other.astype(int) - source).mean()
    return float(np.abs(one.astype(int) - other).mean() / added)


def test_outside_of_a_mask_the_film_is_written_as_it_was_read(film: Path, tmp_path: Path) -> None:
    Image.fromarray(square(30)).save(tmp_path / "m.png")
    whole = dreamed(film, tmp_path / "whole.mkv")
    masked = dreamed(film, tmp_path / "out.mkv", mask=hard(tmp_path / "m.png"))
    inside = square(30)[..., 0] > 0
    for source, a, b in zip(read(film), masked, whole, strict=True):
        assert np.array_equal(a[~inside], source[~inside])
        assert unlike(a[inside], b[inside], source[inside]) < 0.1  # as without a mask


def test_outside_is_the_film_at_any_size_of_the_dream(film: Path, tmp_path: Path) -> None:
    masked = dreamed(
        film, tmp_path / "out.mkv", mask=hard("inside:0.5,0,0.5,1"), film={"dream_size": "32"}
    )
    for source, a in zip(read(film), masked, strict=True):
        assert np.array_equal(a[:, :32], source[:, :32])
        assert np.abs(a[:, 32:].astype(int) - source[:, 32:]).mean() > 0.5


def test_only_the_dream_is_transparent_where_the_mask_hides_it(film: Path, tmp_path: Path) -> None:
    output = {"codec": "ffv1", "alpha": "dream"}
    target = tmp_path / "out.mkv"
    tables = {"dream": QUICK, "mask": hard("inside:0,0,0.5,1"), "output": output}
    dream_video(film, target, VideoSettings.checked(tables))
    with av.open(str(target)) as out:
        alpha = np.stack([f.to_ndarray(format="rgba") for f in out.decode(video=0)])[..., 3]
    assert alpha[..., :28].mean() > 20
    assert alpha[..., 36:].max() == 0


@pytest.mark.parametrize("rate", [Fraction(10), Fraction(24000, 1001), Fraction(50)], ids=str)
def test_a_mask_film_of_another_rate_and_size_stays_in_time(
    rate: Fraction, film: Path, tmp_path: Path
) -> None:
    """The square of the mask moves at 100 pixels a second, whatever the rate."""
    lefts = [round(float(n / rate * 100)) for n in range(int(COUNT / RATE * rate) + 1)]
    arrays = [np.kron(square(left), np.ones((2, 2, 1), np.uint8)) for left in lefts]
    matte = write_film(tmp_path / "m.mkv", arrays, rate)
    for start in (None, 0.12):
        masked = dreamed(
            film, tmp_path / "out.mkv", mask=hard(matte),
            film={"start": start}, motion={"stability": 0},
        )  # fmt: skip
        first = round(25 * (start or 0))
        for n, (source, image) in enumerate(zip(read(film)[first:], masked, strict=True), first):
            inside = square(lefts[min(int((n / RATE + LATE) * rate), len(lefts) - 1)])
            changed = np.abs(image.astype(int) - source).max(axis=2) > 0
            assert not changed[inside[..., 0] == 0].any(), n
            assert changed[inside[..., 0] > 0].mean() > 0.9


@pytest.mark.parametrize("row", ["mattes", "mattes/m_%03d.png"])
def test_pictures_in_a_row_mask_frame_after_frame(row: str, film: Path, tmp_path: Path) -> None:
    (tmp_path / "mattes").mkdir()
    for n in range(COUNT):
        Image.fromarray(square(5 * n)).save(tmp_path / "mattes" / f"m_{n:03d}.png")
    masked = dreamed(film, tmp_path / "out.mkv", mask=hard(tmp_path / row))
    for n, (source, image) in enumerate(zip(read(film), masked, strict=True)):
        changed = np.abs(image.astype(int) - source).max(axis=2) > 0
        inside = square(5 * n)[..., 0] > 0
        assert not changed[~inside].any() and changed[inside].mean() > 0.9
    record = tomllib.loads((tmp_path / "out.mkv.dreamvid.toml").read_text("utf-8"))
    assert record["made"]["mask_sha256"] == digest(tmp_path / row) != ""


def test_a_mask_film_that_ends_is_held_and_it_is_said(film: Path, tmp_path: Path) -> None:
    matte = write_film(tmp_path / "m.mkv", [square(0), square(30)])
    told: list[str] = []
    settings = VideoSettings.checked(
        {"dream": QUICK, "mask": hard(matte), "output": {"codec": "ffv1"}}
    )
    dream_video(film, tmp_path / "out.mkv", settings, on_progress=lambda p: told.append(p.text))
    assert f"{matte} ends after 0.08 s; its last frame is held" in told
    last = np.abs(read(tmp_path / "out.mkv")[-1].astype(int) - read(film)[-1]).max(axis=2) > 0
    assert not last[:, :30].any() and last[14:34, 30:50].mean() > 0.9
    long = write_film(tmp_path / "long.mkv", [square(0)] * COUNT)
    told.clear()
    settings = VideoSettings.checked({"dream": QUICK, "mask": hard(f"!{long}")})
    dream_video(film, tmp_path / "b.mkv", settings, on_progress=lambda p: told.append(p.text))
    assert not [text for text in told if "held" in text]


def test_what_moves_is_dreamed_and_what_is_still_is_not(film: Path, tmp_path: Path) -> None:
    moving, still = (
        dreamed(film, tmp_path / f"{name}.mkv", mask=hard(name)) for name in ("moving", "still")
    )
    whole = dreamed(film, tmp_path / "whole.mkv")
    for t, (source, a, b, c) in enumerate(zip(read(film), moving, still, whole, strict=True)):
        core = (slice(18, 30), slice(8 + 4 * t, 20 + 4 * t))
        assert unlike(a[core], c[core], source[core]) < 0.1, t
        assert np.array_equal(b[core], source[core]), t
        far = (slice(0, 48), slice(46, 64)) if t < 3 else (slice(42, 48), slice(0, 64))
        changed = np.abs(a[far].astype(int) - source[far]).max(axis=2) > 0
        assert changed.mean() < 0.1
        assert (np.abs(b[far].astype(int) - source[far]).max(axis=2) > 0).mean() > 0.6


def test_a_box_travels_by_a_schedule(film: Path, tmp_path: Path) -> None:
    text = "0:(inside:0,0,.25,1), 4:(inside:.5,0,.25,1, linear)"
    masked = dreamed(film, tmp_path / "out.mkv", mask=hard(text), motion={"stability": 0})
    for n, (source, image) in enumerate(zip(read(film), masked, strict=True)):
        left = 8 * min(n, 4)
        changed = (np.abs(image.astype(int) - source).max(axis=2) > 0).mean(axis=0)
        assert changed[left : left + 16].min() > 0.5
        assert changed[:left].sum() + changed[left + 16 :].sum() == 0


TWO = [
    {"mask": "!inside:0,0,1,0.5", "layer": ["one"], "strength": 2},
    {"mask": "inside:0,0,1,0.5", "feather": 0},
]


def test_each_region_has_its_own_dream(film: Path, tmp_path: Path) -> None:
    two = [TWO[0] | {"feather": 0}, TWO[1]]
    both = dreamed(film, tmp_path / "both.mkv", region=two)
    lower, upper = (
        dreamed(film, tmp_path / f"{n}.mkv", region=[region]) for n, region in enumerate(two)
    )
    for image, below, above in zip(both, lower, upper, strict=True):
        assert np.array_equal(image[24:], below[24:])
        assert np.array_equal(image[:24], above[:24])


CASES = {
    "moving": {"mask": {"mask": "moving"}},
    "regions": {"region": [*TWO, {"mask": "0:(moving), 3:(still, linear)", "label": "cat"}]},
    "travels": {"mask": {"mask": "0:(inside:0,0,.5,1), 6:(inside:.5,0,.5,1, linear)"}},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("stop", [1, 4, 6])
def test_a_film_that_was_stopped_has_the_same_bytes(
    case: str, stop: int, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 2)

    def interrupt(progress: Progress) -> None:
        if progress.task == "frames" and progress.done == stop:
            raise KeyboardInterrupt

    settings = VideoSettings.checked({"dream": QUICK} | CASES[case])
    dream_video(film, tmp_path / "whole.mkv", settings)
    with pytest.raises(Interrupted):
        dream_video(film, tmp_path / "out.mkv", settings, on_progress=interrupt)
    dream_video(film, tmp_path / "out.mkv", settings)
    assert (tmp_path / "out.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()


@pytest.mark.parametrize("case", CASES)
def test_a_sidecar_repeats_masks_and_regions(case: str, film: Path, tmp_path: Path) -> None:
    settings = VideoSettings.checked({"dream": QUICK | {"strength": 1.5}} | CASES[case])
    dream_video(film, tmp_path / "out.mkv", settings)
    record = tomllib.loads((tmp_path / "out.mkv.dreamvid.toml").read_text("utf-8"))
    assert "mask_sha256" not in record.pop("made")
    again = VideoSettings.checked(record)
    assert len(again.region) == len(CASES[case].get("region", ()))
    dream_video(film, tmp_path / "again.mkv", again)
    assert (tmp_path / "again.mkv").read_bytes() == (tmp_path / "out.mkv").read_bytes()


def test_a_mask_that_was_changed_is_noticed(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 2)
    matte = tmp_path / "m.png"
    Image.fromarray(square(30)).save(matte)
    before = digest(matte)

    def interrupt(progress: Progress) -> None:
        if progress.task == "frames" and progress.done == 5:
            raise KeyboardInterrupt

    settings = VideoSettings.checked(
        {"dream": QUICK, "region": [{"mask": "moving"}, {"mask": f"!{matte}"}]}
    )
    with pytest.raises(Interrupted):
        dream_video(film, tmp_path / "out.mkv", settings, on_progress=interrupt)
    record = tomllib.loads((tmp_path / ".out.mkv.parts" / "job.toml").read_text("utf-8"))
    assert record["made"]["mask_sha256"] == before == hashlib.sha256(matte.read_bytes()).hexdigest()
    Image.fromarray(square(10)).save(matte)
    with pytest.raises(OutputExists, match="by a run with other settings \\(mask file\\)"):
        dream_video(film, tmp_path / "out.mkv", settings)


def test_a_film_in_regions_loops(film: Path, tmp_path: Path) -> None:
    """What is dreamed before the first frame, and the way back, are those of both regions."""
    tables = {"region": [{"mask": "inside:0,0,0.5,1"}, {"mask": "inside:0.5,0,0.5,1"}]}
    uncut = {"cuts": False}
    looped = dreamed(film, tmp_path / "loop.mkv", motion=uncut | {"loop": True}, **tables)
    plain = dreamed(film, tmp_path / "plain.mkv", motion=uncut, **tables)
    assert len(looped) == COUNT
    for half in (slice(0, 32), slice(32, 64)):  # the dream is there already
        assert not np.array_equal(looped[0][:, half], plain[0][:, half])


def test_independent_frames_still_know_what_moves(film: Path, tmp_path: Path) -> None:
    made = dreamed(film, tmp_path / "out.mkv", mask=hard("moving"), motion={"stability": 0})
    core = slice(18, 30), slice(16, 28)
    assert not np.array_equal(made[2][core], read(film)[2][core])
    assert np.array_equal(made[2][:, 48:], read(film)[2][:, 48:])


# --- pictures -------------------------------------------------------------------------------------


def picture_of(source: Path, target: Path, **tables: Any) -> np.ndarray:
    settings = ImageSettings.checked({"dream": QUICK} | tables)
    dream_image(source, target, settings, overwrite=True)
    with Image.open(target) as image:
        return np.asarray(image)


@pytest.mark.parametrize("dream_size", [None, "32"])
def test_a_picture_is_dreamed_inside_its_mask(
    dream_size: str | None, picture: Path, tmp_path: Path
) -> None:
    size = {"picture": {"dream_size": dream_size}}
    Image.fromarray(square(30)).save(tmp_path / "m.png")
    whole = picture_of(picture, tmp_path / "whole.png", **size)
    inside = square(30)[..., 0] > 0
    made = picture_of(picture, tmp_path / "out.png", mask=hard(tmp_path / "m.png"), **size)
    assert np.array_equal(made[~inside], texture()[~inside])
    assert np.array_equal(made[inside], whole[inside])
    outer = picture_of(picture, tmp_path / "out.png", mask=hard(f"!{tmp_path / 'm.png'}"), **size)
    assert np.array_equal(outer[inside], texture()[inside])
    assert np.array_equal(outer[~inside], whole[~inside])


def test_a_picture_has_regions(picture: Path, tmp_path: Path) -> None:
    two = [{"mask": "inside:0,0,1,0.5", "feather": 0, "layer": ["one"]}, TWO[0] | {"feather": 0}]
    made = picture_of(picture, tmp_path / "out.png", region=two)
    one = picture_of(picture, tmp_path / "one.png", dream=QUICK | {"layer": ["one"]})
    other = picture_of(
        picture, tmp_path / "two.png", dream=QUICK | {"layer": ["one"], "strength": 2}
    )
    assert np.array_equal(made[:24], one[:24]) and np.array_equal(made[24:], other[24:])


def test_a_transparent_picture_keeps_its_transparency_in_a_mask(tmp_path: Path) -> None:
    rgba = np.dstack([texture(), np.full((48, 64), 255, np.uint8)])
    rgba[:, 48:, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "in.png")
    made = picture_of(tmp_path / "in.png", tmp_path / "out.png", mask=hard("inside:0,0,0.5,1"))
    assert np.array_equal(made[..., 3], rgba[..., 3])
    assert np.array_equal(made[:, 32:48, :3], rgba[:, 32:48, :3])
