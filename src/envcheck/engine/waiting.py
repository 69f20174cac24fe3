"""The one waiting loop. Readiness waits here, verification asks here, a scenario will repeat here.

Looks run in daemon workers and answer on one queue, together with what the runtime reports. A look
that has not answered when its time is up is abandoned, never joined: a client stuck in a system
call must not keep us. The clock is monotonic; a stop wakes the loop at once, and the total
deadline ends whatever is still waited for.
"""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tenacity import RetryCallState, Retrying, wait_exponential, wait_random

from envcheck.errors import Interrupted
from envcheck.model.clock import Clock
from envcheck.model.outcome import Observation, not_yet
from envcheck.model.service import ServiceState

FIRST_PAUSE = 0.1  # seconds; doubles up to LONGEST_PAUSE
LONGEST_PAUSE = 1.0
# A port that refuses is asked more often: such a look costs a fifth of a millisecond on both sides,
# and a service is mostly waited for until it listens.
REFUSED_PAUSE = 0.25
REFUSED = frozenset({"network.refused", "http.refused"})
SAFETY_TICK = 0.5  # seconds the loop sleeps at most, so that no missed event costs more

_backoff = wait_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE - 0.1) + wait_random(0, 0.1)


def backoff(misses: int) -> float:
    """Seconds before the next look after so many misses in a row: 0.1 → 1 s with jitter."""
    state = RetryCallState(retry_object=Retrying(), fn=None, args=(), kwargs={})
    state.attempt_number = max(misses, 1)
    return float(_backoff(state))


def pause_after(seen: Observation, misses: int) -> float:
    """Seconds before the next look at a service that is coming up."""
    pause = backoff(misses)
    return min(pause, REFUSED_PAUSE) if seen.cause in REFUSED else pause


def heed(clock: Clock) -> None:
    """Raises Interrupted once a stop was asked for."""
    if not clock.pause(0.0):
        raise Interrupted


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
        for subject in subjects:
            due = None if subject.ended or subject.key in self._flying else subject.due()
            if due is not None and due <= now and len(self._flying) < self._at_once:
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
        for subject in subjects:
            asked = None if full or subject.key in self._flying else subject.due()
            times += [time for time in (asked, subject.wakes()) if time is not None]
        now = self._clock.monotonic()
        return max(0.0, min([SAFETY_TICK, *(time - now for time in times)]))
