"""The Postgres connection of the seeds: TCP, the service's own admin, refusals by SQLSTATE."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from envcheck.model.outcome import Observation, broken, not_yet
from envcheck.model.seed import SeedFailed
from envcheck.model.target import Target
from envcheck.system.tcp import unreachable

MIGRATE = "run the migrations, then `envcheck seed`"
REFUSALS = {  # SQLSTATE → cause, fix
    "42P01": ("postgres.table-missing", MIGRATE),
    "42703": ("postgres.column-missing", MIGRATE),
    "42501": ("postgres.denied", "let this user write the table"),
    "25006": ("postgres.read-only", "seed the primary, not a replica"),
    "28P01": ("postgres.login-refused", "use the password the server was started with"),
    "3D000": ("postgres.database-missing", "create the database, or correct its name"),
}
PASSING = {  # what heals by itself
    "55P03": ("postgres.locked", "see which transaction holds the table"),
    "57014": ("postgres.slow", "see which transaction holds the table or keeps the server busy"),
    "57P01": ("postgres.shutting-down", "see in its log why the server was told to stop"),
    "57P03": ("postgres.starting-up", "give the server the time to start"),
    "53300": ("postgres.too-many-connections", "raise max_connections or close idle clients"),
}
CONSTRAINT = "23"  # the class of integrity violations


@contextmanager
def connected(target: Target) -> Iterator[Any]:
    """One transaction, committed when the block ends well. Raises SeedFailed, also in place of what
    the statements in the block raise."""
    refused = unreachable(target.endpoint())
    if refused is not None:
        raise SeedFailed(refused)
    import psycopg

    try:
        with psycopg.connect(**_settings(target)) as connection:
            yield connection
    except psycopg.Error as error:
        raise SeedFailed(_refusal(target, error)) from error


def _settings(target: Target) -> dict[str, Any]:
    endpoint, login = target.endpoint(), target.connection
    return {
        "host": endpoint.host,
        "port": endpoint.port,
        "user": login.user if login else "",
        "password": login.password if login else "",
        "dbname": login.database if login else "",
        "connect_timeout": 2,
        "application_name": "envcheck",
        "options": "-c statement_timeout=30s -c lock_timeout=5s",
    }


def _refusal(target: Target, error: Any) -> Observation:
    state, said = error.sqlstate or "", _first_line(error)
    evidence = (f"SQLSTATE {state}",) if state else ()
    if not state and "FATAL" not in said:  # libpq itself gave up: no server spoke
        fix = "see in its log whether the server hangs"
        return not_yet(f"{target.service}: {said}", cause="postgres.no-answer", fix=fix)
    if state in PASSING:
        cause, fix = PASSING[state]
        return not_yet(f"{target.service}: {said}", cause=cause, fix=fix, evidence=evidence)
    if state.startswith(CONSTRAINT):
        cause, fix = "postgres.rows-refused", "correct the row in the fixture, or the constraint"
    else:
        cause, fix = REFUSALS.get(state) or _unclassified(state, said)
    return broken(f"{target.service}: {said}", cause=cause, fix=fix, evidence=evidence)


def _unclassified(state: str, said: str) -> tuple[str, str]:
    """libpq hands out no SQLSTATE for a refused login; the server's FATAL is all there is."""
    if not state and "FATAL" in said:
        return "postgres.login-refused", "use the user, password and database of this server"
    return "postgres.refused", "see the server's log for its reason"


def _first_line(error: Any) -> str:
    return (error.diag.message_primary or str(error)).strip().splitlines()[0]
