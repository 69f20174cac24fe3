"""What checks and seeds see of the running stack: addresses, who asks, the clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from envcheck.model.check import Identity
from envcheck.model.clock import Clock
from envcheck.model.environment import Environment
from envcheck.model.runtime import Runtime
from envcheck.model.target import Target


class NotHere(KeyError):  # noqa: N818 (an answer to be judged, not our error)
    """The service does not run in this stack; ``reason`` says why."""

    def __init__(self, service: str, reason: str) -> None:
        super().__init__(service)
        self.service = service
        self.reason = reason


class Known(Protocol):
    def get(self, name: str) -> Identity: ...


class StackScene:
    """Targets of a runtime, with the connections inferred from the Compose file.

    ``identities`` is set once the scene exists: to log in one needs to know where.
    """

    identities: Known

    def __init__(
        self,
        environment: Environment,
        runtime: Runtime,
        clock: Clock,
        absent: Mapping[str, str],
    ) -> None:
        self._environment = environment
        self._runtime = runtime
        self._clock = clock
        self._absent = absent

    def target(self, service: str) -> Target:
        if service in self._absent:
            raise NotHere(service, self._absent[service])
        declared = self._environment.project.services[service]
        return Target(
            service,
            self._runtime.endpoints(service),
            self._environment.connections.get(service),
            declared.environment,
        )

    def identity(self, name: str) -> Identity:
        return self.identities.get(name)

    def now(self) -> float:
        return self._clock.monotonic()

    def pause(self, seconds: float) -> bool:
        return self._clock.pause(seconds)
