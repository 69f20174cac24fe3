"""What a row fixture may say, and what becomes of its cells."""

from __future__ import annotations

import bcrypt
import pytest
from pydantic import ValidationError

from envcheck.errors import ConfigError
from envcheck.seeds.row_file import COST, Cells, Rows

SECRETS = {"ADMIN": "correct horse", "OTHER": "battery staple"}


def cells(row: dict, *, key: tuple[str, ...] = ("email",), table: str = "users") -> Cells:
    rows = Rows(key=key, rows=[row])
    return Cells("users.yaml", table, rows, lambda name: SECRETS.get(name, ""))


def hashed(row: dict, **where: object) -> str:
    return cells(row, **where).value(row, "password_hash")


ROW = {"email": "a@b.c", "password_hash": {"bcrypt": {"secret": "ADMIN"}}}


def test_a_password_is_hashed_so_that_the_application_can_verify_it() -> None:
    stored = hashed(ROW)
    assert stored.startswith(f"$2b${COST}$")
    assert bcrypt.checkpw(b"correct horse", stored.encode())
    assert not bcrypt.checkpw(b"battery staple", stored.encode())


def test_the_same_row_has_the_same_hash_and_another_row_another_salt() -> None:
    assert hashed(ROW) == hashed(ROW)
    assert hashed({**ROW, "email": "d@e.f"})[:29] != hashed(ROW)[:29]
    assert hashed(ROW, table="admins")[:29] != hashed(ROW)[:29]


def test_a_changed_secret_keeps_the_salt_that_says_the_hash_is_ours() -> None:
    other = hashed({**ROW, "password_hash": {"bcrypt": {"secret": "OTHER"}}})
    assert other != hashed(ROW)
    assert other[:29] == hashed(ROW)[:29]


def test_json_and_secrets_become_text() -> None:
    row = {"email": "x", "settings": {"json": {"b": [1], "a": None}}, "token": {"secret": "ADMIN"}}
    assert cells(row).value(row, "settings") == '{"a": null, "b": [1]}'
    assert cells(row).value(row, "token") == "correct horse"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"email": "x", "p": {"secret": "NOT_SET"}}, "the secret NOT_SET is not set"),
        ({"email": "x", "p": {"bcrypt": "y" * 73}}, "the password for p has 73 bytes"),
        ({"email": "x", "p": {"bcrypt": ""}}, "the password for p has 0 bytes"),
        ({"email": "x", "p": {"a": 1}}, "p holds a map"),
    ],
)
def test_a_cell_that_cannot_be_written_is_the_files_fault(row: dict, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        cells(row).value(row, "p")
    assert str(refused.value).startswith(f"users.yaml: tables.users: {said}; expected ")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "n"}], r"rows\[0\] lacks its key email"),
        ([{"email": None}], r"rows\[0\] lacks its key email"),
        ([{"email": "x"}, {"email": "x"}], r"rows\[1\] repeats the key x"),
    ],
)
def test_rows_without_a_key_of_their_own_are_refused(rows: list, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Rows(key=["email"], rows=rows)


def test_rows_that_leave_a_column_out_go_in_apart_from_those_that_name_it() -> None:
    rows = Rows(key=["a"], rows=[{"a": 1, "b": 2}, {"a": 2}, {"a": 3, "b": 4}])
    assert {columns: len(some) for columns, some in rows.by_columns().items()} == {
        ("a", "b"): 2,
        ("a",): 1,
    }
