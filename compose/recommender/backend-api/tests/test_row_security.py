"""The database keeps tenants apart by itself, whatever the application forgets."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from conftest import ALPHA, APP_PASSWORD, BETA, MEMBER, ROOT, alembic, as_app

TABLES = ("users", "api_keys", "rate_limits", "usage_logs", "audit_logs")


@pytest.fixture
def app(owner_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(as_app(owner_url)) as connection:
        yield connection
        connection.rollback()


def visit(app: psycopg.Connection, tenant: str) -> None:
    app.execute("SELECT set_config('app.tenant_id', %s, true)", [tenant])


def count(app: psycopg.Connection, query: str) -> int:
    row = app.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_a_tenant_sees_its_own_rows_and_no_others(app: psycopg.Connection) -> None:
    visit(app, ALPHA)
    assert count(app, "SELECT count(*) FROM users") == 2
    assert count(app, f"SELECT count(*) FROM users WHERE tenant_id <> '{ALPHA}'") == 0
    visit(app, BETA)
    assert count(app, "SELECT count(*) FROM users") == 1


@pytest.mark.parametrize("table", TABLES)
def test_no_tenant_means_no_rows(app: psycopg.Connection, table: str) -> None:
    assert count(app, f"SELECT count(*) FROM {table}") == 0
    visit(app, ALPHA)
    app.rollback()  # the setting is now '' instead of NULL
    assert count(app, f"SELECT count(*) FROM {table}") == 0


def test_a_tenant_cannot_write_into_another(app: psycopg.Connection) -> None:
    visit(app, ALPHA)
    assert (
        app.execute("UPDATE users SET role = 'member' WHERE tenant_id = %s", [BETA]).rowcount == 0
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        app.execute(
            "INSERT INTO rate_limits (tenant_id, limit_type, max_requests) VALUES (%s, 'x', 1)",
            [BETA],
        )


@pytest.mark.parametrize(
    "attempt",
    [
        "SET ROLE embeddings",
        "SET ROLE embeddings_gate",
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE users NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant_isolation ON users",
        "CREATE POLICY mine ON users USING (true)",
        "ALTER ROLE embeddings_app BYPASSRLS",
        "CREATE TABLE mine (id integer)",
        "UPDATE tenants SET status = 'active'",
        "DELETE FROM audit_logs",
        "UPDATE alembic_version SET version_num = '0000'",
    ],
)
def test_the_application_cannot_free_itself(app: psycopg.Connection, attempt: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(attempt)


def test_row_security_is_on_and_forced_for_every_tenants_table(owner_url: str) -> None:
    query = """SELECT relname FROM pg_class WHERE relname = ANY(%s)
               AND relrowsecurity AND relforcerowsecurity"""
    with psycopg.connect(owner_url) as owner:
        found = owner.execute(query, [list(TABLES)]).fetchall()
    assert sorted(name for (name,) in found) == sorted(TABLES)


def test_the_roles_have_no_power(owner_url: str) -> None:
    query = """SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'embeddings\\_%%'
               AND NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb) ORDER BY 1"""
    with psycopg.connect(owner_url) as owner:
        found = owner.execute(query).fetchall()
        members = owner.execute(
            "SELECT count(*) FROM pg_auth_members WHERE roleid > 16383"
        ).fetchone()
    assert found == [("embeddings_app", True), ("embeddings_gate", False)]
    assert members == (0,)


@pytest.mark.parametrize("actor", [MEMBER, ALPHA])
def test_the_gate_asks_who_is_acting(app: psycopg.Connection, actor: str) -> None:
    for call in (
        "create_tenant(%s, 'x', 'xx', '{}')",
        f"change_tenant(%s, '{BETA}', null, 'suspended', null)",
        f"delete_tenant(%s, '{BETA}')",
        "every_audit_log(%s, null, now(), now())",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="platform administrator"):
            app.execute(f"SELECT * FROM {call}", [actor])  # type: ignore[arg-type]
        app.rollback()
    app.execute("SELECT * FROM every_audit_log(%s, null, now(), now())", [ROOT])


def test_migrating_again_changes_nothing_but_mends_the_role(owner_url: str) -> None:
    with psycopg.connect(owner_url) as owner:
        owner.execute("ALTER ROLE embeddings_app SUPERUSER BYPASSRLS PASSWORD 'forgotten'")
    done = alembic(owner_url, "upgrade", "head")
    assert done.returncode == 0, done.stderr
    assert "Running upgrade" not in done.stdout
    assert APP_PASSWORD not in done.stdout + done.stderr
    with psycopg.connect(as_app(owner_url)) as app:
        query = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        assert app.execute(query).fetchone() == (False,)


def test_migrations_go_down_and_up_and_wait_for_each_other(owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("CREATE DATABASE scratch")
    scratch = owner_url.replace("/postgres", "/scratch")
    assert alembic(scratch, "upgrade", "head").returncode == 0
    down = alembic(scratch, "downgrade", "base")
    assert down.returncode == 0, down.stderr
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(alembic, scratch, "upgrade", "head") for _ in range(2)]
    assert [each.result().returncode for each in both] == [0, 0]
    with psycopg.connect(scratch) as owner:
        assert owner.execute("SELECT version_num FROM alembic_version").fetchall() == [("0003",)]


def test_a_migration_that_cannot_log_in_says_so_in_one_line(owner_url: str) -> None:
    done = alembic(owner_url.replace(":test-owner@", ":wrong-password@"), "upgrade", "head")
    assert done.returncode == 1
    assert "the database refused the migration" in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong-password" not in done.stderr
