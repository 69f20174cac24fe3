"""A long job that leaves something behind: not run where that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from envcheck.kind import Kind, Seconds
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, broken, not_yet, passed
from envcheck.model.seed import Fixtures, Progress, Seeded, SeedFailed, SeedUnit
from envcheck.seeds.job_airflow import ThroughAirflow
from envcheck.seeds.job_http import (
    PATIENT,
    Expression,
    Reply,
    Request,
    ask,
    expect_success,
    refused,
    search,
)
from envcheck.seeds.job_waiting import Patience
from envcheck.seeds.reading import answered

LOOK_SECONDS = 2.5  # the proof is a look like any other


class Expected(Kind):
    """The answer that means: it is there. ``json`` maps jmespath expressions to values."""

    status: int = 200
    json_: dict[Expression, Any] = Field(default_factory=dict)

    def differs(self, reply: Reply) -> str:
        """Empty when the reply is as expected, else the first thing that is not."""
        if reply.status != self.status:
            return f"{reply.what} answered {reply.status}, not {self.status}"
        for expression, value in self.json_.items():
            found = search(expression, reply.data)
            if found != value or isinstance(found, bool) != isinstance(value, bool):
                return f"{reply.what}: {expression} is {found!r}, not {value!r}"
        return ""


class Unless(Kind):
    as_: str = ""
    request: Request
    expect: Expected = Expected()


class OverHttp(Kind):
    """Start it with one request, then ask until ``done`` or ``failed`` (jmespath) holds.

    ``{{name}}`` in the poll's path is taken from the answer to the request.
    """

    as_: str = ""
    request: Request
    poll: Request
    done: Expression
    failed: Expression = "`false`"

    def run(self, scene: Scene, patience: Patience) -> None:
        started = expect_success(ask(scene, self.request, self.as_), "job.refused")
        poll = self.poll.filled(started.data)
        while True:
            reply = expect_success(ask(scene, poll, self.as_), "job.lost")
            if search(self.done, reply.data) is True:
                return
            if search(self.failed, reply.data) is True:
                raise SeedFailed(_failed(self.request.service, reply))
            patience.wait(str(search("step || status", reply.data) or "running"))


class Through(Kind):
    airflow: ThroughAirflow


class Job(Kind):
    """Something only the environment itself can make, such as a trained model.

    Left alone where ``unless`` holds. Runs ``through`` Airflow where that runs here, ``otherwise``
    by HTTP. A run that is already going is followed, not doubled.
    """

    kind: ClassVar[str] = "job"
    name: str
    service: str
    unless: Unless
    otherwise: OverHttp
    through: Through | None = None
    timeout: Seconds = 300.0

    def units(self, fixtures: Fixtures) -> Sequence[SeedUnit]:  # noqa: ARG002 (the kind's shape)
        return [SeedUnit(self.name, self.service, self._write, self.name, self.kind)]

    def proof(self, fixtures: Fixtures) -> Sequence[Check]:  # noqa: ARG002
        look = answered(self._look)
        return [Check(self.name, self.service, Level.CONTENT, look, self.name, self.kind)]

    def missing(self, fixtures: Fixtures) -> Sequence[str]:  # noqa: ARG002
        return []

    def _write(self, scene: Scene, progress: Progress) -> Seeded:
        if not self._differs(scene)[0]:
            return Seeded(0, 1, "job")
        how = self._run(scene, Patience(scene, progress, self.name, self.timeout))
        said, reply = self._differs(scene)
        if said:
            raise SeedFailed(self._without_effect(said, reply))
        return Seeded(1, 1, "job", how)

    def _run(self, scene: Scene, patience: Patience) -> str:
        if self.through is not None and _runs_here(scene, self.through.airflow.service):
            self.through.airflow.run(scene, patience)
            return f"through {self.through.airflow.service}"
        self.otherwise.run(scene, patience)
        return f"by {self.otherwise.request.service} itself"

    def _differs(self, scene: Scene, seconds: float = PATIENT) -> tuple[str, Reply]:
        reply = ask(scene, self.unless.request, self.unless.as_, seconds)
        if reply.status in (401, 403) and self.unless.expect.status != reply.status:
            raise SeedFailed(refused(reply, "job.denied"))
        return self.unless.expect.differs(reply), reply

    def _look(self, scene: Scene) -> Observation:
        said, reply = self._differs(scene, LOOK_SECONDS)
        if not said:
            return passed(f"{self.name}: there")
        if reply.status >= 500:  # noqa: PLR2004 (the service's own trouble may pass)
            fix = f"see the log of {self.service} for the reason"
            return not_yet(said, cause="job.unknown", fix=fix, evidence=reply.evidence)
        fix = "run `envcheck seed`, which runs the job again"
        return broken(said, cause="job.not-done", fix=fix, evidence=reply.evidence)

    def _without_effect(self, said: str, reply: Reply) -> Observation:
        return broken(
            f"{self.name}: the job ended well, yet {said}",
            cause="job.without-effect",
            fix=f"see in the log of {self.service} what the job left behind",
            evidence=reply.evidence,
        )


def _failed(service: str, reply: Reply) -> Observation:
    return broken(
        f"{service} says the job failed",
        cause="job.failed",
        fix=f"see the reason in the answer and in the log of {service}",
        evidence=reply.evidence,
    )


def _runs_here(scene: Scene, service: str) -> bool:
    try:
        scene.target(service)
    except KeyError:
        return False
    return True
