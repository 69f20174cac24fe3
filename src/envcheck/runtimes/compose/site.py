"""Everything the parts of the runtime share: the engine, the commands, the project as resolved."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envcheck.errors import StackError
from envcheck.model.clock import Clock
from envcheck.model.compose import ComposeProject
from envcheck.model.runtime import Ledger
from envcheck.runtimes.compose.commands import Commands, surroundings
from envcheck.runtimes.compose.daemon import address, connect, refused
from envcheck.runtimes.compose.declared import NONCE, Declared, resolve
from envcheck.runtimes.compose.images import StandIns, stand_ins_folder
from envcheck.runtimes.compose.ledger import OwnLedger
from envcheck.runtimes.compose.ports import Ports
from envcheck.runtimes.compose.substituting import put_stand_ins

if TYPE_CHECKING:
    from docker import APIClient

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
CONFIG_HASH = "com.docker.compose.config-hash"
Inspected = Mapping[str, Any]


class Site:
    """Touches nothing until asked; what it learns of files and engine it learns once."""

    def __init__(
        self, project: ComposeProject, state: Path, ledger: Ledger, clock: Clock, *, local: bool
    ) -> None:
        folder = project.files[0].parent if project.files else Path.cwd()
        self.project = project
        self.ledger = OwnLedger(ledger)
        self.clock = clock
        self.folder = state / "containers"
        self.ports = Ports(self.folder / "ports.json")
        self.commands = Commands(self.ledger, clock, surroundings(folder))
        self.stand_ins = StandIns(stand_ins_folder(), self.commands) if local else None
        self.refused: dict[str, str] = {}  # service → why its image cannot be had
        self._lock = threading.RLock()
        self._client: APIClient | None = None
        self._declared: Declared | None = None

    @property
    def client(self) -> APIClient:
        """Raises StackError where no engine answers."""
        with self._lock:
            if self._client is None:
                self._client = connect(address())
            return self._client

    @property
    def declared(self) -> Declared:
        """Raises StackError where Compose refuses the files."""
        with self._lock:
            if self._declared is None:
                declared = Declared(resolve(self.project, self.commands), self.folder)
                if self.stand_ins:
                    self.refused |= put_stand_ins(declared, self.stand_ins)
                declared.mark(self.ledger.nonce, self.is_foreign)
                self._declared = declared
            return self._declared

    @property
    def marked(self) -> str:
        return f"{NONCE}={self.ledger.nonce}"

    def containers(self) -> list[Inspected]:
        """Ours, inspected; one that vanishes while we look is left out."""
        with refused():
            listed = self.client.containers(all=True, filters={"label": self.marked})
        found = (self.inspect(entry["Id"]) for entry in listed)
        return [it for it in found if it is not None]

    def inspect(self, container: str) -> Inspected | None:
        """None for one that is gone, or is not ours."""
        seen = self._seen("inspect_container", container)
        return seen if seen and labels(seen).get(NONCE) == self.ledger.nonce else None

    def of(self, service: str) -> list[Inspected]:
        return [it for it in self.containers() if labels(it).get(SERVICE) == service]

    def is_foreign(self, kind: str, name: str) -> bool:
        """A network or volume of that name exists, and we did not make it."""
        found = self.network(name) if kind == "networks" else self.volume(name)
        return found is not None and (found.get("Labels") or {}).get(NONCE) != self.ledger.nonce

    def volume(self, name: str) -> Inspected | None:
        return self._seen("inspect_volume", name)

    def network(self, name: str) -> Inspected | None:
        return self._seen("inspect_network", name)

    def image_id(self, image: str) -> str:
        """Empty for one that is not here."""
        return str((self._seen("inspect_image", image) or {}).get("Id", ""))

    def _seen(self, question: str, name: str) -> Inspected | None:
        from docker import errors

        with refused():
            try:
                seen: Inspected = getattr(self.client, question)(name)
            except errors.NotFound:
                return None
        return seen

    def demand_ours(self) -> None:
        """Raises StackError when someone else runs a project of this name: we would replace it."""
        mine = f"{PROJECT}={self.project.name}"
        with refused():
            listed = self.client.containers(all=True, filters={"label": mine})
        others = [it for it in listed if it["Labels"].get(NONCE) != self.ledger.nonce]
        if others:
            names = ", ".join(sorted(it["Names"][0].lstrip("/") for it in others)[:5])
            raise StackError(
                f"a project {self.project.name!r} that is not ours is here already: {names}",
                f"take it down (`docker compose -p {self.project.name} down`) or rename yours",
            )


def labels(seen: Inspected) -> Mapping[str, str]:
    found: Mapping[str, str] = seen["Config"].get("Labels") or {}
    return found


def service_of(seen: Inspected) -> str:
    return labels(seen).get(SERVICE, "")


def refuse_unknown(service: str, declared: Declared) -> None:
    if service not in declared.services:
        raise StackError(f"the Compose files declare no service {service}")
