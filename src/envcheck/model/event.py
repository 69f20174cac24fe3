"""What the engine says while working. Everything one run said is its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from envcheck.model.outcome import Diagnosis, Outcome
from envcheck.model.service import ServiceState


@dataclass(frozen=True, slots=True)
class RunStarted:
    run: str
    environment: str
    runtime: str
    command: str
    started_at: str  # ISO 8601, UTC
    why_runtime: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    waves: tuple[int, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """A sentence the user should hear: a moved port, a limit, a reused service."""

    text: str
    weight: str = "note"  # note | limit | advice | progress


@dataclass(frozen=True, slots=True)
class WaveStarted:
    number: int
    name: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceChanged:
    service: str
    wave: int
    state: ServiceState


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why we are still waiting; said when the observation changes."""

    service: str
    wave: int
    observed: str
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class ServiceReady:
    service: str
    wave: int
    seconds: float
    waited_for: str = ""  # the last thing that was not yet true
    done: bool = False  # a one-shot that exited 0
    reused: bool = False


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    wave: int
    phase: str  # ready | seed | verify | check
    steps: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a long step is. Shown, never recorded."""

    wave: int
    step: str
    done: int
    total: int
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class StepEnded:
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Diagnosed:
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True)
class WaveEnded:
    number: int
    name: str
    verdict: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Undone:
    """What an interrupt or ``down`` removed, and what it could not."""

    removed: tuple[str, ...]
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunEnded:
    verdict: str
    exit_code: int
    seconds: float
    reason: str = ""


Event = (
    RunStarted
    | Noted
    | WaveStarted
    | ServiceChanged
    | Waiting
    | ServiceReady
    | PhaseStarted
    | Progressed
    | StepEnded
    | Diagnosed
    | WaveEnded
    | Undone
    | RunEnded
)
