"""Do the tables exist, with their columns, where the application's user finds them?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from envcheck.model.outcome import Observation, broken, not_yet, passed

FOUND = """
    SELECT n.nspname, c.relname, pg_table_is_visible(c.oid),
           has_schema_privilege(n.oid, 'USAGE')
             AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE'),
           ARRAY(SELECT a.attname::text FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str
    visible: bool  # found by its bare name through the search_path
    usable: bool  # the user may do something with it
    columns: Sequence[str]

    def answers_to(self, wanted: str) -> bool:
        schema, name = split(wanted)
        return self.name == name and (self.schema == schema if schema else self.visible)


def split(wanted: str) -> tuple[str, str]:
    """``airflow.dag`` → schema and name; no schema means wherever the search_path finds it."""
    schema, _, name = wanted.rpartition(".")
    return schema, name


def named(wanted: str) -> Any:
    """The table's name, quoted for a statement."""
    from psycopg import sql

    return sql.Identifier(*(part for part in split(wanted) if part))


def find(cursor: Any, wanted: Sequence[str]) -> tuple[list[Table], str]:
    """Every table of those names in any schema, and the search_path."""
    cursor.execute(FOUND, ([split(one)[1] for one in wanted],))
    tables = [Table(*row) for row in cursor.fetchall()]
    cursor.execute("SHOW search_path")
    return tables, str(cursor.fetchone()[0])


def tables_exist(wanted: Sequence[str]) -> Callable[[Any], Observation]:
    return lambda cursor: judge_tables(wanted, *find(cursor, wanted))


def judge_tables(wanted: Sequence[str], found: Sequence[Table], search_path: str) -> Observation:
    missing = [one for one in wanted if not any(table.answers_to(one) for table in found)]
    if missing:
        return _missing(missing, found, search_path)
    locked = [one for one in wanted if not any(t.usable for t in found if t.answers_to(one))]
    if locked:
        return broken(
            f"the user may do nothing with {', '.join(locked)}",
            cause="postgres.denied",
            fix="GRANT the role what it needs on the tables and USAGE on their schema",
        )
    return passed(f"{len(wanted)} tables: {', '.join(wanted)}")


def _missing(missing: Sequence[str], found: Sequence[Table], search_path: str) -> Observation:
    elsewhere = [
        f"{table.schema}.{table.name} exists"
        for table in found
        if table.name in {split(one)[1] for one in missing}
    ]
    fix = "set the role's search_path" if elsewhere else "run the migrations"
    return not_yet(  # a migration may be creating it
        f"there is no table {', '.join(missing)}",
        cause="postgres.table-missing",
        fix=f"{fix}; see how the one-shot that migrates ended",
        evidence=(*elsewhere, f"search_path: {search_path}"),
    )


def columns_exist(wanted: Mapping[str, Sequence[str]]) -> Callable[[Any], Observation]:
    return lambda cursor: judge_columns(wanted, *find(cursor, tuple(wanted)))


def judge_columns(
    wanted: Mapping[str, Sequence[str]], found: Sequence[Table], search_path: str
) -> Observation:
    absent = [one for one in wanted if not any(table.answers_to(one) for table in found)]
    if absent:
        return _missing(absent, found, search_path)
    has = {one: table.columns for one in wanted for table in found if table.answers_to(one)}
    missing = [
        f"{table}.{column}"
        for table, columns in wanted.items()
        for column in columns
        if column not in has[table]
    ]
    if missing:
        return not_yet(
            f"there is no column {', '.join(missing)}",
            cause="postgres.column-missing",
            fix="run the migrations up to the expected revision",
            evidence=tuple(
                f"{table} has {', '.join(has[table])}" for table in wanted if _of(table, missing)
            ),
        )
    count = sum(len(columns) for columns in wanted.values())
    return passed(f"{count} columns in {len(wanted)} tables")


def _of(table: str, missing: Sequence[str]) -> bool:
    return any(one.rpartition(".")[0] == table for one in missing)
