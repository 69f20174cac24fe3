"""An inbox without threads: a look answers when it is taken, and waiting moves the fake clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from envcheck.engine.inbox import Answered, Letter
from envcheck.model.outcome import Observation
from envcheck.model.service import ServiceState
from tests.fakes.clock import FakeClock


class FakeInbox:
    """``later`` holds what the runtime will report, by the second it will be reported at."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._letters: deque[Letter] = deque()
        self.later: list[tuple[float, ServiceState]] = []
        self.asked: list[str] = []
        self.silent: set[str] = set()  # looks that never answer

    def put(self, letter: Letter) -> None:
        self._letters.append(letter)

    def take(self, timeout: float) -> Letter | None:
        if self._letters:
            return self._letters.popleft()
        self.later.sort(key=lambda entry: entry[0])
        if self.later and self.later[0][0] <= self._clock.now + timeout:
            at, state = self.later.pop(0)
            self._clock.now = max(self._clock.now, at)
            return state
        self._clock.now += max(timeout, 0.001)
        return None

    def ask(self, key: str, ticket: int, look: Callable[[], Observation]) -> None:
        self.asked.append(key)
        if key in self.silent:
            return
        try:
            result: Observation | Exception = look()
        except Exception as error:  # noqa: BLE001 (as the real one does)
            result = error
        self._letters.append(Answered(key, ticket, result))
