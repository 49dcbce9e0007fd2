"""The frame loop of a GPU, run on the CPU: its pictures, its numbers, and that nothing waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from tiny import moved, read, source_frames, texture, tiny_dreamer
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from dreamvid.commands.ready import in_time
from dreamvid.device import numbers
from dreamvid.device.card import Arrived, Card, Coming, Mark, PlainCard
from dreamvid.dream import objectives
from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import UsageError
from dreamvid.image import to_array, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.reader import SourceFrame
from dreamvid.motion.flow import Farneback
from dreamvid.motion.on_device import DeviceMotion
from dreamvid.sequence.dream_size import at_full_size, shrunk
from dreamvid.sequence.film_carry import FilmCarry
from dreamvid.sequence.frames import film_frames
from dreamvid.sequence.job import Job
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.on_card import Levels, enlarged, sent
from dreamvid.sequence.render import render_with_memory

CPU = torch.device("cpu")
CARD = PlainCard(CPU)


@pytest.fixture
def staying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers stay on the CPU as they do on a GPU."""
    monkeypatch.setattr(numbers, "AT_ONCE", set())


def remembered(card: Card | None, count: int = 8, **options: Any) -> list[Memory]:
    frames = film_frames(source_frames(moved(count)), card=card, **options)
    return [memory for _, memory in render_with_memory(frames, tiny_dreamer(), stability=0.9)]


@pytest.mark.usefixtures("staying")
def test_frames_on_a_card_are_those_of_the_host() -> None:
    here = list(film_frames(source_frames(moved(3))))
    there = list(film_frames(source_frames(moved(3)), card=CARD))
    for one, other in zip(here, there, strict=True):
        assert one.image is not None and other.image is not None
        assert torch.equal(one.image, other.image) and one.time == other.time
    assert there[0].motion is None and isinstance(there[1].motion, DeviceMotion)
    shift = there[1].motion.backward[8:-8, 8:-8].flatten(0, 1).median(0).values
    assert (shift - torch.tensor([-2.0, -1.0])).abs().max() < 0.1


def test_cuts_are_found_on_a_card() -> None:
    arrays = [*moved(3), *moved(3, seed=9)]
    found = [frame.motion is None for frame in film_frames(source_frames(arrays), card=CARD)]
    assert found == [frame.motion is None for frame in film_frames(source_frames(arrays))]


def test_other_estimators_work_on_the_host_and_their_flow_is_sent() -> None:
    arrays = source_frames(moved(2))
    (_, here), (_, there) = (list(film_frames(arrays, flow=Farneback(), card=card))
                             for card in (None, CARD))  # fmt: skip
    assert isinstance(there.motion, DeviceMotion) and here.motion is not None
    assert np.array_equal(there.motion.on_host().backward, here.motion.backward)


def test_the_dream_of_a_card_is_about_that_of_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    here = remembered(None)
    monkeypatch.setattr(numbers, "AT_ONCE", set())
    there = remembered(CARD)
    first, last = (here[k].dreamed - here[k].source for k in (0, -1))
    assert torch.allclose(there[0].dreamed, here[0].dreamed, atol=1e-5)
    unlike = there[-1].dreamed - there[-1].source - last
    assert unlike.norm() < 0.35 * last.norm() and first.norm() > 0
    assert isinstance(there[-1].aim, Tensor) and isinstance(here[-1].aim, float)
    assert float(there[-1].aim) == pytest.approx(here[-1].aim, rel=0.1)
    assert float(there[-1].crisp) == pytest.approx(float(here[-1].crisp), rel=0.1)


@pytest.mark.usefixtures("staying")
def test_the_host_knows_the_aim_one_control_later() -> None:
    memories = remembered(CARD, 10)
    aims = [float(memory.aim) for memory in memories]
    assert [memory.known_aim for memory in memories[1:6]] == [1.0] * 5
    assert memories[6].known_aim == aims[3] == memories[8].known_aim
    assert memories[9].known_aim == aims[6] and aims[3] != aims[6]


@pytest.mark.usefixtures("staying")
@pytest.mark.parametrize("count", [2, 4, 7])
def test_a_memory_read_back_goes_on_to_the_bit(count: int, tmp_path: Path) -> None:
    frames = list(film_frames(source_frames(moved(12)), card=CARD))
    carry, memory = FilmCarry(tiny_dreamer(), 0.9), None
    for frame in frames[:count]:
        memory = carry(frame, memory)
    assert memory is not None
    memory.save(tmp_path / "memory")
    again = Memory.load(tmp_path / "memory", device=CPU)
    for frame in frames[count:]:
        memory, again = carry(frame, memory), carry(frame, again)
        assert torch.equal(memory.dreamed, again.dreamed)
        assert memory.known_aim == again.known_aim
        assert torch.equal(torch.as_tensor(memory.crisp), torch.as_tensor(again.crisp))


class NoWaits(TorchDispatchMode):
    """Fails on every operation that would wait for a GPU."""

    waiting = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "is_nonzero")

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        assert func.overloadpacket.__name__ not in self.waiting, func
        return func(*args, **(kwargs or {}))


