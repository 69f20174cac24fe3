"""Whole runs as the engine would say them: what every report is held against."""

from __future__ import annotations

from dataclasses import replace

from envcheck.model.event import (
    Diagnosed,
    Noted,
    PhaseStarted,
    Progressed,
    RunEnded,
    RunStarted,
    ServiceChanged,
    ServiceReady,
    StepEnded,
    Undone,
    Waiting,
    WaveEnded,
    WaveStarted,
)
from envcheck.model.outcome import Diagnosis, Outcome, Status
from envcheck.model.record import Moment
from envcheck.model.service import Phase, ServiceState

RUN = "20261121-031502-a1b2"
STARTED = RunStarted(
    run=RUN,
    environment="recommender",
    runtime="embedded",
    command="envcheck up --wave 2",
    started_at="2026-11-21T03:15:02Z",
    why_runtime="no Docker engine here",
    versions={"envcheck": "0.1.0", "postgres": "18.6"},
    waves=(1, 2),
    services=("postgres", "kafka", "migrate", "backend-api", "grafana"),
)


def outcome(step: str, status: Status, **more: object) -> Outcome:
    wave, phase, service, *_ = step.split("/")
    plain = Outcome(
        step, "kafka" if service == "kafka" else "postgres", service, int(wave), phase, status
    )
    return replace(plain, **{"attempts": 1, "seconds": 0.04, **more})


def state(service: str, phase: Phase, **more: object) -> ServiceState:
    return replace(ServiceState(service, phase), **more)


def changed(service: str, phase: Phase, **more: object) -> ServiceChanged:
    wave = 2 if service == "backend-api" else 1
    return ServiceChanged(service, wave, state(service, phase, **more))


def up(service: str, wave: int = 1) -> StepEnded:
    return StepEnded(outcome(f"{wave}/ready/{service}", Status.PASS, observed="ready"))


GRAFANA = StepEnded(
    outcome(
        "1/ready/grafana",
        Status.SKIPPED,
        reason="grafana has no form without Docker",
        attempts=0,
        seconds=0.0,
    )
)

WAVE_1: list[Moment] = [
    (0.0, STARTED),
    (0.01, Noted("kafka: port 9092 is taken by pid 4242 (java), using 43127")),
    (0.02, WaveStarted(1, "infrastructure", ("postgres", "kafka", "migrate"))),
    (0.02, PhaseStarted(1, "ready", 3)),
    (0.05, changed("postgres", Phase.RUNNING)),
    (0.06, Waiting("postgres", 1, "127.0.0.1:5432 refuses the connection", 1)),
    (0.07, changed("kafka", Phase.RUNNING)),
    (0.91, ServiceReady("postgres", 1, 0.86, "127.0.0.1:5432 refuses the connection")),
    (0.95, changed("migrate", Phase.RUNNING)),
    (1.0, Waiting("kafka", 1, "no broker answers", 2)),
    (2.31, changed("migrate", Phase.EXITED, exit_code=0)),
    (2.31, ServiceReady("migrate", 1, 1.36, done=True)),
    (3.1, Waiting("kafka", 1, "1 of 1 brokers, no controller yet", 9)),
    (3.42, ServiceReady("kafka", 1, 3.35, "1 of 1 brokers, no controller yet")),
    (3.42, up("postgres")),
    (3.42, up("kafka")),
    (3.42, up("migrate")),
    (3.42, GRAFANA),
    (3.43, PhaseStarted(1, "seed", 1)),
    (3.5, Progressed(1, "1/seed/kafka/topics", 6, 12, "topics")),
    (
        3.61,
        StepEnded(outcome("1/seed/kafka/topics", Status.PASS, observed="wrote 12 of 12 topics")),
    ),
    (3.62, PhaseStarted(1, "verify", 2)),
]

