"""The project as Compose itself resolves it, and as we hand it back: marked, ports chosen.

Resolved once per command. The file we hand back holds every variable's value: 0600, and undone
with the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envcheck.errors import StackError
from envcheck.model.compose import ComposeProject
from envcheck.runtimes.compose.commands import Commands
from envcheck.system.files import write_private

NONCE = "io.envcheck.nonce"
ADVERTISED = "ADVERTISED"  # as in KAFKA_ADVERTISED_LISTENERS
Resolved = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """One published port as declared; ``wanted`` 0 lets the engine choose."""

    service: str
    target: int
    wanted: int
    host: str
    protocol: str


def resolve(project: ComposeProject, commands: Commands) -> Resolved:
    """What ``docker compose config`` makes of the files. Raises StackError in its words."""
    words = (*_where(project), "--profile", "*", "config", "--format", "json")
    said = commands.compose(*words, looks=True)
    if said.code:
        raise StackError(f"docker compose refuses these files: {said.reason}", _hint(said.reason))
    resolved: Resolved = json.loads(said.out)
    return resolved


def _where(project: ComposeProject) -> Iterator[str]:
    yield from ("--project-name", project.name)
    if project.files:
        yield from ("--project-directory", str(project.files[0].parent))
    for file in project.files:
        yield from ("--file", str(file))


def _hint(reason: str) -> str:
    if "container name" in reason:
        return "two services behind different profiles share a container_name; name them apart"
    return "see `docker compose config`"


class Declared:
    """Compose's own words, open to a few changes before they are written back."""

    def __init__(self, resolved: Resolved, folder: Path) -> None:
        self._resolved = resolved
        self._file = folder / "compose.json"
        self._published = {name: tuple(_published(name, it)) for name, it in self.services.items()}

    @property
    def services(self) -> Mapping[str, Mapping[str, Any]]:
        services: Mapping[str, Mapping[str, Any]] = self._resolved["services"]
        return services

    def volumes(self) -> dict[str, str]:
        """Key in the file → the engine's name; those declared external are not ours to make."""
        return _named(self._resolved.get("volumes") or {})

    def networks(self) -> dict[str, str]:
        return _named(self._resolved.get("networks") or {})

    def image(self, service: str) -> str:
        """As Compose names it; a built one has a name of its own."""
        given = self.services[service].get("image")
        return str(given or f"{self._resolved['name']}-{service}")

    def is_built(self, service: str) -> bool:
        return bool(self.services[service].get("build"))

    def published(self, service: str) -> tuple[Published, ...]:
        """As declared, wherever they were moved to since."""
        return self._published.get(service, ())

    def change(self, service: str, changes: Mapping[str, Any]) -> None:
        """None takes a key away."""
        changed = {**self.services[service], **changes}
        kept = {key: value for key, value in changed.items() if value is not None}
        self._resolved["services"][service] = kept

    def add_secret_file(self, name: str, path: str) -> None:
        self._resolved.setdefault("secrets", {})[name] = {"file": path}

    def move(self, port: Published, here: int) -> None:
        """Publish it elsewhere, and let a server that tells clients its address tell that one."""
        service = self._resolved["services"][port.service]
        for declared in service.get("ports") or ():
            if int(declared["target"]) == port.target and declared.get("protocol", "tcp") == "tcp":
                declared["published"] = str(here)
        for name, value in (service.get("environment") or {}).items():
            if ADVERTISED in name and value:
                address = rf"((?:127\.0\.0\.1|localhost):){port.wanted}\b"
                service["environment"][name] = re.sub(address, rf"\g<1>{here}", str(value))

    def mark(self, nonce: str, is_foreign: Callable[[str, str], bool]) -> None:
        """Label all we shall make. What existed before stays as it is, and stays unmarked."""
        for service in self._resolved["services"].values():
            service["labels"] = {**(service.get("labels") or {}), NONCE: nonce}
        for kind in ("networks", "volumes"):
            for entry in self._ours(kind):
                if not is_foreign(kind, str(entry["name"])):
                    entry["labels"] = {**(entry.get("labels") or {}), NONCE: nonce}

    def _ours(self, kind: str) -> Iterator[dict[str, Any]]:
        for entry in (self._resolved.get(kind) or {}).values():
            if entry and not entry.get("external"):
                yield entry

    def write(self) -> tuple[str, ...]:
        """The arguments that make Compose read what we hand it."""
        text = json.dumps(self._resolved, indent=1)
        if not self._file.exists() or self._file.read_text(encoding="utf-8") != text:
            write_private(self._file, text)
        name = str(self._resolved["name"])
        return ("--project-name", name, "--file", str(self._file), "--profile", "*")


def _published(service: str, declared: Mapping[str, Any]) -> Iterator[Published]:
    for port in declared.get("ports") or ():
        wanted = str(port.get("published") or "0")
        if wanted.isdigit():  # a range is the engine's to choose from
            host, protocol = str(port.get("host_ip") or ""), str(port.get("protocol", "tcp"))
            yield Published(service, int(port["target"]), int(wanted), host, protocol)


def _named(entries: Mapping[str, Any]) -> dict[str, str]:
    ours = {key: entry for key, entry in entries.items() if entry and not entry.get("external")}
    return {key: str(entry["name"]) for key, entry in ours.items()}