@pytest.fixture
def no_copies(staying: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it to refuse copies to the host and new tensors of Python's numbers from then on."""

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("waits for the device")

    def start() -> None:
        monkeypatch.setattr(numbers.Later, "values", lambda later: [1.0] * later._kept.numel())
        for name in ("numpy", "tolist", "item", "cpu", "__bool__", "__float__", "new_tensor"):
            monkeypatch.setattr(Tensor, name, refuse)
        monkeypatch.setattr(torch, "from_numpy", refuse)

    return start


def test_a_carried_frame_waits_for_nothing(no_copies: Callable[[], None]) -> None:
    frames = list(film_frames(source_frames(moved(9)), card=CARD))
    carry, memory = FilmCarry(tiny_dreamer(), 0.9), None
    for frame in frames[:5]:  # fills the caches
        memory = carry(frame, memory)
    no_copies()
    for frame in frames[5:]:  # of which one is controlled
        with NoWaits():
            memory = carry(frame, memory)
    assert memory is not None and memory.age == 8


def test_the_picture_of_a_frame_waits_for_nothing(no_copies: Callable[[], None]) -> None:
    arrays = [texture(dx=2 * t, height=96, width=128) for t in range(3)]
    frames = list(film_frames(shrunk(source_frames(arrays), (48, 64)), card=CARD))
    *_, last = render_with_memory(frames, tiny_dreamer(), stability=0.9)
    at_full_size(*last)
    no_copies()
    with NoWaits():
        dreamed, source = at_full_size(*last)
    assert dreamed.shape == source.shape == (3, 96, 128)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_carried_frame_on_a_gpu_waits_for_nothing() -> None:
    from dreamvid.device.card import card_of

    card = card_of(torch.device("cuda"))
    frames = list(film_frames(source_frames(moved(30)), card=card))
    carry, memory = FilmCarry(tiny_dreamer(device="cuda"), 0.9), None
    for index, frame in enumerate(frames):
        frame.arrive()
        torch.cuda.set_sync_debug_mode("error" if index > 24 else "default")
        try:
            memory = carry(frame, memory)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    assert memory is not None and memory.dreamed.isfinite().all()


@pytest.mark.usefixtures("staying")
def test_a_network_that_returns_nan_is_told_with_the_picture(tmp_path: Path) -> None:
    dream = tiny_dreamer(objectives.layer("two") * float("nan"))
    with pytest.raises(UsageError, match="tiny: the network returns NaN"):
        dream(to_image(texture()))
    job, _ = film(moved(3), tmp_path / "out.mkv")
    with (
        pytest.raises(UsageError, match="tiny: the network returns NaN"),
        in_time(film_frames(source_frames(moved(3)), card=CARD), CARD) as frames,
    ):
        job.run(frames, dream, stability=0.9)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_arrays_become_images_and_images_levels_as_on_the_host(dtype: type) -> None:
    top = np.iinfo(dtype).max
    array = np.random.default_rng(0).integers(0, top, (5, 7, 3), dtype, endpoint=True)
    image = sent(CARD, array)
    assert torch.equal(image, to_image(array)) and image.is_contiguous()
    bits = 8 if dtype is np.uint8 else 16
    levels = Levels(CARD, image * 1.2 - 0.1, bits).array()
    assert levels.dtype == dtype
    assert np.array_equal(levels, to_array(image * 1.2 - 0.1, bits))


@pytest.mark.parametrize("size", [(48, 64), (37, 50), (20, 31)])
def test_residuals_are_enlarged_as_by_opencv(size: tuple[int, int]) -> None:
    planes = torch.rand(3, 20, 31)
    theirs = [cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LANCZOS4)
              for plane in planes.numpy()]  # fmt: skip
    assert (enlarged(planes, size) - torch.from_numpy(np.stack(theirs))).abs().max() < 1e-3


def film(arrays: list[Any], path: Path, **output: Any) -> tuple[Job, FilmInfo]:
    height, width = arrays[0].shape[:2]
    like = FilmInfo.plain(width, height, Fraction(25), len(arrays))
    return Job(Output(path, "ffv1", **output), like=like, record="", most_flashes=None), like


def dreamed(arrays: list[Any], path: Path, card: Card | None, dream: Dreamer) -> list[Any]:
    job, _ = film(arrays, path)
    with in_time(film_frames(source_frames(arrays), card=card), card) as frames:
        job.run(frames, dream, stability=0.9)
    return read(path)


@pytest.mark.usefixtures("staying")
def test_a_film_through_three_stages_has_the_frames_of_the_loop(tmp_path: Path) -> None:
    arrays = moved(6)
    made = dreamed(arrays, tmp_path / "out.mkv", CARD, tiny_dreamer())
    memories = remembered(CARD, 6)
    assert len(made) == 6
    for array, memory in zip(made, memories, strict=True):
        assert np.array_equal(array, to_array(memory.dreamed))


