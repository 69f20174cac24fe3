"""``endpoints.env``: host, port and URL of every service, for a shell or a test suite.

No credentials: the file lies among the records, which people attach to builds. User and password
are where they were declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from envcheck.cli.wiring import Session
from envcheck.errors import StackError
from envcheck.model.target import Target
from envcheck.system.files import write_private

SCHEMES = {
    "postgres": "postgresql",
    "redis": "redis",
    "kafka": "kafka",
}


def write_endpoints(made: Session) -> None:
    """Write what is reachable; a service that has no address is left out."""
    lines: list[str] = []
    for wave in made.plan.waves:
        for member in wave.members:
            try:
                lines += _lines(made.scene.target(member.name))
            except (LookupError, StackError):
                continue
    write_private(made.folder / "endpoints.env", "".join(f"{line}\n" for line in lines))


def _lines(target: Target) -> Iterator[str]:
    if not target.endpoints:
        return
    name = re.sub(r"\W", "_", target.service).upper()
    endpoint = target.endpoint(min(target.endpoints) if target.connection is None else None)
    scheme = SCHEMES.get(target.family, "http")
    database = f"/{target.connection.database}" if target.connection else "/"
    yield f"{name}_HOST={endpoint.host}"
    yield f"{name}_PORT={endpoint.port}"
    yield f"{name}_URL={scheme}://{endpoint}{database if database != '/' else ''}"
