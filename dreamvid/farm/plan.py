"""The plan of a film: its shots, which can be dreamed on their own because a cut resets all state.

It is a function of the source and the settings, never of who dreams it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from dreamvid.sequence.folder import PLAN


@dataclass(frozen=True, order=True)
class Shot:
    """The frames from index `first` up to `end`."""

    first: int
    end: int

    @property
    def frames(self) -> int:
        """The number of frames."""
        return self.end - self.first


@dataclass(frozen=True)
class Plan:
    """The shots of a film in order, which cover it; `damage` and `warnings` are its reader's."""

    shots: tuple[Shot, ...]
    damage: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """The number of frames of the film."""
        return self.shots[-1].end

    def share(self, part: int, of: int) -> tuple[Shot, ...]:
        """The shots of part 1..`of` of a film that is split into so many parts."""
        return self.shots[part - 1 :: of]

    @property
    def text(self) -> str:
        """The plan as JSON, from which `read` restores it."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The plan that lies in the folder of the parts; None if there is none, or another file."""
        try:
            found = json.loads((folder / PLAN).read_text("utf-8"))
            shots = tuple(Shot(int(shot["first"]), int(shot["end"])) for shot in found["shots"])
            damage, warnings = found["damage"], tuple(map(str, found["warnings"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return cls(shots, damage, warnings) if shots else None
