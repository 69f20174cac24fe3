"""Asks checks until each has passed or failed for good; a lower level that fails blocks the higher.

A *not yet* is asked again within the check's grace, a *broken* once more before it is believed.
Every check is an outcome; an exception inside one is UNKNOWN, never PASS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from envcheck.engine.pauses import backoff
from envcheck.engine.readiness import CONFIRM
from envcheck.engine.scene import NotHere
from envcheck.engine.waiting import Waiting
from envcheck.errors import Interrupted
from envcheck.model.check import Check, Level, LoginRefused, Scene
from envcheck.model.clock import Clock
from envcheck.model.outcome import Answer, Observation, Outcome, Status, not_yet
from envcheck.model.service import ServiceState

SETTLE = 1.0  # seconds an interrupted check gets to remove what it made to look at
STRAINED_GRACE = 30.0  # seconds more for a silence that may be the machine's and not the service's
SLOW = (".silent", ".too-slow", ".slow")  # causes that a machine without a free core has as well
GRACE = 5.0  # seconds a not yet may be asked again, unless the check says otherwise


@dataclass(frozen=True, slots=True)
class Planned:
    """A check with its place in the run. ``skip`` names the limit that forbids it."""

    id: str
    check: Check
    wave: int
    phase: str
    place: str = ""
    optional: bool = False
    skip: str = ""


class CheckSubject:
    """One check in the waiting loop."""

    def __init__(
        self, planned: Planned, scene: Scene, strained: Callable[[], str] = lambda: ""
    ) -> None:
        self._strained = strained
        self.planned = planned
        self.key = planned.id
        self.service = planned.check.service
        self.patience = planned.check.timeout + 0.5
        self._scene = scene
        self._next: float | None = None
        self._started = 0.0
        self._attempts = 0
        self._last: Observation | None = None
        self._was_broken = ""
        self.outcome: Outcome | None = None
        if planned.skip:
            self._end(Status.SKIPPED, 0.0, reason=planned.skip)

    @property
    def ended(self) -> bool:
        return self.outcome is not None

    @property
    def failed(self) -> bool:
        return self.outcome is not None and self.outcome.status in (Status.FAIL, Status.UNKNOWN)

    def release(self, now: float) -> None:
        """It may be asked from now on."""
        if self._next is None and not self.ended:
            self._next = self._started = now

    @property
    def released(self) -> bool:
        return self._next is not None or self.ended

    def block(self, culprit: str, reason: str) -> None:
        self._end(Status.BLOCKED, 0.0, blocked_by=culprit, reason=reason)

    def due(self) -> float | None:
        return None if self.ended else self._next

    def wakes(self) -> float | None:
        return None

    def look(self) -> Observation:
        try:
            return self.planned.check.look(self._scene)
        except LoginRefused as refused:
            return refused.observation

    def see(self, state: ServiceState, now: float) -> None:
        """A check hears of deaths through its own look."""

    def tick(self, now: float) -> None:
        """A check's time is up only when it has answered."""

    def out_of_time(self, reason: str, now: float) -> None:
        self._end(Status.UNKNOWN, now, reason=reason)

    def hear(self, result: Observation | Exception, now: float) -> None:
        self._attempts += 1
        if isinstance(result, NotHere):
            self._end(Status.SKIPPED, now, reason=f"{result.service}: {result.reason}")
        elif isinstance(result, Exception):
            said = f"the check itself broke: {type(result).__name__}: {result}"
            self._end(Status.UNKNOWN, now, reason=said)
        else:
            self._judge(result, now)

    def _judge(self, seen: Observation, now: float) -> None:
        before, self._last = self._last, seen
        if seen.passed:
            status = Status.FLAKY if self._was_broken else Status.PASS
            self._end(status, now, reason=self._was_broken and f"first: {self._was_broken}")
        elif seen.answer is Answer.BROKEN:
            confirmed = before is not None and before.answer is Answer.BROKEN
            self._was_broken = seen.observed
            self._again(now, CONFIRM / 2, over=confirmed)
        else:
            self._not_yet(seen, now)

    def _not_yet(self, seen: Observation, now: float) -> None:
        """Asked again within its grace; a silence longer, while the machine itself is too busy."""
        grace = self.planned.check.grace
        until = self._started + (GRACE if grace is None else grace)
        slow = seen.cause.endswith(SLOW)
        if now >= until and slow and (reason := self._strained()):
            if now >= until + STRAINED_GRACE:
                self._end(Status.UNKNOWN, now, reason=f"{seen.observed}; {reason}")
                return
            until += STRAINED_GRACE
        self._again(now, backoff(self._attempts), over=now >= until)

    def _again(self, now: float, pause: float, *, over: bool) -> None:
        if over:
            self._end(Status.FAIL, now)
        else:
            self._next = now + pause

    def _end(self, status: Status, now: float, *, reason: str = "", blocked_by: str = "") -> None:
        planned, check = self.planned, self.planned.check
        seen = self._last or not_yet("")
        self.outcome = Outcome(
            id=planned.id,
            kind=check.kind,
            service=check.service,
            wave=planned.wave,
            phase=planned.phase,
            status=status,
            expected=seen.expected or check.expected,
            observed=seen.observed,
            seconds=max(now - self._started, 0.0) if self._started else 0.0,
            attempts=self._attempts,
            optional=planned.optional,
            blocked_by=blocked_by,
            reason=reason,
            cause=seen.cause if status is Status.FAIL else "",
            fix=seen.fix if status is Status.FAIL else "",
            evidence=seen.evidence,
            culprit=seen.culprit,
            title=check.title,
            place=planned.place,
            level=int(check.level),
        )


