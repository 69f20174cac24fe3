"""The kind ``airflow``: its components, import errors, DAGs, runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from envcheck.checks import airflow_dags, airflow_runs
from envcheck.checks.airflow_api import Airflow as Api
from envcheck.checks.airflow_api import airflow, health
from envcheck.checks.airflow_components import component, service_of
from envcheck.checks.reach import answering
from envcheck.kind import Kind, Seconds
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, passed

PARSE_SECONDS = 30.0  # a new DAG may take that long to be parsed and be healthy
Component = Literal["metadatabase", "scheduler", "triggerer", "dag_processor"]


class DagSpec(Kind):
    """What is not said is not looked at."""

    paused: bool | None = None
    latest_run: Literal["success", "running", "queued", "failed"] | None = None


class Trigger(Kind):
    """Starts a run and follows it to success; written where a wave wants that every time."""

    dag: str
    conf: Mapping[str, Any] = Field(default_factory=dict)
    within: Seconds = 120.0


class Airflow(Kind):
    """Airflow 3 answers; its components beat; no DAG file has an import error; the declared DAGs
    are there and paused as declared; the latest run ended as declared; a started one succeeds.
    All but the components need an identity (``as``)."""

    kind: ClassVar[str] = "airflow"

    service: str
    as_: str = ""
    components: Sequence[Component] = ("metadatabase", "scheduler", "dag_processor")
    component_services: Mapping[str, str] = Field(default_factory=dict)
    stale_after: Seconds = 30.0  # Airflow's own scheduler_health_check_threshold
    import_errors: bool = True
    dags: Mapping[str, DagSpec | None] = Field(default_factory=dict)
    trigger: Trigger | None = None

    @model_validator(mode="after")
    def _someone_asks(self) -> Airflow:
        if (self.dags or self.trigger) and not self.as_:
            raise ValueError("dags and trigger need an identity: add `as:`")
        return self

    def checks(self) -> Sequence[Check]:
        answers = self._check("health", Level.HANDSHAKE, self._health, "Airflow's health as JSON")
        components = [self._component(name) for name in self.components]
        return (answers, *components, *(self._inside() if self.as_ else ()))

    def _component(self, name: str) -> Check:
        # Airflow without its database answers nothing else; the others fail side by side
        level = Level.HANDSHAKE if name == "metadatabase" else Level.OBJECT

        def look(scene: Scene) -> Observation:
            culprit = service_of(scene, name, self.service, self.component_services)
            return component(name, culprit, self.stale_after, airflow(scene, self.service))

        return self._check(name.replace("_", "-"), level, look, f"a living {name}")

    def _inside(self) -> list[Check]:
        checks = [self._check("login", Level.LOGIN, self._login, f"{self.as_} is let in")]
        if self.import_errors:
            look = self._asking(airflow_dags.import_errors)
            checks.append(self._check("import-errors", Level.OBJECT, look, "no import errors"))
        if self.dags:
            checks += self._dags()
        if self.trigger:
            checks.append(self._trigger(self.trigger))
        return checks

    def _dags(self) -> list[Check]:
        paused = {name: spec.paused if spec else None for name, spec in self.dags.items()}
        look = self._asking(partial(airflow_dags.dags, paused))
        expected = f"DAGs {', '.join(self.dags)}, paused as declared"
        checks = [self._check("dags", Level.OBJECT, look, expected, grace=PARSE_SECONDS)]
        for name, spec in self.dags.items():
            if spec and spec.latest_run:
                look = self._asking(partial(airflow_runs.latest_run, name, spec.latest_run))
                expected = f"latest run: {spec.latest_run}"
                checks.append(self._check(f"run of {name}", Level.CONTENT, look, expected))
        return checks

    def _trigger(self, wanted: Trigger) -> Check:
        def look(scene: Scene) -> Observation:
            api = airflow(scene, self.service, self.as_)
            return airflow_runs.triggered(wanted.dag, wanted.conf, wanted.within, scene, api)

        name, expected = f"trigger {wanted.dag}", f"a run of {wanted.dag} succeeds"
        timeout = wanted.within + 3.0
        return self._check(name, Level.BEHAVIOUR, look, expected, grace=0.0, timeout=timeout)

    def _check(
        self,
        name: str,
        level: Level,
        look: Callable[[Scene], Observation],
        expected: str,
        *,
        grace: float | None = None,
        timeout: float = 3.0,
    ) -> Check:
        looking = answering(look)
        return Check(
            name,
            self.service,
            level,
            looking,
            expected,
            "airflow",
            grace=grace,
            timeout=timeout,
        )

    def _asking(self, judge: Callable[[Api], Observation]) -> Callable[[Scene], Observation]:
        return lambda scene: judge(airflow(scene, self.service, self.as_))

    def _health(self, scene: Scene) -> Observation:
        health(airflow(scene, self.service))
        return passed("Airflow answers its health")

    def _login(self, scene: Scene) -> Observation:
        airflow(scene, self.service, self.as_).get("/api/v2/dags", limit="1")
        return passed(f"{self.as_} is let in")
