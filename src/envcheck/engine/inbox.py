"""Where every answer and every change arrives, and the threads that look."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from envcheck.model.outcome import Observation
from envcheck.model.service import ServiceState


@dataclass(frozen=True, slots=True)
class Answered:
    """A look came back; ``result`` is an exception when the checker itself broke."""

    key: str
    ticket: int
    result: Observation | Exception


Letter = Answered | ServiceState


class Inbox(Protocol):
    """Where every answer and every change arrives; and who runs the looks."""

    def put(self, letter: Letter) -> None: ...

    def take(self, timeout: float) -> Letter | None:
        """The next letter; None when none came in time, or when it was woken."""
        ...

    def ask(self, key: str, ticket: int, look: Callable[[], Observation]) -> None: ...


class ThreadInbox:
    """Looks in daemon threads, one queue for everything they say."""

    def __init__(self) -> None:
        self._letters: queue.SimpleQueue[Letter | None] = queue.SimpleQueue()

    def put(self, letter: Letter) -> None:
        self._letters.put(letter)

    def wake(self) -> None:
        """Let ``take`` return now."""
        self._letters.put(None)

    def take(self, timeout: float) -> Letter | None:
        try:
            return self._letters.get(timeout=max(timeout, 0.0))
        except queue.Empty:
            return None

    def ask(self, key: str, ticket: int, look: Callable[[], Observation]) -> None:
        worker = threading.Thread(target=self._work, args=(key, ticket, look), daemon=True)
        worker.start()

    def _work(self, key: str, ticket: int, look: Callable[[], Observation]) -> None:
        try:
            result: Observation | Exception = look()
        except Exception as error:  # noqa: BLE001 (a crashing check is UNKNOWN, never our end)
            result = error
        self._letters.put(Answered(key, ticket, result))
