"""How one kind of service becomes a local process: what each module in ``servers/`` says."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Protocol

from envcheck.errors import StackError
from envcheck.model.compose import ComposeService
from envcheck.model.runtime import Limit
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.addresses import Addresses, Paths
from envcheck.runtimes.embedded.layout import Layout
from envcheck.runtimes.embedded.programs import Program
from envcheck.runtimes.embedded.venvs import Need

SHELL_WORDS = set("|&;<>()`\n")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a form may build on."""

    layout: Layout
    service: ComposeService
    connection: Connection | None
    addresses: Addresses
    paths: Paths
    environment: Mapping[str, str]  # the service's own, addresses and paths rewritten
    base: Mapping[str, str]  # what every process gets
    venv: Callable[[Need], Path]

    @property
    def own(self) -> Mapping[int, int]:
        """Container port → port here, of this service."""
        return self.addresses.ports[self.service.name]

    def folder(self, *container_paths: str) -> Path:
        """Where the first of these paths that is mounted lies; else a folder of ours."""
        for path in container_paths:
            if found := self.paths.find(path):
                return found
        return self.layout.volume(f"{self.service.name}-own")


class Form(Protocol):
    """One module in ``servers/`` holds one of these under the name FORM."""

    title: str  # what really runs, for people: "Valkey 9.1"

    def fits(self, service: ComposeService, connection: Connection | None, /) -> bool: ...

    def need(self, service: ComposeService, /) -> Need | None:
        """What must be installed; None when nothing."""
        ...

    def ports(self, service: ComposeService, declared: Sequence[int], /) -> Mapping[int, int]:
        """Container port → the container port that really listens for it; absent: nobody does."""
        ...

    def limits(self, service: ComposeService, /) -> Sequence[Limit]: ...

    def program(self, ground: Ground) -> Program:
        """Pure: describes, touches nothing. Raises StackError for what it cannot honour."""
        ...


def arguments(service: ComposeService, name: str) -> tuple[str, ...]:
    """The arguments the Compose file gives to the server called ``name``.

    ``sh -c "redis-server --requirepass $PASSWORD"`` is understood; a real script is refused.
    """
    words = (*service.entrypoint, *service.command)
    if len(words) == 3 and words[0] in {"sh", "bash", "/bin/sh", "/bin/bash"} and words[1] == "-c":  # noqa: PLR2004
        words = _plain(service, words[2])
    if words and Path(words[0]).name in {"docker-entrypoint.sh", "entrypoint.sh"}:
        words = words[1:]
    if words and (words[0].startswith("-") or Path(words[0]).name == name):
        return words if words[0].startswith("-") else words[1:]
    if words:
        raise _refusal(service, " ".join(words[:3]))
    return ()


def _plain(service: ComposeService, script: str) -> tuple[str, ...]:
    if SHELL_WORDS & set(script):
        raise _refusal(service, "sh -c with more than one command")
    words = shlex.split(Template(script).safe_substitute(service.environment))
    return tuple(words[1:] if words and words[0] == "exec" else words)


def _refusal(service: ComposeService, what: str) -> StackError:
    return StackError(
        f"{service.name}: its command ({what}) cannot be run without its image",
        "start the server itself in command:, or leave the service out with --without",
    )


def image_tag(service: ComposeService) -> str:
    """``17`` of ``docker.io/library/postgres:17``; empty when none is given."""
    name, colon, tag = service.image.partition("@")[0].rpartition(":")
    return tag if colon and "/" not in tag and name else ""
