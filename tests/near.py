"""Training pictures that are made in the process of a test: another one takes seconds to begin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dreamvid.bestiary.training import trainer
from dreamvid.bestiary.training.stream import Pictures, Source, _Endless


def make_pictures_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trainers take the pictures that one process of `stream` makes, without that process."""

    def stream(
        source: Source, *, size: int, batch: int, seed: int, workers: int
    ) -> Iterator[Pictures]:
        assert workers == 1  # several would make others
        return iter(_Endless(source, size, batch, seed))

    monkeypatch.setattr(trainer, "stream", stream)
