"""A long job over real HTTP: run once, followed, never doubled, its failure explained."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from envcheck.errors import Interrupted
from envcheck.model.check import Identity
from envcheck.model.outcome import Answer
from envcheck.model.seed import Seeded
from envcheck.model.target import Endpoint, Target
from envcheck.seeds.job import Job
from tests.fakes.scene import FakeScene
from tests.seeds.given import fixtures, prove, refusal, write

pytestmark = pytest.mark.real
NAME = "a model for tenant demo"
CONF = {"tenant_id": "demo"}


class Stub:
    """A service that answers as told. ``answers`` maps "METHOD path" to (status, JSON) or to a
    function of the body that gives them; ``heard`` is what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.heard: list[str] = []
        self.state: dict[str, Any] = {}
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                stub.heard.append(f"{self.command} {self.path}")
                said = stub.answers.get(f"{self.command} {self.path}", (404, {}))
                status, data = said(json.loads(body or b"null")) if callable(said) else said
                content = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # noqa: N815 (http.server's names)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def target(self, service: str) -> Target:
        return Target(service, {80: Endpoint("127.0.0.1", self.server.server_address[1])})

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def engine() -> Iterator[Stub]:
    """Has no model until a training it was asked for has been polled twice."""
    stub, state = Stub(), {"polls": 0, "model": "none"}

    def poll(_body: Any) -> tuple[int, Any]:
        state["polls"] += 1
        done = state["polls"] >= 2
        state["model"] = "ready" if done else "none"
        return 200, {"status": "succeeded" if done else "running", "step": "train"}

    stub.answers = {
        "GET /models/demo": lambda _body: (200, {"status": state["model"]}),
        "POST /train": (202, {"run_id": "r/1"}),
        "GET /training/r%2F1": poll,
    }
    stub.state = state
    yield stub
    stub.close()


@pytest.fixture
def airflow(engine: Stub) -> Iterator[Stub]:
    stub = Stub()
    dag = "/api/v2/dags/train"
    run = {"dag_run_id": "m 1", "conf": CONF}

    def finished(_body: Any) -> tuple[int, Any]:
        engine.state["model"] = "ready"
        return 200, {**run, "state": "success"}

    stub.answers = {
        f"GET {dag}": (200, {"is_paused": False}),
        f"GET {dag}/dagRuns?state=queued&state=running&limit=20": (200, {"dag_runs": []}),
        f"POST {dag}/dagRuns": lambda body: (200, {**run, "state": "queued", **body}),
        f"GET {dag}/dagRuns/m%201": finished,
        f"GET {dag}/dagRuns/m%201/taskInstances": (200, {"task_instances": []}),
    }
    yield stub
    stub.close()


def job(timeout: float = 30, **changed: Any) -> Job:
    said = {
        "name": NAME,
        "service": "engine",
        "timeout": timeout,
        "through": {"airflow": {"service": "airflow", "dag": "train", "conf": CONF}},
        "otherwise": {
            "as": "internal",
            "request": {"service": "engine", "post": "/train", "json": CONF},
            "poll": {"service": "engine", "get": "/training/{{run_id}}"},
            "done": "status == 'succeeded'",
            "failed": "status == 'failed'",
        },
        "unless": {
            "request": {"service": "engine", "get": "/models/demo"},
            "expect": {"status": 200, "json": {"status": "ready"}},
        },
    }
    return Job.model_validate({**said, **changed})


def scene(*stubs: tuple[str, Stub]) -> FakeScene:
    who = {"internal": Identity("internal", {"X-Internal-Token": "t"})}
    return FakeScene(*(stub.target(name) for name, stub in stubs), identities=who)


def wrote(stage: FakeScene) -> Seeded:
    return write(job(), fixtures(), stage)[NAME]


def test_a_job_runs_once_by_http_where_airflow_does_not_run(engine: Stub) -> None:
    stage = scene(("engine", engine))
    assert prove(job(), fixtures(), stage)[NAME].cause == "job.not-done"
    assert wrote(stage).detail == "by engine itself"
    assert prove(job(), fixtures(), stage)[NAME].passed
    engine.heard.clear()
    assert str(wrote(stage)) == "unchanged (1 job)"
    assert engine.heard == ["GET /models/demo"]


def test_a_job_goes_through_airflow_where_it_runs(engine: Stub, airflow: Stub) -> None:
    stage = scene(("engine", engine), ("airflow", airflow))
    assert wrote(stage).detail == "through airflow"
    assert "POST /api/v2/dags/train/dagRuns" in airflow.heard
    assert "POST /train" not in engine.heard


def test_a_run_with_the_same_conf_that_is_going_already_is_followed(
    engine: Stub, airflow: Stub
) -> None:
    going = "GET /api/v2/dags/train/dagRuns?state=queued&state=running&limit=20"
    other = {"dag_run_id": "other", "conf": {"tenant_id": "other"}}
    airflow.answers[going] = (200, {"dag_runs": [other, {"dag_run_id": "m 1", "conf": CONF}]})
    assert wrote(scene(("engine", engine), ("airflow", airflow))).changed == 1
    assert "POST /api/v2/dags/train/dagRuns" not in airflow.heard


