"""Everything the parts of the runtime share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from envcheck.model.clock import Clock
from envcheck.model.compose import ComposeProject
from envcheck.model.runtime import Ledger
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.blueprint import Blueprint
from envcheck.runtimes.embedded.journal import Journal
from envcheck.runtimes.embedded.layout import Layout
from envcheck.runtimes.embedded.ports import Ports
from envcheck.runtimes.embedded.supervision import Supervision
from envcheck.runtimes.embedded.venvs import Venvs


@dataclass(frozen=True, slots=True)
class Site:
    project: ComposeProject
    layout: Layout
    ledger: Ledger
    clock: Clock
    ports: Ports
    venvs: Venvs
    blueprint: Blueprint
    supervision: Supervision

    def journal(self) -> Journal:
        """Read from the start: what there is to know, whoever brought it about."""
        return Journal(self.layout.journal, self._restart)

    def supervised(self) -> bool:
        return self.supervision.process() is not None

    @property
    def _restart(self) -> Callable[[str], str]:
        policies = {name: service.restart for name, service in self.project.services.items()}
        return lambda name: policies.get(name, "no")


def site(
    project: ComposeProject,
    connections: Mapping[str, Connection],
    *,
    state: Path,
    cache: Path,
    ledger: Ledger,
    clock: Clock,
    without: frozenset[str],
) -> Site:
    """Touches nothing yet."""
    layout = Layout(state)
    venvs = Venvs(cache, clock, ledger.nonce)
    ports = Ports(layout.ports)
    blueprint = Blueprint(
        project, connections, layout=layout, venvs=venvs, ports=ports, without=without
    )
    supervision = Supervision(layout, ledger.nonce)
    return Site(project, layout, ledger, clock, ports, venvs, blueprint, supervision)
