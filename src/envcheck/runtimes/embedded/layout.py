"""What lies where in a project's state folder, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from envcheck.system.places import own_folder, prepare_state, socket_path


@dataclass(frozen=True, slots=True)
class Layout:
    """``data`` outlives ``undo`` unless volumes go too; everything else is removed by it.

    Other tenants of the state folder (a ledger, a lock) are never touched.
    """

    state: Path

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def specs(self) -> Path:
        """What each process is started with: secrets inside, 0600 in 0700."""
        return self.state / "specs"

    @property
    def run(self) -> Path:
        return self.state / "run"

    @property
    def servers(self) -> Path:
        """Binaries an unprivileged server user must reach."""
        return self.state / "servers"

    @property
    def data(self) -> Path:
        return self.state / "data"

    @property
    def ports(self) -> Path:
        return self.state / "ports.json"

    @property
    def socket(self) -> Path:
        return socket_path(self.run / "supervisor.sock")

    @property
    def configuration(self) -> Path:
        return self.run / "supervisor.conf"

    @property
    def journal(self) -> Path:
        return self.logs / "supervisor.log"

    @property
    def passing(self) -> tuple[Path, ...]:
        """Everything of ours but the data."""
        return (self.logs, self.specs, self.run, self.servers, self.ports, self.socket)

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    def spec(self, service: str) -> Path:
        return self.specs / f"{service}.json"

    def mark(self, service: str) -> Path:
        """Written by the launcher at every start: pid, its start time, where its log begins."""
        return self.run / f"{service}.started.json"

    def volume(self, name: str) -> Path:
        return self.data / name

    def make(self) -> None:
        prepare_state(self.state)
        for folder in (self.logs, self.specs, self.run, self.socket.parent):
            own_folder(folder)
        for folder in (self.data, self.servers):
            folder.mkdir(mode=0o711, exist_ok=True)
