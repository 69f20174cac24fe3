"""The Compose project, translated: which form each service takes, its ports, paths and program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from envcheck.errors import StackError
from envcheck.model.compose import ComposeProject, ComposeService, Mount
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.addresses import Addresses, Paths
from envcheck.runtimes.embedded.forms import Form, Ground
from envcheck.runtimes.embedded.layout import Layout
from envcheck.runtimes.embedded.ports import Ports, Wish
from envcheck.runtimes.embedded.programs import Program, base_environment
from envcheck.runtimes.embedded.servers.known import form_of
from envcheck.runtimes.embedded.venvs import Need, Venvs


class Blueprint:
    """Pure but for what it reads of requirements and source files."""

    def __init__(
        self,
        project: ComposeProject,
        connections: Mapping[str, Connection],
        *,
        layout: Layout,
        venvs: Venvs,
        ports: Ports,
        without: frozenset[str],
    ) -> None:
        self.project = project
        self.without = without
        self._connections = connections
        self._layout = layout
        self._venvs = venvs
        self._ports = ports
        self.forms: dict[str, Form] = {}
        for name, service in project.services.items():
            form = form_of(service, connections.get(name))
            if form and name not in without:
                self.forms[name] = form

    def form(self, service: str) -> Form:
        if service not in self.forms:
            raise StackError(f"{service} does not run without its image")
        return self.forms[service]

    def missing(self, services: Iterable[str]) -> dict[Need, list[str]]:
        """What must be installed first, and for whom."""
        found: dict[Need, list[str]] = {}
        for name in services:
            need = self.form(name).need(self.project.services[name])
            if need and not self._venvs.has(need):
                same = next((known for known in found if known.mark == need.mark), need)
                found.setdefault(same, []).append(name)
        return found

    def wishes(self) -> list[Wish]:
        """Every port that will really be listened on."""
        return [
            Wish(name, port, self._published(name, port))
            for name in self.forms
            for port in sorted(set(self._slots(name).values()))
        ]

    def endpoints(self, service: str) -> dict[int, int]:
        """Container port → port here, as far as chosen."""
        if service not in self.forms:
            return {}
        chosen = self._ports.of(service)
        return {port: chosen[slot] for port, slot in self._slots(service).items() if slot in chosen}

    def volumes(self, service: str) -> dict[str, Path]:
        """Named and anonymous volumes, each a folder of ours."""
        mounts = self.project.services[service].mounts
        names = [_volume(service, mount) for mount in mounts if mount.type != "bind"]
        return {name: self._layout.volume(name) for name in names}

    def program(self, service: str) -> Program:
        declared = self.project.services[service]
        program = self.form(service).program(self._ground(declared))
        signal = program.stop_signal if program.stop_signal != "TERM" else declared.stop_signal
        return replace(
            program,
            restart=declared.restart,
            stop_signal=signal or "TERM",
            stop_seconds=declared.stop_grace_period,
        )

    def _ground(self, service: ComposeService) -> Ground:
        addresses = Addresses(
            {name: self.endpoints(name) for name in self.project.services},
            {name: connection.port for name, connection in self._connections.items()},
        )
        paths = self._paths(service)
        translated = addresses.environment(service.environment)
        return Ground(
            layout=self._layout,
            service=service,
            connection=self._connections.get(service.name),
            addresses=addresses,
            paths=paths,
            environment={name: paths.rewrite(value) for name, value in translated.items()},
            base=base_environment(),
            venv=self._venvs.path,
        )

    def _paths(self, service: ComposeService) -> Paths:
        return Paths(
            {
                mount.target: Path(mount.source)
                if mount.type == "bind"
                else self._layout.volume(_volume(service.name, mount))
                for mount in service.mounts
            }
        )

    def _slots(self, service: str) -> Mapping[int, int]:
        return self.form(service).ports(self.project.services[service], self._declared(service))

    def _declared(self, service: str) -> Sequence[int]:
        """The connection's port first: it is the one others dial."""
        declared = self.project.services[service]
        connection = self._connections.get(service)
        found = [connection.port] if connection and connection.port else []
        found += [port.target for port in declared.ports if port.protocol == "tcp"]
        return tuple(dict.fromkeys((*found, *declared.expose)))

    def _published(self, service: str, slot: int) -> int:
        ports = self.project.services[service].ports
        slots = self._slots(service)
        wanted = [port for port in ports if slots.get(port.target) == slot and port.published]
        wanted.sort(key=lambda port: port.target != slot)
        return wanted[0].published if wanted else 0


def _volume(service: str, mount: Mount) -> str:
    if mount.type == "volume" and mount.source:
        return mount.source
    return f"{service}{re.sub(r'[^a-zA-Z0-9]+', '-', mount.target)}"
