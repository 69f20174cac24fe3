"""Rows in a real Postgres: ours added once, those of others never touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import bcrypt
import psycopg
import pytest

from envcheck.model.outcome import Answer
from envcheck.seeds.postgres_rows import PostgresRows
from tests.fakes.scene import FakeScene
from tests.seeds.given import fixtures, prove, refusal, write
from tests.servers import PostgresServer

pytestmark = pytest.mark.real
SEED = PostgresRows(service="postgres", file="people.yaml")
ANN, BOB = "ann@example.org", "bob@example.org"
TABLES = """
DROP TABLE IF EXISTS people, firms;
CREATE TABLE firms (slug text, name text NOT NULL, settings jsonb NOT NULL DEFAULT '{"d": 1}');
CREATE TABLE people (id serial PRIMARY KEY, email text UNIQUE, hash text, tags text[],
    nick text UNIQUE, CHECK (nick <> 'nobody'));
"""


def people(*rows: dict[str, Any], typed: str = "first") -> Any:
    hashed = {"bcrypt": {"secret": "PASSWORD"}}
    given = rows or ({"email": ANN, "hash": hashed, "tags": ["a", "b"]}, {"email": BOB})
    firms = [
        {"slug": "x", "name": "X, Inc.\t\\N"},
        {"slug": "y", "name": "Y", "settings": {"json": [1]}},
    ]
    tables = {
        "firms": {"key": ["slug"], "rows": firms},
        "people": {"key": ["email"], "rows": given},
    }
    return fixtures({"tables": tables}, PASSWORD=typed)


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[psycopg.Connection]:
    dsn = f"host=127.0.0.1 port={postgres_server.port} user=embeddings dbname=embeddings_db"
    with psycopg.connect(dsn, password=postgres_server.password, autocommit=True) as connection:
        connection.execute(TABLES)
        yield connection
        connection.execute("DROP TABLE IF EXISTS people, firms")


@pytest.fixture
def scene(postgres_server: PostgresServer, database: psycopg.Connection) -> FakeScene:
    return FakeScene(postgres_server.target)


def everything(database: psycopg.Connection) -> list:
    rows = database.execute("SELECT p.*, xmin::text FROM people p ORDER BY email").fetchall()
    return rows + database.execute("SELECT f.*, xmin::text FROM firms f ORDER BY slug").fetchall()


def test_rows_are_added_once_and_the_second_time_not_even_rewritten(
    scene: FakeScene, database: psycopg.Connection
) -> None:
    assert prove(SEED, people(), scene)["rows:people"].cause == "postgres.rows-missing"
    assert {name: str(said) for name, said in write(SEED, people(), scene).items()} == {
        "rows:firms": "wrote 2 of 2 rows",
        "rows:people": "wrote 2 of 2 rows",
    }
    before = everything(database)
    assert all(seen.passed for seen in prove(SEED, people(), scene).values())
    assert [said.changed for said in write(SEED, people(), scene).values()] == [0, 0]
    assert everything(database) == before


def test_values_arrive_as_they_were_said_and_left_out_columns_keep_their_default(
    scene: FakeScene, database: psycopg.Connection
) -> None:
    write(SEED, people(), scene)
    assert database.execute("SELECT slug, name, settings FROM firms ORDER BY slug").fetchall() == [
        ("x", "X, Inc.\t\\N", {"d": 1}),
        ("y", "Y", [1]),
    ]
    assert database.execute("SELECT tags FROM people ORDER BY id").fetchall() == [
        (["a", "b"],),
        (None,),
    ]


def test_rows_of_others_are_not_touched(scene: FakeScene, database: psycopg.Connection) -> None:
    theirs = bcrypt.hashpw(b"theirs", bcrypt.gensalt(4)).decode()
    database.execute("INSERT INTO people (email, hash, nick) VALUES (%s, %s, 'n')", (ANN, theirs))
    database.execute("INSERT INTO people (email) VALUES ('zoe@example.org')")
    assert write(SEED, people(), scene)["rows:people"].changed == 1
    found = database.execute("SELECT email, hash, nick FROM people ORDER BY email").fetchall()
    assert found == [(ANN, theirs, "n"), (BOB, None, None), ("zoe@example.org", None, None)]
    seen = prove(SEED, people(), scene)["rows:people"]
    assert (seen.answer, seen.cause) == (Answer.BROKEN, "postgres.password-differs")
    assert prove(SEED, people(typed="theirs"), scene)["rows:people"].passed


def test_a_changed_secret_changes_the_hash_we_made(
    scene: FakeScene, database: psycopg.Connection
) -> None:
    write(SEED, people(), scene)
    assert prove(SEED, people(typed="second"), scene)["rows:people"].cause == (
        "postgres.password-differs"
    )
    assert write(SEED, people(typed="second"), scene)["rows:people"].changed == 1
    (stored,) = database.execute("SELECT hash FROM people WHERE email = %s", (ANN,)).fetchone()
    assert bcrypt.checkpw(b"second", stored.encode())
    assert prove(SEED, people(typed="second"), scene)["rows:people"].passed


def test_removed_rows_are_named_and_only_they_come_back(
    scene: FakeScene, database: psycopg.Connection
) -> None:
    write(SEED, people(), scene)
    database.execute("DELETE FROM people WHERE email = %s", (BOB,))
    seen = prove(SEED, people(), scene)["rows:people"]
    assert seen.observed == f"people lacks 1 of 2 rows by email: {BOB}"
    assert write(SEED, people(), scene)["rows:people"].changed == 1


def test_a_row_that_cannot_be_written_takes_its_whole_table_back(
    scene: FakeScene, database: psycopg.Connection
) -> None:
    given = people({"email": ANN}, {"email": BOB, "nick": "nobody"})
    seen = refusal(SEED, given, scene)
    assert (seen.answer, seen.cause) == (Answer.BROKEN, "postgres.rows-refused")
    assert seen.evidence == ("SQLSTATE 23514",)
    assert database.execute("SELECT count(*) FROM people").fetchone() == (0,)


@pytest.mark.parametrize(
    ("breaking", "cause"),
    [
        ("DROP TABLE people", "postgres.table-missing"),
        ("ALTER TABLE people DROP COLUMN tags", "postgres.column-missing"),
    ],
)
def test_a_missing_table_or_column_is_named(
    scene: FakeScene, database: psycopg.Connection, breaking: str, cause: str
) -> None:
    database.execute(breaking)
    assert refusal(SEED, people(), scene).cause == cause


def test_a_wrong_password_a_frozen_and_a_stopped_server_are_told_apart(
    postgres_server: PostgresServer,
) -> None:
    target = postgres_server.target
    wrong = replace(target, connection=replace(target.connection, password="wrong"))
    seen = refusal(SEED, people(), FakeScene(wrong))
    assert (seen.answer, seen.cause) == (Answer.BROKEN, "postgres.login-refused")
    postgres_server.freeze()
    try:
        seen = refusal(SEED, people(), FakeScene(target))
    finally:
        postgres_server.thaw()
    assert (seen.answer, seen.cause) == (Answer.NOT_YET, "postgres.no-answer")
    postgres_server.stop()
    try:
        assert refusal(SEED, people(), FakeScene(target)).cause == "network.refused"
    finally:
        postgres_server.start()
