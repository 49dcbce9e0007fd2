"""A studio over a small folder, served in this process; skipped without its extra."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tiny import clicks_from, moved, texture

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")

from fractions import Fraction

from starlette.testclient import TestClient

from dreamvid.image import save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.studio.app import make_app
from dreamvid.studio.safety import Guard
from dreamvid.studio.web import Parts

PORT = 8420
HOME = f"http://127.0.0.1:{PORT}"


@dataclass
class Place:
    """The folders of a studio: its root, what is outside of it, its output and its state."""

    root: Path
    secret: Path
    output: Path
    state: Path


def furnished(folder: Path) -> Place:
    """A root with a picture, a film, a song and a folder; a secret beside it."""
    place = Place(folder / "root", folder / "secret.png", folder / "out", folder / "state")
    (place.root / "inner").mkdir(parents=True)
    save_image(place.root / "a.png", to_image(texture()))
    save_image(place.root / "inner" / "b 10.png", to_image(texture(1)))
    save_image(place.root / "inner" / "b 9.png", to_image(texture(2)))
    save_image(place.secret, to_image(texture(3)))
    clicks_from(0, place.root / "song.wav", seconds=2)
    like = FilmInfo.plain(64, 48, Fraction(12), 6)
    with VideoWriter(place.root / "film.mp4", like=like) as film:
        for array in moved(6):
            film.write(array)
    return place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return furnished(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def client(place: Place) -> Iterator[TestClient]:
    """A browser's page of the studio."""
    app = make_app((place.root,), place.output, place.state, local=True)
    guarded = Guard(app, host="127.0.0.1", port=PORT, token=None)
    with TestClient(guarded, base_url=HOME) as client:
        client.app_state = {"parts": app.state.parts}
        yield client


@pytest.fixture(scope="module")
def parts(client: Any) -> Parts:
    """The parts of that studio."""
    return client.app_state["parts"]


@pytest.fixture(scope="module")
def ids(parts: Parts, place: Place) -> dict[str, str]:
    """The ids of the files of the root, by name."""
    return {
        path.name: parts.places.id_of(path)
        for path in (place.root, *place.root.rglob("*"))
        if path != place.secret
    }
