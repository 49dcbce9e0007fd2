"""Draw guides.webp, guides and what each makes of the valley: `python samples/make_guides.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch

from dreamvid import ImageSettings, dream_image, load_image, save_image
from dreamvid.bestiary.atlas import GAP, PAPER, tiled
from dreamvid.dream.octaves import resize
from dreamvid.renders import render

HERE = Path(__file__).resolve().parent
SIDE, INSET = 256, 96
GROUND = 0.35
GUIDES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("owl/front", {"layer": "objects"}),
    ("rose/open", {"layer": "parts", "guide_match": "gram"}),
    ("butterfly/open", {"layer": "patterns", "guide_match": "gram"}),
    ("castle/cone", {"layer": "textures"}),
)


def guide(label: str) -> torch.Tensor:
    """Four renders of a label on a grey ground [3, 2 SIDE, 2 SIDE]."""
    renders = (torch.from_numpy(render(label, seed=(4, k), size=SIDE)) / 255 for k in range(4))
    one, two, three, four = (
        (drawn[..., :3] + (1 - drawn[..., 3:]) * GROUND).movedim(2, 0) for drawn in renders
    )
    return torch.cat((torch.cat((one, two), dim=2), torch.cat((three, four), dim=2)), dim=1)


def guided(label: str, dream: dict[str, Any], folder: Path) -> torch.Tensor:
    """The valley [3, H, W] dreamed with a guide, which is shown in its corner."""
    shown, out = guide(label), folder / "out.png"
    save_image(folder / "guide.png", shown)
    settings = ImageSettings.checked({"dream": dream | {"guide": str(folder / "guide.png")}})
    dream_image(HERE / "valley.png", out, settings, overwrite=True)
    image = load_image(out)
    image[:, -INSET - GAP :, : INSET + GAP] = PAPER
    image[:, -INSET:, :INSET] = resize(shown, (INSET, INSET)).clamp(0, 1)
    return image


def main() -> None:
    """Draw the sheet."""
    with tempfile.TemporaryDirectory() as folder:
        images = [guided(label, dream, Path(folder)) for label, dream in GUIDES]
    save_image(HERE / "guides.webp", tiled(images, columns=2))


if __name__ == "__main__":
    main()
