"""--preview: a file shows the newest frame of a film, a zoom or a loop while it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import QUICK, dreamvid
from tiny import dream_tiny, texture

from dreamvid.image import read_picture, save_image, to_image
from dreamvid.media.newest import NewestFrame

CLIP = ("--size", "64x48", "--seconds", "1", "--fps", "8")


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The files that were there after a frame had been shown."""
    dream_tiny(monkeypatch)
    monkeypatch.chdir(tmp_path)
    save_image("in.png", to_image(texture()))
    found: list[Path] = []
    show = NewestFrame.show

    def watched(self: NewestFrame, image: object) -> None:
        show(self, image)  # type: ignore[arg-type]
        if self.path.exists():
            assert read_picture(self.path).shape == (48, 64, 3)
            found.append(self.path)

    monkeypatch.setattr(NewestFrame, "show", watched)
    return found


def lines(film: Path) -> list[tuple[object, ...]]:
    kinds = (("--kind", kind) for kind in ("zoom", "feedback"))
    return [("video", film), ("zoom", "in.png", *CLIP),
            *(("loop", "in.png", *CLIP, *kind) for kind in kinds)]  # fmt: skip


def test_the_newest_frame_is_beside_the_film_until_it_is_complete(
    film: Path, shown: list[Path]
) -> None:
    for line in lines(film):
        shown.clear()
        told = dreamvid(*line, "-o", "out.mp4", *QUICK, "-q", "-y")
        assert (told.code, told.err) == (0, "")
        assert len(shown) == 8 and shown[0].name == "out.mp4.preview.jpg"
        assert not shown[0].exists()


def test_it_can_be_elsewhere_or_nowhere(film: Path, shown: list[Path]) -> None:
    for line in lines(film):
        shown.clear()
        told = dreamvid(*line, "-o", "out.mp4", *QUICK, "-q", "-y", "--preview", "live.jpg")
        assert told.code == 0 and {path.name for path in shown} == {"live.jpg"}
        assert dreamvid(*line, "-o", "b.mp4", *QUICK, "-q", "-y", "--no-preview").code == 0
        assert {path.name for path in shown} == {"live.jpg"}
    told = dreamvid("zoom", "in.png", "-o", "c.mp4", *QUICK, *CLIP, "--preview", "in.png")
    assert told.code == 2 and "end it in .jpg" in told.line