class Stages(PlainCard):
    """A fake card: each stage waits until all three are at work at once, or time is over."""

    def __init__(self) -> None:
        super().__init__(CPU)
        self.at_once = threading.Barrier(3)
        self.met: dict[str, bool] = {}
        self.threads: dict[str, int] = {}
        self.alive, self.most = 0, 0

    def meet(self, stage: str) -> None:
        self.threads[stage] = threading.get_ident()
        if stage not in self.met:
            try:
                self.at_once.wait(60)
                self.met[stage] = True
            except threading.BrokenBarrierError:
                self.met[stage] = False

    def send(self, array: Any) -> Tensor:
        self.alive += 1
        self.most = max(self.most, self.alive)
        if self.alive > 3:
            self.meet("decode")
        return super().send(array)

    def fetch(self, tensor: Tensor) -> Coming:
        if "dream" not in self.threads:
            self.threads["dream"] = 0
        else:
            self.meet("dream")
        return _Fake(self, super().fetch(tensor))

    def mark(self) -> Mark:
        return super().mark()


class _Fake:
    def __init__(self, card: Stages, coming: Coming) -> None:
        self._card, self._coming = card, coming

    def array(self) -> Any:
        self._card.meet("encode")
        self._card.alive -= 1
        return self._coming.array()


@pytest.mark.usefixtures("staying")
def test_decode_dream_and_encode_work_at_once_and_memory_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Stages()
    monkeypatch.setattr("dreamvid.sequence.stretch.card_of", lambda device: card)
    made = dreamed(moved(20), tmp_path / "out.mkv", card, tiny_dreamer(iterations=1))
    assert card.met == {"decode": True, "dream": True, "encode": True}
    assert len(set(card.threads.values())) == 3
    assert len(made) == 20
    assert card.most <= 10  # of twenty frames


def failing(frames: Iterator[SourceFrame], error: BaseException) -> Iterator[SourceFrame]:
    yield next(frames)
    yield next(frames)
    raise error


@pytest.mark.usefixtures("staying")
@pytest.mark.parametrize("stage", ["decode", "dream", "encode"])
@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_error_of_any_stage_ends_all(
    stage: str,
    error: BaseException,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begun: Callable[..., set[str]],
) -> None:
    arrays, dream = moved(8), tiny_dreamer(iterations=1)
    sources: Iterator[SourceFrame] = iter(source_frames(arrays))
    count = 0

    def raising(*args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count == 3:
            raise error
        return original(*args, **options)

    if stage == "decode":
        sources = failing(sources, error)
    elif stage == "dream":
        original: Any = dream.ascend
        monkeypatch.setattr(Dreamer, "ascend", lambda self, *a, **o: raising(*a, **o))
    else:
        original = Arrived.array
        monkeypatch.setattr(Arrived, "array", raising)
    job, _ = film(arrays, tmp_path / "out.mkv")
    with pytest.raises(BaseException) as caught:  # noqa: SIM117
        with in_time(film_frames(sources, card=CARD), CARD) as frames:
            job.run(frames, dream, stability=0.9)
    assert isinstance(caught.value, type(error)) or isinstance(error, KeyboardInterrupt)
    assert not begun("prefetch") and not (tmp_path / "out.mkv").exists()


@pytest.mark.usefixtures("staying")
def test_an_interrupted_film_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    arrays = [*moved(4), *moved(4, seed=9)]
    whole = dreamed(arrays, tmp_path / "whole.mkv", CARD, tiny_dreamer())
    job, _ = film(arrays, tmp_path / "out.mkv")
    stop = RuntimeError("stop")
    with pytest.raises(RuntimeError), in_time(
        film_frames(failing_at(source_frames(arrays), 6, stop), card=CARD), CARD
    ) as frames:  # fmt: skip
        job.run(frames, tiny_dreamer(), stability=0.9)
    again, _ = film(arrays, tmp_path / "out.mkv")
    assert again.done == 4
    frames_left = film_frames(source_frames(arrays), skip=4, card=CARD)
    with in_time(frames_left, CARD) as frames:
        again.run(frames, tiny_dreamer(), stability=0.9)
    assert all(map(np.array_equal, read(tmp_path / "out.mkv"), whole))


def failing_at(frames: list[SourceFrame], index: int, error: Exception) -> Iterator[SourceFrame]:
    yield from frames[:index]
    time.sleep(0.1)
    raise error


@pytest.mark.usefixtures("staying")
def test_the_thread_that_dreams_is_on_the_stream_of_whoever_encodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, dreams = set[int](), list[bool]()

    class Streamed(PlainCard):
        @contextmanager
        def along(self) -> Iterator[None]:
            inside.add(threading.get_ident())
            yield

    ascend = Dreamer.ascend

    def watched(self: Dreamer, *args: Any, **options: Any) -> Tensor:
        dreams.append(threading.get_ident() in inside)
        return ascend(self, *args, **options)

    monkeypatch.setattr("dreamvid.sequence.stretch.card_of", Streamed)
    monkeypatch.setattr(Dreamer, "ascend", watched)
    dreamed(moved(3), tmp_path / "out.mkv", CARD, tiny_dreamer())
    assert all(dreams) and len(dreams) >= 3
    assert threading.get_ident() not in inside
