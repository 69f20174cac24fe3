"""Carries out a plan wave by wave and says what happens. It decides nothing the plan has not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from envcheck.engine.bringup import Bringup, ServiceSubject
from envcheck.engine.inbox import Inbox
from envcheck.engine.plan import Plan, WavePlan
from envcheck.engine.readiness import Readiness, Standing
from envcheck.engine.seeding import seed
from envcheck.engine.standing import outcome_of, standing_now
from envcheck.engine.verification import Planned, verify
from envcheck.engine.waiting import Waiting, heed
from envcheck.errors import UnknownVerdict
from envcheck.model.check import Scene
from envcheck.model.clock import Clock
from envcheck.model.compose import ComposeProject
from envcheck.model.event import (
    Diagnosed,
    Event,
    Noted,
    PhaseStarted,
    Progressed,
    StepEnded,
    WaveEnded,
    WaveStarted,
)
from envcheck.model.outcome import Outcome, Status
from envcheck.model.runtime import Diagnose, Evidence, Runtime
from envcheck.model.verdict import wave_verdict

BAD = (Status.FAIL, Status.UNKNOWN, Status.BLOCKED)


@dataclass
class Runner:
    """One run of one plan: give it its doors, then call up, verify, check or seed."""

    plan: Plan
    project: ComposeProject
    runtime: Runtime
    scene: Scene
    clock: Clock
    inbox: Inbox
    emit: Callable[[Event], None]
    diagnose: Diagnose
    strained: Callable[[], str] = lambda: ""  # why a silence means nothing now
    fail_fast: bool = False
    timeout: float = math.inf  # seconds in total
    timeout_includes_installing: bool = False
    out_of_time: str = ""  # why waves were left out
    _standings: dict[str, Readiness] = field(default_factory=dict)
    _failed: dict[str, str] = field(default_factory=dict)  # service → its culprit
    _bad: list[Outcome] = field(default_factory=list)  # of all waves so far

    def __post_init__(self) -> None:
        self._begin_timing()

    def _begin_timing(self) -> None:
        until = self.clock.monotonic() + self.timeout
        words = f"the total time of {self.timeout:g} s was over"
        self._waiting = Waiting(self.clock, self.inbox, until=until, words=words)

    def up(self) -> None:
        """The whole chain for every wave of the plan."""
        services = [member.name for wave in self.plan.waves for member in wave.members]
        with self.runtime.watch(self.inbox.put):
            self.runtime.prepare(services, self._preparing)
            heed(self.clock)
            if not self.timeout_includes_installing:
                self._begin_timing()
            for sentence in self.runtime.moved():
                self.emit(Noted(sentence))
            for wave in self.plan.waves:
                if self._waiting.over:
                    self.out_of_time = f"{self._waiting.over} before wave {wave.number}"
                    return
                if not self._wave(wave) and self.fail_fast:
                    return

    def verify(self) -> None:
        """Everything that must hold now, of all waves at once."""
        self._ask_all(("verify", "check"))

    def check(self) -> None:
        """The API checks alone."""
        self._ask_all(("check",))

    def seed(self) -> None:
        """The fixtures, and their proof."""
        for wave in self.plan.waves:
            started = self._begin(wave)
            outcomes = self._seed(wave)
            proof = [it for it in wave.verify if it.place in {seed.place for seed in wave.seeds}]
            outcomes += self._verify(wave.number, "verify", proof)
            self._end(wave, self._conclude(outcomes), started)

    def _wave(self, wave: WavePlan) -> bool:
        started = self._begin(wave)
        outcomes = self._bring_up(wave)
        outcomes += self._seed(wave)
        outcomes += self._verify(wave.number, "verify", wave.verify)
        outcomes += self._verify(wave.number, "check", wave.checks)
        outcomes = self._conclude(outcomes)
        self._end(wave, outcomes, started)
        return not any(it.status in BAD and not it.optional for it in outcomes)

    def _begin(self, wave: WavePlan) -> float:
        names = tuple(member.name for member in wave.members)
        self.emit(WaveStarted(wave.number, wave.name, names))
        self._told([_left_out(name, why, wave.number) for name, why in wave.skipped])
        return self.clock.monotonic()

    def _end(self, wave: WavePlan, outcomes: Sequence[Outcome], started: float) -> None:
        seconds = self.clock.monotonic() - started
        verdict = wave_verdict(outcomes)
        self.emit(WaveEnded(wave.number, wave.name, verdict.value, seconds))

    def _bring_up(self, wave: WavePlan) -> list[Outcome]:
        self.emit(PhaseStarted(wave.number, "ready", len(wave.members)))
        bringup = Bringup(self.project, self.runtime, self.clock, self.emit, self._standings)
        subjects = bringup.run(wave.number, wave.members, self.scene, self._waiting)
        outcomes = [self._stood(subject, wave.number) for subject in subjects]
        return self._told(outcomes)

    def _stood(self, subject: ServiceSubject, wave: int) -> Outcome:
        self._standings[subject.service] = subject.state
        if not subject.state.standing.good:
            self._failed[subject.service] = subject.state.blocked_by or subject.service
        optional = subject.member.declared.optional
        outcome = outcome_of(subject.service, subject.state, wave, optional=optional)
        late = subject.state.standing is Standing.LATE and outcome.status is Status.FAIL
        if late and (reason := self.strained()):
            return replace(outcome, status=Status.UNKNOWN, reason=reason)
        return outcome

    def _seed(self, wave: WavePlan) -> list[Outcome]:
        if not wave.seeds:
            return []
        self.emit(PhaseStarted(wave.number, "seed", len(wave.seeds)))
        return seed(
            wave.seeds,
            self.scene,
            self.clock,
            self._waiting,
            self.emit,
            tell=self._tell,
            failed=self._failed,
        )

    def _verify(self, wave: int, phase: str, planned: Sequence[Planned]) -> list[Outcome]:
        if not planned:
            return []
        self.emit(PhaseStarted(wave, phase, len(planned)))
        return verify(
            planned,
            self.scene,
            self.clock,
            self._waiting,
            self._tell,
            failed=self._failed,
            strained=self.strained,
        )

    def _ask_all(self, phases: tuple[str, ...]) -> None:
        started = self.clock.monotonic()
        for wave in self.plan.waves:
            self._begin(wave)
        planned = [it for wave in self.plan.waves for it in self._asked(wave, phases)]
        outcomes = self._conclude(self._verify(0, "verify", planned))
        for wave in self.plan.waves:
            mine = [it for it in outcomes if it.wave == wave.number]
            self._end(wave, mine, started)

    def _asked(self, wave: WavePlan, phases: tuple[str, ...]) -> list[Planned]:
        asked = [standing_now(it, wave.number, self.runtime, self.scene) for it in wave.members]
        return asked + [it for it in (*wave.verify, *wave.checks) if it.phase in phases]

    def _preparing(self, done: int, total: int, unit: str, note: str = "") -> None:
        if self.timeout_includes_installing and self._waiting.over and done < total:
            raise UnknownVerdict(f"{self._waiting.over} while installing")
        self.emit(Progressed(0, "prepare", done, total, unit, note))

    def _told(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        for outcome in outcomes:
            self._tell(outcome)
        return list(outcomes)

    def _tell(self, outcome: Outcome) -> None:
        """What failed is said only once it is known whether it is a culprit or a victim."""
        if outcome.status not in (Status.FAIL, Status.BLOCKED):
            self.emit(StepEnded(outcome))

    def _conclude(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        bad = [it for it in outcomes if it.status in (Status.FAIL, Status.BLOCKED)]
        self._bad += bad
        if not bad:
            return list(outcomes)
        evidence = self._evidence({it.culprit or it.service for it in bad})
        diagnoses = self.diagnose(self._bad, self.project, evidence)
        blamed = {victim: it.culprit for it in diagnoses for victim in it.victims}
        concluded = [_blame(it, blamed.get(it.id, "")) for it in outcomes]
        for outcome in concluded:
            if outcome.status in (Status.FAIL, Status.BLOCKED):
                self.emit(StepEnded(outcome))
        for diagnosis in diagnoses:
            self.emit(Diagnosed(diagnosis))
        return concluded

    def _evidence(self, services: set[str]) -> dict[str, Evidence]:
        known = services & self.project.services.keys()
        return {service: self.runtime.collect(service) for service in sorted(known)}


def _left_out(service: str, reason: str, wave: int) -> Outcome:
    return Outcome(
        id=f"{wave}/ready/{service}",
        kind="service",
        service=service,
        wave=wave,
        phase="ready",
        status=Status.SKIPPED,
        expected="runs",
        reason=reason,
    )


def _blame(outcome: Outcome, culprit: str) -> Outcome:
    """A victim is BLOCKED, by the name at the root: not by another victim on the way there."""
    if not culprit or outcome.status not in (Status.FAIL, Status.BLOCKED):
        return outcome
    reason = outcome.observed if outcome.status is Status.FAIL else outcome.reason
    return replace(outcome, status=Status.BLOCKED, blocked_by=culprit, reason=reason)
