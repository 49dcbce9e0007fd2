"""How long shots are split, for many processes to dream."""

from __future__ import annotations

from pydantic import Field

from dreamvid.settings.base import Settings

SPLIT_EVERY = 1000
"""Default of the most frames of a piece: half a minute, of which the warm-up is a twentieth."""


class SplitSettings(Settings):
    """How long shots are split."""

    split_every: int = Field(
        SPLIT_EVERY,
        ge=2,
        description="Split longer shots into pieces of at most this many frames, which many "
        "processes can dream at once; the dream of a piece is led to that of the next one.",
    )
    whole_shots: bool = Field(False, description="Never split a shot.")

    @property
    def most_frames(self) -> int | None:
        """The most frames of a shot that is not split; None if none is."""
        return None if self.whole_shots else self.split_every
