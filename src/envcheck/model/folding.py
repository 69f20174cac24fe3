"""From events to a record, one event after the other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

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
from envcheck.model.record import Moment, Record
from envcheck.model.seen import ServiceSeen, WaveSeen
from envcheck.model.wire import Unreadable, from_line


def heard(record: Record, seconds: float, event: Event) -> Record:
    """The record with one more event; kinds that leave no trace only move the time."""
    fold = FOLDS.get(type(event))
    later = replace(record, last_heard=max(record.last_heard, seconds))
    return fold(later, seconds, event) if fold else later


def record_of(moments: Iterable[Moment]) -> Record:
    record = Record()
    for seconds, event in moments:
        record = heard(record, seconds, event)
    return record


def read_record(text: str) -> Record:
    """The record a ``record.jsonl`` holds, up to the first line that cannot be read."""
    record = Record()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = heard(record, *from_line(line))
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
