"""Outputs that never make the dream wait: each in a thread, with the newest picture only."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from fractions import Fraction

from dreamvid.errors import DreamvidError
from dreamvid.live.newest import Newest
from dreamvid.live.outputs import Output, Size
from dreamvid.motion.flow import Array

ENDS_WITHIN = 120.0
"""Seconds that an output may take to finish: a recording of an hour is copied once."""


class Beside:
    """An output in a thread of its own; `failure` is what ended it, None while it works."""

    alone = True

    def __init__(self, output: Output) -> None:
        self.name, self._output = output.name, output
        self._slot: Newest[tuple[Array, float]] = Newest()
        self._thread = threading.Thread(target=self._run, name=output.name, daemon=True)
        self.failure: Exception | None = None

    def open(self, size: Size, rate: Fraction) -> None:
        """Open the output, and start its thread."""
        self._output.open(size, rate)
        self._thread.start()

    def show(self, picture: Array, time: float) -> None:
        """Leave a picture for the thread; raises what ended it."""
        if self.failure is not None:
            raise self.failure
        self._slot.put((picture, time))

    def close(self) -> None:
        """Show the last picture and close the output; raises what ended it, now or before."""
        if self._thread.ident is None:
            return self._output.close()
        self._slot.close()
        self._thread.join(ENDS_WITHIN)
        if self._thread.is_alive():
            raise DreamvidError(f"did not finish within {ENDS_WITHIN:g} s", where=self.name)
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            while (shown := self._slot.take()) is not None:
                self._output.show(*shown)
        except Exception as error:
            self.failure = error
        try:
            self._output.close()
        except Exception as error:
            self.failure = self.failure or error


class Outputs:
    """Several outputs at once: one that fails is left out, and the others go on.

    `complain` gets a line about each that failed; once none is left, its error is raised.
    """

    def __init__(self, outputs: Sequence[Output], complain: Callable[[str], None]) -> None:
        self._all: list[Output] = [Beside(one) if one.alone else one for one in outputs]
        self._complain = complain

    def open(self, size: Size, rate: Fraction) -> None:
        """Open all; raises the error of the first that cannot be opened."""
        for output in self._all:
            output.open(size, rate)

    def show(self, picture: Array, time: float) -> None:
        """Show a picture everywhere."""
        for output in tuple(self._all):
            try:
                output.show(picture, time)
            except Exception as error:  # libraries raise what they like
                self._all.remove(output)
                with contextlib.suppress(Exception):
                    output.close()
                if not self._all:
                    raise
                known = isinstance(error, DreamvidError | OSError)
                why = str(error) if known else f"{type(error).__name__}: {error}"
                self._complain(f"{output.name} has ended: {why}")

    def close(self) -> None:
        """Close all, then raise the first error, if any."""
        failures = []
        for output in self._all:
            try:
                output.close()
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]
