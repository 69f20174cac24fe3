"""What would happen and why, as data: printable, testable as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from envcheck.engine.bringup import Member
from envcheck.engine.verification import Planned
from envcheck.model.seed import SeedUnit


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the plan: what is done to what, and the reason."""

    verb: str  # start | wait | seed | verify | check | skip
    subject: str
    reason: str

    def __str__(self) -> str:
        return f"  {self.verb:<7}{self.subject:<34} {self.reason}".rstrip()


@dataclass(frozen=True, slots=True)
class PlannedSeed:
    id: str
    unit: SeedUnit
    wave: int
    place: str = ""
    optional: bool = False
    skip: str = ""


@dataclass(frozen=True, slots=True)
class WavePlan:
    number: int
    name: str
    members: tuple[Member, ...]
    seeds: tuple[PlannedSeed, ...]
    verify: tuple[Planned, ...]
    checks: tuple[Planned, ...]
    skipped: tuple[tuple[str, str], ...]  # services not run here, with the reason
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    environment: str
    runtime: str
    waves: tuple[WavePlan, ...]
    absent: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{self.environment} on {self.runtime}"]
        for wave in self.waves:
            lines += ["", f"wave {wave.number}: {wave.name}", *map(str, wave.steps)]
        return "\n".join(lines)

    def as_data(self) -> dict[str, Any]:
        """The contract of ``plan --json``."""
        return {
            "schema": "envcheck/plan/1",
            "environment": self.environment,
            "runtime": self.runtime,
            "waves": [
                {
                    "number": wave.number,
                    "name": wave.name,
                    "steps": [
                        {"verb": step.verb, "subject": step.subject, "reason": step.reason}
                        for step in wave.steps
                    ],
                }
                for wave in self.waves
            ],
        }
