"""Brings the database to a revision: `alembic upgrade head`.

Safe to run twice and to run twice at once: everything happens in one transaction behind one
advisory lock. The roles are made to match before any revision runs, at every run.
"""

import os
import sys

from alembic import context
from backend_api import logs, roles
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

LOCK = 0x656E7663  # any number, the same for every migration of this database
LOCK_TIMEOUT = "60s"  # a wedged migration elsewhere must not hold this one for ever


def owner_url() -> str:
    url = os.environ.get("DATABASE_OWNER_URL", "")
    if not url:
        sys.exit("DATABASE_OWNER_URL is not set: whose database is to be migrated?")
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def migrate(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    roles.match(connection, app_password=os.environ.get("APP_DB_PASSWORD", ""))
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    logs.configure("migrate")
    engine = create_engine(owner_url(), poolclass=NullPool, connect_args={"connect_timeout": 5})
    try:
        with engine.begin() as connection:
            migrate(connection)
    except OperationalError as error:
        sys.exit(f"the database refused the migration: {error.orig}")


main()
