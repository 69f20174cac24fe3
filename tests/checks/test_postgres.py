"""The kind ``postgres`` against a real server: right passes, each wrong is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from envcheck.checks.postgres import Postgres
from envcheck.model.check import Identity
from envcheck.model.outcome import Answer
from envcheck.model.target import Connection, Endpoint, Target
from tests.checks import half_started
from tests.checks.asking import ask, ask_all, explains, first_wrong
from tests.checks.own import started
from tests.fakes.scene import FakeScene
from tests.servers import PostgresServer

pytestmark = pytest.mark.real

DATABASE = "checks_db"
APP_PASSWORD = "checks-app-password"
SETUP = f"""
    CREATE SCHEMA IF NOT EXISTS public;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    CREATE TABLE tenants (id int PRIMARY KEY, name text);
    CREATE TABLE users (id int PRIMARY KEY, tenant_id text, email text);
    CREATE TABLE alembic_version (version_num text);
    INSERT INTO tenants VALUES (1, 'a'), (2, 'b'), (3, 'c');
    INSERT INTO users VALUES (1, 'a', 'x@a.example'), (2, 'b', 'y@b.example');
    INSERT INTO alembic_version VALUES ('0002');
    CREATE ROLE checks_app LOGIN PASSWORD '{APP_PASSWORD}';
    GRANT SELECT ON tenants, users TO checks_app;
    ALTER TABLE users ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON users USING (tenant_id = current_setting('checks.tenant', true));
"""
TEARDOWN = """
    DROP SCHEMA IF EXISTS public, elsewhere CASCADE;
    DROP OWNED BY checks_app;
    DROP ROLE IF EXISTS checks_app;
