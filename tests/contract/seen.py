"""What a watch delivered, and how to wait for it without sleeping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from envcheck.model.service import Phase, ServiceState

GUARD = 20.0  # seconds; only against a hang


class Seen:
    def __init__(self) -> None:
        self.states: list[ServiceState] = []
        self._news = threading.Condition()

    def __call__(self, state: ServiceState) -> None:
        with self._news:
            self.states.append(state)
            self._news.notify_all()

    def of(self, service: str) -> list[ServiceState]:
        return [state for state in self.states if state.service == service]

    def phases(self, service: str) -> list[Phase]:
        return [state.phase for state in self.of(service)]

    def wait(self, service: str, fits: Callable[[ServiceState], bool]) -> ServiceState:
        deadline = time.monotonic() + GUARD
        with self._news:
            while True:
                for state in self.of(service):
                    if fits(state):
                        return state
                left = deadline - time.monotonic()
                assert left > 0, f"never seen; only {self.of(service)}"
                self._news.wait(left)

    def wait_for(self, service: str, phase: Phase) -> ServiceState:
        return self.wait(service, lambda state: state.phase is phase)
