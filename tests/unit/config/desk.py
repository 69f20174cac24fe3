"""A folder to write files in, a few small kinds to read them with, and what was wrong as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from envcheck.config.compose.project import read_project
from envcheck.config.problems import Problems
from envcheck.config.reader import read_compose, read_environment
from envcheck.config.registries import Registries
from envcheck.config.variables import variables_beside
from envcheck.errors import ConfigError
from envcheck.kind import Kind, Seconds
from envcheck.model.check import Check
from envcheck.model.compose import ComposeProject, ComposeService
from envcheck.model.environment import Environment
from envcheck.model.seed import Fixtures, SeedUnit
from envcheck.model.target import Connection


class Request(Kind):
    """What is asked."""

    service: str
    get: str = "/"
    json_: Any = Field(default=None, alias="json")


class Ping(Kind):
    """It answers."""

    kind: ClassVar[str] = "ping"
    service: str
    as_: str = ""
    port: int | None = None
    within: Seconds = 1.0
    version: int | str | None = None
    topics: dict[str, int] = Field(default={})
    then: tuple[Request, ...] = ()

    def checks(self) -> Sequence[Check]:
        return ()


class Tcp(Kind):
    """The port accepts."""

    kind: ClassVar[str] = "tcp"
    service: str
    port: int

    def checks(self) -> Sequence[Check]:
        return ()


class Api(Kind):
    """An endpoint answers as it should."""

    kind: ClassVar[str] = "api"
    name: str
    as_: str = "nobody"
    request: Request
    status: int = 200

    def checks(self) -> Sequence[Check]:
        return ()


class Rows(Kind):
    """Rows of a file stand in a table."""

    kind: ClassVar[str] = "rows"
    service: str
    file: str

    def units(self, fixtures: Fixtures) -> Sequence[SeedUnit]:
        return ()

    def proof(self, fixtures: Fixtures) -> Sequence[Check]:
        return ()

    def missing(self, fixtures: Fixtures) -> Sequence[str]:
        return [] if (fixtures.folder / self.file).is_file() else [self.file]


class Database:
    family = "database"

    def recognises(self, service: ComposeService) -> bool:
        return service.image.startswith("db:")

    def connection(self, service: ComposeService) -> Connection:
        return Connection("database", 5432, "root", service.environment.get("PASSWORD", ""), "main")

    def ready(self, name: str) -> Sequence[Ping]:
        return (Ping(service=name, port=5432),)


KINDS = Registries(
    checks={"ping": Ping, "tcp": Tcp, "api": Api}, seeds={"rows": Rows}, servers=(Database(),)
)

COMPOSE = """\
services:
  db:
    image: db:1
    environment: {PASSWORD: "${DB_PASSWORD:-none}"}
    ports: ["5432:5432"]
  api:
    image: api:1
    ports: ["8000:8000"]
    depends_on: [db]
"""
ENVIRONMENT = """\
name: shop
compose: [compose.yaml]
"""
WAVE_1 = """\
wave: 1
name: infrastructure
services:
  db:
"""
WAVE_2 = """\
wave: 2
name: core
services:
  api:
"""


def write(files: Mapping[str, str]) -> None:
    """Into the folder we stand in."""
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def shop(**changes: str) -> dict[str, str]:
    """A correct environment of two waves, with some of its files replaced (``wave_1`` …)."""
    names = {
        "compose": "compose.yaml",
        "environment": "environment.yaml",
        "wave_1": "1-infrastructure.yaml",
        "wave_2": "2-core.yaml",
        "env": ".env",
    }
    files = {
        "compose.yaml": COMPOSE,
        "environment.yaml": ENVIRONMENT,
        "1-infrastructure.yaml": WAVE_1,
        "2-core.yaml": WAVE_2,
    }
    return files | {names[key]: text for key, text in changes.items()}


def read(
    files: Mapping[str, str], env: Mapping[str, str] | None = None, **more: Any
) -> Environment:
    write(files)
    return read_environment(Path(), env or {}, registries=KINDS, **more)


def wrong(files: Mapping[str, str], env: Mapping[str, str] | None = None, **more: Any) -> str:
    """Everything that is said to be wrong, as a person reads it."""
    try:
        read(files, env, **more)
    except ConfigError as error:
        return str(error)
    return ""


def plain(compose: str, env: Mapping[str, str] | None = None, **files: str) -> Environment:
    """A Compose project without any file of ours."""
    write({"compose.yaml": compose, **files})
    return read_compose([Path("compose.yaml")], env or {}, registries=KINDS)


def project(*files: str, env: Mapping[str, str] | None = None) -> ComposeProject:
    """The files ``1.yaml``, ``2.yaml`` … with these texts, merged. Raises ConfigError."""
    write({f"{number}.yaml": text for number, text in enumerate(files, start=1)})
    paths = [Path(f"{number}.yaml") for number in range(1, len(files) + 1)]
    problems = Problems()
    found = read_project(paths, variables_beside(Path(), env or {}, problems), problems).project
    problems.demand()
    return found


def refused(*files: str, env: Mapping[str, str] | None = None) -> str:
    try:
        project(*files, env=env)
    except ConfigError as error:
        return str(error)
    return ""


def service(keys: str, env: Mapping[str, str] | None = None) -> ComposeService:
    """The service ``a`` with these keys (lines of a mapping)."""
    return project(single(keys), env=env).services["a"]


def single(keys: str) -> str:
    indented = "".join(f"    {line}\n" for line in keys.splitlines())
    return f"services:\n  a:\n    image: a:1\n{indented}"
