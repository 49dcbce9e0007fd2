"""Masks as they are written: a file, what moves, or a box; `!` in front inverts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dreamvid.errors import UsageError
from dreamvid.schedules.parse import is_keyed, parse_text_schedule

MOVING, STILL, INSIDE = "moving", "still", "inside:"

Box = tuple[float, float, float, float]
"""Left, top, width and height, in shares of the picture's width and height."""

WHOLE = 1 + 1e-6
"""The right and lower end of the picture: sums of shares are rounded."""


@dataclass(frozen=True)
class Mask:
    """One mask: a `box`, the `path` of a picture or film, or, with neither, what moves."""

    box: Box | None = None
    path: Path | None = None
    inverted: bool = False

    @property
    def follows_motion(self) -> bool:
        """Whether it is what moves, or what does not."""
        return self.box is None and self.path is None


def parse_mask(text: str) -> Mask:
    """Parse one mask; UsageError for a box that is not inside the picture, or an empty name."""
    name = text.strip()
    inverted = name.startswith("!")
    name = name.removeprefix("!").strip()
    if not name:
        raise UsageError("no mask is named", where="mask", remedy="give a file, moving or still")
    if name in (MOVING, STILL):
        return Mask(inverted=inverted != (name == STILL))
    if name.startswith(INSIDE):
        box = _box(name)
        if inverted and box[2:] == (1, 1):
            raise UsageError(f"'{text:.80}' is nothing: nothing would be dreamed", where="mask",
                             remedy="leave ! out, or give a smaller box")  # fmt: skip
        return Mask(box=box, inverted=inverted)
    return Mask(path=Path(name), inverted=inverted)


def masks_in(text: str | None) -> tuple[str, ...]:
    """Every mask of a setting: a mask, a schedule of masks, or None."""
    if text is None:
        return ()
    return parse_text_schedule(text, where="mask").texts if is_keyed(text) else (text,)


def mask_files(text: str | None) -> tuple[Path, ...]:
    """The files of the masks of a setting."""
    found = (parse_mask(mask).path for mask in masks_in(text))
    return tuple(dict.fromkeys(path for path in found if path is not None))


def _box(name: str) -> Box:
    try:
        left, top, width, height = map(float, name.removeprefix(INSIDE).split(","))
    except ValueError:
        raise UsageError(f"cannot read '{name:.80}'", where="mask",
                         remedy="write inside:LEFT,TOP,WIDTH,HEIGHT") from None  # fmt: skip
    inside = 0 <= left < left + width <= WHOLE and 0 <= top < top + height <= WHOLE
    if not inside:  # also if one of them is not a number
        raise UsageError(
            f"'{name:.80}' is not inside the picture", where="mask",
            remedy="give shares of its width and height, 0 to 1, as inside:0.25,0,0.5,1",
        )  # fmt: skip
    return left, top, width, height