PASSING: list[Moment] = [
    *WAVE_1,
    (3.7, StepEnded(outcome("1/verify/postgres/tables", Status.PASS, observed="6 tables"))),
    (3.72, StepEnded(outcome("1/verify/kafka/topics", Status.PASS, observed="12 topics"))),
    (3.72, WaveEnded(1, "infrastructure", "PASS", 3.7)),
    (3.73, WaveStarted(2, "core", ("backend-api",))),
    (3.73, PhaseStarted(2, "ready", 1)),
    (3.75, changed("backend-api", Phase.RUNNING)),
    (4.6, ServiceReady("backend-api", 2, 0.85)),
    (4.6, up("backend-api", 2)),
    (4.61, PhaseStarted(2, "check", 1)),
    (
        4.8,
        StepEnded(
            outcome(
                "2/check/backend-api/recommendations",
                Status.PASS,
                title="a user gets exactly the recommendations asked for, best first",
                observed="POST /api/v1/recommendations answered 200",
                seconds=0.19,
            )
        ),
    ),
    (4.81, WaveEnded(2, "core", "PASS", 1.08)),
    (4.82, RunEnded("PASS", 0, 4.82)),
]

TOPIC_GONE = outcome(
    "1/verify/kafka/topics",
    Status.FAIL,
    expected="12 topics",
    observed="topic user_interactions does not exist",
    cause="kafka.topic-missing",
    fix="envcheck seed --wave 1",
    evidence=("topics on the broker: item_catalog, alerts, dead_letter",),
    place="waves/recommender/1-infrastructure.yaml:18:5",
    seconds=0.12,
)
API_DEAD = outcome(
    "2/ready/backend-api",
    Status.FAIL,
    expected="ready within 120s",
    observed="exited with code 3",
    cause="service.exited",
    fix="install the missing module: it stands in no requirements file",
    evidence=("ModuleNotFoundError: No module named 'faiss'",),
)
VICTIM = outcome(
    "1/verify/kafka/round-trip",
    Status.BLOCKED,
    blocked_by="kafka",
    reason="nothing was consumed",
    attempts=3,
)
NOT_ASKED = outcome(
    "2/check/backend-api/recommendations",
    Status.BLOCKED,
    blocked_by="backend-api",
    reason="backend-api did not come up",
    attempts=0,
    seconds=0.0,
    title="a user gets exactly the recommendations asked for, best first",
)

FAILING: list[Moment] = [
    *WAVE_1,
    (
        3.7,
        StepEnded(
            outcome(
                "1/verify/postgres/tables",
                Status.FLAKY,
                observed="6 tables",
                reason="first: the connection was reset",
                attempts=2,
            )
        ),
    ),
    (4.1, StepEnded(TOPIC_GONE)),
    (4.1, StepEnded(VICTIM)),
    (
        4.1,
        Diagnosed(
            Diagnosis(
                "kafka",
                "kafka.topic-missing",
                "topic user_interactions does not exist",
                ("topics on the broker: item_catalog, alerts, dead_letter",),
                "envcheck seed --wave 1",
                victims=(VICTIM.id,),
                outcomes=(TOPIC_GONE.id,),
            )
        ),
    ),
    (4.11, WaveEnded(1, "infrastructure", "FAIL", 4.09)),
    (4.12, WaveStarted(2, "core", ("backend-api",))),
    (4.12, PhaseStarted(2, "ready", 1)),
    (4.2, changed("backend-api", Phase.RUNNING)),
    (5.9, changed("backend-api", Phase.EXITED, exit_code=3)),
    (5.95, PhaseStarted(2, "check", 2)),
    (5.96, StepEnded(API_DEAD)),
    (5.96, StepEnded(NOT_ASKED)),
    (
        5.96,
        StepEnded(
            replace(NOT_ASKED, id="2/check/backend-api/no-token", title="no token is refused")
        ),
    ),
    (
        5.97,
        Diagnosed(
            Diagnosis(
                "backend-api",
                "service.exited",
                "backend-api exited with code 3, 1.7 s after its start",
                ("ModuleNotFoundError: No module named 'faiss'",),
                "install the missing module: it stands in no requirements file",
                victims=(NOT_ASKED.id, "2/check/backend-api/no-token"),
                outcomes=(API_DEAD.id,),
            )
        ),
    ),
    (5.98, WaveEnded(2, "core", "FAIL", 1.86)),
    (5.99, Noted("kafka keeps its data in memory: give it a volume", "advice")),
    (6.0, RunEnded("FAIL", 4, 6.0, "2 required steps failed")),
]

INTERRUPTED: list[Moment] = [
    *WAVE_1[:12],
    (3.3, Undone(("process 4242 of kafka", "process 4243 of postgres"))),
    (3.31, RunEnded("UNKNOWN", 130, 3.31, "interrupted")),
]
