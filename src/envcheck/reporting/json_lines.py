"""Events as JSON lines on a stream, for programs that follow a run (``--progress json``)."""

from __future__ import annotations

from collections.abc import Callable

from envcheck.model.event import Event
from envcheck.model.wire import to_line


class JsonLines:
    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def hear(self, seconds: float, event: Event) -> None:
        self._write(to_line(seconds, event) + "\n")

    def close(self) -> None:
        """Nothing is held back."""
