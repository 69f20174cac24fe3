"""The embedded runtime: the promise of ``model.runtime`` kept with local processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from envcheck.errors import StackError
from envcheck.model.clock import Clock
from envcheck.model.compose import ComposeProject
from envcheck.model.runtime import Evidence, Ledger, Limit
from envcheck.model.seed import Progress
from envcheck.model.service import ServiceState
from envcheck.model.target import Connection, Endpoint
from envcheck.runtimes.embedded import limits
from envcheck.runtimes.embedded.bringing_up import BringingUp
from envcheck.runtimes.embedded.seeing import Seeing
from envcheck.runtimes.embedded.site import site
from envcheck.runtimes.embedded.taking_down import TakingDown


class EmbeddedRuntime:
    """May be asked from several threads; what changes something is done one at a time."""

    name = "embedded"

    def __init__(  # noqa: PLR0917 (the order is the contract with wiring)
        self,
        project: ComposeProject,
        connections: Mapping[str, Connection],
        state: Path,
        cache: Path,
        ledger: Ledger,
        clock: Clock,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self._site = site(
            project,
            connections,
            state=state,
            cache=cache,
            ledger=ledger,
            clock=clock,
            without=without,
        )
        self._down = TakingDown(self._site)
        self._up = BringingUp(self._site, self._down)
        self._seeing = Seeing(self._site)
        self._lock = threading.RLock()

    def limits(self) -> Sequence[Limit]:
        return limits.of(self._site.blueprint)

    def versions(self) -> Mapping[str, str]:
        return {name: form.title for name, form in self._site.blueprint.forms.items()}

    def prepare(self, services: Sequence[str], progress: Progress) -> None:
        with self._lock:
            self._up.prepare(services, progress, self._seeing.announce)

    def start(self, service: str) -> None:
        with self._lock:
            self._up.start(service)

    def watch(self, deliver: Callable[[ServiceState], None]) -> AbstractContextManager[None]:
        return self._seeing.watching(deliver)

    def states(self) -> Mapping[str, ServiceState]:
        return self._seeing.states()

    def endpoints(self, service: str) -> Mapping[int, Endpoint]:
        return self._seeing.endpoints(service)

    def moved(self) -> Sequence[str]:
        return self._site.ports.moved()

    def healthcheck(self, service: str) -> bool | None:  # noqa: ARG002 (the promise's signature)
        """Declared healthchecks run inside an image; there is none to ask here."""
        return None

    def collect(self, service: str) -> Evidence:
        return self._seeing.collect(service)

    def log_path(self, service: str) -> str:
        return str(self._site.layout.log(service))

    def stop(self, services: Sequence[str]) -> None:
        with self._lock:
            left = self._down.stop(services)
        if left:
            raise StackError("; ".join(left), "end them by hand")

    def undo(self, *, run: str | None, volumes: bool) -> Sequence[str]:
        with self._lock:
            return self._down.undo(run=run, volumes=volumes)
