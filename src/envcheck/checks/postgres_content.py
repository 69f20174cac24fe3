"""What else the database should have: rows, extensions, room, speed, a right to write."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envcheck.checks.postgres_tables import named
from envcheck.model.amount import amount
from envcheck.model.outcome import Observation, broken, not_yet, passed

ROUND_TRIPS = 20  # a p95 of fewer is the maximum

# Ordinary roles cannot use the reserved slots; a superuser does not notice that the rest is taken.
ROOM = """
    SELECT current_setting('max_connections')::int,
           current_setting('superuser_reserved_connections')::int
             + coalesce(current_setting('reserved_connections', true)::int, 0),
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""


def rows_counted(wanted: Mapping[str, int | str]) -> Callable[[Any], Observation]:
    def ask(cursor: Any) -> Observation:
        from psycopg import sql

        found = {}
        for table, written in wanted.items():
            query = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT %s) AS counted")
            cursor.execute(query.format(named(table)), (amount(written).horizon,))
            found[table] = int(cursor.fetchone()[0])
        return judge_rows(wanted, found)

    return ask


def judge_rows(wanted: Mapping[str, int | str], found: Mapping[str, int]) -> Observation:
    wrong = [table for table in wanted if not amount(wanted[table]).holds(found[table])]
    if not wrong:
        return passed(", ".join(f"{table}: {count} rows" for table, count in found.items()))
    few = any(found[table] < amount(wanted[table]).number for table in wrong)
    return not_yet(  # a seed may still be writing
        ", ".join(f"{table} has {found[table]} rows" for table in wrong),
        expected=", ".join(f"{table}: {amount(wanted[table])}" for table in wrong),
        cause="postgres.rows-missing" if few else "postgres.rows-too-many",
        fix="run the seed; see what removed rows" if few else "see what wrote them twice",
    )


def extensions_created(wanted: Sequence[str]) -> Callable[[Any], Observation]:
    def ask(cursor: Any) -> Observation:
        cursor.execute("SELECT extname FROM pg_extension")
        missing = sorted(set(wanted) - {row[0] for row in cursor.fetchall()})
        if not missing:
            return passed(f"extensions: {', '.join(wanted)}")
        cursor.execute("SELECT name FROM pg_available_extensions WHERE name = ANY(%s)", (missing,))
        return judge_extensions(missing, [row[0] for row in cursor.fetchall()])

    return ask


def judge_extensions(missing: Sequence[str], available: Sequence[str]) -> Observation:
    lacking = [name for name in missing if name not in available]
    if lacking:
        return broken(
            f"the server's image has no files for {', '.join(lacking)}",
            cause="postgres.extension-unavailable",
            fix="use an image that brings them (pgvector/pgvector, postgis/postgis, …)",
        )
    return not_yet(
        f"not created: {', '.join(missing)}",
        cause="postgres.extension-missing",
        fix="; ".join(f'CREATE EXTENSION "{name}"' for name in missing),
    )


def version_is(wanted: int | str) -> Callable[[Any], Observation]:
    def ask(cursor: Any) -> Observation:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        major = int(cursor.fetchone()[0])
        if amount(wanted).holds(major):
            return passed(f"PostgreSQL {major}")
        return broken(
            f"PostgreSQL {major}",
            expected=f"PostgreSQL {amount(wanted)}",
            cause="postgres.version",
            fix="correct the image's tag; a kept volume belongs to one major version",
        )

    return ask


def writable(cursor: Any) -> Observation:
    cursor.execute("SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'")
    replica, read_only = cursor.fetchone()
    if replica:
        return broken(
            "the server is a replica: it refuses writes",
            cause="postgres.is-replica",
            fix="point at the primary, or say `writable: false` where a replica is meant",
        )
    if read_only:
        return broken(
            "transactions of this user are read-only here",
            cause="postgres.read-only",
            fix="reset default_transaction_read_only of the server, the database or the role",
        )
    return passed("takes writes")


def room_for(wanted: int) -> Callable[[Any], Observation]:
    def ask(cursor: Any) -> Observation:
        cursor.execute(ROOM)
        most, reserved, used = cursor.fetchone()
        free = max(most - reserved - used, 0)
        if free >= wanted:
            return passed(f"{free} of {most} connections free")
        return not_yet(
            f"{free} of {most} connections free ({used} in use, {reserved} reserved)",
            cause="postgres.too-many-connections",
            fix="use smaller pools or a pooler, or raise max_connections",
        )

    return ask


def answers_within(seconds: float) -> Callable[[Any], Observation]:
    def ask(cursor: Any) -> Observation:
        taken = sorted(_round_trip(cursor) for _ in range(ROUND_TRIPS))
        p95 = taken[ROUND_TRIPS * 95 // 100 - 1]  # nearest rank
        observed = f"p95 {p95 * 1000:.1f} ms over {ROUND_TRIPS} queries"
        if p95 <= seconds:
            return passed(observed)
        return not_yet(
            observed,
            cause="postgres.slow",
            fix="see what keeps the server or this machine busy",
        )

    return ask


def _round_trip(cursor: Any) -> float:
    started = time.perf_counter()
    cursor.execute("SELECT 1")
    return time.perf_counter() - started
