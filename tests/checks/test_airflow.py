"""The kind ``airflow`` against a server that answers as Airflow 3 does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from envcheck.checks.airflow import Airflow
from envcheck.model.outcome import Answer, Observation
from envcheck.model.target import Endpoint, Target
from tests.checks import half_started
from tests.checks.asking import ask, ask_all, explains, first_wrong
from tests.checks.web import Asked, Route, Said, Web, bearer, scene_at, web
from tests.fakes.scene import FakeScene

pytestmark = pytest.mark.real

SERVICES = ("airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")
DAGS: dict[str, Any] = {"train": {"paused": False}, "check_quality": {"paused": False}}
ALL = ["metadatabase", "scheduler", "triggerer", "dag_processor"]
HEALTH = "GET /api/v2/monitor/health"
TRACE = """Traceback (most recent call last):
  File "/opt/airflow/dags/train.py", line 3, in <module>
    import nosuchlib
ModuleNotFoundError: No module named 'nosuchlib'
"""
IMPORT_ERROR = {"filename": "train.py", "bundle_name": "dags-folder", "stack_trace": TRACE}


def health(**changed: Any) -> Said:
    """Every component beat a second ago, but for what is changed."""
    beat = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    body: dict[str, Any] = {"metadatabase": {"status": "healthy"}}
    for name in ALL[1:]:
        body[name] = {"status": "healthy", f"latest_{name}_heartbeat": beat}
    for name, (status, age) in changed.items():
        then = None if age is None else (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
        body[name] = {"status": status, f"latest_{name}_heartbeat": then}
    return Said(body)


def dag(name: str, **changed: Any) -> dict[str, Any]:
    plain = {"dag_id": name, "is_paused": False, "is_stale": False, "has_import_errors": False}
    return {**plain, "relative_fileloc": f"{name}.py", **changed}


def listed(*dags: dict[str, Any]) -> Said:
    return Said({"dags": list(dags), "total_entries": len(dags)})


def errors(*found: dict[str, Any]) -> Said:
    return Said({"import_errors": list(found), "total_entries": len(found)})


def routes(**changed: Route) -> dict[str, Route]:
    plain: dict[str, Route] = {
        "health": health(),
        "dags": listed(dag("train"), dag("check_quality")),
        "errors": errors(),
    }
    said = plain | changed
    return {
        HEALTH: said["health"],
        "GET /api/v2/dags": said["dags"],
        "GET /api/v2/importErrors": said["errors"],
    }


def kind(**fields: Any) -> Airflow:
    plain = {"service": "airflow-apiserver", "as": "admin", "components": ALL, "dags": DAGS}
    return Airflow.model_validate(plain | fields)


def scene(airflow: Web) -> FakeScene:
    others = [Target(name, {}) for name in SERVICES]
    api = airflow.target("airflow-apiserver", "airflow")
    return FakeScene(api, *others, identities={"admin": bearer("admin", "a-token")})


@contextmanager
def seen_by(said: dict[str, Route]) -> Iterator[FakeScene]:
    with web(said) as airflow:
        yield scene(airflow)


def first(said: dict[str, Route], **fields: Any) -> Observation:
    with seen_by(said) as there:
        seen = first_wrong(kind(**fields), there)
    explains(seen)
    return seen


def test_airflow_as_declared_passes_everything() -> None:
    with seen_by(routes()) as there:
        seen = ask_all(kind(), there)
    assert [name for name, one in seen.items() if not one.passed] == []
    wanted = ["metadatabase", "scheduler", "triggerer", "dag-processor"]
    assert list(seen) == ["health", *wanted, "login", "import-errors", "dags"]


@pytest.mark.parametrize("name", ["scheduler", "triggerer", "dag_processor"])
def test_a_stale_heartbeat_names_the_component_and_its_service(name: str) -> None:
    word = name.replace("_", "-")
    for status in ("unhealthy", "healthy"):  # it stays healthy for a while after the death
        seen = first(routes(health=health(**{name: (status, 95)})))
        assert seen.cause == f"airflow.{word}-down"
        assert seen.culprit == f"airflow-{word}"
        assert "95s ago" in seen.observed or "94s ago" in seen.observed
        assert seen.answer is Answer.NOT_YET


def test_two_dead_components_are_two_answers() -> None:
    dead = health(scheduler=("unhealthy", 60), triggerer=("unhealthy", 60))
    with seen_by(routes(health=dead)) as there:
        seen = ask_all(kind(), there)
    assert [name for name, one in seen.items() if not one.passed] == ["scheduler", "triggerer"]


def test_the_culprit_is_the_declared_service_where_names_do_not_tell() -> None:
    dead = health(scheduler=("unhealthy", 60))
    seen = first(routes(health=dead), **{"component-services": {"scheduler": "planner"}})
    assert seen.culprit == "planner"


def test_a_dag_processor_that_never_ran_is_missing() -> None:
    seen = first(routes(health=health(dag_processor=(None, None))))
    assert seen.cause == "airflow.dag-processor-missing"
    assert "airflow dag-processor" in seen.fix


def test_a_component_nobody_declared_may_be_away() -> None:
    with seen_by(routes(health=health(triggerer=(None, None)))) as there:
        default = Airflow(service="airflow-apiserver")
        assert all(one.passed for one in ask_all(default, there).values())


def test_a_database_that_is_away_comes_first() -> None:
    said = routes(health=health(metadatabase=("unhealthy", None)), dags=Said({}, 500))
    assert first(said).cause == "airflow.metadatabase-down"


def test_the_health_of_airflow_2_is_understood() -> None:
    old = {"GET /health": health(dag_processor=(None, None))}
    with seen_by(old) as there:  # type: ignore[arg-type]
        ready = Airflow(service="airflow-apiserver", components=("metadatabase", "scheduler"))
        assert all(one.passed for one in ask_all(ready, there).values())


def test_a_refused_token_is_the_login() -> None:
    def only_others(asked: Asked) -> Said:
        return Said({"detail": "no"}, 401 if asked.token == "a-token" else 200)

    seen = first(routes(dags=only_others))
    assert (seen.cause, seen.answer) == ("airflow.login-refused", Answer.BROKEN)


def test_an_import_error_is_said_with_file_line_and_exception() -> None:
    with seen_by(routes(errors=errors(IMPORT_ERROR))) as there:
        seen = ask(kind(), there, "import-errors")
    explains(seen)
    assert seen.cause == "airflow.import-error"
    assert "train.py:3: ModuleNotFoundError: No module named 'nosuchlib'" in seen.observed


# The four reasons a DAG is not there, which look the same in the list of DAGs.
@pytest.mark.parametrize(
    ("said", "cause", "answer"),
    [
        (
            {"dags": listed(dag("check_quality")), "errors": errors(IMPORT_ERROR)},
            "airflow.import-error",
            Answer.BROKEN,
        ),
        (
            {"dags": listed(), "health": health(dag_processor=(None, None))},
            "airflow.dag-processor-missing",
            Answer.NOT_YET,
        ),
        ({"dags": listed()}, "airflow.no-dags", Answer.NOT_YET),
        (
            {"dags": listed(dag("trian"), dag("check_quality"))},
            "airflow.dag-missing",
            Answer.NOT_YET,
        ),
        (
            {"dags": listed(dag("train", is_stale=True), dag("check_quality"))},
            "airflow.dag-missing",
            Answer.NOT_YET,
        ),
        (
            {
                "dags": listed(dag("train", has_import_errors=True), dag("check_quality")),
                "errors": errors(IMPORT_ERROR),
            },
            "airflow.import-error",
            Answer.BROKEN,
        ),
    ],
)
def test_why_a_dag_is_not_there_is_told_apart(
    said: dict[str, Route], cause: str, answer: Answer
) -> None:
    with seen_by(routes(**said)) as there:
        seen = ask(kind(), there, "dags")
    explains(seen)
    assert (seen.cause, seen.answer) == (cause, answer)


def test_a_paused_dag_is_named_and_one_declared_paused_is_right() -> None:
    paused = routes(dags=listed(dag("train", is_paused=True), dag("check_quality")))
    seen = first(paused)
    assert (seen.cause, seen.answer) == ("airflow.dag-paused", Answer.BROKEN)
    assert "airflow dags unpause train" in seen.fix
    with seen_by(paused) as there:
        assert ask(kind(dags={"train": {"paused": True}}), there, "dags").passed
    assert first(routes(), dags={"train": {"paused": True}}).cause == "airflow.dag-unpaused"


def run(state: str) -> dict[str, Any]:
    return {"dag_run_id": "manual__1", "dag_id": "train", "state": state}


def with_run(state: str | None, *, paused: bool = False) -> dict[str, Route]:
    base = "/api/v2/dags/train/dagRuns"
    tasks = [{"task_id": "fit", "try_number": 2, "state": "failed"}]
    log = [
        {"event": "fitting"},
        {"event": "ValueError", "error_detail": [{"exc_type": "V", "exc_value": "no data"}]},
    ]
    return {
        **routes(),
        f"GET {base}": Said({"dag_runs": [run(state)] if state else []}),
        f"GET {base}/manual__1": Said(run(state or "")),
        f"POST {base}": Said(run("queued")),
        "GET /api/v2/dags/train": Said(dag("train", is_paused=paused)),
        f"GET {base}/manual__1/taskInstances": Said({"task_instances": tasks}),
        f"GET {base}/manual__1/taskInstances/fit/logs/2": Said({"content": log}),
    }


RUN = {"dags": {"train": {"latest-run": "success"}}}


@pytest.mark.parametrize(
    ("state", "paused", "cause", "answer"),
    [
        ("failed", False, "airflow.run-failed", Answer.BROKEN),
        ("running", False, "airflow.run-unfinished", Answer.NOT_YET),
        ("queued", False, "airflow.run-queued", Answer.NOT_YET),
        ("queued", True, "airflow.dag-paused", Answer.BROKEN),
        (None, False, "airflow.no-run", Answer.NOT_YET),
    ],
)
def test_how_the_latest_run_ended_is_named(
    state: str | None, paused: bool, cause: str, answer: Answer
) -> None:
    seen = first(with_run(state, paused=paused), **RUN)
    assert (seen.cause, seen.answer) == (cause, answer)


def test_a_failed_run_is_said_with_its_task_and_last_words() -> None:
    seen = first(with_run("failed"), **RUN)
    assert "task fit, try 2" in seen.observed
    assert "no data" in seen.evidence[-1]


def test_a_started_run_is_followed_to_its_end() -> None:
    wanted = {"trigger": {"dag": "train", "conf": {"tenant": "t"}, "within": "5s"}}
    with seen_by(with_run("success")) as there:
        assert ask(kind(**wanted), there, "trigger train").passed
    with web(with_run("failed")) as airflow:
        seen = ask(kind(**wanted), scene(airflow), "trigger train")
        posted = next(asked for asked in airflow.asked if asked.method == "POST")
    assert seen.cause == "airflow.run-failed"
    assert posted.json == {"logical_date": None, "conf": {"tenant": "t"}}


@pytest.mark.parametrize(
    ("port", "cause"),
    [
        (half_started.nothing_listens, "http.refused"),
        (half_started.says_nothing, "http.silent"),
        (half_started.hangs_up, "http.reset"),
        (lambda: half_started.speaks_http("404 Not Found"), "airflow.not-airflow"),
        (lambda: half_started.speaks_http("200 OK"), "airflow.api-error"),
        (lambda: half_started.speaks_http("200 OK", b"[]"), "airflow.not-airflow"),
    ],
)
def test_an_airflow_that_is_half_there_is_rightly_named(port: Any, cause: str) -> None:
    opened: AbstractContextManager[Endpoint] = port()
    with opened as endpoint:
        seen = first_wrong(Airflow(service="api"), scene_at(endpoint))
    explains(seen)
    assert (seen.cause, seen.answer) == (cause, Answer.NOT_YET)


def test_dags_cannot_be_asked_for_by_nobody() -> None:
    with pytest.raises(ValueError, match="need an identity"):
        Airflow.model_validate({"service": "a", "dags": DAGS})
