"""Why a login was refused, by every way in which Postgres asks for a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from envcheck.checks.postgres import Postgres
from envcheck.checks.postgres_refusal import refusal
from envcheck.model.target import Connection, Endpoint, Target
from tests.checks.asking import ask
from tests.checks.own import started
from tests.checks.tls import encrypted
from tests.fakes.scene import FakeScene
from tests.servers import PostgresServer

pytestmark = pytest.mark.real

METHODS = {
    "by_scram": "scram-sha-256",
    "by_password": "password",
    "by_md5": "md5",
    "by_trust": "trust",
}
PASSWORD = "one of each"


class EveryWayIn(PostgresServer):
    """A user per method, one for whom there is no rule, and a stranger who is trusted."""

    def _initialise(self, data: Path) -> None:
        super()._initialise(data)
        rules = [f"host all {user} 127.0.0.1/32 {method}\n" for user, method in METHODS.items()]
        rules.append("host all stranger 127.0.0.1/32 trust\n")
        rules.append("host all shut_out 127.0.0.1/32 reject\n")
        path = data / "pg_hba.conf"
        path.write_text("".join(rules) + path.read_text())


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with started(EveryWayIn) as server:
        _create_users(server)
        yield server


@pytest.fixture
def where(server: PostgresServer) -> Endpoint:
    return Endpoint("127.0.0.1", server.port)


def _create_users(server: PostgresServer) -> None:
    with closing(_connect(server)) as owner:
        for user, method in METHODS.items():
            kept = "md5" if method == "md5" else "scram-sha-256"
            owner.execute(f"SET password_encryption = '{kept}'")
            owner.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")
        owner.execute(f"CREATE ROLE shut_out LOGIN PASSWORD '{PASSWORD}'")


def _connect(server: PostgresServer) -> Any:
    own = server.connection()
    return psycopg.connect(
        host="127.0.0.1",
        port=server.port,
        user=own.user,
        password=own.password,
        dbname="postgres",
        autocommit=True,
    )


def _login(where: Endpoint, user: str, password: str = PASSWORD) -> Any:
    """As the service's own user: there is nobody else to ask about it."""
    connection = Connection("postgres", 5432, user, password, "postgres")
    scene = FakeScene(Target("postgres", {5432: where}, connection))
    return ask(Postgres(service="postgres"), scene, "login")


@pytest.mark.parametrize("user", METHODS)
def test_the_right_password_is_let_in_by_every_method(where: Endpoint, user: str) -> None:
    assert refusal(where, user, PASSWORD, "postgres") is None
    assert _login(where, user).passed


@pytest.mark.parametrize("user", ["by_scram", "by_password", "by_md5"])
def test_a_wrong_password_is_refused_with_its_sqlstate_by_every_method(
    where: Endpoint, user: str
) -> None:
    said = refusal(where, user, "wrong", "postgres")
    assert said is not None
    assert said.sqlstate == "28P01"
    assert _login(where, user, "wrong").cause == "postgres.login-refused"


def test_a_refusal_names_the_server_s_own_routine(where: Endpoint) -> None:
    said = refusal(where, "by_trust", "", "no_such_database")
    assert said is not None
    assert (said.sqlstate, said.routine) == ("3D000", "InitPostgres")


def test_a_missing_role_is_told_by_the_routine_where_nobody_else_can_be_asked(
    where: Endpoint,
) -> None:
    assert _login(where, "stranger").cause == "postgres.role-missing"


def test_a_missing_rule_is_told_by_the_routine_where_nobody_else_can_be_asked(
    where: Endpoint,
) -> None:
    assert _login(where, "shut_out").cause == "postgres.host-refused"


def test_a_login_over_tls_passes(where: Endpoint, tmp_path: Path) -> None:
    with encrypted(where, tmp_path) as endpoint:
        assert _login(endpoint, "by_scram").passed


def test_a_wrong_password_over_tls_is_named(where: Endpoint, tmp_path: Path) -> None:
    with encrypted(where, tmp_path) as endpoint:
        assert _login(endpoint, "by_scram", "wrong").cause == "postgres.login-refused"
