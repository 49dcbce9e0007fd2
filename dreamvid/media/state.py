"""The file that lets a finished film be lengthened: FILM.dreamvid.state, beside its sidecar.

It holds how the packets of the film make up whole parts, the memory after the last of them, and the
checksum of the film, from which the packets themselves are taken. Nothing here imports torch.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

from dreamvid.errors import UnreadableInput
from dreamvid.files import sha256, write_whole
from dreamvid.media.parts import PartTable

_HEAD, _MEMORY = "state.json", "memory"


def state_of(film: Path) -> Path:
    """The path of the state of a film."""
    return film.with_name(f"{film.name}.dreamvid.state")


@dataclass(frozen=True)
class FilmState:
    """The state of a film: the table of its whole parts, as if they were one, and the memory.

    `starts` are the indices of the first frame of each part, `sha256` is that of the film, once it
    was read.
    """

    film: Path
    table: PartTable
    memory: bytes
    starts: tuple[int, ...] = (0,)
    sha256: str = ""

    @property
    def frames(self) -> int:
        """The number of frames in the whole parts: a longer film begins with them."""
        return len(self.table.ticks)

    @classmethod
    def read(cls, film: Path, remedy: str = "") -> Self:
        """Read the state of a film; `remedy` says what to do where there is none.

        Raises UnreadableInput if it is missing or damaged, or if the film has changed since.
        """
        path = state_of(film)
        try:
            with zipfile.ZipFile(path) as file:
                head, memory = json.loads(file.read(_HEAD)), file.read(_MEMORY)
            tick = Fraction(head["tick"])
            table = PartTable(tick, head["codec"], head["ticks"], head["ranks"], head["alpha"])
            known, starts = head["film_sha256"], tuple(map(int, head.get("starts", (0,))))
        except FileNotFoundError:
            raise UnreadableInput(
                "has no state beside it",
                where=film,
                remedy=remedy
                or f"use --from and --seconds; zooms that are longer than a part "
                f"(4 s at 640x360) keep {path.name}",
            ) from None
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            raise UnreadableInput(
                f"is damaged, or of another version ({error})", where=path, remedy="dream it again"
            ) from error
        try:
            changed = sha256(film) != known
        except OSError as error:
            raise UnreadableInput(f"cannot be read ({error.strerror})", where=film) from error
        if changed:
            raise UnreadableInput(
                "has changed since it was dreamed", where=film, remedy="dream it again"
            )
        return cls(film, table, memory, starts, known)

    def write(self) -> None:
        """Write the state atomically, for the film as it is; raises OSError."""
        head = asdict(self.table) | {
            "tick": str(self.table.tick),
            "film_sha256": sha256(self.film),
            "starts": self.starts,
        }
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            for name, content in ((_HEAD, json.dumps(head).encode()), (_MEMORY, self.memory)):
                entry = zipfile.ZipInfo(name)  # without the time of day: the same bytes each time
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, content)
        write_whole(state_of(self.film), data.getbuffer())
