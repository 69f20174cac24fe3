"""Runs of a DAG: how the latest ended, and one started on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from envcheck.checks.airflow_api import Airflow
from envcheck.model.check import Scene
from envcheck.model.outcome import Observation, broken, not_yet, passed

POLL_SECONDS = 0.5
_RUNS = "/api/v2/dags/{}/dagRuns"


def latest_run(dag: str, wanted: str, api: Airflow) -> Observation:
    """The state of the newest run."""
    runs = api.get(_RUNS.format(quote(dag)), limit="1", order_by="-run_after")["dag_runs"]
    if not runs:
        return not_yet(
            f"{dag} has never run",
            cause="airflow.no-run",
            expected=f"latest run: {wanted}",
            fix=f"airflow dags trigger {dag}, or `envcheck seed`",
        )
    return _judged(dag, runs[0], wanted, api)


def triggered(
    dag: str, conf: Mapping[str, Any], within: float, scene: Scene, api: Airflow
) -> Observation:
    """One run, started now and followed to its end for at most ``within`` seconds."""
    path = _RUNS.format(quote(dag))
    run = api.post(path, {"logical_date": None, "conf": dict(conf)})
    end = scene.now() + within
    while run["state"] in ("queued", "running") and scene.now() < end:
        if not scene.pause(POLL_SECONDS):
            break
        run = api.get(f"{path}/{quote(run['dag_run_id'])}")
    return _judged(dag, run, "success", api)


def _judged(dag: str, run: Mapping[str, Any], wanted: str, api: Airflow) -> Observation:
    state, name = run["state"], run["dag_run_id"]
    if state == wanted:
        return passed(f"run {name} of {dag}: {state}")
    if state == "failed":
        return _failed(dag, name, wanted, api)
    if state == "queued":
        return _queued(dag, name, wanted, api)
    return not_yet(
        f"run {name} of {dag} is {state}",
        cause="airflow.run-unfinished",
        expected=f"latest run: {wanted}",
        fix="see which of its tasks takes that long",
    )


def _queued(dag: str, name: str, wanted: str, api: Airflow) -> Observation:
    paused = bool(api.get(f"/api/v2/dags/{quote(dag)}")["is_paused"])
    if paused:
        return broken(
            f"{dag} is paused: its run {name} will never start",
            cause="airflow.dag-paused",
            expected=f"latest run: {wanted}",
            fix=f"airflow dags unpause {dag}",
        )
    return not_yet(
        f"run {name} of {dag} is still queued",
        cause="airflow.run-queued",
        expected=f"latest run: {wanted}",
        fix="see that the scheduler lives and its executor has a free worker of the same version",
    )


def _failed(dag: str, run: str, wanted: str, api: Airflow) -> Observation:
    path = f"{_RUNS.format(quote(dag))}/{quote(run)}/taskInstances"
    tasks = [task for task in api.get(path)["task_instances"] if task["state"] == "failed"]
    which = ", ".join(f"task {task['task_id']}, try {task['try_number']}" for task in tasks)
    log = _last_words(api, path, tasks[0]) if tasks else ()
    return broken(
        f"run {run} of {dag} failed" + (f": {which}" if which else ""),
        cause="airflow.run-failed",
        expected=f"latest run: {wanted}",
        fix="mend the task (its log says why), then clear the run or start another",
        evidence=log,
    )


def _last_words(api: Airflow, path: str, task: Mapping[str, Any]) -> tuple[str, ...]:
    said = api.get(f"{path}/{quote(task['task_id'])}/logs/{task['try_number']}")
    content = said.get("content") if isinstance(said, dict) else None
    lines = content if isinstance(content, list) else str(content or "").splitlines()
    words = [_words(line) for line in lines]
    return tuple(word for word in words if word)[-4:]


def _words(line: Any) -> str:
    if not isinstance(line, dict):
        return str(line)
    errors = [f"{e.get('exc_type')}: {e.get('exc_value')}" for e in line.get("error_detail") or ()]
    return " ".join([str(line.get("event", "")), *errors]).strip()
