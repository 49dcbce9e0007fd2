"""Live control: keys, OSC and MIDI turn the same dials."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from dreamvid.errors import DreamvidError, one_line
from dreamvid.settings import presets
from dreamvid.settings.live import CHOSEN, GLIDING, LiveSettings
from dreamvid.settings.toml import merge
from dreamvid.settings.values import BOUNDS

if TYPE_CHECKING:
    from dreamvid.live.looks import Looks

MOST = 256
"""Messages that may wait for the next frame; more are dropped."""

LONGEST = 200
"""The longest name in a message, in characters."""

ACTIONS = ("reset", "quit")

Kind = Literal["set", "add", "next"]
Message = tuple[Kind, str, Any]

ALIASES = ("textures", "patterns", "parts", "objects")
"""The layers that a key goes through."""


class Controls:
    """Collects messages from any thread, and applies them between two frames.

    Whatever is wrong with a message, only `complain` hears of it. `quit` is called by that message,
    `reset` by the one that lets the dream grow again.
    """

    def __init__(
        self,
        looks: Looks,
        first: LiveSettings,
        *,
        complain: Callable[[str], None],
        reset: Callable[[], None],
        quit: Callable[[], None],
    ) -> None:
        self._looks, self._first, self._complain = looks, first, complain
        self._actions = {"reset": reset, "quit": quit}
        self._waiting: queue.Queue[Message] = queue.Queue(MOST)
        self._preset = -1

    def send(self, kind: Kind, name: str, value: Any = None) -> None:
        """Leave a message; never waits and never raises."""
        try:
            self._waiting.put_nowait((kind, name, value))
        except queue.Full:
            return

    def apply(self, now: float) -> None:
        """Apply all messages that have come."""
        while True:
            try:
                kind, name, value = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self._apply(kind, name, value, now)
            except (DreamvidError, ValueError, TypeError, OverflowError) as error:
                self._complain(one_line(f"{name:.40}: {error}")[:LONGEST])

    def _apply(self, kind: Kind, name: str, value: Any, now: float) -> None:
        if name in self._actions:
            return self._actions[name]()
        if name in GLIDING:
            aimed = self._looks.numbers[name]
            bounds = BOUNDS[name]
            if kind == "add":
                value = min(bounds.high, max(bounds.low, aimed + value))
            return self._looks.turn(name, float(number(name, value)), now)
        if name not in CHOSEN:
            raise ValueError(f"is none of {', '.join((*GLIDING, *CHOSEN, *ACTIONS))}")
        text = self._next(name) if kind == "next" else value
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
            raise ValueError("needs a name")
        chosen = with_choice(self._looks.settings, self._first, name, text.strip())
        if name == "preset":
            for number_name, aim in chosen.gliding.items():
                self._looks.turn(number_name, aim, now)
        self._looks.choose(chosen)

    def _next(self, name: str) -> str:
        """The next layer or preset."""
        if name == "preset":
            self._preset = (self._preset + 1) % len(presets.names())
            return presets.names()[self._preset]
        now = self._looks.settings.dream.layer
        place = ALIASES.index(now[0]) if now and now[0] in ALIASES else -1
        return ALIASES[(place + 1) % len(ALIASES)]


def number(name: str, value: object) -> float:
    """A number within the bounds of a dial; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("needs a number")
    return float(BOUNDS[name](value))  # type: ignore[arg-type]


def with_choice(now: LiveSettings, first: LiveSettings, name: str, text: str) -> LiveSettings:
    """The settings with another layer, label, guide, network or preset; UsageError if invalid.

    A preset begins from the `first` settings, so that nothing of the last preset stays. Weights are
    never downloaded for a message.
    """
    values = now.model_dump(exclude_unset=True)
    if name == "preset":
        given = presets.fitting(presets.preset(text), LiveSettings)
        values = merge(first.model_dump(exclude_unset=True), given)
    elif name == "model":
        values = merge(values, {"network": {"model": text, "offline": True}})
    elif name == "guide":
        values = merge(values, {"dream": {"guide": None if text == "none" else text}})
    else:
        values = merge(values, {"dream": {name: text}})
    return LiveSettings.checked(values)
