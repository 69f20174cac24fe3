"""Is the database at the revision this checkout expects?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from envcheck.checks.postgres_revisions import Revisions, Unreadable, read_revisions
from envcheck.checks.postgres_tables import named
from envcheck.model.outcome import Observation, broken, not_yet, passed

MIGRATE = "run the migrations (`alembic upgrade head`); see how the one-shot that does so ended"
SHOWN = 5  # revisions named in a sentence


def migration_at(wanted: str, folder: Path | None, table: str) -> Callable[[Any], Observation]:
    """``wanted`` is head, heads, or a revision."""

    def ask(cursor: Any) -> Observation:
        import psycopg

        try:
            known = read_revisions(folder) if folder else None
        except Unreadable as error:
            return _unreadable(error)
        try:
            cursor.execute(psycopg.sql.SQL("SELECT version_num FROM {}").format(named(table)))
        except psycopg.errors.UndefinedTable:
            return _never_ran(f"there is no table {table}")
        applied = sorted(str(row[0]) for row in cursor.fetchall())
        return judge(wanted, applied, known) if applied else _never_ran(f"{table} is empty")

    return ask


def judge(wanted: str, applied: Sequence[str], known: Revisions | None) -> Observation:
    """Without the scripts (``known``) only an exact revision can be demanded."""
    if known is None:
        return _compare(applied, (wanted,), None)
    if wanted == "head" and len(known.heads) > 1:
        return _several_heads(known.heads)
    strangers = [revision for revision in applied if revision not in known.below]
    if strangers:
        return _unknown(strangers, known)
    goals = known.heads if wanted in ("head", "heads") else (wanted,)
    return _compare(applied, goals, known)


def _compare(applied: Sequence[str], goals: Sequence[str], known: Revisions | None) -> Observation:
    if set(applied) == set(goals):
        return passed(f"at {_listed(applied)}")
    expected = f"revision {_listed(goals)}"
    if known is None:
        return not_yet(
            f"the database is at {_listed(applied)}",
            expected=expected,
            cause="postgres.migration-differs",
            fix=MIGRATE,
        )
    have = frozenset[str]().union(*(known.reached_by(one) for one in applied))
    want = frozenset[str]().union(*(known.reached_by(goal) for goal in goals))
    missing = sorted(want - have)
    if not missing:
        return _ahead(applied, expected)
    return not_yet(  # the one-shot that migrates may be at it
        f"the database is at {_listed(applied)}, {len(missing)} behind: {_listed(missing)}",
        expected=expected,
        cause="postgres.migration-behind",
        fix=MIGRATE,
    )


def _ahead(applied: Sequence[str], expected: str) -> Observation:
    return broken(
        f"the database is at {_listed(applied)}, beyond what is wanted",
        expected=expected,
        cause="postgres.migration-ahead",
        fix="downgrade the database, or correct `migration:`",
    )


def _never_ran(observed: str) -> Observation:
    return not_yet(
        f"{observed}: no migration ever ran here", cause="postgres.migration-missing", fix=MIGRATE
    )


def _several_heads(heads: Sequence[str]) -> Observation:
    return broken(
        f"the migrations have {len(heads)} heads: {_listed(heads)}",
        expected="one head",
        cause="postgres.migration-heads",
        fix="join them with `alembic merge`, or say `migration: heads` where it is meant",
    )


def _unknown(strangers: Sequence[str], known: Revisions) -> Observation:
    return broken(
        f"the database is at {_listed(strangers)}, which this checkout does not have",
        expected=f"revision {_listed(known.heads)}",
        cause="postgres.migration-unknown",
        fix="check out the branch that made it, downgrade with that branch, or use a fresh volume",
    )


def _unreadable(error: Unreadable) -> Observation:
    return broken(
        f"the migrations cannot be read: {error}",
        cause="postgres.migrations-unreadable",
        fix="correct `migrations:` (the folder of revision files), or the file",
    )


def _listed(revisions: Sequence[str]) -> str:
    rest = f" and {len(revisions) - SHOWN} more" if len(revisions) > SHOWN else ""
    return ", ".join(revisions[:SHOWN]) + rest
