"""From a Compose service to a program: what each form makes of it, without starting anything."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envcheck.errors import StackError
from envcheck.model.compose import ComposeProject, ComposeService, EmbeddedForm, Mount, Port
from envcheck.model.target import Connection
from envcheck.runtimes.embedded import limits
from envcheck.runtimes.embedded.blueprint import Blueprint
from envcheck.runtimes.embedded.forms import arguments
from envcheck.runtimes.embedded.layout import Layout
from envcheck.runtimes.embedded.ports import Ports
from envcheck.runtimes.embedded.programs import base_environment
from envcheck.runtimes.embedded.venvs import Venvs
from tests.fakes.clock import FakeClock

AIRFLOW = ComposeService(
    "scheduler",
    image="apache/airflow:3.3.2",
    command=("scheduler",),
    environment={"AIRFLOW__CORE__DAGS_FOLDER": "/opt/airflow/dags"},
    mounts=(Mount("bind", "/src/dags", "/opt/airflow/dags"),),
)
API = replace(
    AIRFLOW,
    name="api",
    command=("api-server",),
    entrypoint=("bash", "/opt/start.sh"),
    environment={
        "AIRFLOW_ADMIN_PASSWORD": "sesame",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": "/opt/airflow/logs/passwords.json",
    },
    ports=(Port(8080, 28080),),
    mounts=(Mount("volume", "logs", "/opt/airflow/logs"),),
)


def blueprint(folder: Path, *services: ComposeService, **connections: Connection) -> Blueprint:
    layout = Layout(folder / "state")
    layout.state.mkdir(exist_ok=True)
    project = ComposeProject("shop", (), {service.name: service for service in services})
    return Blueprint(
        project,
        connections,
        layout=layout,
        venvs=Venvs(folder / "cache", FakeClock(), "nonce"),
        ports=Ports(layout.ports),
        without=frozenset(),
    )


def test_every_airflow_service_runs_its_own_command_with_the_mounted_dags(tmp_path: Path) -> None:
    program = blueprint(tmp_path, AIRFLOW).program("scheduler")
    assert program.argv[3:] == ("scheduler", "--skip-serve-logs")
    assert program.env["AIRFLOW__CORE__DAGS_FOLDER"] == "/src/dags"
    assert program.env["AIRFLOW_HOME"] == str(tmp_path / "state" / "data" / "airflow-home")


def test_the_airflow_api_knows_the_admins_password_before_it_starts(tmp_path: Path) -> None:
    made = blueprint(tmp_path, API)
    Ports(tmp_path / "state" / "ports.json").settle(made.wishes(), keep=frozenset())
    program = blueprint(tmp_path, API).program("api")
    passwords = tmp_path / "state" / "data" / "logs" / "passwords.json"
    assert {path: json.loads(text) for path, text in program.files.items()} == {
        passwords: {"admin": "sesame"}
    }
    assert program.argv[3:6] == ("api-server", "--host", "127.0.0.1")
    assert "sesame" not in " ".join(program.argv)


def test_an_airflow_command_we_do_not_know_is_refused_by_name(tmp_path: Path) -> None:
    worker = replace(AIRFLOW, name="worker", command=("celery", "worker"))
    with pytest.raises(StackError, match="worker: only these airflow commands run here"):
        blueprint(tmp_path, worker).program("worker")


def test_an_image_without_a_form_is_a_limit(tmp_path: Path) -> None:
    strange = ComposeService("grafana", image="grafana/grafana:12")
    (limit,) = limits.of(blueprint(tmp_path, strange))
    assert (limit.capability, limit.reason) == (
        "run",
        "grafana/grafana:12 has no form without Docker",
    )


def test_what_a_local_process_cannot_honour_is_said_by_name(tmp_path: Path) -> None:
    app = ComposeService(
        "app",
        embedded=EmbeddedForm(("true",), tmp_path),
        replicas=3,
        memory_limit=1,
        restart="on-failure:5",
        extra={"cap_add": ["NET_ADMIN"], "x-note": 1},
    )
    found = {limit.capability for limit in limits.of(blueprint(tmp_path, app))}
    assert found == {
        "compose.replicas",
        "compose.memory-limit",
        "compose.restart",
        "compose.cap_add",
    }


def test_a_program_changes_its_fingerprint_with_what_it_is_given(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "main.py").write_text("one")
    app = ComposeService("app", embedded=EmbeddedForm(("true",), source))
    first = blueprint(tmp_path, app).program("app").fingerprint
    assert blueprint(tmp_path, app).program("app").fingerprint == first
    changed = replace(app, environment={"A": "1"})
    assert blueprint(tmp_path, changed).program("app").fingerprint != first
    (source / "queue.db").write_text("what it wrote itself")
    assert blueprint(tmp_path, app).program("app").fingerprint == first
    (source / "main.py").write_text("another")
    assert blueprint(tmp_path, app).program("app").fingerprint != first


def test_a_port_that_moved_and_is_told_to_nobody_is_refused(tmp_path: Path) -> None:
    app = ComposeService("app", ports=(Port(8000),), embedded=EmbeddedForm(("serve",), tmp_path))
    made = blueprint(tmp_path, app)
    Ports(tmp_path / "state" / "ports.json").settle(made.wishes(), keep=frozenset())
    with pytest.raises(StackError, match="nothing in its command says where to listen"):
        blueprint(tmp_path, app).program("app")


@pytest.mark.parametrize(
    ("command", "given"),
    [
        (("redis-server", "--save", ""), ("--save", "")),
        (("--save", ""), ("--save", "")),
        ((), ()),
        (("sh", "-c", "exec redis-server --requirepass $PASSWORD"), ("--requirepass", "sesame")),
        (("docker-entrypoint.sh", "redis-server", "--port", "1"), ("--port", "1")),
    ],
)
def test_the_arguments_of_a_server_are_found_in_its_command(
    command: tuple[str, ...], given: tuple[str, ...]
) -> None:
    service = ComposeService("cache", command=command, environment={"PASSWORD": "sesame"})
    assert arguments(service, "redis-server") == given


@pytest.mark.parametrize("command", [("sh", "-c", "a && redis-server"), ("my-script",)])
def test_a_command_that_is_not_the_server_is_refused(command: tuple[str, ...]) -> None:
    with pytest.raises(StackError, match="cache: its command"):
        arguments(ComposeService("cache", command=command), "redis-server")


def test_loopback_never_goes_through_a_proxy() -> None:
    given = {"HTTP_PROXY": "http://proxy", "NO_PROXY": "intern", "EDITOR": "vi", "PATH": "/bin"}
    assert base_environment(given) == {
        "PYTHONUNBUFFERED": "1",
        "PATH": "/bin",
        "HTTP_PROXY": "http://proxy",
        "NO_PROXY": "intern,127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
