"""Files over HTTP: folders, frames, waves, shots, ranges, uploads; a child opens them."""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from tiny import texture

pytest.importorskip("starlette")

from dreamvid.image import save_image, to_image
from dreamvid.media.reader import VideoReader


def picture_of(answer: Any) -> Image.Image:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    return Image.open(io.BytesIO(answer.content))


def test_roots_and_folders(client: Any, place: Any) -> None:
    roots = client.get("/api/files").json()["roots"]
    assert roots[0]["name"] == "root" and str(place.root) not in str(roots)
    answer = client.get(f"/api/files/{roots[0]['id']}").json()
    assert [entry["name"] for entry in answer["entries"]] == [
        "inner",
        "a.png",
        "film.mp4",
        "song.wav",
    ]
    inner = client.get(f"/api/files/{answer['entries'][0]['id']}").json()
    assert [entry["name"] for entry in inner["entries"]] == ["b 9.png", "b 10.png"]
    assert [entry["name"] for entry in inner["trail"]] == ["root", "inner"]


def test_a_file_is_no_folder_and_a_folder_no_file(client: Any, ids: Any) -> None:
    assert client.get(f"/api/files/{ids['a.png']}").status_code == 400
    assert client.get(f"/api/media/{ids['inner']}").status_code == 400


def test_what_a_file_is(client: Any, ids: Any) -> None:
    picture = client.get(f"/api/media/{ids['a.png']}").json()
    assert (picture["kind"], picture["width"], picture["height"]) == ("picture", 64, 48)
    film = client.get(f"/api/media/{ids['film.mp4']}").json()
    assert film["kind"] == "film" and film["rate"] == "12" and film["frames"] == 6
    assert (film["width"], film["height"], film["sound"]) == (64, 48, False)
    assert film["duration"] == pytest.approx(0.5)
    song = client.get(f"/api/media/{ids['song.wav']}").json()
    assert song["kind"] == "sound" and song["duration"] == pytest.approx(2, abs=0.1)


def test_frames(client: Any, ids: Any, place: Any) -> None:
    address = f"/api/media/{ids['film.mp4']}/frame"
    assert picture_of(client.get(f"{address}?n=5&width=32")).size == (32, 24)
    whole = picture_of(client.get(f"{address}?n=5&width=640"))
    assert whole.size == (64, 48)  # never enlarged
    with VideoReader(place.root / "film.mp4") as film:
        frames = [frame.array.astype(float) for frame in film]
    errors = [np.abs(np.asarray(whole, float) - frame).mean() for frame in frames]
    assert int(np.argmin(errors)) == 5
    assert client.get(f"{address}?n=99").status_code == 422


def test_thumbs_are_kept_and_follow_the_file(client: Any, parts: Any, place: Any) -> None:
    path = place.root / "inner" / "changing.png"
    save_image(path, to_image(texture(4)))
    address = f"/api/media/{parts.places.id_of(path)}/thumb"
    try:
        first = client.get(address).content
        kept = set((parts.cache / "thumbs").iterdir())
        assert client.get(address).content == first
        assert set((parts.cache / "thumbs").iterdir()) == kept
        save_image(path, to_image(texture(5)))
        os.utime(path, ns=(1, 1))
        assert client.get(address).content != first
    finally:
        path.unlink()


def test_the_wave(client: Any, ids: Any) -> None:
    wave = client.get(f"/api/media/{ids['song.wav']}/wave?columns=40").json()
    assert len(wave["least"]) == len(wave["greatest"]) == 40
    assert min(wave["least"]) < -90 and max(wave["greatest"]) == 100
    assert wave["greatest"][5] == 0  # silence between two clicks
    assert client.get(f"/api/media/{ids['a.png']}/wave").status_code == 422


def test_the_shots(client: Any, ids: Any) -> None:
    lines = client.get(f"/api/media/{ids['film.mp4']}/shots").text.splitlines()
    rows = [json.loads(line) for line in lines]
    assert rows[0]["starts"] == [0] and rows[-2]["looked"] == 6 and rows[-1] == {"event": "done"}


def test_the_file_itself_in_parts(client: Any, ids: Any, place: Any) -> None:
    data = (place.root / "film.mp4").read_bytes()
    address = f"/api/media/{ids['film.mp4']}/file"
    whole = client.get(address)
    assert whole.content == data and whole.headers["content-type"] == "video/mp4"
    part = client.get(address, headers={"range": "bytes=4-11"})
    assert part.status_code == 206 and part.content == data[4:12]
    assert client.get(address, headers={"range": "bytes=999999999-"}).status_code == 416
    many = client.get(address, headers={"range": "bytes=" + ",".join(["0-"] * 5000)})
    assert many.status_code in (200, 206, 400, 416) and len(many.content) <= 2 * len(data)


