"""The state that is carried from one frame to the next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from dreamvid.device.numbers import Later, Number, stored
from dreamvid.dream.gradient import Gauge
from dreamvid.dream.views import Place, Places
from dreamvid.errors import UnreadableInput
from dreamvid.files import write_whole
from dreamvid.sequence.tone import Tone


class Reference(NamedTuple):
    """The effect of the full dose on a frame: the reference for carried frames.

    `spread` is the root mean square of its residual, `edges` the increase of the variance of the
    Laplacian of luma. `height` is the objective at its result, None if unknown: at stability 0, or
    after a setting has changed. In a mask all of them are those inside it, see `rate_shown`.
    """

    spread: Number
    height: Number | None
    edges: Number


@dataclass(frozen=True)
class Memory:
    """State after a frame.

    `dreamed` and `source` [3, H, W]; `fresh` [1, H, W], how recently a pixel was uncovered, 0..1.
    `reference` is the effect of the full dose; `aim` is the share of its strength that is currently
    targeted, `crisp`, at least 1, sharpens the updates. `tone` is that of the first dreamed frame
    of the shot. `places` are those of beings, the oldest first. `gauge` is that of the carried
    frames. `age` counts the carried frames of the shot, `shot` the shots of the film. `guard` is
    the state of the flash guard, empty without one. Where numbers stay on a device, `known_aim` is
    the `aim` before the last time it was controlled, as the host knows it; the present one is
    `coming_aim`.

    Of a film in regions this is the memory of the first one; `others` are those of the others.
    `mask` [1, H, W], at the size of the film, is where the dream is shown, None for everywhere; it
    is not saved. `moving` [1, H, W] is what moves, 0..1, None if no mask asks for it.
    """

    dreamed: torch.Tensor
    source: torch.Tensor
    fresh: torch.Tensor
    gauge: Gauge
    reference: Reference
    tone: Tone
    aim: Number = 1.0
    crisp: Number = 1.0
    age: int = 0
    shot: int = 1
    places: Places = ()
    mask: torch.Tensor | None = None
    moving: torch.Tensor | None = None
    others: tuple[Memory, ...] = ()
    guard: Mapping[str, torch.Tensor] = field(default_factory=dict)
    known_aim: float = 1.0
    coming_aim: Later | None = None

    def save(self, path: Path) -> None:
        """Write the state to a file atomically."""
        planes: dict[str, torch.Tensor] = {}
        tables = []
        for number, memory in enumerate((self, *self.others)):
            planes |= memory._planes(f"{number}.")
            tables.append(memory._numbers())
        planes |= {f"{_GUARD}{name}": plane.clone() for name, plane in self.guard.items()}
        write_whole(path, save(planes, metadata={"regions": json.dumps(tables)}))

    @classmethod
    def load(cls, path: Path, *, device: torch.device) -> Self:
        """Read a file that `save` wrote, onto a device; UnreadableInput if it is damaged."""
        try:
            with safe_open(path, framework="pt") as file:
                planes = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                tables = json.loads(file.metadata()["regions"])
            guard = {
                name.removeprefix(_GUARD): planes.pop(name)
                for name in list(planes)
                if name.startswith(_GUARD)
            }
            planes = {name: plane.to(device) for name, plane in planes.items()}
            first, *others = [
                cls._restored(planes, f"{number}.", table, device)
                for number, table in enumerate(tables)
            ]
            return replace(first, others=tuple(others), guard=guard)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise UnreadableInput(
                f"the saved state is damaged, or of another version ({error})",
                where=path,
                remedy=f"delete {path.parent} to start over",
            ) from error

    def _planes(self, prefix: str) -> dict[str, torch.Tensor]:
        planes = {name: getattr(self, name) for name in _PLANES}
        if self.moving is not None:
            planes["moving"] = self.moving
        return {prefix + name: plane.cpu().contiguous().clone() for name, plane in planes.items()}

    def _numbers(self) -> dict[str, object]:
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        numbers |= {name: float(numbers[name]) for name in ("aim", "crisp")}
        gauge = {name: size.tolist() for name, size in self.gauge.sizes.items()}
        reference = [None if one is None else float(one) for one in self.reference]
        coming = None if self.coming_aim is None else self.coming_aim.values()[0]
        numbers |= {"coming_aim": coming, "gauge": gauge, "reference": reference, "tone": self.tone}
        return numbers | {"places": self.places}

    @classmethod
    def _restored(
        cls,
        planes: Mapping[str, torch.Tensor],
        prefix: str,
        numbers: dict[str, Any],
        device: torch.device,
    ) -> Self:
        mean, spread, sharpness = numbers["tone"]
        sizes = {key: torch.tensor(size, device=device) for key, size in numbers["gauge"].items()}
        read: dict[str, Any] = {
            "tone": Tone(tuple(mean), tuple(spread), sharpness),
            "gauge": Gauge(sizes),
            "reference": Reference(*(_placed(one, device) for one in numbers["reference"])),
            "aim": _placed(numbers["aim"], device),
            "crisp": _placed(numbers["crisp"], device),
            "coming_aim": _sent(numbers["coming_aim"]),
            "places": tuple(Place(*place) for place in numbers["places"]),
            "moving": planes.get(prefix + "moving"),
        }
        read |= {name: planes[prefix + name] for name in _PLANES}
        return cls(**numbers | read)


def _placed(value: float | None, device: torch.device) -> Any:
    return None if value is None else stored(value, device)


def _sent(aim: float | None) -> Later | None:
    return None if aim is None else Later(torch.tensor(aim))


_PLANES = ("dreamed", "source", "fresh")
_GUARD = "guard."
_NUMBERS = ("aim", "crisp", "age", "shot", "known_aim")
