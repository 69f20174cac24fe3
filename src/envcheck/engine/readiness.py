"""What counts as ready, done, dead or looping. Pure: (state, event, now) → state. No I/O.

A service is *ready* when its checks passed ``successes`` times in a row over ``stable`` seconds
while it ran; a one-shot is *done* when it exited 0; it is *dead* when it exited and nothing will
restart it; it *loops* when it restarted ``LOOP_RESTARTS`` times within ``LOOP_WINDOW`` seconds.
A single restart is no fault: waiting for a database by dying once is a common pattern.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from envcheck.model.outcome import Answer, Observation
from envcheck.model.service import Health, Phase, ServiceState

LOOP_RESTARTS = 3
LOOP_WINDOW = 60.0  # seconds
CONFIRM = 1.0  # seconds until a broken answer is asked once more before it is believed


class Standing(StrEnum):
    HELD = "held"  # its dependencies are not there yet
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    DEAD = "dead"
    LOOPING = "crash loop"
    BROKEN = "broken"  # runs, but answered twice what time will not mend
    LATE = "late"  # its deadline passed
    BLOCKED = "blocked"  # a dependency failed

    @property
    def good(self) -> bool:
        return self in (Standing.READY, Standing.DONE)

    @property
    def final(self) -> bool:
        return self not in (Standing.HELD, Standing.STARTING)


@dataclass(frozen=True, slots=True)
class Rules:
    """``asks`` is False for a service without any check: then running and staying up is ready."""

    one_shot: bool = False
    asks: bool = True
    successes: int = 2
    stable: float = 0.5
    timeout: float = 120.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """One service on its way. Times are monotonic seconds."""

    rules: Rules
    standing: Standing = Standing.HELD
    started: float = 0.0
    ended: float = 0.0
    running_since: float | None = None
    streak: int = 0
    streak_since: float = 0.0
    misses: int = 0  # looks in a row that did not pass
    attempts: int = 0
    next_look: float | None = None
    seen: ServiceState | None = None
    last: Observation | None = None
    waited_for: str = ""  # the last thing that was not yet true
    restarts: tuple[float, ...] = ()
    blocked_by: str = ""

    @property
    def running(self) -> bool:
        return self.running_since is not None

    @property
    def deadline(self) -> float | None:
        return self.started + self.rules.timeout if self.standing is Standing.STARTING else None


def begin(service: Readiness, now: float) -> Readiness:
    """Its gates opened and it is being started."""
    return replace(service, standing=Standing.STARTING, started=now)


def block(service: Readiness, culprit: str, now: float) -> Readiness:
    return replace(service, standing=Standing.BLOCKED, blocked_by=culprit, ended=now)


def see(service: Readiness, state: ServiceState, now: float) -> Readiness:
    """The runtime reported a state."""
    if service.standing in (Standing.HELD, Standing.BLOCKED):
        return replace(service, seen=state)
    service = _count_restarts(service, state, now)
    if len(service.restarts) >= LOOP_RESTARTS:
        return _end(service, Standing.LOOPING, now)
    match state.phase:
        case Phase.EXITED:
            return _exited(service, state, now)
        case Phase.RUNNING:
            return _runs(service, state, now)
        case _:
            return _pause_looks(service, state)


def answer(service: Readiness, observation: Observation, now: float, pause: float) -> Readiness:
    """A round of its checks ended; ``pause`` is the backoff before the next one."""
    again = service.last is not None and service.last.answer is Answer.BROKEN
    service = replace(service, attempts=service.attempts + 1, last=observation)
    if service.standing.final or not service.running:
        return replace(service, next_look=None)
    if observation.passed:
        return _passed(service, now)
    service = replace(service, streak=0, misses=service.misses + 1, waited_for=observation.observed)
    if observation.answer is Answer.NOT_YET:
        return replace(service, next_look=now + pause)
    if again:
        return _end(service, Standing.BROKEN, now)
    return replace(service, next_look=now + CONFIRM)


def expire(service: Readiness, now: float) -> Readiness:
    """Time passed: the deadline, and staying up where nothing can be asked."""
    if service.standing is not Standing.STARTING:
        return service
    deadline = service.deadline
    if deadline is not None and now >= deadline:
        return _end(service, Standing.LATE, now)
    return _end(service, Standing.READY, now) if _stayed_up(service, now) else service


def late(service: Readiness, now: float) -> Readiness:
    """It is waited for no longer, whatever its own deadline."""
    return _end(service, Standing.LATE, now)


def next_event(service: Readiness) -> float | None:
    """When the passing of time alone changes something: the deadline, having stayed up.

    The next look is not among them: while one is under way its time lies in the past, and a loop
    that woke for it would never sleep.
    """
    if service.standing is not Standing.STARTING:
        return None
    return min(time for time in (service.deadline, _up_long_enough(service)) if time is not None)


def _count_restarts(service: Readiness, state: ServiceState, now: float) -> Readiness:
    known = service.seen.restarts if service.seen else 0
    fresh = max(state.restarts - known, 0)
    recent = tuple(time for time in service.restarts if now - time < LOOP_WINDOW)
    return replace(service, seen=state, restarts=recent + (now,) * fresh)


def _exited(service: Readiness, state: ServiceState, now: float) -> Readiness:
    service = replace(service, running_since=None, streak=0)
    if service.rules.one_shot and state.exit_code == 0 and not state.signal:
        return _end(service, Standing.DONE, now)
    return _end(service, Standing.DEAD, now)


def _runs(service: Readiness, state: ServiceState, now: float) -> Readiness:
    if service.standing.final:
        return service
    if state.health is Health.UNHEALTHY:
        return replace(service, streak=0, waited_for="its healthcheck says unhealthy")
    if service.running:
        return service
    look = now if service.rules.asks and not service.rules.one_shot else None
    return replace(service, running_since=now, next_look=look)


def _pause_looks(service: Readiness, state: ServiceState) -> Readiness:
    """Not running now (preparing, restarting, paused): what passed before does not count."""
    said = state.detail or state.phase.value
    return replace(service, running_since=None, streak=0, next_look=None, waited_for=said)


def _passed(service: Readiness, now: float) -> Readiness:
    since = now if service.streak == 0 else service.streak_since
    service = replace(service, streak=service.streak + 1, streak_since=since, misses=0)
    rules = service.rules
    if _unhealthy(service):
        return replace(service, streak=0, next_look=now + rules.stable)
    if service.streak >= rules.successes and now - since >= rules.stable:
        return _end(service, Standing.READY, now)
    return replace(service, next_look=now + rules.stable / max(rules.successes - 1, 1))


def _stayed_up(service: Readiness, now: float) -> bool:
    when = _up_long_enough(service)
    return when is not None and now >= when


def _up_long_enough(service: Readiness) -> float | None:
    """When a service that nothing can be asked of counts as ready, should it stay as it is."""
    if service.rules.asks or service.rules.one_shot or _unhealthy(service):
        return None
    return None if service.running_since is None else service.running_since + service.rules.stable


def _unhealthy(service: Readiness) -> bool:
    health = service.seen.health if service.seen else Health.NONE
    return health is Health.UNHEALTHY


def _end(service: Readiness, standing: Standing, now: float) -> Readiness:
    return replace(service, standing=standing, ended=now, next_look=None)
