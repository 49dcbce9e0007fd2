"""The tally: every frame counts once, in whatever order it comes."""

from __future__ import annotations

from dreamvid.farm.tally import Tally
from dreamvid.sequence.progress import Progress


def test_frames_count_once() -> None:
    told: list[Progress] = []
    tally = Tally(told.append, "2 workers")
    tally.begin(6, [])
    for frame in (4, 0, 4, 1, 0):
        tally.add(Progress("frames", frame + 1, 6, "shot 1"))
    assert told == [Progress("frames", count, 6, "2 workers") for count in (1, 2, 3)]


def test_what_was_done_before_is_told_first_and_once() -> None:
    told: list[Progress] = []
    tally = Tally(told.append, "part 1 of 2")
    tally.begin(6, [(0, 2), (4, 5)])
    tally.begin(6, [(0, 2), (4, 6)])  # a second worker sees what the first has made meanwhile
    tally.add(Progress("frames", 2))
    tally.add(Progress("frames", 3))
    assert [event.done for event in told] == [3, 5]
    assert tally.total == 6


def test_what_several_workers_say_is_told_once_and_not_their_lead_ins() -> None:
    told: list[Progress] = []
    tally = Tally(told.append, "2 workers")
    tally.begin(2, [])
    note, looking = Progress("note", text="kept"), Progress("looking", 1, 9, "looking")
    lead_in = Progress("lead-in", 1, 72)
    for event in (note, lead_in, looking, note, looking, Progress("frames", 1)):
        tally.pass_on(event)
    assert told == [note, looking, looking, Progress("frames", 1, 2, "2 workers")]
    Tally(told.append, "part 1 of 2", alone=True).pass_on(lead_in)
    assert told[-1] == lead_in


def test_what_was_not_heard_is_told_in_the_end() -> None:
    told: list[Progress] = []
    tally = Tally(told.append, "2 workers")
    tally.finish()  # nothing has begun
    tally.begin(3, [(0, 1)])
    tally.finish()
    tally.finish()
    assert told == [Progress("frames", count, 3, "2 workers") for count in (1, 3)]
