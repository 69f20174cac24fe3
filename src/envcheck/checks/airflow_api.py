"""Questions to Airflow's REST interface (``/api/v2``, Airflow 3), as one identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from envcheck.checks.exchange import no_answer, said
from envcheck.checks.reach import Amiss, address
from envcheck.model.check import Scene
from envcheck.model.outcome import Observation, broken, not_yet
from envcheck.model.target import Endpoint
from envcheck.system.http import Answered, Unanswered, fetch

ASK_SECONDS = 2.0  # a look may need two questions and has three seconds
REFUSED = (401, 403)
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Airflow:
    """One API server. Every method raises Amiss when the answer is not what it must be."""

    endpoint: Endpoint
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, **params: str) -> Any:
        return _json(f"GET {path}", self.ask("GET", path, params=params))

    def post(self, path: str, body: Any) -> Any:
        return _json(f"POST {path}", self.ask("POST", path, body=body))

    def ask(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> Answered:
        """The answer, whatever its status."""
        headers = {"Accept": "application/json", **self.headers}
        try:
            return fetch(
                method,
                self.endpoint,
                path,
                headers=headers,
                params=params,
                json=body,
                timeout=ASK_SECONDS,
            )
        except Unanswered as error:
            raise Amiss(no_answer(f"{method} {path}", error)) from error


def airflow(scene: Scene, service: str, as_: str = "") -> Airflow:
    """Raises Amiss or LoginRefused."""
    headers = scene.identity(as_).headers if as_ else {}
    return Airflow(address(scene, service), headers)


def health(api: Airflow) -> tuple[dict[str, Any], str]:
    """The components' JSON and the server's own ``Date``: its clock, not ours, ages a heartbeat.
    The status is 200 even when every component is dead."""
    path = "/api/v2/monitor/health"
    answer = api.ask("GET", path)
    if answer.status == NOT_FOUND:  # Airflow 2 said the same elsewhere
        path = "/health"
        answer = api.ask("GET", path)
    if answer.status == NOT_FOUND:
        raise Amiss(_not_airflow(path, answer))
    body = _json(f"GET {path}", answer)
    if not isinstance(body, dict) or "metadatabase" not in body:
        raise Amiss(_not_airflow(path, answer))
    return body, answer.headers.get("Date", answer.headers.get("date", ""))


def _json(asked: str, answer: Answered) -> Any:
    if answer.status in REFUSED:
        raise Amiss(_refused(asked, answer))
    if answer.status // 100 != 2:  # noqa: PLR2004 (any success)
        raise Amiss(_no_success(asked, answer))
    try:
        return answer.json()
    except ValueError as error:
        raise Amiss(_no_success(asked, answer)) from error


def _refused(asked: str, answer: Answered) -> Observation:
    return broken(
        f"Airflow answered {answer.status} to {asked}",
        cause="airflow.login-refused",
        expected="the identity is let in",
        fix="check the user's name, password and role; all Airflow services need the same "
        "AIRFLOW__API_AUTH__JWT_SECRET",
        evidence=said(asked, answer),
    )


def _not_airflow(path: str, answer: Answered) -> Observation:
    return not_yet(
        f"{path} is not Airflow's health: status {answer.status}",
        cause="airflow.not-airflow",
        expected="Airflow's health as JSON",
        fix="check the port: another server answers there",
        evidence=said(f"GET {path}", answer),
    )


def _no_success(asked: str, answer: Answered) -> Observation:
    return not_yet(
        f"Airflow answered {answer.status} to {asked}",
        cause="airflow.api-error",
        expected="status 200 with JSON",
        fix="see the API server's log, and the database its metadata is in",
        evidence=said(asked, answer),
    )
