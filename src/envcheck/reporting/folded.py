"""Steps that were not asked, for one reason: they get one line together."""

from __future__ import annotations

from dataclasses import dataclass

from envcheck.model.outcome import Outcome, Status
from envcheck.reporting.words import counted, step_name

FOLDS = (Status.BLOCKED, Status.SKIPPED)


@dataclass(frozen=True)
class Folded:
    """``names`` of the steps that share service, status and reason."""

    service: str
    status: Status
    why: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, outcome: Outcome) -> Folded:
        why = outcome.reason or "not here"
        if outcome.status is Status.BLOCKED:
            why = f"{outcome.blocked_by or 'its culprit'} failed"
        return cls(outcome.service, outcome.status, why, (step_name(outcome),))

    def takes(self, other: Folded) -> bool:
        mine, theirs = (self.service, self.status, self.why), (other.service, other.status)
        return mine == (*theirs, other.why)

    def with_(self, other: Folded) -> Folded:
        return Folded(self.service, self.status, self.why, self.names + other.names)

    @property
    def text(self) -> str:
        if self.names == ("ready",):
            return self.why
        alone = self.names[0] if len(self.names) == 1 else counted(len(self.names), "step")
        return f"{alone}: {self.why}"
