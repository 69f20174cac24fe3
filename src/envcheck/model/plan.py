"""What would happen and why, as data: printable, testable as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. ``after`` names the services it waits for, with their gates."""

    verb: str  # start | wait | seed | verify | check | skip
    subject: str
    reason: str
    service: str = ""
    after: Mapping[str, str] | None = None
    limit: str = ""

    def __str__(self) -> str:
        return f"{self.verb:<7}{self.subject}: {self.reason}"


@dataclass(frozen=True, slots=True)
class WavePlan:
    number: int
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    environment: str
    runtime: str
    waves: tuple[WavePlan, ...]
