"""The look at a film is kept with the parts of its job, for the same source only."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamvid.motion.film_signals import FilmSignals
from dreamvid.sequence.folder import folder_of
from dreamvid.sequence.looking import drop_look, keep_look, kept_look

SIGNALS = FilmSignals((0.1, 1 / 3), (0.5, 0.7), (1.0, 0.0))


def test_signals_are_kept_to_the_last_digit_under_their_key(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    assert kept_look(output, "a") is None
    folder_of(output).mkdir()
    keep_look(output, "a", SIGNALS)
    assert kept_look(output, "a") == SIGNALS
    assert kept_look(output, "b") is None


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"key": "a", "signals": "3"}', "\x00"])
def test_what_is_damaged_is_looked_at_again(text: str, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    folder_of(output).mkdir()
    (folder_of(output) / "signals.json").write_text(text)
    assert kept_look(output, "a") is None


def test_what_no_job_was_begun_for_is_dropped(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    drop_look(output)
    folder_of(output).mkdir()
    keep_look(output, "a", SIGNALS)
    (folder_of(output) / "job.toml").touch()
    drop_look(output)
    assert kept_look(output, "a") == SIGNALS
    (folder_of(output) / "job.toml").unlink()
    drop_look(output)
    assert not folder_of(output).exists()