"""
EVERYTHING: dict[str, Any] = {
    "as": "app",
    "tables": ["tenants", "users"],
    "columns": {"tenants": ["id", "name"], "users": ["id", "tenant_id", "email"]},
    "migration": "head",
    "row-security": ["users"],
    "rows": {"tenants": ">= 3", "users": 2},
    "extensions": ["plpgsql"],
    "version": ">= 14",
    "latency-p95": "2s",
}


class World:
    """A database of this module's own on the session's server, and the scene that shows it."""

    def __init__(self, server: PostgresServer, migrations: Path) -> None:
        self.server = server
        self.migrations = migrations
        self.connection = replace(server.connection(), database=DATABASE)

    @property
    def target(self) -> Target:
        return replace(self.server.target, connection=self.connection)

    @property
    def scene(self) -> FakeScene:
        return self.seen_at(self.target.endpoint())

    def seen_at(self, endpoint: Endpoint, connection: Connection | None = None) -> FakeScene:
        logins = {"app": ("checks_app", APP_PASSWORD), "wrong": ("checks_app", "not this one")}
        logins |= {"nobody": ("checks_nobody", "whatever"), "bearer": ("", "")}
        identities = {name: Identity(name, {}, *login) for name, login in logins.items()}
        target = Target("postgres", {5432: endpoint}, connection or self.connection)
        return FakeScene(target, identities=identities)

    def kind(self, **fields: Any) -> Postgres:
        said = {key.replace("_", "-"): value for key, value in fields.items()}
        if said.get("migration") in ("head", "heads"):
            said.setdefault("migrations", self.migrations)
        return Postgres.model_validate({"service": "postgres", **said})

    def owner(self, database: str = DATABASE) -> Any:
        own = self.server.connection()
        return psycopg.connect(
            host="127.0.0.1",
            port=self.server.port,
            user=own.user,
            password=own.password,
            dbname=database,
            autocommit=True,
        )

    def run(self, sql: str, database: str = DATABASE) -> None:
        with closing(self.owner(database)) as connection:
            connection.execute(sql)


@pytest.fixture(scope="module")
def built(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("versions")
    (folder / "1.py").write_text('revision = "0001"\ndown_revision = None\n')
    (folder / "2.py").write_text('revision: str = "0002"\ndown_revision: str = "0001"\n')
    world = World(postgres_server, folder)
    world.run(f"CREATE DATABASE {DATABASE}", "postgres")
    yield world
    world.run(f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")


@pytest.fixture
def world(built: World) -> Iterator[World]:
    with closing(built.owner()) as connection:
        connection.execute(SETUP)
    yield built
    built.run(f"ALTER DATABASE {DATABASE} WITH ALLOW_CONNECTIONS true", "postgres")
    built.run(f"ALTER DATABASE {DATABASE} RESET ALL", "postgres")
    built.run(f"GRANT CONNECT ON DATABASE {DATABASE} TO PUBLIC", "postgres")
    built.run(TEARDOWN)


def test_a_right_database_passes_in_every_respect(world: World) -> None:
    seen = ask_all(world.kind(**EVERYTHING), world.scene)
    assert {name: look.observed for name, look in seen.items() if not look.passed} == {}
    assert set(seen) == {
        *("port", "protocol", "login", "version", "extensions", "tables", "columns"),
        *("migration", "row-security", "rows", "writable", "connections", "latency", "isolation"),
    }


def test_a_look_leaves_nothing_behind(world: World) -> None:
    ask_all(world.kind(**EVERYTHING), world.scene)
    with closing(world.owner()) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'envcheck'"
        ).fetchone()
    assert rows == (0,)


class Wrong(NamedTuple):
    breaking: str  # what is done to the database
    demanded: dict[str, Any]  # beside EVERYTHING
    check: str
    answer: str
    cause: str


WRONGS = [
    Wrong("", {"as": "wrong"}, "login", "broken", "postgres.login-refused"),
    Wrong("", {"as": "nobody"}, "login", "not yet", "postgres.role-missing"),
    Wrong("", {"as": "bearer"}, "login", "broken", "postgres.user-unknown"),
    Wrong("", {"database": "checks_nowhere"}, "login", "not yet", "postgres.database-missing"),
    Wrong("ALTER ROLE checks_app NOLOGIN", {}, "login", "broken", "postgres.role-cannot-log-in"),
    Wrong(
        "ALTER ROLE checks_app VALID UNTIL '2001-01-01'",
        {},
        "login",
        "broken",
        "postgres.password-expired",
    ),
    Wrong(
        "ALTER ROLE checks_app CONNECTION LIMIT 0",
        {},
        "login",
        "not yet",
        "postgres.too-many-connections",
    ),
    Wrong(
        f"REVOKE CONNECT ON DATABASE {DATABASE} FROM PUBLIC",
        {},
        "login",
        "broken",
        "postgres.denied",
    ),
    Wrong("", {"version": "< 10"}, "version", "broken", "postgres.version"),
    Wrong(
        "",
        {"extensions": ["no_such"]},
        "extensions",
        "broken",
        "postgres.extension-unavailable",
    ),
    Wrong("", {"extensions": ["hstore"]}, "extensions", "not yet", "postgres.extension-missing"),
    Wrong("DROP TABLE users", {}, "tables", "not yet", "postgres.table-missing"),
    Wrong("DROP TABLE users", {}, "columns", "not yet", "postgres.table-missing"),
    Wrong("DROP TABLE users", {}, "row-security", "not yet", "postgres.table-missing"),
    Wrong("DROP TABLE users", {}, "rows", "not yet", "postgres.table-missing"),
    Wrong("REVOKE ALL ON users FROM checks_app", {}, "tables", "broken", "postgres.denied"),
    Wrong("ALTER TABLE users DROP email", {}, "columns", "not yet", "postgres.column-missing"),
    Wrong(
        "UPDATE alembic_version SET version_num = '0001'",
        {},
        "migration",
        "not yet",
        "postgres.migration-behind",
    ),
    Wrong(
        "UPDATE alembic_version SET version_num = 'feed'",
        {},
        "migration",
        "broken",
        "postgres.migration-unknown",
    ),
    Wrong("DROP TABLE alembic_version", {}, "migration", "not yet", "postgres.migration-missing"),
    Wrong("DELETE FROM alembic_version", {}, "migration", "not yet", "postgres.migration-missing"),
    Wrong("", {"migration": "0001"}, "migration", "not yet", "postgres.migration-differs"),
    Wrong(
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
        {},
        "row-security",
        "broken",
        "postgres.row-security-off",
    ),
    Wrong("DROP POLICY own ON users", {}, "row-security", "broken", "postgres.policy-missing"),
    Wrong(
        "ALTER TABLE users OWNER TO checks_app",
        {},
        "row-security",
        "broken",
        "postgres.row-security-not-forced",
    ),
    Wrong(
        "ALTER ROLE checks_app SUPERUSER",
        {},
        "row-security",
        "broken",
        "postgres.role-bypasses-row-security",
    ),
    Wrong(
        "ALTER ROLE checks_app BYPASSRLS",
        {},
        "row-security",
        "broken",
        "postgres.role-bypasses-row-security",
    ),
    Wrong(
        "GRANT embeddings TO checks_app",
        {},
        "row-security",
        "broken",
        "postgres.role-bypasses-row-security",
    ),
    Wrong(
        "CREATE POLICY all_see ON users USING (true)",
        {},
        "isolation",
        "broken",
        "postgres.row-security-leaks",
    ),
    Wrong("DELETE FROM tenants", {}, "rows", "not yet", "postgres.rows-missing"),
    Wrong(
        "INSERT INTO users SELECT id + 10, tenant_id, email FROM users",
        {},
        "rows",
        "not yet",
        "postgres.rows-too-many",
    ),
    Wrong(
        f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on",
        {},
        "writable",
        "broken",
        "postgres.read-only",
    ),
    Wrong(
        "",
        {"spare-connections": 5000},
        "connections",
        "not yet",
        "postgres.too-many-connections",
    ),
    Wrong("", {"latency-p95": 0.0}, "latency", "not yet", "postgres.slow"),
]


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: f"{wrong.check}: {wrong.cause}")
def test_a_wrong_is_named(world: World, wrong: Wrong) -> None:
    if wrong.breaking:
        world.run(wrong.breaking)
    seen = ask(world.kind(**(EVERYTHING | wrong.demanded)), world.scene, wrong.check)
    assert (seen.cause, seen.answer) == (wrong.cause, wrong.answer), seen
    explains(seen)


def test_a_database_that_admits_nobody_is_named(world: World) -> None:
    world.run(f"ALTER DATABASE {DATABASE} WITH ALLOW_CONNECTIONS false", "postgres")
    seen = ask(world.kind(), world.scene, "login")
    assert (seen.cause, seen.answer) == ("postgres.database-closed", Answer.BROKEN)


def test_the_service_s_own_wrong_password_ends_the_wait(world: World) -> None:
    wrong = replace(world.connection, password="of another volume")
    seen = ask(world.kind(), world.seen_at(world.target.endpoint(), wrong), "login")
    assert (seen.cause, seen.answer) == ("postgres.login-refused", Answer.BROKEN)
    assert "SQLSTATE 28P01" in seen.evidence
    assert "kept volume" in seen.fix


def test_tls_that_is_demanded_and_not_offered_is_named(world: World) -> None:
    demanding = replace(world.connection, options={"sslmode": "require"})
    seen = ask(world.kind(), world.seen_at(world.target.endpoint(), demanding), "login")
    assert (seen.cause, seen.answer) == ("postgres.tls-missing", Answer.BROKEN)


def test_a_user_no_rule_lets_in_is_told_from_a_wrong_password(world: World) -> None:
    rules = world.server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"host all checks_app 127.0.0.1/32 reject\n{before}")
    try:
        world.server.restart()
        seen = ask(world.kind(**EVERYTHING), world.scene, "login")
    finally:
        rules.write_text(before)
        world.server.restart()
    assert (seen.cause, seen.answer) == ("postgres.host-refused", Answer.BROKEN)


def test_a_table_in_another_schema_is_missing_and_where_it_is_gets_said(world: World) -> None:
    world.run("CREATE SCHEMA elsewhere; ALTER TABLE users SET SCHEMA elsewhere")
    seen = ask(world.kind(**EVERYTHING), world.scene, "tables")
    assert seen.cause == "postgres.table-missing"
    assert "elsewhere.users exists" in seen.evidence
    assert any(line.startswith("search_path:") for line in seen.evidence)


def test_a_table_named_with_its_schema_is_found_there(world: World) -> None:
    world.run("CREATE SCHEMA elsewhere; ALTER TABLE users SET SCHEMA elsewhere")
    seen = ask(world.kind(tables=["elsewhere.users"]), world.scene, "tables")
    assert seen.passed


def test_an_owner_that_is_forced_may_own_its_tables(world: World) -> None:
    world.run("ALTER TABLE users OWNER TO checks_app; ALTER TABLE users FORCE ROW LEVEL SECURITY")
    kind = world.kind(**EVERYTHING)
    assert ask(kind, world.scene, "row-security").passed
    assert ask(kind, world.scene, "isolation").passed


def test_a_policy_that_fails_without_a_tenant_hides_as_well(world: World) -> None:
    world.run(
        "DROP POLICY own ON users;"
        "CREATE POLICY own ON users USING (tenant_id = current_setting('checks.tenant'))"
    )
    seen = ask(world.kind(**EVERYTHING), world.scene, "isolation")
    assert seen.passed
    assert "the owner sees some" in seen.observed


def test_isolation_of_an_empty_table_does_not_claim_proof(world: World) -> None:
    world.run("DELETE FROM users")
    seen = ask(world.kind(**EVERYTHING), world.scene, "isolation")
    assert seen.passed
    assert "nor is there one to hide yet" in seen.observed


def test_a_locked_table_is_told_from_a_slow_one(world: World) -> None:
    with closing(world.owner()) as other, other.transaction():
        other.execute("LOCK TABLE tenants")
        seen = ask(world.kind(rows={"tenants": 3}), world.scene, "rows")
    assert (seen.cause, seen.answer) == ("postgres.locked", Answer.NOT_YET)


def test_a_query_that_takes_too_long_is_ended_and_named(world: World) -> None:
    world.run("CREATE VIEW slow AS SELECT 1 WHERE pg_sleep(30)::text IS NOT NULL")
    seen = ask(world.kind(rows={"slow": 1}), world.scene, "rows")
    assert (seen.cause, seen.answer) == ("postgres.slow", Answer.NOT_YET)


def test_a_full_server_is_named_though_its_superuser_still_gets_in(world: World) -> None:
    with ExitStack() as held:
        with pytest.raises(psycopg.OperationalError):
            _hold_every_connection(world, held)
        assert ask(world.kind(), world.scene, "login").passed
        room = ask(world.kind(), world.scene, "connections")
        app = ask(world.kind(**{"as": "app"}), world.scene, "login")
    assert room.cause == app.cause == "postgres.too-many-connections"
    assert any("connections of checks-holding" in line for line in app.evidence)


def _hold_every_connection(world: World, held: ExitStack) -> None:
    while True:
        held.enter_context(closing(_as_app(world)))


def _as_app(world: World) -> Any:
    return psycopg.connect(
        host="127.0.0.1",
        port=world.server.port,
        user="checks_app",
        password=APP_PASSWORD,
        dbname=DATABASE,
        application_name="checks-holding",
    )


def test_a_restart_between_two_looks_is_seen_and_the_next_look_passes(world: World) -> None:
    login = next(check for check in world.kind().checks() if check.name == "login")
    assert login.look(world.scene).passed
    world.server.restart()
    seen = login.look(world.scene)
    assert (seen.cause, seen.answer) == ("postgres.restarted", Answer.NOT_YET)
    assert login.look(world.scene).passed


def test_a_server_that_is_gone_is_refused_on_every_level(world: World) -> None:
    world.server.stop()
    try:
        seen = ask_all(world.kind(**EVERYTHING), world.scene)
    finally:
        world.server.start()
    assert {look.cause for look in seen.values()} == {"network.refused"}


def test_a_frozen_server_is_silent_and_ends_each_look_in_time(world: World) -> None:
    world.server.freeze()
    try:
        protocol = ask(world.kind(), world.scene, "protocol")
        login = ask(world.kind(), world.scene, "login")
    finally:
        world.server.thaw()
    assert protocol.cause == login.cause == "postgres.silent"
    assert protocol.answer is login.answer is Answer.NOT_YET


class Standby(PostgresServer):
    """A cluster that was told it is a standby: it takes reads only."""

    def answers(self) -> bool:
        return "ready to accept read-only connections" in self.log.read_text(errors="replace")

    def _create_database(self) -> None:
        """A standby takes no new database."""

    def _initialise(self, data: Path) -> None:
        super()._initialise(data)
        (data / "standby.signal").touch()


def test_a_replica_is_named() -> None:
    with started(Standby) as server:
        scene = FakeScene(server.target)
        seen = ask(Postgres(service="postgres", database="postgres"), scene, "writable")
    assert (seen.cause, seen.answer) == ("postgres.is-replica", Answer.BROKEN)


def _error(sqlstate: str) -> bytes:
    fields = f"SFATAL\0C{sqlstate}\0Mnot in English\0Rroutine\0\0".encode()
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


HALF_STARTED: list[tuple[Callable[[], AbstractContextManager[Endpoint]], str, str]] = [
    (half_started.nothing_listens, "not yet", "network.refused"),
    (half_started.says_nothing, "not yet", "postgres.silent"),
    (half_started.hangs_up, "not yet", "postgres.closes"),
    (half_started.speaks_http, "broken", "postgres.not-postgres"),
    (lambda: half_started.replies(b"-ERR unknown command\r\n"), "broken", "postgres.not-postgres"),
    (
        lambda: half_started.replies(b"N", _error("57P03")),
        "not yet",
        "postgres.starting-up",
    ),
    (lambda: half_started.replies(b"N", b"R\x7f\xff\xff\xff"), "broken", "postgres.not-postgres"),
]


@pytest.mark.parametrize(("half", "answer", "cause"), HALF_STARTED)
def test_a_half_started_server_is_named(
    built: World,
    half: Callable[[], AbstractContextManager[Endpoint]],
    answer: str,
    cause: str,
) -> None:
    with half() as endpoint:
        seen = first_wrong(built.kind(), built.seen_at(endpoint))
    assert (seen.cause, seen.answer) == (cause, answer), seen
    explains(seen)


def test_a_port_that_is_not_published_is_named(built: World) -> None:
    seen = first_wrong(built.kind(port=5433), built.scene)
    assert seen.cause == "network.no-port"
