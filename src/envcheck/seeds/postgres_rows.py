"""Rows of a fixture file in Postgres: missing ones are added, what others wrote is not touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, broken, passed
from envcheck.model.seed import Fixtures, Progress, Seeded, SeedUnit
from envcheck.seeds.postgres_client import connected
from envcheck.seeds.postgres_copy import absent_keys, other_passwords, write
from envcheck.seeds.reading import absent, answered, fixture
from envcheck.seeds.row_file import Cells, RowFile

NAMED = 5  # keys named in an answer; the rest is counted


class PostgresRows(Kind):
    """Rows by natural key, one transaction per table.

    A row whose key exists is left as it is, with one exception: a password hash we made follows its
    secret.
    """

    kind: ClassVar[str] = "postgres-rows"
    service: str
    file: str

    def units(self, fixtures: Fixtures) -> Sequence[SeedUnit]:
        return [self._unit(cells) for cells in self._tables(fixtures)]

    def proof(self, fixtures: Fixtures) -> Sequence[Check]:
        return [self._check(cells) for cells in self._tables(fixtures)]

    def missing(self, fixtures: Fixtures) -> Sequence[str]:
        return absent(fixtures, self.file)

    def _tables(self, fixtures: Fixtures) -> Sequence[Cells]:
        told = fixture(fixtures, self.file, RowFile)
        file = str(fixtures.folder / self.file)
        return [Cells(file, table, rows, fixtures.secret) for table, rows in told.tables.items()]

    def _unit(self, cells: Cells) -> SeedUnit:
        def add(scene: Scene, progress: Progress) -> Seeded:
            return self._add(scene, progress, cells)

        name, expected = f"rows:{cells.table}", _expected(cells)
        return SeedUnit(name, self.service, add, expected, self.kind)

    def _check(self, cells: Cells) -> Check:
        def look(scene: Scene) -> Observation:
            return self._look(scene, cells)

        name, expected = f"rows:{cells.table}", _expected(cells)
        return Check(name, self.service, Level.CONTENT, answered(look), expected, self.kind)

    def _add(self, scene: Scene, progress: Progress, cells: Cells) -> Seeded:
        total = len(cells.rows.rows)
        progress(0, total, "rows", cells.table)
        with connected(scene.target(self.service)) as connection:
            changed = write(connection, cells)
        progress(total, total, "rows", cells.table)
        return Seeded(changed, total)

    def _look(self, scene: Scene, cells: Cells) -> Observation:
        with connected(scene.target(self.service)) as connection:
            gone = absent_keys(connection, cells)
            changed = [] if gone else other_passwords(connection, cells)
        if gone:
            return broken(
                f"{cells.table} lacks {len(gone)} of {_expected(cells)}: {_named(gone)}",
                cause="postgres.rows-missing",
                fix="run `envcheck seed`, which adds the missing rows",
            )
        if changed:
            return broken(
                f"{cells.table} holds another password than the fixture for {_named(changed)}",
                cause="postgres.password-differs",
                fix="set the password back to its secret, or delete the row and seed again",
            )
        return passed(f"{_expected(cells)} in {cells.table}")


def _expected(cells: Cells) -> str:
    return f"{len(cells.rows.rows)} rows by {', '.join(cells.rows.key)}"


def _named(keys: Sequence[Sequence[str]]) -> str:
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return ", ".join("/".join(key) for key in keys[:NAMED]) + more
