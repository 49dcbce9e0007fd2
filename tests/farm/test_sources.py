"""Films at URLs: each machine fetches one once, and again if it has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamvid.errors import UnreadableInput
from dreamvid.farm.sources import local_source, url_of
from dreamvid.farm.storage import FsspecStorage

pytest.importorskip("fsspec")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://bucket/a/film.mp4", "s3://bucket/a/film.mp4"),
        ("memory://x/film.mp4", "memory://x/film.mp4"),
        ("film.mp4", None),
        ("/a/film.mp4", None),
        ("C:/film.mp4", None),
    ],
)
def test_a_path_that_was_a_url_is_known(text: str, url: str | None) -> None:
    assert url_of(Path(text)) == url


def test_a_film_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path / "cache"))
    fetched: list[str] = []
    fetch = FsspecStorage.fetch

    def counted(self: FsspecStorage, name: str, file: Path) -> None:
        fetched.append(name)
        fetch(self, name, file)

    monkeypatch.setattr(FsspecStorage, "fetch", counted)
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    url = Path(f"file://{film}")
    here = local_source(url)
    assert here == local_source(url) and here.read_bytes() == b"a film"
    assert here.name == "film.mp4" and fetched == ["film.mp4"]
    film.write_bytes(b"another film")
    assert local_source(url).read_bytes() == b"another film"
    assert local_source(film) == film
    with pytest.raises(UnreadableInput, match=r"file://.*no\.mp4: no such file; check the URL"):
        local_source(Path(f"file://{tmp_path}/no.mp4"))
    monkeypatch.setattr(FsspecStorage, "version", lambda self, name: 1 / 0)
    with pytest.raises(UnreadableInput, match=r"cannot be fetched \(ZeroDivisionError: .*check"):
        local_source(url)
