from __future__ import annotations

from pathlib import Path

import pytest

from envcheck.runtimes.embedded.addresses import Addresses, Paths, listen_here

ADDRESSES = Addresses(
    {
        "postgres": {5432: 25432},
        "kafka": {9092: 29999, 29092: 29999},
        "api": {8000: 8000},
        "web": {80: 28080},
        "jaeger": {},
    },
    {"postgres": 5432},
)


@pytest.mark.parametrize(
    ("declared", "here"),
    [
        ("postgresql://u:p@postgres:5432/db", "postgresql://u:p@127.0.0.1:25432/db"),
        ("postgresql://u:p@postgres/db", "postgresql://u:p@127.0.0.1:25432/db"),
        ("kafka:29092,kafka:9092", "127.0.0.1:29999,127.0.0.1:29999"),
        ("http://api:8000/execution/", "http://127.0.0.1:8000/execution/"),
        ("http://web/", "http://127.0.0.1:28080/"),
        ("http://web", "http://127.0.0.1:28080"),
        ("http://my-api:8000", "http://my-api:8000"),
        ("http://api.example:8000", "http://api.example:8000"),
        ("api", "api"),
        ("http://jaeger:4318", "http://127.0.0.1:1"),
    ],
)
def test_an_address_of_a_service_becomes_one_of_this_machine(declared: str, here: str) -> None:
    assert ADDRESSES.rewrite(declared) == here


def test_host_and_port_in_two_variables_move_together() -> None:
    declared = {"DB_HOST": "postgres", "DB_PORT": "5432", "SERVICE_NAME": "postgres"}
    assert ADDRESSES.environment(declared) == {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": "25432",
        "SERVICE_NAME": "postgres",
    }


def test_what_does_not_run_here_is_never_a_strangers_port() -> None:
    assert ADDRESSES.here("jaeger", 16686) == 1


PATHS = Paths({"/opt/airflow/dags": Path("/src/dags"), "/opt/airflow": Path("/state/home")})


@pytest.mark.parametrize(
    ("declared", "here"),
    [
        ("/opt/airflow/dags", "/src/dags"),
        ("/opt/airflow/dags/a.py", "/src/dags/a.py"),
        ("/opt/airflow/logs", "/state/home/logs"),
        ("/opt/airflows", "/opt/airflows"),
        ("x/opt/airflow", "x/opt/airflow"),
        ("sqlite:////opt/airflow/q.db", "sqlite:////state/home/q.db"),
        ("file:///opt/airflow/dags", "file:///src/dags"),
        ("a=/opt/airflow:b=/opt/airflow/dags", "a=/state/home:b=/src/dags"),
    ],
)
def test_a_path_below_a_mount_becomes_the_path_that_holds_it(declared: str, here: str) -> None:
    assert PATHS.rewrite(declared) == here


def test_the_innermost_mount_holds_a_path() -> None:
    assert PATHS.find("/opt/airflow/dags/a") == Path("/src/dags/a")
    assert PATHS.find("/opt/airflow/logs") == Path("/state/home/logs")
    assert PATHS.find("/etc") is None


@pytest.mark.parametrize(
    ("declared", "here"),
    [
        (
            ("uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"),
            ("uvicorn", "main:app", "--host", "127.0.0.1", "--port", "28000"),
        ),
        (("serve", "--port=8000", "--host=0.0.0.0"), ("serve", "--port=28000", "--host=127.0.0.1")),
        (("gunicorn", "--bind", "0.0.0.0:8000"), ("gunicorn", "--bind", "127.0.0.1:28000")),
        (("gunicorn", "-b", ":8000"), ("gunicorn", "-b", "127.0.0.1:28000")),
        (("serve", "-p", "9999"), ("serve", "-p", "9999")),
        (("alembic", "upgrade", "head"), ("alembic", "upgrade", "head")),
    ],
)
def test_a_command_listens_on_loopback_and_the_port_used_here(
    declared: tuple[str, ...], here: tuple[str, ...]
) -> None:
    assert listen_here(declared, {8000: 28000}) == here
