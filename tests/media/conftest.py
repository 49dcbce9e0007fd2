"""The fixture that makes clips."""

from __future__ import annotations

from pathlib import Path

import pytest
from media_clips import MOVING, Make, ffmpeg


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a clip: make("name.mp4", "-vf", ...), of a moving test picture unless told otherwise."""

    def build(name: str, *options: str, source: str = MOVING, sound: str = "") -> Path:
        path = tmp_path / name
        tone = ["-f", "lavfi", "-i", sound] if sound else []
        ffmpeg("-f", "lavfi", "-i", source, *tone, *options, f"file:{path}")
        return path

    return build
