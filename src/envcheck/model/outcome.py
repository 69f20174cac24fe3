"""How one look, one step and one run ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What one look says."""

    PASS = "pass"
    NOT_YET = "not yet"  # may become right by itself: ask again within the budget
    BROKEN = "broken"  # will not mend itself: the wait ends at once


class Status(StrEnum):
    """How one step ended."""

    PASS = "PASS"
    FLAKY = "FLAKY"  # answered broken, then passed within its grace
    WARN = "WARN"
    FAIL = "FAIL"
    BLOCKED = "BLOCKED"  # not asked, because its culprit failed first
    SKIPPED = "SKIPPED"  # a limit of the runtime or --without forbids it
    UNKNOWN = "UNKNOWN"  # the checker or the engine broke, not the service


class Verdict(StrEnum):
    """How one run ended."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look saw. ``culprit`` is the service at fault when it is not the one looked at."""

    answer: Answer
    observed: str
    expected: str = ""
    cause: str = ""
    fix: str = ""
    evidence: tuple[str, ...] = ()
    culprit: str = ""

    @property
    def passed(self) -> bool:
        return self.answer is Answer.PASS


def passed(observed: str, *, evidence: tuple[str, ...] = ()) -> Observation:
    return Observation(Answer.PASS, observed, evidence=evidence)


def not_yet(
    observed: str,
    *,
    cause: str = "",
    fix: str = "",
    expected: str = "",
    evidence: tuple[str, ...] = (),
    culprit: str = "",
) -> Observation:
    return Observation(Answer.NOT_YET, observed, expected, cause, fix, evidence, culprit)


def broken(
    observed: str,
    *,
    cause: str,
    fix: str,
    expected: str = "",
    evidence: tuple[str, ...] = (),
    culprit: str = "",
) -> Observation:
    """A wrong that time will not mend; it must say why and what to do."""
    return Observation(Answer.BROKEN, observed, expected, cause, fix, evidence, culprit)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended. ``id`` is stable across runs: ``1/verify/kafka/topics``."""

    id: str
    kind: str
    service: str
    wave: int
    phase: str  # ready | seed | verify | check
    status: Status
    expected: str = ""
    observed: str = ""
    seconds: float = 0.0
    attempts: int = 0
    optional: bool = False
    blocked_by: str = ""
    reason: str = ""
    cause: str = ""
    fix: str = ""
    evidence: tuple[str, ...] = ()
    culprit: str = ""
    title: str = ""
    place: str = ""
    level: int = 0  # how deep the check looked (model.check.Level)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One root: the culprit, its cause, the evidence, the fix, and whom it pulled down.

    ``outcomes`` are the ids that show this very cause, ``victims`` the ids that merely suffer.
    """

    culprit: str
    cause: str
    summary: str
    evidence: tuple[str, ...] = ()
    fix: str = ""
    victims: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    optional: bool = False
