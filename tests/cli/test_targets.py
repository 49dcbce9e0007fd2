"""Where a result goes when no output is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamvid.cli.targets import film_target, picture_target
from dreamvid.errors import UsageError
from dreamvid.settings.tables import OutputSettings

PLAIN = OutputSettings()


@pytest.mark.parametrize(
    ("source", "codec", "target"),
    [
        ("a/clip.mp4", None, "a/clip.dream.mp4"),
        ("clip.MOV", None, "clip.dream.mov"),
        ("clip.webm", None, "clip.dream.webm"),
        ("clip.avi", None, "clip.dream.mp4"),
        ("clip", None, "clip.dream.mp4"),
        ("clip.mp4", "prores", "clip.dream.mov"),
        ("clip.mp4", "ffv1", "clip.dream.mkv"),
        ("clip.mp4", "png", "clip.dream_%05d.png"),
        ("clip.mp4", "gif", "clip.dream.gif"),
        ("ball.gif", None, "ball.dream.gif"),
        ("frame_%05d.png", None, "frame.dream.mp4"),  # one file cannot hold the frames
        ("photo.jpg", None, "photo.dream.mp4"),
        (None, None, "noise.dream.mp4"),
        ("/", None, "dream.mp4"),
        ("clip.mp4", "nonsense", "clip.dream.mp4"),
    ],
)
def test_a_film_goes_beside_its_source(source: str | None, codec: str | None, target: str) -> None:
    path = None if source is None else Path(source)
    output = OutputSettings.model_construct(codec=codec)
    assert film_target(path, None, None, output) == Path(target)


def test_a_folder_gives_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "frames").mkdir()
    assert film_target(tmp_path / "frames", None, None, PLAIN) == tmp_path / "frames.dream.mp4"
    monkeypatch.chdir(tmp_path / "frames")
    assert film_target(Path("."), None, None, PLAIN).name == "frames.dream.mp4"
    (tmp_path / "%03d.png").touch()
    assert film_target(Path("%03d.png"), None, None, PLAIN).name == "frames.dream.mp4"


def test_a_preview_does_not_take_the_name_of_the_dream() -> None:
    assert film_target(Path("a.png"), None, None, PLAIN, kind="preview") == Path("a.preview.mp4")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("a/photo.jpg", "a/photo.dream.jpg"),
        ("photo.PNG", "photo.dream.png"),
        ("photo.heic", "photo.dream.png"),
        ("photo.xyz", "photo.dream.png"),
    ],
)
def test_a_picture_keeps_its_format_where_it_can_be_written(source: str, target: str) -> None:
    assert picture_target(Path(source), None, None) == Path(target)


def test_an_output_is_named_once() -> None:
    assert film_target(Path("a.mp4"), Path("b.mp4"), None, PLAIN) == Path("b.mp4")
    assert picture_target(Path("a.png"), None, Path("b.png")) == Path("b.png")
    with pytest.raises(UsageError, match=r"two outputs, b\.mp4 and c\.mp4; give only one"):
        film_target(Path("a.mp4"), Path("b.mp4"), Path("c.mp4"), PLAIN)
