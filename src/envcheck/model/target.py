"""One running service, as a check may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a container port can be reached from here."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Connection:
    """How to log in, inferred by ``servers/``; ``port`` is the container's."""

    family: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    scheme: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """One running service: its addresses by container port and how to log in to it."""

    service: str
    endpoints: Mapping[int, Endpoint]
    connection: Connection | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def family(self) -> str:
        return self.connection.family if self.connection else ""

    def endpoint(self, port: int | None = None) -> Endpoint:
        """The address of a container port: the one asked for, else the connection's, else the only
        one. Raises LookupError with what exists."""
        wanted = port or (self.connection.port if self.connection else None)
        if wanted is None and len(self.endpoints) == 1:
            return next(iter(self.endpoints.values()))
        if wanted is None or wanted not in self.endpoints:
            known = ", ".join(str(known) for known in sorted(self.endpoints)) or "none"
            raise LookupError(f"{self.service} publishes no port {wanted} (published: {known})")
        return self.endpoints[wanted]

    def url(self, path: str = "", port: int | None = None) -> str:
        return f"http://{self.endpoint(port)}{path}"
