"""A long job that leaves something behind: not run where that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from envcheck.kind import Kind, Seconds
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, broken, not_yet, passed
from envcheck.model.seed import Fixtures, Progress, Seeded, SeedFailed, SeedUnit
from envcheck.seeds.job_airflow import ThroughAirflow
from envcheck.seeds.job_http import PATIENT, Reply, ask, refused
from envcheck.seeds.job_over_http import OverHttp, Unless
from envcheck.seeds.job_waiting import Patience
from envcheck.seeds.reading import answered

LOOK_SECONDS = 2.5  # the proof is a look like any other


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
        # the first question is a short one, so that a service that hangs is known at once
        if not self._differs(scene, LOOK_SECONDS)[0]:
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


def _runs_here(scene: Scene, service: str) -> bool:
    try:
        scene.target(service)
    except KeyError:
        return False
    return True
