"""What a row fixture says: tables in the order of their foreign keys, each with its natural key."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, model_validator

from envcheck.errors import ConfigError
from envcheck.kind import Kind
from envcheck.model.problem import Place, Problem

COST = 10  # bcrypt rounds, 2^10: what OWASP asks at least; a login then takes some 50 ms
LONGEST = 72  # bytes of a password bcrypt can read
TO_BCRYPT = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)

Row = dict[str, Any]
Secret = Callable[[str], str]


class Rows(Kind):
    """The rows of one table. A value may be ``{json: …}``, ``{secret: NAME}`` or ``{bcrypt: …}``
    of either a text or a secret. Every row has its key columns; other columns may be left out."""

    key: Annotated[tuple[str, ...], Field(min_length=1)]
    rows: tuple[Row, ...]

    @model_validator(mode="after")
    def _keys_tell_rows_apart(self) -> Rows:
        seen: set[tuple[str, ...]] = set()
        for number, row in enumerate(self.rows):
            if any(row.get(column) is None for column in self.key):
                raise ValueError(f"rows[{number}] lacks its key {', '.join(self.key)}")
            if self.key_of(row) in seen:
                raise ValueError(f"rows[{number}] repeats the key {', '.join(self.key_of(row))}")
            seen.add(self.key_of(row))
        return self

    def key_of(self, row: Row) -> tuple[str, ...]:
        return tuple(str(row[column]) for column in self.key)

    def hashed(self) -> tuple[str, ...]:
        """The columns that hold a bcrypt hash in some row."""
        return tuple(
            sorted({column for row in self.rows for column in row if _hash_of(row[column])})
        )

    def by_columns(self) -> Mapping[tuple[str, ...], Sequence[Row]]:
        """Rows with the same columns together: a column left out keeps the database's default."""
        groups: dict[tuple[str, ...], list[Row]] = {}
        for row in self.rows:
            groups.setdefault(tuple(row), []).append(row)
        return groups


class RowFile(Kind):
    tables: dict[str, Rows]


@dataclass(frozen=True, slots=True)
class Cells:
    """Turns what the file says into what the database gets."""

    file: str
    table: str
    rows: Rows
    secret: Secret

    def value(self, row: Row, column: str) -> Any:
        said = row[column]
        if not isinstance(said, dict):
            return said
        if _hash_of(said) is not None:
            return self._hash(row, column)
        if set(said) == {"json"}:
            return json.dumps(said["json"], sort_keys=True)
        if set(said) == {"secret"}:
            return self._secret(str(said["secret"]))
        raise self._problem(f"{column} holds a map", "json, secret or bcrypt")

    def password(self, row: Row, column: str) -> bytes | None:
        """The password behind a hashed column; None where the row has none."""
        said = _hash_of(row.get(column))
        if said is None:
            return None
        text = self._secret(str(said["secret"])) if isinstance(said, dict) else str(said)
        password = text.encode()
        if not 0 < len(password) <= LONGEST:
            found = f"the password for {column} has {len(password)} bytes"
            raise self._problem(found, f"1 to {LONGEST}, which is what bcrypt reads")
        return password

    def _hash(self, row: Row, column: str) -> str:
        """Salted by table, column and key, so that the same password gives the same bytes."""
        import bcrypt

        named = "\0".join((self.table, column, *self.rows.key_of(row)))
        salt = base64.b64encode(hashlib.sha256(named.encode()).digest()[:16])[:22].decode()
        prefix = f"$2b${COST:02d}${salt.translate(TO_BCRYPT)}"
        return str(bcrypt.hashpw(self.password(row, column) or b"", prefix.encode()).decode())

    def _secret(self, name: str) -> str:
        value = self.secret(name)
        if not value:
            raise self._problem(f"the secret {name} is not set", "a value")
        return value

    def _problem(self, found: str, expected: str) -> ConfigError:
        return ConfigError([Problem(Place(self.file), f"tables.{self.table}: {found}", expected)])


def _hash_of(said: Any) -> Any:
    return said["bcrypt"] if isinstance(said, dict) and set(said) == {"bcrypt"} else None