def test_a_film_that_every_browser_plays(client: Any, ids: Any, tmp_path: Path) -> None:
    address = f"/api/media/{ids['film.mp4']}/play"
    answer = client.get(address)
    assert answer.status_code == 200 and answer.headers["content-type"] == "video/mp4"
    (tmp_path / "x.mp4").write_bytes(answer.content)
    with VideoReader(tmp_path / "x.mp4") as film:
        assert film.info.rate == 12 and len(list(film)) == 6
    part = client.get(address, headers={"range": "bytes=0-3"})
    assert part.status_code == 206


def test_an_upload_is_kept_under_its_name(client: Any, place: Any) -> None:
    data = (place.root / "a.png").read_bytes()
    headers = {"content-type": "application/octet-stream", "x-file-name": "Meer%20und%20%C3%A4.PNG"}
    entry = client.post("/api/uploads", content=data, headers=headers).json()
    assert entry["kind"] == "picture" and entry["name"].startswith("Meer und ä-")
    assert client.get(f"/api/media/{entry['id']}/file").content == data
    again = client.post("/api/uploads", content=data, headers=headers).json()
    assert again["id"] == entry["id"]
    for path in (place.state / "uploads").iterdir():
        path.unlink()


def test_an_upload_with_a_name_of_many_bytes(client: Any, place: Any) -> None:
    data = (place.root / "a.png").read_bytes()
    name = quote("夢" * 90 + ".png")
    headers = {"content-type": "application/octet-stream", "x-file-name": name}
    answer = client.post("/api/uploads", content=data, headers=headers)
    assert answer.status_code == 201 and answer.json()["name"].startswith("夢夢")
    for path in (place.state / "uploads").iterdir():
        assert len(path.name.encode()) < 200
        path.unlink()


def test_files_that_cannot_be_opened(client: Any, parts: Any, place: Any) -> None:
    for name, data in {"x.png": b"no", "x.mp4": b"no" * 100, "x.wav": b"no"}.items():
        path = place.root / "inner" / name
        path.write_bytes(data)
        try:
            answer = client.get(f"/api/media/{parts.places.id_of(path)}")
            assert answer.status_code == 422 and "\n" not in answer.json()["error"]
        finally:
            path.unlink()


def test_a_dropped_file_that_cannot_be_opened_is_named_as_it_was_dropped(client: Any) -> None:
    headers = {"content-type": "application/octet-stream", "x-file-name": "a.mp4"}
    answer = client.post("/api/uploads", content=b"no" * 100, headers=headers)
    assert answer.status_code == 422 and answer.json()["error"].startswith("a.mp4: ")
    assert "/" not in answer.json()["error"]


def test_a_picture_of_too_many_pixels_is_refused(client: Any, parts: Any, place: Any) -> None:
    path = place.root / "inner" / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(path)
    try:
        answer = client.get(f"/api/media/{parts.places.id_of(path)}/frame")
        assert answer.status_code == 422 and "pixels" in answer.json()["error"]
    finally:
        path.unlink()


def test_what_is_left_of_earlier_runs_is_tidied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dreamvid.studio import files

    uploads, cache = tmp_path / "uploads", tmp_path / "cache"
    for folder in (uploads, cache / "play"):
        folder.mkdir(parents=True)
    (uploads / ".half.mp4").write_bytes(b"x")
    (uploads / "whole.mp4").write_bytes(b"x")
    for k, name in enumerate(("old.mp4", "new.mp4", "made.draft.mp4", ".draft")):
        (cache / "play" / name).write_bytes(b"x" * 10)
        os.utime(cache / "play" / name, (k, k))
    monkeypatch.setattr(files, "MOST_CACHE", 15)
    files.trim(cache)
    left = {path.name for path in (cache / "play").iterdir()}
    assert left == {"new.mp4", "made.draft.mp4", ".draft"}, "what is being made stays"
    files.tidy(uploads, cache)
    assert [path.name for path in uploads.iterdir()] == ["whole.mp4"]
    assert [path.name for path in (cache / "play").iterdir()] == ["new.mp4"]


def test_the_cache_is_trimmed_when_a_film_is_made(
    client: Any, ids: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dreamvid.studio import files

    play = place.state / "cache" / "play"
    shutil.rmtree(play, ignore_errors=True)
    play.mkdir(parents=True)
    (play / "old.mp4").write_bytes(b"x" * (1 << 20))
    os.utime(play / "old.mp4", (1, 1))
    monkeypatch.setattr(files, "MOST_CACHE", 1 << 20)
    assert client.get(f"/api/media/{ids['film.mp4']}/play").status_code == 200
    (made,) = play.iterdir()
    assert made.name != "old.mp4"
