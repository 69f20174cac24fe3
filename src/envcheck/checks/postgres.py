"""The kind ``postgres``: a PostgreSQL server, seen as the application's own user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from envcheck.checks import postgres_content as content
from envcheck.checks.postgres_greeting import speaks
from envcheck.checks.postgres_isolation import row_security_holds
from envcheck.checks.postgres_migration import migration_at
from envcheck.checks.postgres_row_security import row_security_declared
from envcheck.checks.postgres_session import Door, asking
from envcheck.checks.postgres_tables import columns_exist, tables_exist
from envcheck.checks.reach import answering, reached
from envcheck.kind import Count, Kind, Seconds
from envcheck.model.amount import amount
from envcheck.model.check import Check, Level, Look, Scene
from envcheck.model.outcome import Observation, not_yet, passed

ABOUT = """
    SELECT current_user::text, current_database()::text, current_setting('server_version'),
           extract(epoch FROM pg_postmaster_start_time())::float8
"""


class Postgres(Kind):
    """A PostgreSQL server is reached over TCP and lets the user in; then whatever is named.

    `as` is the identity of the application (without it: the service's own user). `tables` and
    `columns` must exist; `migration` is `head`, `heads` or a revision of the scripts in
    `migrations`; `row-security` tables must hide their rows from the user while no tenant is set;
    `rows` are counted as the service's own user: `3`, `">= 3"`. `writable: false` and
    `spare-connections: 0` switch those two off.
    """

    kind: ClassVar[str] = "postgres"

    service: str
    as_: str = ""
    database: str = ""
    port: int | None = Field(default=None, ge=1, le=65535)
    version: Count | None = None
    tables: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    migration: str = ""
    migrations: Path | None = None
    migration_table: str = "alembic_version"
    row_security: tuple[str, ...] = ()
    rows: dict[str, Count] = Field(default_factory=dict)
    writable: bool = True
    spare_connections: int = Field(default=1, ge=0)
    latency_p95: Seconds | None = None

    @field_validator("migrations")
    @classmethod
    def _beside_the_file(cls, folder: Path | None, info: ValidationInfo) -> Path | None:
        """Relative to the file that says it, whose folder config gives as validation context."""
        base = (info.context or {}).get("folder")
        return Path(base) / folder if base and folder else folder

    @model_validator(mode="after")
    def _head_needs_scripts(self) -> Postgres:
        if self.migration in ("head", "heads") and self.migrations is None:
            raise ValueError(
                f"expected `migrations:` (the folder of revision files) with "
                f"`migration: {self.migration}`"
            )
        return self

    @property
    def door(self) -> Door:
        return Door(self.service, self.as_, self.database, self.port)

    def checks(self) -> Sequence[Check]:
        user = self.as_ or "the service's own user"
        return (
            self._check("port", Level.NETWORK, answering(self._port), "accepts a connection"),
            self._check(
                "protocol", Level.HANDSHAKE, answering(self._protocol), "speaks Postgres' protocol"
            ),
            self._check("login", Level.LOGIN, _LogsIn(self.door).look, f"{user} logs in"),
            *self._objects(),
            *self._contents(),
            *self._behaviour(),
        )

    def _check(self, name: str, level: Level, look: Look, expected: str) -> Check:
        return Check(name, self.service, level, look, expected, kind=self.kind)

    def _port(self, scene: Scene) -> Observation:
        return passed(f"{reached(scene, self.service, self.port)} accepts a connection")

    def _protocol(self, scene: Scene) -> Observation:
        return speaks(reached(scene, self.service, self.port))

    def _objects(self) -> Iterator[Check]:
        def at(name: str, ask: Any, expected: str) -> Check:
            return self._check(name, Level.OBJECT, asking(self.door, ask), expected)

        if self.version is not None:
            yield at("version", content.version_is(self.version), f"version {self.version}")
        if self.extensions:
            wanted = ", ".join(self.extensions)
            yield at("extensions", content.extensions_created(self.extensions), wanted)
        if self.tables:
            yield at("tables", tables_exist(self.tables), f"tables {', '.join(self.tables)}")
        if self.columns:
            expected = f"the columns of {', '.join(self.columns)}"
            yield at("columns", columns_exist(self.columns), expected)
        if self.migration:
            yield self._migration()
        if self.row_security:
            expected = f"row security on {', '.join(self.row_security)}"
            yield at("row-security", row_security_declared(self.row_security), expected)

    def _migration(self) -> Check:
        # The revision is the database's, and its table the migrations': asked as their owner.
        ask = migration_at(self.migration, self.migrations, self.migration_table)
        look = asking(self.door.owner, ask)
        return self._check("migration", Level.OBJECT, look, f"at {self.migration}")

    def _contents(self) -> Iterator[Check]:
        if self.rows:
            expected = ", ".join(f"{table}: {amount(count)}" for table, count in self.rows.items())
            look = asking(self.door.owner, content.rows_counted(self.rows))
            yield self._check("rows", Level.CONTENT, look, expected)

    def _behaviour(self) -> Iterator[Check]:
        def at(name: str, look: Look, expected: str) -> Check:
            return self._check(name, Level.BEHAVIOUR, look, expected)

        if self.writable:
            yield at("writable", asking(self.door, content.writable), "takes writes")
        if self.spare_connections:
            ask = content.room_for(self.spare_connections)
            expected = f"{self.spare_connections} free connections or more"
            yield at("connections", asking(self.door, ask), expected)
        if self.latency_p95 is not None:
            ask = content.answers_within(self.latency_p95)
            expected = f"p95 ≤ {self.latency_p95 * 1000:g} ms"
            yield at("latency", asking(self.door, ask), expected)
        if self.row_security:
            look = row_security_holds(self.door, self.row_security)
            yield at("isolation", look, "no row is shown without a tenant")


class _LogsIn:
    """A login, and the server's start time equal in two looks: while it initialises, and in a
    crash loop, each look meets another start."""

    def __init__(self, door: Door) -> None:
        self._started = 0.0
        self.look = asking(door, self._ask)

    def _ask(self, cursor: Any) -> Observation:
        cursor.execute(ABOUT)
        user, database, version, started = cursor.fetchone()
        before, self._started = self._started, started
        if before and before != started:
            return not_yet(
                "the server restarted since the last look",
                cause="postgres.restarted",
                fix="read the server's log: what ended it?",
            )
        return passed(f"{user} on {database}, PostgreSQL {version}")
