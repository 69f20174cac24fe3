"""The one waiting loop. Readiness waits here, verification asks here, a scenario will repeat here.

Looks run in daemon workers and answer on one queue, together with what the runtime reports. A look
that has not answered when its time is up is abandoned, never joined: a client stuck in a system
call must not keep us. The clock is monotonic; a stop wakes the loop at once, and the total
deadline ends whatever is still waited for.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from envcheck.engine.inbox import Answered, Inbox, Letter
from envcheck.errors import Interrupted
from envcheck.model.clock import Clock
from envcheck.model.outcome import Observation, not_yet
from envcheck.model.service import ServiceState

PER_SERVICE = 6  # looks at one service at the same time: to look must not be to load
SAFETY_TICK = 0.5  # seconds the loop sleeps at most, so that no missed event costs more


def heed(clock: Clock) -> None:
    """Raises Interrupted once a stop was asked for."""
    if not clock.pause(0.0):
        raise Interrupted


class Subject(Protocol):
    """Something the loop waits for. ``due`` is None while there is nothing to ask."""

    @property
    def key(self) -> str: ...

    @property
    def service(self) -> str: ...

    @property
    def patience(self) -> float:
        """Seconds one look may take."""
        ...

    @property
    def ended(self) -> bool: ...

    def due(self) -> float | None: ...

    def wakes(self) -> float | None:
        """When ``tick`` must be called at the latest, asked or not."""
        ...

    def look(self) -> Observation: ...

    def hear(self, result: Observation | Exception, now: float) -> None: ...

    def see(self, state: ServiceState, now: float) -> None: ...

    def tick(self, now: float) -> None: ...

    def out_of_time(self, reason: str, now: float, /) -> None:
        """The total deadline passed: end now, or as soon as it is known whose fault that is."""
        ...


class Waiting:
    """Drives subjects until all have ended. ``until`` is the total deadline, in words too."""

    def __init__(
        self,
        clock: Clock,
        inbox: Inbox,
        at_once: int = 32,
        *,
        until: float = math.inf,
        words: str = "",
    ) -> None:
        self._clock = clock
        self._inbox = inbox
        self._at_once = at_once
        self._until = until
        self._words = words
        self._flying: dict[str, tuple[int, float]] = {}  # key → ticket, abandoned at
        self._ticket = 0

    def until_ended(
        self, subjects: Sequence[Subject], after_each: Callable[[], None] = lambda: None
    ) -> None:
        """Returns when every subject ended. ``after_each`` runs after every change.

        Raises Interrupted once a stop was asked for.
        """
        by_key = {subject.key: subject for subject in subjects}
        while True:
            heed(self._clock)
            self._abandon(by_key)
            self._tick(subjects)
            after_each()
            if all(subject.ended for subject in subjects):
                self._flying.clear()  # what still flies was asked by one that ended otherwise
                return
            self._ask_due(subjects)
            self._deliver(self._inbox.take(self._idle(subjects)), by_key, subjects)

    @property
    def over(self) -> str:
        """Why nothing more is waited for; empty while there is time."""
        return self._words if self._clock.monotonic() >= self._until else ""

    def settle(self, seconds: float) -> None:
        """Let looks that fly come home, so that what they made to look at is removed again."""
        until = self._clock.monotonic() + seconds
        while self._flying and self._clock.monotonic() < until:
            letter = self._inbox.take(until - self._clock.monotonic())
            if isinstance(letter, Answered):
                self._flying.pop(letter.key, None)

    def _tick(self, subjects: Sequence[Subject]) -> None:
        now, over = self._clock.monotonic(), self.over
        for subject in subjects:
            subject.tick(now)
            if over and not subject.ended:
                subject.out_of_time(over, now)

    def _ask_due(self, subjects: Sequence[Subject]) -> None:
        now = self._clock.monotonic()
        busy = Counter(subject.service for subject in subjects if subject.key in self._flying)
        for subject in subjects:
            due = None if subject.ended or subject.key in self._flying else subject.due()
            room = len(self._flying) < self._at_once and busy[subject.service] < PER_SERVICE
            if due is not None and due <= now and room:
                busy[subject.service] += 1
                self._ticket += 1
                self._flying[subject.key] = (self._ticket, now + subject.patience)
                self._inbox.ask(subject.key, self._ticket, subject.look)

    def _abandon(self, by_key: dict[str, Subject]) -> None:
        now = self._clock.monotonic()
        for key, (_ticket, until) in list(self._flying.items()):
            if now >= until:
                del self._flying[key]
                patience = by_key[key].patience
                by_key[key].hear(not_yet(f"no answer in {patience:g}s", cause="check.silent"), now)

    def _deliver(
        self, letter: Letter | None, by_key: dict[str, Subject], subjects: Sequence[Subject]
    ) -> None:
        now = self._clock.monotonic()
        if isinstance(letter, ServiceState):
            for subject in subjects:
                if subject.service == letter.service and not subject.ended:
                    subject.see(letter, now)
        elif letter is not None and self._flying.get(letter.key, (0, 0.0))[0] == letter.ticket:
            del self._flying[letter.key]
            by_key[letter.key].hear(letter.result, now)

    def _idle(self, subjects: Sequence[Subject]) -> float:
        """Seconds until something is due, at most SAFETY_TICK."""
        times = [self._until, *(until for _ticket, until in self._flying.values())]
        full = len(self._flying) >= self._at_once
        busy = Counter(subject.service for subject in subjects if subject.key in self._flying)
        for subject in subjects:
            waits = full or busy[subject.service] >= PER_SERVICE or subject.key in self._flying
            asked = None if waits else subject.due()
            times += [time for time in (asked, subject.wakes()) if time is not None]
        now = self._clock.monotonic()
        return max(0.0, min([SAFETY_TICK, *(time - now for time in times)]))