def test_a_paused_dag_is_a_finding_and_nothing_is_queued_behind_it(
    engine: Stub, airflow: Stub
) -> None:
    airflow.answers["GET /api/v2/dags/train"] = (200, {"is_paused": True})
    seen = refusal(job(), fixtures(), scene(("engine", engine), ("airflow", airflow)))
    assert (seen.answer, seen.cause) == (Answer.BROKEN, "airflow.dag-paused")
    assert "POST /api/v2/dags/train/dagRuns" not in airflow.heard


def test_a_failed_run_names_the_task_and_shows_the_end_of_its_log(
    engine: Stub, airflow: Stub
) -> None:
    run = "GET /api/v2/dags/train/dagRuns/m%201"
    tasks = [{"task_id": "read", "state": "success"}]
    tasks += [{"task_id": "later", "state": "upstream_failed"}]
    tasks += [{"task_id": "evaluate", "state": "failed", "try_number": 1}]
    log = {"content": [{"event": f"line {n}"} for n in range(30)] + [{"event": "NDCG is 0.1"}]}
    airflow.answers[run] = (200, {"state": "failed"})
    airflow.answers[f"{run}/taskInstances"] = (200, {"task_instances": tasks})
    airflow.answers[f"{run}/taskInstances/evaluate/logs/1?full_content=true"] = (200, log)
    seen = refusal(job(), fixtures(), scene(("engine", engine), ("airflow", airflow)))
    assert (seen.answer, seen.cause) == (Answer.BROKEN, "airflow.run-failed")
    assert seen.observed == "the run m 1 of train failed in evaluate"
    assert seen.evidence[-1] == "NDCG is 0.1"
    assert len(seen.evidence) == 12


@pytest.mark.parametrize(
    ("what", "answer", "cause"),
    [
        ("POST /train", (500, {}), "job.refused"),
        ("POST /train", (401, {}), "job.denied"),
        ("GET /training/r%2F1", (404, {}), "job.lost"),
        ("GET /training/r%2F1", (200, {"status": "failed", "error": "no data"}), "job.failed"),
        ("GET /training/r%2F1", (200, {"status": "succeeded"}), "job.without-effect"),
        ("GET /models/demo", (403, {}), "job.denied"),
    ],
)
def test_what_goes_wrong_is_told_with_the_answer(
    engine: Stub, what: str, answer: tuple, cause: str
) -> None:
    engine.answers[what] = answer
    seen = refusal(job(), fixtures(), scene(("engine", engine)))
    assert (seen.answer, seen.cause) == (Answer.BROKEN, cause)
    assert json.dumps(answer[1]) in seen.evidence[0] or cause == "job.without-effect"


def test_a_job_that_never_ends_is_given_up_with_what_was_last_seen(engine: Stub) -> None:
    engine.answers["GET /training/r%2F1"] = (200, {"status": "running", "step": "train"})
    seen = refusal(job(timeout=0.5), fixtures(), scene(("engine", engine)))
    assert (seen.answer, seen.cause) == (Answer.NOT_YET, "job.too-slow")
    assert seen.observed == f"{NAME}: not done after 0.5s, last seen: train"


def test_a_stop_ends_the_wait(engine: Stub) -> None:
    stage = scene(("engine", engine))
    stage.pause = lambda _seconds: False
    with pytest.raises(Interrupted):
        write(job(), fixtures(), stage)


@pytest.mark.parametrize("answer", [[], None, "x", 5, {"status": ["succeeded"]}])
def test_an_answer_of_any_shape_breaks_nothing(engine: Stub, answer: Any) -> None:
    engine.answers["GET /training/r%2F1"] = (200, answer)
    engine.answers["GET /models/demo"] = (200, answer)
    seen = refusal(job(timeout=0.2), fixtures(), scene(("engine", engine)))
    assert seen.cause == "job.too-slow"


def test_an_engine_that_is_gone_is_the_culprit(engine: Stub) -> None:
    stage = scene(("engine", engine))
    engine.close()
    seen = prove(job(), fixtures(), stage)[NAME]
    assert (seen.answer, seen.cause, seen.culprit) == (Answer.NOT_YET, "network.refused", "engine")


def test_a_request_of_two_methods_and_a_condition_that_is_no_jmespath_are_refused_while_reading() -> (
    None
):
    both = {"service": "e", "get": "/", "post": "/"}
    with pytest.raises(ValueError, match="exactly one of get, post, put, patch"):
        job(unless={"request": both})
    expect = {"json": {"status ==": 1}}
    with pytest.raises(ValueError, match=r"jmespath|Invalid"):
        job(unless={"request": {"service": "e", "get": "/"}, "expect": expect})
