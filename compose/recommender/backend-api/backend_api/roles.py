"""The two database roles the application lives by, made to match at every migration.

``embeddings_app`` is the login of the applications: no superuser, no BYPASSRLS, member of nothing.
``embeddings_gate`` cannot log in; it owns the few functions that look across tenants.
Only the migration imports this module: it is run by the database's owner.
"""

from psycopg import Connection as Psycopg
from psycopg import sql
from sqlalchemy import Connection, text

APP = "embeddings_app"
GATE = "embeddings_gate"
PLAIN = "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"


def match(connection: Connection, *, app_password: str) -> None:
    """Raises SystemExit when there is no password for the application's role."""
    if not app_password:
        raise SystemExit("APP_DB_PASSWORD is not set: the application could not log in")
    for role in (APP, GATE):
        create_if_absent(connection, role)
    connection.execute(text(f"ALTER ROLE {GATE} NOLOGIN {PLAIN}"))
    driver = connection.connection.driver_connection
    assert isinstance(driver, Psycopg)
    set_login(driver, app_password)


def create_if_absent(connection: Connection, role: str) -> None:
    known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    if known.first() is None:
        connection.execute(text(f"CREATE ROLE {role} {PLAIN}"))


def set_login(driver: Psycopg, password: str) -> None:
    """The password is hashed here: in clear it would stand in the server's statement log."""
    hashed = driver.pgconn.encrypt_password(password.encode(), APP.encode(), b"scram-sha-256")
    statement = sql.SQL("ALTER ROLE {} LOGIN {} PASSWORD {}").format(
        sql.Identifier(APP), sql.SQL(PLAIN), sql.Literal(hashed.decode())
    )
    driver.execute(statement)
