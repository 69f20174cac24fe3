"""Everything one run said, folded into what a report needs. Pure; a report never thinks again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from envcheck.model.event import (
    Diagnosed,
    Event,
    Noted,
    PhaseStarted,
    RunEnded,
    RunStarted,
    ServiceChanged,
    ServiceReady,
    StepEnded,
    Undone,
    Waiting,
    WaveEnded,
    WaveStarted,
)
from envcheck.model.outcome import Diagnosis, Outcome, Status, Verdict
from envcheck.model.service import Phase, ServiceState
from envcheck.model.wire import Unreadable, from_line

Moment = tuple[float, Event]
"""Seconds since the run began, and what was said then."""


class Listener(Protocol):
    """Hears every event after it was written. Raising drops it, never the run."""

    def hear(self, seconds: float, event: Event) -> None: ...

    def close(self) -> None:
        """The run is over; give the terminal back."""
        ...


@dataclass(frozen=True, slots=True)
class WaveSeen:
    number: int
    name: str
    services: tuple[str, ...] = ()
    verdict: str = Verdict.UNKNOWN.value
    seconds: float = 0.0
    began: float = 0.0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """``state`` is ready, done (a one-shot that exited 0) or the runtime's phase."""

    name: str
    wave: int = 0
    state: str = Phase.ABSENT.value
    ready_seconds: float | None = None
    waited_for: str = ""
    reused: bool = False
    last: ServiceState | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A run so far. Without its end, or damaged, it is UNKNOWN up to where it goes."""

    run: str = ""
    environment: str = ""
    runtime: str = ""
    why_runtime: str = ""
    command: str = ""
    started_at: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    waves: tuple[WaveSeen, ...] = ()
    services: tuple[ServiceSeen, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    notes: tuple[Noted, ...] = ()
    phases: tuple[tuple[float, PhaseStarted], ...] = ()
    undone: Undone | None = None
    ended: RunEnded | None = None
    last_heard: float = 0.0
    damage: str = ""

    @classmethod
    def of(cls, moments: Iterable[Moment]) -> Record:
        record = cls()
        for seconds, event in moments:
            record = record.add(seconds, event)
        return record

    def add(self, seconds: float, event: Event) -> Record:
        """The record with one more event; kinds that leave no trace only move the time."""
        fold = FOLDS.get(type(event))
        heard = replace(self, last_heard=max(self.last_heard, seconds))
        return fold(heard, seconds, event) if fold else heard

    @property
    def whole(self) -> bool:
        return self.ended is not None and not self.damage

    @property
    def verdict(self) -> Verdict:
        if self.ended is None or self.damage:
            return Verdict.UNKNOWN
        known = self.ended.verdict in Verdict.__members__
        return Verdict(self.ended.verdict) if known else Verdict.UNKNOWN

    @property
    def exit_code(self) -> int:
        return self.ended.exit_code if self.ended and not self.damage else 5

    @property
    def reason(self) -> str:
        if self.damage:
            return self.damage
        if self.ended is None:
            return f"the record ends after {self.last_heard:.1f}s, before the run did"
        return self.ended.reason

    @property
    def seconds(self) -> float:
        return self.ended.seconds if self.ended else self.last_heard

    @property
    def not_run(self) -> tuple[Outcome, ...]:
        """Services this runtime, or ``--without``, left out."""
        return tuple(
            outcome
            for outcome in self.outcomes
            if outcome.phase == "ready" and outcome.status is Status.SKIPPED
        )

    def service(self, name: str) -> ServiceSeen:
        """What was seen of a service; a blank where nothing was."""
        return next((seen for seen in self.services if seen.name == name), ServiceSeen(name))

    def said(self, weight: str) -> tuple[str, ...]:
        """The notes of one weight: note, limit, advice, progress."""
        return tuple(note.text for note in self.notes if note.weight == weight)


def read_record(text: str) -> Record:
    """The record a ``record.jsonl`` holds, up to the first line that cannot be read."""
    record = Record()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = record.add(*from_line(line))
        except Unreadable as error:
            return replace(record, damage=f"the record breaks off at line {number}: {error}")
    return record


def _run_started(record: Record, _seconds: float, event: RunStarted) -> Record:
    return replace(
        record,
        run=event.run,
        environment=event.environment,
        runtime=event.runtime,
        why_runtime=event.why_runtime,
        command=event.command,
        started_at=event.started_at,
        versions=event.versions,
        services=tuple(ServiceSeen(name) for name in event.services),
    )


def _wave_started(record: Record, seconds: float, event: WaveStarted) -> Record:
    wave = WaveSeen(event.number, event.name, event.services, began=seconds)
    record = replace(record, waves=(*record.waves, wave))
    for name in event.services:
        record = _with_service(record, replace(record.service(name), wave=event.number))
    return record


def _wave_ended(record: Record, _seconds: float, event: WaveEnded) -> Record:
    def ended(wave: WaveSeen) -> WaveSeen:
        if wave.number != event.number:
            return wave
        return replace(wave, verdict=event.verdict, seconds=event.seconds, ended=True)

    return replace(record, waves=tuple(ended(wave) for wave in record.waves))


def _changed(record: Record, _seconds: float, event: ServiceChanged) -> Record:
    seen = record.service(event.service)
    state = seen.state if _still_good(seen, event.state) else event.state.phase.value
    return _with_service(record, replace(seen, wave=event.wave, state=state, last=event.state))


def _still_good(seen: ServiceSeen, state: ServiceState) -> bool:
    """A ready service that runs on, and a one-shot that is over, stay what they are."""
    if seen.state == "ready":
        return state.phase is Phase.RUNNING
    return seen.state == "done" and state.phase is Phase.EXITED and state.exit_code == 0


def _waiting(record: Record, _seconds: float, event: Waiting) -> Record:
    seen = replace(record.service(event.service), wave=event.wave, waited_for=event.observed)
    return _with_service(record, seen)


def _ready(record: Record, _seconds: float, event: ServiceReady) -> Record:
    seen = record.service(event.service)
    return _with_service(
        record,
        replace(
            seen,
            wave=event.wave,
            state="done" if event.done else "ready",
            ready_seconds=event.seconds,
            waited_for=event.waited_for or seen.waited_for,
            reused=event.reused,
        ),
    )


def _with_service(record: Record, seen: ServiceSeen) -> Record:
    if all(known.name != seen.name for known in record.services):
        return replace(record, services=(*record.services, seen))
    services = tuple(seen if known.name == seen.name else known for known in record.services)
    return replace(record, services=services)


def _phase(record: Record, seconds: float, event: PhaseStarted) -> Record:
    return replace(record, phases=(*record.phases, (seconds, event)))


def _undone(record: Record, _seconds: float, event: Undone) -> Record:
    return replace(record, undone=event)


def _run_ended(record: Record, _seconds: float, event: RunEnded) -> Record:
    return replace(record, ended=event)


def _noted(record: Record, _seconds: float, event: Noted) -> Record:
    return replace(record, notes=(*record.notes, event))


def _step(record: Record, _seconds: float, event: StepEnded) -> Record:
    return replace(record, outcomes=(*record.outcomes, event.outcome))


def _diagnosed(record: Record, _seconds: float, event: Diagnosed) -> Record:
    """Diagnosis looks again after each wave; what it finds again replaces what it found before."""
    found = event.diagnosis
    root = found.culprit, found.cause
    others = tuple(it for it in record.diagnoses if (it.culprit, it.cause) != root)
    return replace(record, diagnoses=(*others, found))


FOLDS: Mapping[type, Callable[[Record, float, Any], Record]] = {
    RunStarted: _run_started,
    Noted: _noted,
    WaveStarted: _wave_started,
    ServiceChanged: _changed,
    Waiting: _waiting,
    ServiceReady: _ready,
    PhaseStarted: _phase,
    StepEnded: _step,
    Diagnosed: _diagnosed,
    WaveEnded: _wave_ended,
    Undone: _undone,
    RunEnded: _run_ended,
}
