"""``airflow`` in Airflow's own environment; before ``db migrate`` its database is made if missing.

The image leaves that to whoever runs the database; an init script usually does it. A project that
has none gets it here.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit


def main(arguments: list[str]) -> None:
    if arguments[:2] == ["db", "migrate"]:
        make_database(os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", ""))
    # four processes import some 3,000 modules each on a small machine, and nearly all of it stays:
    # looking for garbage meanwhile was a fifth of the time to healthy
    gc.set_threshold(100_000, 50, 1000)
    from airflow.__main__ import main as airflow  # type: ignore[import-not-found]

    sys.argv = [str(Path(sys.executable).with_name("airflow")), *arguments]
    airflow()


def make_database(url: str) -> None:
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgres"):
        return
    import psycopg2  # type: ignore[import-untyped]  # of Airflow's environment, not ours
    from psycopg2 import sql

    wanted = parts.path.lstrip("/")
    login = {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}
    server = psycopg2.connect(
        host=parts.hostname, port=parts.port or 5432, dbname="postgres", connect_timeout=10, **login
    )
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (wanted,))
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(wanted)))
            sys.stdout.write(f"made the missing database {wanted}\n")
    server.close()


if __name__ == "__main__":
    main(sys.argv[1:])
