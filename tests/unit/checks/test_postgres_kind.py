"""The kind ``postgres``: what its YAML becomes, and judgements that need no server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from envcheck.checks.postgres import Postgres
from envcheck.checks.postgres_greeting import not_postgres
from envcheck.checks.postgres_login import Login
from envcheck.checks.postgres_row_security import Security, judge_security
from envcheck.checks.postgres_states import statement_refused
from envcheck.checks.postgres_tables import Table, judge_tables
from envcheck.checks.postgres_wire import NotPostgres
from envcheck.model.check import Level
from envcheck.model.outcome import Answer
from envcheck.model.target import Endpoint


def kind(**fields: Any) -> Postgres:
    return Postgres.model_validate({"service": "db", **fields})


def test_checks_come_from_the_lowest_level_to_the_highest() -> None:
    checks = kind(
        **{"as": "app", "row-security": ["users"], "rows": {"users": 1}, "tables": ["users"]}
    ).checks()
    levels = [check.level for check in checks]
    assert levels == sorted(levels)
    assert levels[:3] == [Level.NETWORK, Level.HANDSHAKE, Level.LOGIN]


def test_names_are_unique_and_every_check_says_what_it_expects() -> None:
    everything = kind(
        **{
            "row-security": ["users"],
            "rows": {"users": 1},
            "tables": ["users"],
            "columns": {"users": ["id"]},
            "migration": "a1",
            "extensions": ["vector"],
            "version": 17,
            "latency-p95": "10ms",
        }
    ).checks()
    names = [check.name for check in everything]
    assert len(set(names)) == len(names)
    assert all(check.expected and check.kind == "postgres" for check in everything)


def test_a_login_is_all_that_is_asked_for_when_nothing_is_named() -> None:
    bare = kind(writable=False, **{"spare-connections": 0})
    assert [check.name for check in bare.checks()] == ["port", "protocol", "login"]


@pytest.mark.parametrize("wanted", ["head", "heads"])
def test_a_head_needs_the_scripts_it_is_the_head_of(wanted: str) -> None:
    with pytest.raises(ValidationError, match="migrations"):
        kind(migration=wanted)


def test_a_folder_of_scripts_is_beside_the_file_that_names_it() -> None:
    fields = {"service": "db", "migration": "head", "migrations": "../versions"}
    read = Postgres.model_validate(fields, context={"folder": "/env/waves"})
    assert read.migrations == Path("/env/waves/../versions")


@pytest.mark.parametrize("rows", [{"users": "many"}, {"users": -1}, {"users": 1.5}])
def test_a_count_nobody_can_check_is_refused_early(rows: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind(rows=rows)


@pytest.mark.parametrize(
    ("sqlstate", "answer", "cause"),
    [
        ("57P03", Answer.NOT_YET, "postgres.starting-up"),
        ("57P01", Answer.NOT_YET, "postgres.shutting-down"),
        ("57P02", Answer.NOT_YET, "postgres.crashed"),
        ("", Answer.NOT_YET, "postgres.connection-lost"),
        ("53100", Answer.BROKEN, "postgres.disk-full"),
        ("XX001", Answer.BROKEN, "postgres.data-corrupted"),
        ("99999", Answer.BROKEN, "postgres.query-failed"),
    ],
)
def test_a_refused_statement_is_judged_by_its_sqlstate(
    sqlstate: str, answer: Answer, cause: str
) -> None:
    seen = statement_refused(sqlstate, "irgendetwas auf Deutsch\nDETAIL: mehr")
    assert (seen.answer, seen.cause) == (answer, cause)
    assert "DETAIL" not in seen.observed


def test_a_login_shows_its_password_to_nobody() -> None:
    assert "secret" not in repr(Login("app", "secret", "db"))


def test_what_another_server_says_is_shown_but_not_trusted() -> None:
    seen = not_postgres(Endpoint("127.0.0.1", 1), NotPostgres("garbled", b"\x1b[31mHTTP\xff"))
    assert seen.cause == "postgres.not-postgres"
    assert "\x1b" not in " ".join(seen.evidence)


def table(schema: str, name: str, *, visible: bool = True, usable: bool = True) -> Table:
    return Table(schema, name, visible, usable, ("id",))


def test_one_usable_table_among_namesakes_is_enough() -> None:
    found = [table("other", "users", visible=False, usable=False), table("public", "users")]
    assert judge_tables(["users"], found, "public").passed


def test_security_is_judged_from_the_plainest_fault_on() -> None:
    def seen(**fact: bool) -> str:
        right = {"enabled": True, "forced": False, "owned": False, "policies": True}
        return judge_security([Security("users", **(right | fact))]).cause

    assert seen() == ""
    assert seen(enabled=False, policies=False) == "postgres.row-security-off"
    assert seen(owned=True) == "postgres.row-security-not-forced"
    assert seen(owned=True, forced=True) == ""
    assert seen(policies=False) == "postgres.policy-missing"
