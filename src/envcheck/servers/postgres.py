"""PostgreSQL: the official image and those that build on it, Bitnami's, Supabase's, Timescale's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envcheck.checks.postgres import Postgres
from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeService
from envcheck.model.server import Server
from envcheck.model.target import Connection
from envcheck.servers.commands import starts
from envcheck.servers.credentials import setting
from envcheck.servers.naming import repository, says, words

IMAGES = {
    "postgres",
    "postgis/postgis",
    "imresamu/postgis",
    "pgvector/pgvector",
    "ankane/pgvector",
    "timescale/timescaledb",
    "timescale/timescaledb-ha",
    "supabase/postgres",
    "citusdata/citus",
    "paradedb/paradedb",
    "tensorchord/pgvecto-rs",
    "tensorchord/vchord-postgres",
    "immich-app/postgres",
    "apache/age",
    "groonga/pgroonga",
    "pgautoupgrade/pgautoupgrade",
    "chainguard/postgres",
    "cimg/postgres",
    "circleci/postgres",
    "ubuntu/postgres",
    "bitnami/postgresql",
    "bitnamilegacy/postgresql",
    "bitnamisecure/postgresql",
}
PORT = 5432

# The image also brings psql and pg_dump: a service that runs those is a client of another.
SERVERS = ("postgres", "docker-entrypoint.sh", "docker-ensure-initdb.sh", "run.sh")
_PORT = re.compile(r"(?:^|\s)(?:-p\s*|--port[= ]|(?:-c\s*|--)port=)(\d+)\b")


class PostgresServer:
    family = "postgres"

    def recognises(self, service: ComposeService) -> bool:
        if service.kind:
            return service.kind == self.family
        return _official(service) and serves(service)

    def connection(self, service: ComposeService) -> Connection:
        user = setting(service, "POSTGRES_USER", "POSTGRESQL_USERNAME", default="postgres")
        return Connection(
            self.family,
            _port(service),
            user,
            _password(service, user),
            _database(service, user),
        )

    def ready(self, name: str) -> Sequence[CheckKind]:
        """A login is all: a replica is ready though it takes no writes, a full pool though it has
        no room."""
        return (Postgres(service=name, writable=False, spare_connections=0),)


def _official(service: ComposeService) -> bool:
    """Mirrors and pull-through caches keep the name behind a path of their own."""
    name = repository(service.image)
    return says(service, "postgres", IMAGES) or name.endswith(("/postgres", "/postgresql"))


def serves(service: ComposeService) -> bool:
    said = words(service).strip()
    return not said or said.startswith("-") or starts(said, SERVERS)


def _port(service: ComposeService) -> int:
    told = _PORT.search(words(service))
    if told:
        return int(told[1])
    return int(setting(service, "PGPORT", "POSTGRESQL_PORT_NUMBER", default=str(PORT)))


def _password(service: ComposeService, user: str) -> str:
    if user == "postgres":  # Bitnami's superuser has a variable of its own
        first = setting(service, "POSTGRESQL_POSTGRES_PASSWORD")
        if first:
            return first
    return setting(service, "POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD")


def _database(service: ComposeService, user: str) -> str:
    """The official image names it after the user; Bitnami's makes none."""
    bitnami = repository(service.image).startswith("bitnami")
    return setting(
        service,
        "POSTGRES_DB",
        "POSTGRESQL_DATABASE",
        default="postgres" if bitnami else user,
    )


SERVER: Server = PostgresServer()
