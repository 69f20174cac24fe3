"""A job as a run of an Airflow DAG (REST API v2, Airflow 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import Field

from envcheck.kind import Kind
from envcheck.model.check import Scene
from envcheck.model.outcome import broken
from envcheck.model.seed import SeedFailed
from envcheck.seeds.job_http import Reply, Request, ask, expect_success, search
from envcheck.seeds.job_waiting import Patience

NOT_FOUND = 404
GOING = ("queued", "running")
BAD = ("failed", "upstream_failed")
LOG_LINES = 12  # of a failed task, as evidence
PARSING_SECONDS = 30.0  # until a DAG that was just mounted is known


class ThroughAirflow(Kind):
    """Trigger ``dag`` with ``conf`` and follow the run. A run with the same conf that is queued or
    running already is followed instead of starting another."""

    service: str
    as_: str = ""
    dag: str
    conf: dict[str, Any] = Field(default_factory=dict)

    def run(self, scene: Scene, patience: Patience) -> None:
        self._unpaused(scene, patience)
        run_id = self._going(scene) or self._trigger(scene)
        while True:
            run = self._get(scene, f"/dagRuns/{quote(run_id, safe='')}").data
            tasks = self._tasks(scene, run_id)
            state = str(search("state", run))
            if state == "success":
                return
            if state == "failed":
                self._fail(scene, run_id, tasks)
            done = sum(search("state", task) == "success" for task in tasks)
            patience.wait(_note(state, tasks), done, max(len(tasks), 1), "tasks")

    def _unpaused(self, scene: Scene, patience: Patience) -> None:
        """Until the DAG is known. Raises SeedFailed when it is paused: its runs stay queued."""
        until = scene.now() + PARSING_SECONDS
        while (reply := self._ask(scene, "")).status == NOT_FOUND:
            if scene.now() > until:
                raise SeedFailed(
                    broken(
                        f"{self.service} knows no DAG {self.dag}",
                        cause="airflow.dag-missing",
                        fix="see the import errors, and whether the DAG's file is mounted",
                    )
                )
            patience.wait(f"{self.dag} is not parsed yet")
        if search("is_paused", expect_success(reply, "airflow.refused").data) is True:
            raise SeedFailed(
                broken(
                    f"the DAG {self.dag} is paused, its runs would stay queued",
                    cause="airflow.dag-paused",
                    fix=f"unpause it: airflow dags unpause {self.dag}",
                )
            )

    def _going(self, scene: Scene) -> str:
        states = "&".join(f"state={state}" for state in GOING)
        reply = self._get(scene, f"/dagRuns?{states}&limit=20")
        for run in search("dag_runs", reply.data) or []:
            if search("conf", run) == self.conf:
                return str(search("dag_run_id", run))
        return ""

    def _trigger(self, scene: Scene) -> str:
        body = {"logical_date": None, "conf": self.conf}
        request = Request(service=self.service, post=self._path("/dagRuns"), json_=body)
        reply = expect_success(ask(scene, request, self.as_), "airflow.refused")
        return str(search("dag_run_id", reply.data))

    def _tasks(self, scene: Scene, run_id: str) -> Sequence[Mapping[str, Any]]:
        reply = self._get(scene, f"/dagRuns/{quote(run_id, safe='')}/taskInstances")
        found = search("task_instances", reply.data)
        return found if isinstance(found, list) else []

    def _fail(self, scene: Scene, run_id: str, tasks: Sequence[Mapping[str, Any]]) -> None:
        bad = [task for task in tasks if search("state", task) in BAD]
        first = next((task for task in bad if search("state", task) == "failed"), None)
        name = str(search("task_id", first)) if first else "no task of it"
        raise SeedFailed(
            broken(
                f"the run {run_id} of {self.dag} failed in {name}",
                cause="airflow.run-failed",
                fix=f"mend what the log of {name} says, then run `envcheck seed`",
                evidence=self._log(scene, run_id, first) if first else (),
            )
        )

    def _log(self, scene: Scene, run_id: str, task: Mapping[str, Any]) -> tuple[str, ...]:
        """The end of a task's log; that it cannot be had must not hide that the task failed."""
        name, attempt = str(search("task_id", task)), search("try_number", task) or 1
        path = f"/dagRuns/{quote(run_id, safe='')}/taskInstances/{quote(name, safe='')}"
        reply = self._ask(scene, f"{path}/logs/{attempt}?full_content=true")
        lines = search("content[].event || content", reply.data) or []
        if not isinstance(lines, list):
            return ()
        return tuple(str(line) for line in lines if line)[-LOG_LINES:]

    def _get(self, scene: Scene, path: str) -> Reply:
        return expect_success(self._ask(scene, path), "airflow.refused")

    def _ask(self, scene: Scene, path: str) -> Reply:
        return ask(scene, Request(service=self.service, get=self._path(path)), self.as_)

    def _path(self, path: str) -> str:
        return f"/api/v2/dags/{quote(self.dag, safe='')}{path}"


def _note(state: str, tasks: Sequence[Mapping[str, Any]]) -> str:
    busy = [str(search("task_id", task)) for task in tasks if search("state", task) == "running"]
    return f"{state}: {', '.join(busy)}" if busy else state
