"""Is row-level security in effect? Asked of the rows themselves, with the owner as control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from envcheck.checks.postgres_session import Door, asking
from envcheck.checks.postgres_tables import named
from envcheck.checks.reach import answering
from envcheck.model.check import Look, Scene
from envcheck.model.outcome import Observation, broken, passed


def row_security_holds(door: Door, tables: Sequence[str]) -> Look:
    """Without a tenant the user sees no row of a table in which the owner sees some."""

    def look(scene: Scene) -> Observation:
        leaks = dict.fromkeys(tables, False)
        shown = asking(door, _seen_into(leaks))(scene)
        if not shown.passed:
            return shown
        leaking = [table for table, seen in leaks.items() if seen]
        if leaking:
            return _leaking(leaking)
        filled = dict.fromkeys(tables, False)
        control = asking(door.owner, _seen_into(filled))(scene)
        proved = [table for table, seen in filled.items() if seen]
        if not control.passed or not proved:
            return passed("no row is shown without a tenant (nor is there one to hide yet)")
        return passed(
            f"without a tenant no row of {', '.join(proved)} is shown; the owner sees some"
        )

    return answering(look)


def _seen_into(seen: dict[str, bool]) -> Callable[[Any], Observation]:
    def ask(cursor: Any) -> Observation:
        for table in seen:
            seen[table] = _any_row(cursor, table)
        return passed("asked")

    return ask


def _any_row(cursor: Any, table: str) -> bool:
    """A policy that cannot do without its tenant, or a missing privilege, shows no row either."""
    from psycopg import errors, sql

    try:
        with cursor.connection.transaction():  # a savepoint: one refusal must not end the rest
            cursor.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(named(table)))
            return bool(cursor.fetchone()[0])
    except (errors.DataError, errors.UndefinedObject, errors.InsufficientPrivilege):
        return False


def _leaking(tables: Sequence[str]) -> Observation:
    return broken(
        f"without a tenant the user sees rows of {', '.join(tables)}",
        expected="no row without a tenant",
        cause="postgres.row-security-leaks",
        fix="make the policies compare with the tenant setting and refuse where it is not set",
    )
