"""COPY into a temporary table, then INSERT what is missing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from envcheck.seeds.row_file import Cells, Row

PREFIX = 29  # characters of a bcrypt hash up to the end of its salt

CREATE = "CREATE TEMP TABLE envcheck_seed ON COMMIT DROP AS SELECT {columns} FROM {table} LIMIT 0"
COPY = "COPY envcheck_seed ({columns}) FROM STDIN"
# NOT EXISTS needs no unique index on the key; ON CONFLICT covers who is quicker than us.
INSERT = (
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM envcheck_seed s"
    " WHERE NOT EXISTS (SELECT FROM {table} t WHERE {match}) ON CONFLICT DO NOTHING"
)
# The salt comes from the key, so a hash with our salt is a hash we made.
REHASH = (
    "UPDATE {table} t SET {column} = s.{column} FROM envcheck_seed s"
    " WHERE {match} AND t.{column} <> s.{column}"
    " AND left(t.{column}, {prefix}) = left(s.{column}, {prefix})"
)

ABSENT = (
    "SELECT * FROM unnest({lists}) AS wanted({columns})"
    " WHERE NOT EXISTS (SELECT FROM {table} t WHERE {match})"
)


def write(connection: Any, cells: Cells) -> int:
    """How many rows were added or got a new password hash."""
    return sum(
        _write(connection, cells, columns, rows)
        for columns, rows in cells.rows.by_columns().items()
    )


def _write(connection: Any, cells: Cells, columns: Sequence[str], rows: Sequence[Row]) -> int:
    from psycopg import sql

    names = {
        "table": _table(cells),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
        "match": _match(cells),
        "prefix": sql.Literal(PREFIX),
    }
    values = _values(cells, columns, rows)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(CREATE).format(**names))
        with cursor.copy(sql.SQL(COPY).format(**names)) as copy:
            for value in values:
                copy.write_row(value)
        changed = int(cursor.execute(sql.SQL(INSERT).format(**names)).rowcount)
        for column in set(cells.rows.hashed()) & set(columns):
            rehash = sql.SQL(REHASH).format(column=sql.Identifier(column), **names)
            changed += int(cursor.execute(rehash).rowcount)
        cursor.execute("DROP TABLE envcheck_seed")
    return changed


def absent_keys(connection: Any, cells: Cells) -> list[tuple[str, ...]]:
    """The natural keys of the fixture that the table does not hold, in the fixture's order."""
    from psycopg import sql

    columns = [sql.Identifier(column) for column in cells.rows.key]
    same = sql.SQL("t.{0}::text = wanted.{0}")
    query = sql.SQL(ABSENT).format(
        table=_table(cells),
        lists=sql.SQL(", ").join(sql.SQL("%s::text[]") for _ in columns),
        columns=sql.SQL(", ").join(columns),
        match=sql.SQL(" AND ").join(same.format(column) for column in columns),
    )
    wanted = [cells.rows.key_of(row) for row in cells.rows.rows]
    lists = [list(values) for values in zip(*wanted, strict=True)]
    gone = {tuple(key) for key in connection.execute(query, lists)}
    return [key for key in wanted if key in gone]


def other_passwords(connection: Any, cells: Cells) -> list[tuple[str, ...]]:
    """The keys of the rows whose hash does not verify against the fixture's password."""
    checked = [
        (cells.rows.key_of(row), stored, password)
        for column in cells.rows.hashed()
        for row, stored in _stored(connection, cells, column)
        if (password := cells.password(row, column)) is not None
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # bcrypt lets go of the interpreter's lock
        verdicts = list(pool.map(lambda one: _verifies(one[1], one[2]), checked))
    return [key for (key, _, _), right in zip(checked, verdicts, strict=True) if not right]


def _stored(connection: Any, cells: Cells, column: str) -> list[tuple[Row, str]]:
    from psycopg import sql

    where = sql.SQL(" AND ").join(
        sql.SQL("{}::text = %s").format(sql.Identifier(key)) for key in cells.rows.key
    )
    query = sql.SQL("SELECT {column} FROM {table} WHERE {where}").format(
        column=sql.Identifier(column), table=_table(cells), where=where
    )
    found = (
        (row, connection.execute(query, cells.rows.key_of(row)).fetchone())
        for row in cells.rows.rows
    )
    return [(row, str(one[0])) for row, one in found if one]


def _verifies(stored: str, password: bytes) -> bool:
    import bcrypt

    try:
        return bool(bcrypt.checkpw(password, stored.encode()))
    except ValueError:  # what is stored is no bcrypt hash at all
        return False


def _values(cells: Cells, columns: Sequence[str], rows: Sequence[Row]) -> list[list[Any]]:
    def one(row: Row) -> list[Any]:
        return [cells.value(row, column) for column in columns]

    if not cells.rows.hashed():
        return [one(row) for row in rows]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, rows))


def _table(cells: Cells) -> Any:
    from psycopg import sql

    return sql.Identifier(*cells.table.split("."))


def _match(cells: Cells) -> Any:
    from psycopg import sql

    same = sql.SQL("t.{0} = s.{0}")
    return sql.SQL(" AND ").join(same.format(sql.Identifier(column)) for column in cells.rows.key)
