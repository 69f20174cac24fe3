"""What went wrong, each root once: what the diagnosis found, and what it left unexplained."""

from __future__ import annotations

from dataclasses import dataclass

from envcheck.model.outcome import Diagnosis, Outcome, Status
from envcheck.model.record import Record
from envcheck.reporting.words import saw_and_wanted, step_name, step_says


@dataclass(frozen=True, slots=True)
class Root:
    """One thing to mend. ``victims`` counts the steps that only suffer from it."""

    status: Status
    culprit: str
    what: str
    cause: str
    evidence: tuple[str, ...]
    fix: str
    victims: int = 0


def roots(record: Record) -> list[Root]:
    """Failures first, then what could not be judged, then the optional ones."""
    explained = {step for found in record.diagnoses for step in (*found.outcomes, *found.victims)}
    alone = [
        _of_outcome(outcome)
        for outcome in record.outcomes
        if outcome.status in (Status.FAIL, Status.UNKNOWN) and outcome.id not in explained
    ]
    rank = [Status.FAIL, Status.UNKNOWN, Status.WARN]
    found = [*map(_of_diagnosis, record.diagnoses), *alone]
    return sorted(found, key=lambda root: rank.index(root.status))


def _of_diagnosis(found: Diagnosis) -> Root:
    return Root(
        status=Status.WARN if found.optional else Status.FAIL,
        culprit=found.culprit,
        what=found.summary,
        cause=found.cause,
        evidence=found.evidence,
        fix=found.fix,
        victims=len(found.victims),
    )


def _of_outcome(outcome: Outcome) -> Root:
    said = step_says if outcome.status is Status.UNKNOWN else saw_and_wanted
    return Root(
        status=Status.WARN if outcome.optional else outcome.status,
        culprit=outcome.culprit or outcome.service,
        what=f"{step_name(outcome)}: {said(outcome)}",
        cause=outcome.cause,
        evidence=outcome.evidence,
        fix=outcome.fix,
    )
