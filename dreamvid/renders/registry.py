"""The register of all classes: name, family, and one painter for each label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dreamvid.errors import UsageError

from .finish import Picture
from .palettes import Rng

Painter = Callable[[Rng, int], Picture]
ANIMAL_FAMILIES = ("beasts", "birds", "reptiles", "sea", "insects")
FAMILIES = (
    *ANIMAL_FAMILIES, "faces", "plants", "architecture", "machines", "textures", "ornaments",
        "fractals",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A class of pictures: its variants' painters by name; `full` ones fill the whole frame."""

    name: str
    family: str
    painters: Mapping[str, Painter]
    full: bool = False


@dataclass
class Register:
    """All kinds in the order they were entered."""

    kinds: dict[str, Kind] = field(default_factory=dict)

    def add(
        self, name: str, family: str, painters: Mapping[str, Painter], *, full: bool = False
    ) -> None:
        """Enter a class; a name may be entered once."""
        if name in self.kinds:
            raise ValueError(f"{name} is entered twice")
        self.kinds[name] = Kind(name, family, dict(painters), full)

    def sort(self) -> None:
        """Put the kinds in the order of families, then names: the order of all labels."""
        order = sorted(self.kinds.values(), key=lambda k: (FAMILIES.index(k.family), k.name))
        self.kinds = {kind.name: kind for kind in order}

    def kind(self, name: str) -> Kind:
        """Return a class by name, or raise UsageError with near misses."""
        if name in self.kinds:
            return self.kinds[name]
        from difflib import get_close_matches

        near = get_close_matches(name, self.kinds, 3) or list(self.kinds)[:8]
        raise UsageError(f"no class '{name}'", where="--classes", remedy=f"try {', '.join(near)}")


REGISTER = Register()
