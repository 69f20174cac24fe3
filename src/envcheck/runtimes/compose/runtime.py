"""The Compose runtime: the promise of ``model.runtime`` kept with containers."""

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
from envcheck.model.target import Endpoint
from envcheck.runtimes.compose import asking
from envcheck.runtimes.compose.bringing_up import BringingUp
from envcheck.runtimes.compose.daemon import refused
from envcheck.runtimes.compose.seeing import Seeing
from envcheck.runtimes.compose.site import Site
from envcheck.runtimes.compose.taking_down import TakingDown


class ComposeRuntime:
    """May be asked from several threads; what changes something is done one at a time."""

    name = "compose"

    def __init__(
        self,
        project: ComposeProject,
        state: Path,
        ledger: Ledger,
        clock: Clock,
        *,
        images: str = "published",
    ) -> None:
        """``images="local"`` builds stand-ins instead of asking a registry."""
        self._site = Site(project, state, ledger, clock, local=images == "local")
        self._up = BringingUp(self._site)
        self._down = TakingDown(self._site)
        self._seeing = Seeing(self._site)
        self._lock = threading.RLock()

    def limits(self) -> Sequence[Limit]:
        """Containers are what the files were written for: nothing is left out beforehand."""
        return ()

    def versions(self) -> Mapping[str, str]:
        with refused():
            engine = self._site.client.version()
        compose = self._site.commands.compose("version", "--short", looks=True).out.strip()
        return {"docker engine": str(engine["Version"]), "docker compose": compose}

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

    def healthcheck(self, service: str) -> bool | None:
        return asking.healthcheck(self._site, service)

    def collect(self, service: str) -> Evidence:
        return self._seeing.collect(service)

    def log_path(self, service: str) -> str:
        """The command that shows it; the engine's own file is root's."""
        return f"docker compose -p {self._site.project.name} logs {service}"

    def stop(self, services: Sequence[str]) -> None:
        with self._lock:
            left = self._down.stop(services)
        if left:
            raise StackError("; ".join(left), "end them by hand")

    def undo(self, *, run: str | None, volumes: bool) -> Sequence[str]:
        with self._lock:
            return self._down.undo(run=run, volumes=volumes)
