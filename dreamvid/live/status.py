"""What there is to say of a live picture: its rate, its delay, its size, its state."""

from __future__ import annotations

from dataclasses import asdict, dataclass

EASE = 0.1
"""Share of the newest frame in the running means."""


@dataclass
class Status:
    """The state of a live picture, read by the status line and the page.

    `fps` and `latency` (seconds from the arrival of a frame until it was given to the outputs) are
    running means. `size` is that of the dream, `shown` that of the picture, as WIDTHxHEIGHT.
    `state` is that of the input, `note` the last thing that went wrong, `look` what is dreamed.
    """

    frames: int = 0
    fps: float = 0.0
    latency: float = 0.0
    size: str = ""
    shown: str = ""
    state: str = "live"
    look: str = ""
    note: str = ""
    _last: float | None = None

    def tick(self, now: float, taken: float) -> None:
        """Count a frame that came in at `taken` and was shown `now`."""
        self.frames += 1
        self._ease("latency", now - taken, first=self._last is None)
        if self._last is not None and now > self._last:
            self._ease("fps", 1 / (now - self._last), first=self.fps == 0)
        self._last = now

    def line(self) -> str:
        """The status line."""
        delay = f"{1000 * self.latency:.0f} ms"
        words = [f"{self.fps:.1f} fps", delay, f"dream {self.size}", self.look]
        words += [self.state] if self.state != "live" else []
        return "  ".join(filter(None, [*words, self.note]))

    def told(self) -> dict[str, object]:
        """All of it by names, for the page."""
        return {name: value for name, value in asdict(self).items() if name != "_last"}

    def _ease(self, name: str, value: float, *, first: bool) -> None:
        before = getattr(self, name)
        setattr(self, name, value if first else before + EASE * (value - before))
