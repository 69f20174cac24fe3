"""What a runtime says of a service, in words every runtime shares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    ABSENT = "absent"
    PREPARING = "preparing"  # installing, pulling, building
    CREATED = "created"  # made, not started
    RUNNING = "running"
    RESTARTING = "restarting"
    PAUSED = "paused"
    EXITED = "exited"


class Health(StrEnum):
    """What a declared healthcheck says; NONE where none is declared."""

    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service as its runtime last saw it.

    ``since`` is when this phase began and ``died_at`` the time of death, both in seconds since the
    epoch (they are shown, never subtracted from a monotonic clock). ``exit_code`` is the process'
    own; killed by a signal, it is 128 + the signal and ``signal`` names it.
    """

    service: str
    phase: Phase
    since: float = 0.0
    exit_code: int | None = None
    signal: str = ""
    died_at: float = 0.0
    out_of_memory: bool = False
    restarts: int = 0
    health: Health = Health.NONE
    error: str = ""  # what the engine said when it could not start it
    handle: str = ""  # pid 4242, or a container id
    detail: str = ""  # progress while preparing, in words

    @property
    def dead(self) -> bool:
        return self.phase is Phase.EXITED

    @property
    def exit_in_words(self) -> str:
        if self.out_of_memory:
            return "killed: out of memory"
        if self.signal:
            return f"killed by {self.signal}"
        if self.error:
            return self.error
        return f"exited with code {self.exit_code}"
