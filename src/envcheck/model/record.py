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
from envcheck.model.seen import ServiceSeen, WaveSeen
from envcheck.model.verdict import judge
from envcheck.model.wire import Unreadable, from_line

WELL = (Verdict.PASS, Verdict.WARN)

Moment = tuple[float, Event]
"""Seconds since the run began, and what was said then."""


class Listener(Protocol):
    """Hears every event after it was written. Raising drops it, never the run."""

    def hear(self, seconds: float, event: Event) -> None: ...

    def close(self) -> None:
        """The run is over; give the terminal back."""
        ...


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
        """The run was recorded to its end."""
        return self.ended is not None and not self.damage

    @property
    def distrust(self) -> str:
        """Why the end this record tells cannot be believed; empty when it can."""
        if self.damage:
            return self.damage
        if self.ended is None:
            return f"the record ends after {self.last_heard:.1f}s, before the run did"
        if self.ended.verdict not in Verdict.__members__:
            return f"nobody knows the verdict {self.ended.verdict}"
        judged = judge(self.outcomes)
        claimed_well = self.ended.verdict in WELL and self.undone is None
        if claimed_well and judged.verdict not in WELL:
            return f"the record claims {self.ended.verdict}, but {judged.reason}"
        return ""

    @property
    def verdict(self) -> Verdict:
        if self.ended is None or self.distrust:
            return Verdict.UNKNOWN
        return Verdict(self.ended.verdict)

    @property
    def exit_code(self) -> int:
        return 5 if self.ended is None or self.distrust else self.ended.exit_code

    @property
    def reason(self) -> str:
        return self.distrust or (self.ended.reason if self.ended else "")

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
    return replace(record, waves=tuple(wave.after(event) for wave in record.waves))


def _changed(record: Record, _seconds: float, event: ServiceChanged) -> Record:
    return _with_service(record, record.service(event.service).changed(event))


def _waiting(record: Record, _seconds: float, event: Waiting) -> Record:
    seen = replace(record.service(event.service), wave=event.wave, waited_for=event.observed)
    return _with_service(record, seen)


def _ready(record: Record, _seconds: float, event: ServiceReady) -> Record:
    return _with_service(record, record.service(event.service).ready(event))


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
