"""The promise every runtime keeps; ``tests/contract`` holds each of them to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from envcheck.model.compose import ComposeProject
from envcheck.model.outcome import Diagnosis, Outcome
from envcheck.model.seed import Progress
from envcheck.model.service import ServiceState
from envcheck.model.target import Endpoint


@dataclass(frozen=True, slots=True)
class Limit:
    """Something this runtime cannot do or answers wrongly, with its reason.

    ``capability`` is ``run`` when the service cannot run here at all, else the name a check lists
    in ``needs`` (``kafka.end-offsets``).
    """

    service: str
    capability: str
    reason: str


@dataclass(frozen=True, slots=True)
class Resource:
    """Something a runtime made. ``id`` is enough to find and prove it again.

    A process: kind ``process``, id = pid, with ``started`` (its start time) in ``facts``.
    """

    kind: str  # process | folder | container | network | volume | image | file
    id: str
    service: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}" + (f" of {self.service}" if self.service else "")


class Ledger(Protocol):
    """What we are about to make, and have made, on disk before it exists."""

    @property
    def nonce(self) -> str:
        """Stable per project; everything we make carries it."""
        ...

    @property
    def run(self) -> str: ...

    def intend(self, resource: Resource) -> None: ...

    def made(self, resource: Resource) -> None: ...

    def gone(self, resource: Resource) -> None: ...

    def standing(self, run: str | None = None) -> tuple[Resource, ...]:
        """What was intended or made and is not known to be gone; of one run, or of all."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there was to see of a service when something went wrong, as data."""

    service: str
    state: ServiceState
    log_tail: tuple[str, ...] = ()  # since its last start
    facts: Mapping[str, str] = field(default_factory=dict)


class Diagnose(Protocol):
    """Failing outcomes → roots. Pure; what it calls victims the engine reports as BLOCKED."""

    def __call__(
        self,
        failing: Sequence[Outcome],
        project: ComposeProject,
        evidence: Mapping[str, Evidence],
    ) -> Sequence[Diagnosis]: ...


class Runtime(Protocol):
    """Runs services; says what it sees; undoes what it made. Decides nothing."""

    name: str

    def limits(self) -> Sequence[Limit]: ...

    def prepare(self, services: Sequence[str], progress: Progress) -> None:
        """Install, pull or build what the services need. Idempotent. Raises PrepareError."""
        ...

    def start(self, service: str) -> None:
        """Start one service and return at once. A running, unchanged one is left alone.

        Raises StackError when it could not even be tried.
        """
        ...

    def watch(self, deliver: Callable[[ServiceState], None]) -> AbstractContextManager[None]:
        """Deliver every change of state, from a thread, until left. Changes within 0.1 s."""
        ...

    def states(self) -> Mapping[str, ServiceState]:
        """Every service of the project as it is now; ABSENT for those not made."""
        ...

    def endpoints(self, service: str) -> Mapping[int, Endpoint]:
        """Addresses reachable from here, by container port."""
        ...

    def moved(self) -> Sequence[str]:
        """Sentences: which published port was taken, by whom, and what is used instead."""
        ...

    def healthcheck(self, service: str) -> bool | None:
        """Ask the declared healthcheck once, now; None where there is none to ask here."""
        ...

    def collect(self, service: str) -> Evidence: ...

    def log_path(self, service: str) -> str: ...

    def stop(self, services: Sequence[str]) -> None:
        """Stop gracefully (each its grace period), keep data."""
        ...

    def undo(self, *, run: str | None, volumes: bool) -> Sequence[str]:
        """Remove what the ledger holds (of one run or all); sentences about what could not go.

        Volumes (data) stay unless asked. Proves by listing: an empty answer means nothing is left.
        """
        ...

    def versions(self) -> Mapping[str, str]: ...
