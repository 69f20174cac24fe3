"""The JSON report: a contract, versioned; ``schema/report.schema.json`` describes it.

Keys are added within a version, never taken away and never given another meaning.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from envcheck.model.record import Record
from envcheck.model.seen import ServiceSeen, WaveSeen

SCHEMA = "envcheck/report/1"


def render(record: Record) -> str:
    return json.dumps(as_data(record), indent=2, ensure_ascii=False) + "\n"


def as_data(record: Record) -> dict[str, Any]:
    """The report as plain data, in the order a person reads it."""
    return {
        "schema": SCHEMA,
        "verdict": record.verdict.value,
        "exit_code": record.exit_code,
        "reason": record.reason,
        "complete": record.whole,
        "run": record.run,
        "environment": record.environment,
        "runtime": record.runtime,
        "why_runtime": record.why_runtime,
        "command": record.command,
        "started_at": record.started_at,
        "seconds": _seconds(record.seconds),
        "versions": dict(record.versions),
        "waves": [_wave(wave) for wave in record.waves],
        "services": [_service(seen) for seen in record.services],
        "outcomes": [_rounded(asdict(outcome)) for outcome in record.outcomes],
        "diagnoses": [asdict(found) for found in record.diagnoses],
        "not_run": [
            {"service": outcome.service, "reason": outcome.reason} for outcome in record.not_run
        ],
        "notes": [{"weight": note.weight, "text": note.text} for note in record.notes],
        "removed": list(record.undone.removed) if record.undone else [],
        "left": list(record.undone.left) if record.undone else [],
    }


def _wave(wave: WaveSeen) -> dict[str, Any]:
    return {
        "number": wave.number,
        "name": wave.name,
        "verdict": wave.verdict,
        "seconds": _seconds(wave.seconds),
        "services": list(wave.services),
    }


def _service(seen: ServiceSeen) -> dict[str, Any]:
    ready = seen.ready_seconds
    return {
        "name": seen.name,
        "wave": seen.wave,
        "state": seen.state,
        "ready_seconds": None if ready is None else _seconds(ready),
        "waited_for": seen.waited_for,
        "reused": seen.reused,
        "exit_code": seen.last.exit_code if seen.last else None,
        "restarts": seen.last.restarts if seen.last else 0,
    }


def _rounded(outcome: dict[str, Any]) -> dict[str, Any]:
    return {**outcome, "seconds": _seconds(outcome["seconds"])}


def _seconds(value: float) -> float:
    return round(value, 3)