def verify(  # noqa: PLR0917 (one caller, by name)
    planned: Sequence[Planned],
    scene: Scene,
    clock: Clock,
    waiting: Waiting,
    tell: Callable[[Outcome], None],
    failed: Mapping[str, str],
    strained: Callable[[], str] = lambda: "",
) -> list[Outcome]:
    """Outcomes in the order of ``planned``. ``failed`` maps services that did not come up to their
    culprit: their checks are BLOCKED, not asked. ``strained`` says why this machine is too busy for
    a silence to mean anything; empty while it is not."""
    subjects = [CheckSubject(item, scene, strained) for item in planned]
    below = _ladder(subjects)
    told: set[str] = set()

    def after_each() -> None:
        _release(subjects, below, failed, clock.monotonic())
        for subject in subjects:
            if subject.outcome is not None and subject.key not in told:
                told.add(subject.key)
                tell(subject.outcome)

    # what mostly waits, such as for a rate limit's window, then waits beside all the others
    longest_first = sorted(subjects, key=lambda subject: -subject.patience)
    try:
        waiting.until_ended(longest_first, after_each)
    except Interrupted:
        waiting.settle(SETTLE)
        raise
    return [subject.outcome for subject in subjects if subject.outcome is not None]


def _release(
    subjects: Sequence[CheckSubject],
    below: Mapping[str, Sequence[CheckSubject]],
    failed: Mapping[str, str],
    now: float,
) -> None:
    """Let the next level of each service be asked once the level below it has passed."""
    busy = any(it.planned.check.serial and it.released and not it.ended for it in subjects)
    for subject in subjects:
        serial = subject.planned.check.serial
        if subject.released:
            continue
        if subject.service in failed:
            culprit = failed[subject.service]
            subject.block(culprit, f"{culprit} did not come up")
        elif culprits := [it for it in below[subject.key] if it.failed]:
            subject.block(subject.service, f"{culprits[0].key} failed")
        elif all(it.ended for it in below[subject.key]) and not (serial and busy):
            subject.release(now)
            busy = busy or serial


def _ladder(subjects: Sequence[CheckSubject]) -> dict[str, list[CheckSubject]]:
    """Per check, those of its service that look less deep and block it when they fail."""
    by_service: dict[str, list[CheckSubject]] = {}
    for subject in subjects:
        by_service.setdefault(subject.service, []).append(subject)
    return {
        subject.key: [it for it in by_service[subject.service] if _below(it, subject)]
        for subject in subjects
    }


def _below(other: CheckSubject, subject: CheckSubject) -> bool:
    """Only up to LOGIN does a lower level block: a missing table says nothing about another."""
    level = other.planned.check.level
    related = level is Level.PROCESS or other.planned.phase == subject.planned.phase
    return related and level < subject.planned.check.level and level <= Level.LOGIN
