"""HTTP connections, ended when nothing comes of them; needs uvicorn."""

from __future__ import annotations

import math
from asyncio import TimerHandle, Transport
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_PATIENCE: Final = 10.0
"""Seconds in which the head of a request must have come."""


class CarefulProtocol(H11Protocol):
    """HTTP/1.1 that ends connections whose request does not come, and those beyond the limit."""

    _late: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        if len(self.connections) > (self.config.limit_concurrency or math.inf):
            transport.abort()
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Take data; a request that is not whole yet is waited for, but not for ever."""
        super().data_received(data)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._unexpect()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._expect()

    def _expect(self) -> None:
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy:
            self._unexpect()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_PATIENCE, self.transport.abort)

    def _unexpect(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
