"""What is shown while a command works: lines without a terminal, bars on one."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from waiting import wait_for

from dreamvid.cli import show as shows
from dreamvid.cli.show import Show, print_table
from dreamvid.sequence.progress import Progress

BUSY = re.compile(r"dreaming: \d+ s so far")


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    return lambda: capsys.readouterr().err.splitlines()


def test_work_without_steps_is_told_after_a_while(lines, monkeypatch) -> None:
    monkeypatch.setattr(shows, "QUIET_FOR", 0.05)
    monkeypatch.setattr(shows, "LINE_EVERY", 0.05)
    told = []
    with Show(quiet=False, verbose=False) as show, show.busy("dreaming"):
        wait_for(lambda: told.extend(lines()) or len(told) >= 2)
    assert all(map(BUSY.fullmatch, told))


def test_the_first_frame_of_a_film_ends_it(lines, monkeypatch) -> None:
    monkeypatch.setattr(shows, "QUIET_FOR", 0.05)
    monkeypatch.setattr(shows, "LINE_EVERY", 0.05)
    with Show(quiet=False, verbose=True) as show, show.busy("dreaming"):
        show.on_progress(Progress("frames", 1, 9, "shot 1"))
        wait_for(lambda: not any("_tell_busy" in one.name for one in threading.enumerate()))
    told = lines()  # a busy machine may have been told before
    assert [line for line in told if not BUSY.fullmatch(line)] == ["shot 1: 1 of 9"]


def test_quick_work_is_not_told(lines, monkeypatch) -> None:
    monkeypatch.setattr(shows, "QUIET_FOR", 60.0)
    with Show(quiet=False, verbose=False) as show, show.busy("dreaming"):
        pass
    assert lines() == []


def test_work_that_fails_is_no_longer_told(lines, monkeypatch) -> None:
    monkeypatch.setattr(shows, "QUIET_FOR", 0.05)
    with Show(quiet=False, verbose=False) as show:
        with pytest.raises(ValueError, match="broken"), show.busy("dreaming"):
            raise ValueError("broken")
        assert all(map(BUSY.fullmatch, lines()))  # a busy machine may be slow to fail
        time.sleep(0.15)
    assert lines() == []


def test_the_first_and_the_last_frame_are_told_and_few_between(lines, monkeypatch) -> None:
    monkeypatch.setattr(shows, "time", SimpleNamespace(monotonic=lambda: 100.0))
    with Show(quiet=False, verbose=False) as show:
        for done in range(1, 51):
            show.on_progress(Progress("frames", done, 50, "shot 1"))
    told = lines()
    assert len(told) == 2
    assert told[0] == "shot 1: 1 of 50" and told[1].startswith("shot 1: 50 of 50 0.0")


def test_verbose_tells_every_frame_and_quiet_none(lines) -> None:
    for quiet, verbose, count in ((False, True, 5), (True, True, 0)):
        with Show(quiet=quiet, verbose=verbose) as show:
            for done in range(1, 6):
                show.on_progress(Progress("frames", done, None, "shot 2"))
        assert len(lines()) == count


def test_details_are_told_to_those_who_ask(lines) -> None:
    for verbose, told in ((False, []), (True, ["matrix bt709"])):
        with Show(quiet=False, verbose=verbose) as show:
            show.detail("matrix bt709")
            show.detail("")
        assert lines() == told


def test_a_training_is_told_with_its_state(lines) -> None:
    with Show(quiet=False, verbose=True) as show:
        show.on_progress(Progress("training", 250, 1000, "pictures of 96 px", "50% correct"))
    assert lines() == ["pictures of 96 px: 250 of 1000 50% correct"]


def test_a_note_is_a_line_and_a_sidecar_none(lines) -> None:
    with Show(quiet=False, verbose=False) as show:
        show.on_progress(Progress("note", text="dreaming a texture"))
        show.on_progress(Progress("sidecar", text="[made]"))
    assert lines() == ["dreaming a texture"]


def test_a_download_is_told_in_megabytes(lines) -> None:
    with Show(quiet=False, verbose=True) as show:
        show.on_progress(Progress("download", 3_600_000, 12_900_000, "downloading weights"))
    assert lines() == ["downloading weights (MB): 3 of 12"]


def test_on_a_terminal_there_are_bars(capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_INTERACTIVE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(shows, "QUIET_FOR", 0.05)
    told: list[str] = []
    with Show(quiet=False, verbose=False) as show:
        with show.busy("dreaming"):
            wait_for(lambda: told.append(capsys.readouterr().err) or "dreaming" in "".join(told))
        assert [task.description for task in show._bars.tasks] == []  # it is gone again
        show.on_progress(Progress("frames", 2, 8, "shot 3"))
        (task,) = show._bars.tasks
    assert (task.description, task.completed, task.total) == ("shot 3", 2, 8)


def test_a_name_with_brackets_is_printed_as_it_is(lines) -> None:
    with Show(quiet=False, verbose=False) as show:
        show.say("film[1].mp4: 3 frames [red]")
    assert lines() == ["film[1].mp4: 3 frames [red]"]


def test_columns_are_aligned_numbers_to_the_right(capsys) -> None:
    print_table(("name", "MB", "note"), [("a", 1.23456, None), ("long name", 1234.5, "x")])
    assert capsys.readouterr().out.splitlines() == [
        "name          MB  note",
        "a           1.23  n/a",
        "long name  1,234  x",
    ]


def test_an_empty_table_has_its_head(capsys) -> None:
    print_table(("name", "MB"), [])
    assert capsys.readouterr().out == "name  MB\n"


def test_names_of_files_send_no_codes_to_the_terminal(lines) -> None:
    with Show(quiet=False, verbose=False) as show:
        show.say("a\x1b[31m\nb.png: 8x8; dreams with ü, 日本")
    assert lines() == ["a?[31m?b.png: 8x8; dreams with ü, 日本"]
