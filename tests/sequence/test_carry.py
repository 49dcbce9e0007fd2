"""The memory from frame to frame: what it keeps, and that a file keeps it to the bit."""

from __future__ import annotations

import copy
import errno
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import known_frames, moved, tiny_dreamer

from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Gauge, NetworkGradient
from dreamvid.motion.estimate import Motion
from dreamvid.sequence.film_carry import FilmCarry, carried_dose, finer
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory, Reference
from dreamvid.sequence.render import render_with_memory
from dreamvid.sequence.tuning import CarryTuning, Controller

FRAMES = known_frames(moved(8))


def after(count: int, stability: float = 0.9) -> Memory:
    carry, memory = FilmCarry(tiny_dreamer(), stability), None
    for frame in FRAMES[:count]:
        memory = carry(frame, memory)
    assert memory is not None
    return memory


def passes_of(dream: Dreamer) -> list[torch.Size]:
    """A list that grows by the size of every image whose gradient the Dreamer asks for."""
    asked: list[torch.Size] = []
    gradient = dream.gradient
    assert isinstance(gradient, NetworkGradient)

    def counted(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        asked.append(image.shape)
        return gradient.climb(image)

    dream.gradient = replace(gradient, climb=counted)
    return asked


def same(a: Memory, b: Memory) -> bool:
    def equal(x: object, y: object) -> bool:
        if isinstance(x, torch.Tensor) and isinstance(y, torch.Tensor):
            return torch.equal(x, y)
        if isinstance(x, Gauge) and isinstance(y, Gauge):
            return x.sizes.keys() == y.sizes.keys() and all(
                map(torch.equal, x.sizes.values(), y.sizes.values())
            )
        return x == y or (isinstance(x, tuple) and json.dumps(x) == json.dumps(y))

    return all(equal(getattr(a, field.name), getattr(b, field.name)) for field in fields(Memory))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_memory_read_back_gives_the_same_next_frames_to_the_bit(
    count: int, tmp_path: Path
) -> None:
    memory = after(count)
    memory.save(tmp_path / "memory")
    read = Memory.load(tmp_path / "memory", device=torch.device("cpu"))
    assert same(memory, read)
    assert [path.name for path in tmp_path.iterdir()] == ["memory"]
    carry = FilmCarry(tiny_dreamer(), 0.9)
    for frame in FRAMES[count : count + 3]:
        memory, read = carry(frame, memory), carry(frame, read)
        assert same(memory, read)


def test_a_memory_is_left_alone_by_the_frames_after_it() -> None:
    memory = after(3)
    kept = copy.deepcopy(memory)
    FilmCarry(tiny_dreamer(), 0.9)(FRAMES[3], memory)
    assert same(memory, kept)


def test_a_saved_memory_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    after(1).save(path)
    after(2).save(path)
    assert same(Memory.load(path, device=torch.device("cpu")), after(2))


def test_a_frame_without_motion_restarts() -> None:
    carry = FilmCarry(tiny_dreamer(), 0.9)
    frame = replace(FRAMES[3], motion=None)
    assert same(carry(frame, after(3)), replace(carry(frame, None), shot=2))


def test_stability_0_takes_nothing_over() -> None:
    carry = FilmCarry(tiny_dreamer(), 0)
    assert same(carry(FRAMES[3], after(3, 0)), carry(FRAMES[3], None))


def test_what_is_fresh_is_where_the_mask_fails_and_fades_in_time() -> None:
    carry = FilmCarry(tiny_dreamer(), 0.9)
    motion = FRAMES[3].motion
    assert motion is not None
    mask = np.ones_like(motion.mask)
    mask[20:30, 20:40] = 0
    still = np.zeros_like(motion.backward)
    memory = carry(replace(FRAMES[3], motion=Motion(still, mask)), after(1))
    assert memory.fresh[0, 20:30, 20:40].min() == 1
    assert memory.fresh[0, :10].max() == 0
    whole = Motion(still, np.ones_like(mask))
    levels = []
    for _ in range(3):
        memory = carry(replace(FRAMES[3], motion=whole), memory)
        levels.append(float(memory.fresh[0, 25, 30]))
    assert 1 > levels[0] > levels[1] > levels[2] > 0


def test_higher_stability_costs_fewer_passes() -> None:
    def passes(stability: float) -> int:
        dream = tiny_dreamer(octaves=4, iterations=10)
        asked = passes_of(dream)
        FilmCarry(dream, stability)(FRAMES[1], after(1))
        return len(asked)

    assert passes(0.5) > passes(0.9) >= passes(1) > 0


def test_a_carried_frame_is_calmer_than_one_dreamed_from_scratch() -> None:
    frames: list[Frame] = known_frames(moved(6, dx=0, dy=0), dx=0, dy=0)
    carry, memory = FilmCarry(tiny_dreamer(), 0.9), None
    steps = []
    for frame in frames:
        before, memory = memory, carry(frame, memory)
        if before is not None:
            steps.append(float((memory.dreamed - before.dreamed).abs().mean()))
    added = float((memory.dreamed - memory.source).abs().mean()) if memory else 0
    assert max(steps[2:]) < 0.3 * added


def test_a_film_that_stands_still_is_held_to_what_the_full_dose_does() -> None:
    dream = tiny_dreamer()
    carry, memory, heights = FilmCarry(dream, 0.9), None, []
    for frame in known_frames(moved(72, dx=0, dy=0), dx=0, dy=0):
        memory = carry(frame, memory)
        heights.append(dream.rate(memory.dreamed) / dream.rate(dream(memory.source)))
    assert 1.0 < sum(heights[-12:]) / 12 < 1.15


def test_the_full_dose_is_measured_again_now_and_then() -> None:
    carry, memory = FilmCarry(tiny_dreamer(), 0.9, CarryTuning(measure_every=7)), after(1)
    old = replace(memory, reference=Reference(0.1, 2.0, 0.3))
    alone = carry(replace(FRAMES[1], motion=None), None).reference
    again = carry(FRAMES[1], replace(old, age=6)).reference
    assert again == pytest.approx(alone, rel=0.1) and again != memory.reference
    assert carry(FRAMES[1], replace(old, age=7)).reference == old.reference


def test_an_objective_that_is_not_above_zero_leads_nothing() -> None:
    carry, memory = FilmCarry(tiny_dreamer(), 0.9), after(1)
    below = replace(memory, reference=memory.reference._replace(height=-2.0))
    now = carry(FRAMES[1], below)
    assert now.reference == below.reference and now.aim == below.aim


def test_a_dream_that_is_too_weak_takes_longer_steps_and_is_kept_stronger() -> None:
    carry, memory = FilmCarry(tiny_dreamer(), 0.9), after(3)
    weak, even = (carry(FRAMES[3], replace(memory, aim=aim)) for aim in (2.0, 1.0))
    added = [float((m.dreamed - m.source).square().mean().sqrt()) for m in (weak, even)]
    assert added[0] > 1.03 * added[1]


def test_a_dream_that_falls_behind_takes_one_more_iteration_of_shorter_steps() -> None:
    dream, memory = tiny_dreamer(), after(3)
    carry, passes = FilmCarry(dream, 0.9, CarryTuning(control_every=100)), passes_of(dream)
    counts = []
    for aim in (1.05, 1.5):
        passes.clear()
        carry(FRAMES[3], replace(memory, aim=aim))
        counts.append([passes.count(size) for size in dict.fromkeys(passes)])
    (*smaller, few), (*same_smaller, more) = counts
    assert smaller == same_smaller and more == few + 1
    assert finer(Dose((1, 2), 0.03, looks=1)) == Dose((1, 3), pytest.approx(0.02), looks=1)


def test_a_shot_starts_with_short_steps_because_its_first_frame_has_the_full_dose() -> None:
    def second(start: float) -> Memory:
        tuning = CarryTuning(start=start, control_every=100)
        return FilmCarry(tiny_dreamer(), 0.9, tuning)(FRAMES[1], after(1))

    short, usual = second(CarryTuning.start), second(1.0)
    assert short.aim == CarryTuning.start < 1
    added = [float((m.dreamed - m.source).square().mean()) for m in (short, usual)]
    assert added[0] < added[1]


def test_a_dose_that_a_dial_has_moved_is_not_held_to_the_one_before() -> None:
    weak, strong = tiny_dreamer(step=0.02), tiny_dreamer(step=0.03)
    pairs = render_with_memory(FRAMES[:2], lambda k: (weak, strong)[k], stability=0.9)
    (_, first), (_, second) = pairs
    assert second.reference.height is None
    assert second.reference.spread == pytest.approx(1.5 * first.reference.spread)
    assert first.reference.height == pytest.approx(weak.rate(first.dreamed))


def test_the_more_is_kept_the_less_is_added() -> None:
    full = Dose((10,) * 4, 0.01)
    tuning = CarryTuning(few=0.89, shorter=0.5)
    found = {s: carried_dose(full, s, tuning).iterations for s in (0.5, 0.7, 0.9)}
    assert found == {0.5: (3, 3, 3, 6), 0.7: (2, 2, 2, 4), 0.9: (1, 1, 1, 2)}
    assert carried_dose(full, 0.9, tuning).step < carried_dose(full, 0.5, tuning).step < 0.01
    assert carried_dose(Dose((10,), 0.01), 0.9, tuning).iterations == (2,)


def test_pull_and_smoothing_hold_for_carried_frames_as_well() -> None:
    full = Dose((10, 10), 0.01, fade=0.1, smooth=2.0)
    dose = carried_dose(full, 0.9, CarryTuning())
    assert (dose.fade, dose.smooth) == (0.1, 2.0)

    def steepness(stability: float) -> float:
        dream = tiny_dreamer()
        dream = dream.with_dose(replace(dream.dose, smooth=2.0), dream.octave_scale, dream.shape)
        *_, (_, last) = render_with_memory(FRAMES, dream, stability=stability)
        return float((last.dreamed - last.source).diff(dim=2).abs().mean())

    assert steepness(0.9) < 1.15 * steepness(0)


def test_a_controller_moves_towards_what_is_wanted_within_its_bounds() -> None:
    lead = Controller(gain=1.0, fastest=1.5, low=0.5, high=2.0)
    assert lead(1.0, wanted=1.2, measured=1.0) == pytest.approx(1.2)
    assert lead(1.0, wanted=9.0, measured=1.0) == pytest.approx(1.5)
    assert lead(1.0, wanted=1.0, measured=9.0) == pytest.approx(1 / 1.5)
    assert lead(1.9, wanted=9.0, measured=1.0) == 2.0
    assert lead(0.6, wanted=0.0, measured=1.0) == 0.5


def test_where_the_objective_is_above_the_reference_less_is_added_and_the_residual_stays() -> None:
    """Led down by damping the residual, a film that stands still would fade to a grey veil."""
    frames = known_frames(moved(40, dx=0, dy=0), dx=0, dy=0)
    carry, memory, spreads = FilmCarry(tiny_dreamer(), 0.9), None, []
    for frame in frames:
        memory = carry(frame, memory)
        spreads.append(float((memory.dreamed - memory.source).square().mean().sqrt()))
    assert memory is not None and memory.aim < 0.9
    assert spreads[-1] > 0.8 * memory.reference.spread


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / ".memory.draft").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        after(1).save(tmp_path / "memory")
    assert caught.value.errno == errno.ENOSPC
