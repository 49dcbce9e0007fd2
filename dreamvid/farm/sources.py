"""Sources in a storage: each machine fetches a film once."""

from __future__ import annotations

import re
from pathlib import Path

from dreamvid.errors import DreamvidError, UnreadableInput, writing
from dreamvid.farm.remote import local_copy
from dreamvid.farm.storage import FsspecStorage, PatientStorage
from dreamvid.sequence.owners import locked


def url_of(source: Path) -> str | None:
    """The URL that a path was made of, whose two slashes have become one; None for other paths."""
    found = re.fullmatch(r"([a-z][a-z0-9+.]+):/+(.+)", source.as_posix())
    return f"{found[1]}://{found[2]}" if found and not source.exists() else None


def local_source(source: Path) -> Path:
    """A source on this machine: a film at a URL is fetched, unless this very version was before.

    Raises UnreadableInput if there is none.
    """
    url = url_of(source)
    if url is None:
        return source
    folder, _, name = url.rpartition("/")
    if folder.startswith("file:"):
        folder = folder.replace("file://", "file:///", 1)
    storage = FsspecStorage(folder)
    try:
        version = storage.version(name)
        here = local_copy(f"{url} {version}")
        with writing(here), locked(here / "fetch.lock"):
            if not (here / name).exists():
                PatientStorage(storage).fetch(name, here / name)
    except FileNotFoundError:
        raise UnreadableInput("no such file", where=url, remedy="check the URL") from None
    except DreamvidError:
        raise
    except Exception as error:  # every library has its own
        what = f"cannot be fetched ({type(error).__name__}: {error})"
        raise UnreadableInput(what, where=url, remedy="check the URL") from error
    return here / name
