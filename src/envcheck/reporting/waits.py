"""Which waits are worth saying: those that last, and what they wait for once it changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from envcheck.reporting.words import some

PATIENCE = 2.0  # seconds a wait must last, or an answer must stand, before it is said


@dataclass
class Wait:
    """What a service waits for, and when that may be said next."""

    observed: str
    due: float
    said: bool = False


class Waits:
    """The services that wait now."""

    def __init__(self) -> None:
        self._of: dict[str, Wait] = {}

    def hear(self, service: str, observed: str, at: float) -> None:
        known = self._of.get(service)
        self._of[service] = Wait(observed, known.due if known else at + PATIENCE)

    def over(self, service: str) -> bool:
        """It waits no more; whether that it waited was ever said."""
        wait = self._of.pop(service, None)
        return wait is not None and wait.said

    def clear(self) -> None:
        self._of.clear()

    def due(self, at: float) -> Iterator[tuple[str, str]]:
        """Service and observation of each wait to be said now; each is given once."""
        for service, wait in self._of.items():
            if at >= wait.due and not wait.said:
                wait.said, wait.due = True, at + PATIENCE
                yield service, wait.observed

    def __str__(self) -> str:
        return some(tuple(f"{service} ({wait.observed})" for service, wait in self._of.items()))

    def __bool__(self) -> bool:
        return bool(self._of)
