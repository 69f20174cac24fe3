"""Starts the services of one wave as their gates open and waits until each is truly ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from envcheck.engine import gates
from envcheck.engine.pauses import pause_after
from envcheck.engine.readiness import (
    Readiness,
    Rules,
    Standing,
    answer,
    begin,
    block,
    expire,
    late,
    next_event,
    see,
)
from envcheck.engine.waiting import Waiting, heed
from envcheck.errors import StackError
from envcheck.model.check import Check, LoginRefused, Scene
from envcheck.model.clock import Clock
from envcheck.model.compose import ComposeProject
from envcheck.model.environment import WaveService
from envcheck.model.event import Event, ServiceChanged, ServiceReady
from envcheck.model.event import Waiting as StillWaiting
from envcheck.model.outcome import Observation, not_yet, passed
from envcheck.model.runtime import Runtime
from envcheck.model.service import Phase, ServiceState

INSPECT_EVERY = 1.0  # seconds
CRASHED = "check.crashed"  # our fault, not the service's: the outcome is UNKNOWN


@dataclass(frozen=True, slots=True)
class Member:
    """A service to bring up: what was declared, and the checks that make it ready."""

    declared: WaveService
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        return self.declared.name

    def rules(self) -> Rules:
        wanted = self.declared.readiness
        return Rules(
            self.declared.one_shot,
            bool(self.checks),
            wanted.successes,
            wanted.stable,
            wanted.timeout,
        )


def look_at_all(checks: Sequence[Check], scene: Scene) -> Observation:
    """One round: the checks in rising depth, ending at the first that does not pass."""
    seen = passed("runs")
    for check in sorted(checks, key=lambda check: check.level):
        try:
            seen = check.look(scene)
        except LoginRefused as refused:
            seen = refused.observation
        except LookupError as error:
            return not_yet(str(error).strip("'"), cause="service.no-address")
        if not seen.passed:
            return seen
    return seen


class ServiceSubject:
    """One service in the waiting loop; all thinking is in ``readiness``."""

    def __init__(self, member: Member, scene: Scene) -> None:
        self.member = member
        self.key = self.service = member.name
        self.state = Readiness(member.rules())
        self._scene = scene
        self.born = 0.0  # wall clock
        self.reused = False
        self.patience = sum(check.timeout for check in member.checks) + 0.5

    @property
    def ended(self) -> bool:
        return self.state.standing.final

    def due(self) -> float | None:
        return None if self.ended else self.state.next_look

    def wakes(self) -> float | None:
        return next_event(self.state)

    def look(self) -> Observation:
        return look_at_all(self.member.checks, self._scene)

    def hear(self, result: Observation | Exception, now: float) -> None:
        if isinstance(result, Exception):
            said = f"the check itself broke: {type(result).__name__}: {result}"
            result = not_yet(said, cause=CRASHED)
        self.state = answer(self.state, result, now, pause_after(result, self.state.misses + 1))

    def see(self, state: ServiceState, now: float) -> None:
        """The end of a former self, before the start of this one had returned, is no news."""
        if not (state.dead and 0.0 < state.died_at < self.born):
            self.state = see(self.state, state, now)

    def tick(self, now: float) -> None:
        self.state = expire(self.state, now)

    def out_of_time(self, _reason: str, now: float) -> None:
        """One that has not started is judged by its gates: whoever holds it is late, not it."""
        if self.state.standing is Standing.STARTING:
            self.state = late(self.state, now)

    def never_started(self, reason: str, now: float) -> None:
        self.state = late(replace(self.state, started=now, waited_for=reason), now)


class Bringup:
    """One wave. ``others`` are the standings of earlier waves; it adds its own."""

    def __init__(
        self,
        project: ComposeProject,
        runtime: Runtime,
        clock: Clock,
        emit: Callable[[Event], None],
        others: Mapping[str, Readiness],
    ) -> None:
        self._project = project
        self._runtime = runtime
        self._clock = clock
        self._emit = emit
        self._others = dict(others)
        self._inspected = clock.monotonic()
        self._said: dict[str, str] = {}
        self._seen: dict[str, ServiceState] = {}

    def run(
        self, number: int, members: Sequence[Member], scene: Scene, waiting: Waiting
    ) -> list[ServiceSubject]:
        """Returns when every member is ready, done, or has failed for good."""
        self._wave = number
        self._waiting = waiting
        subjects = [ServiceSubject(member, scene) for member in members]
        waiting.until_ended(subjects, after_each=lambda: self._after_each(subjects))
        return subjects

    def _after_each(self, subjects: Sequence[ServiceSubject]) -> None:
        moved = True
        while moved:  # one start may open the next gate (service_started)
            standings = self._others | {it.service: it.state for it in subjects}
            moved = sum(self._advance(subject, standings) for subject in subjects) > 0
        self._inspect(subjects)
        for subject in subjects:
            self._say(subject)

    def _inspect(self, subjects: Sequence[ServiceSubject]) -> None:
        """The safety net under the events: what was missed costs a second, not the deadline."""
        now = self._clock.monotonic()
        waited_for = [it for it in subjects if it.state.standing is Standing.STARTING]
        if not waited_for or now - self._inspected < INSPECT_EVERY:
            return
        self._inspected = now
        states = self._runtime.states()
        for subject in waited_for:
            subject.see(states[subject.service], now)

    def _advance(self, subject: ServiceSubject, standings: Mapping[str, Readiness]) -> bool:
        if subject.state.standing is not Standing.HELD:
            return False
        now = self._clock.monotonic()
        culprit = gates.culprit(subject.service, self._project, standings)
        if culprit:
            subject.state = block(subject.state, culprit, now)
        elif gates.open_for(subject.service, self._project, standings):
            if over := self._waiting.over:
                subject.never_started(over, now)
            else:
                heed(self._clock)
                self._start(subject, now)
        return subject.state.standing is not Standing.HELD

    def _start(self, subject: ServiceSubject, now: float) -> None:
        subject.state = begin(subject.state, now)
        before = self._runtime.states().get(subject.service)
        try:
            self._runtime.start(subject.service)
        except StackError as error:
            failed = ServiceState(subject.service, Phase.EXITED, error=error.message)
            subject.see(failed, self._clock.monotonic())
            return
        born = self._clock.wall()
        state = self._runtime.states()[subject.service]
        subject.reused = before is not None and bool(state.handle) and before.handle == state.handle
        subject.see(state, self._clock.monotonic())
        subject.born = born

    def _say(self, subject: ServiceSubject) -> None:
        service, state = subject.service, subject.state
        if state.seen is not None and state.seen != self._seen.get(service):
            self._seen[service] = state.seen
            self._emit(ServiceChanged(service, self._wave, state.seen))
        if state.standing.good and self._said.get(service) != "ready":
            self._said[service] = "ready"
            self._emit(_ready(subject, self._wave))
        elif not state.standing.final and state.waited_for != self._said.get(service, ""):
            self._said[service] = state.waited_for
            self._emit(StillWaiting(service, self._wave, state.waited_for, state.attempts))


def _ready(subject: ServiceSubject, wave: int) -> ServiceReady:
    state = subject.state
    seconds = max(state.ended - state.started, 0.0)
    done = state.standing is Standing.DONE
    return ServiceReady(subject.service, wave, seconds, state.waited_for, done, subject.reused)
