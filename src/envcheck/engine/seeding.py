"""Writes fixtures: services side by side, the units of one service one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from envcheck.engine.plan import PlannedSeed
from envcheck.engine.scene import NotHere
from envcheck.engine.waiting import Waiting
from envcheck.model.check import LoginRefused, Scene
from envcheck.model.clock import Clock
from envcheck.model.event import Event, Progressed
from envcheck.model.outcome import Observation, Outcome, Status, not_yet, passed
from envcheck.model.seed import SeedFailed
from envcheck.model.service import ServiceState

LONGEST = 900.0  # seconds one unit may take before we stop believing in it


class SeedSubject:
    """One unit in the waiting loop. Written once: a seed that fails is not tried again."""

    patience = LONGEST

    def __init__(self, seed: PlannedSeed, scene: Scene, emit: Callable[[Event], None]) -> None:
        self.seed = seed
        self.key = seed.id
        self.service = seed.unit.service
        self._scene = scene
        self._emit = emit
        self._next: float | None = None
        self._started = 0.0
        self.outcome: Outcome | None = None
        if seed.skip:
            self._end(Status.SKIPPED, 0.0, reason=seed.skip)

    @property
    def ended(self) -> bool:
        return self.outcome is not None

    @property
    def bad(self) -> bool:
        good = (Status.PASS, Status.SKIPPED)
        return self.outcome is not None and self.outcome.status not in good

    def release(self, now: float) -> None:
        if self._next is None and not self.ended:
            self._next = self._started = now

    def block(self, culprit: str, reason: str) -> None:
        self._end(Status.BLOCKED, 0.0, blocked_by=culprit, reason=reason)

    def due(self) -> float | None:
        return None if self.ended else self._next

    def wakes(self) -> float | None:
        return None

    def tick(self, now: float) -> None:
        """Nothing but its answer ends it."""

    def see(self, state: ServiceState, now: float) -> None:
        """Its own writing hears of a death first."""

    def out_of_time(self, reason: str, now: float) -> None:
        self._end(Status.UNKNOWN, now, reason=reason)

    def look(self) -> Observation:
        try:
            return passed(str(self.seed.unit.write(self._scene, self._progress)))
        except SeedFailed as failed:
            return failed.observation
        except LoginRefused as refused:
            return refused.observation

    def _progress(self, done: int, total: int, unit: str, note: str = "") -> None:
        self._emit(Progressed(self.seed.wave, self.seed.id, done, total, unit, note))

    def hear(self, result: Observation | Exception, now: float) -> None:
        if isinstance(result, NotHere):
            self._end(Status.SKIPPED, now, reason=f"{result.service}: {result.reason}")
        elif isinstance(result, Exception):
            said = f"the seed itself broke: {type(result).__name__}: {result}"
            self._end(Status.UNKNOWN, now, reason=said)
        else:
            self._end(Status.PASS if result.passed else Status.FAIL, now, seen=result)

    def _end(
        self,
        status: Status,
        now: float,
        *,
        seen: Observation | None = None,
        reason: str = "",
        blocked_by: str = "",
    ) -> None:
        unit, seen = self.seed.unit, seen or not_yet("")
        self.outcome = Outcome(
            id=self.seed.id,
            kind=unit.kind,
            service=unit.service,
            wave=self.seed.wave,
            phase="seed",
            status=status,
            expected=seen.expected or unit.expected,
            observed=seen.observed,
            seconds=max(now - self._started, 0.0) if self._started else 0.0,
            attempts=1 if self._started else 0,
            optional=self.seed.optional,
            blocked_by=blocked_by,
            reason=reason,
            cause=seen.cause,
            fix=seen.fix,
            evidence=seen.evidence,
            culprit=seen.culprit,
            place=self.seed.place,
        )


def seed(
    seeds: Sequence[PlannedSeed],
    scene: Scene,
    clock: Clock,
    waiting: Waiting,
    emit: Callable[[Event], None],
    *,
    tell: Callable[[Outcome], None],
    failed: Mapping[str, str],
) -> list[Outcome]:
    """Outcomes in the order of ``seeds``, each told as it ends. Units of a service that did not
    come up are BLOCKED."""
    subjects = [SeedSubject(item, scene, emit) for item in seeds]
    told: set[str] = set()

    def after_each() -> None:
        _release(subjects, failed, clock.monotonic())
        for subject in subjects:
            if subject.outcome is not None and subject.key not in told:
                told.add(subject.key)
                tell(subject.outcome)

    waiting.until_ended(subjects, after_each)
    return [subject.outcome for subject in subjects if subject.outcome is not None]


def _release(subjects: Sequence[SeedSubject], failed: Mapping[str, str], now: float) -> None:
    busy: dict[str, SeedSubject] = {}
    for subject in subjects:
        before = busy.get(subject.service)
        if subject.service in failed and not subject.ended:
            culprit = failed[subject.service]
            subject.block(culprit, f"{culprit} did not come up")
        elif before is not None and before.bad and not subject.ended:
            subject.block(subject.service, f"{before.key} failed")
        elif before is None or before.ended:
            subject.release(now)
        if before is None or (before.ended and not before.bad):
            busy[subject.service] = subject
