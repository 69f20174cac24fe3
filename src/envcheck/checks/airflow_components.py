"""Which of Airflow's processes is alive: by its heartbeat, since the API answers 200 regardless."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from envcheck.checks.airflow_api import Airflow, health
from envcheck.model.check import Scene
from envcheck.model.outcome import Observation, not_yet, passed

COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
_COMMANDS = {
    "scheduler": "airflow scheduler",
    "triggerer": "airflow triggerer",
    "dag_processor": "airflow dag-processor",
}


def component(name: str, culprit: str, stale_after: float, api: Airflow) -> Observation:
    """One component. ``culprit`` is the Compose service that should be it, empty if unknown."""
    report, date = health(api)
    said = report.get(name) or {}
    beat = said.get(f"latest_{name}_heartbeat")
    age = _age(beat, date)
    if said.get("status") == "healthy" and (age is None or age <= stale_after):
        return passed(f"{name} is healthy" + (f", last beat {age:.0f}s ago" if age else ""))
    evidence = (f"health says {name}: {said.get('status')}, last heartbeat {beat}",)
    if name == "metadatabase":
        return _no_database(evidence)
    return _down(name, culprit, age, evidence) if beat else _never(name, culprit, evidence)


def service_of(scene: Scene, name: str, service: str, declared: Mapping[str, str]) -> str:
    """The Compose service that runs a component: as declared, else by the API server's prefix
    (``airflow-apiserver`` → ``airflow-scheduler``) where such a service runs."""
    if name in declared:
        return declared[name]
    prefix, dash, _ = service.rpartition("-")
    word = name.replace("_", "-")
    for guess in (f"{prefix}{dash}{word}", f"{service}-{word}", word):
        try:
            return scene.target(guess).service
        except KeyError:
            continue
    return ""


def dag_processor_missing(api: Airflow) -> Observation | None:
    """Why no file is parsed, when that is because nobody parses; None while one is alive."""
    report, _ = health(api)
    said = report.get("dag_processor") or {}
    if said.get("status") == "healthy":
        return None
    return _never("dag_processor", "", (f"health says dag_processor: {said.get('status')}",))


def _age(beat: Any, date: str) -> float | None:
    """Seconds between a heartbeat and the server's ``Date``; None when either is not given."""
    try:
        then, now = datetime.fromisoformat(str(beat)), parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max((now - aware).total_seconds(), 0.0)


def _down(name: str, culprit: str, age: float | None, evidence: tuple[str, ...]) -> Observation:
    since = "an unknown time" if age is None else f"{age:.0f}s"
    return not_yet(
        f"the {_word(name)} is down: its last heartbeat was {since} ago",
        cause=f"airflow.{_word(name)}-down",
        expected=f"a living {_word(name)}",
        fix=f"start {culprit or f'`{_COMMANDS[name]}`'} again and see its log",
        evidence=evidence,
        culprit=culprit,
    )


def _never(name: str, culprit: str, evidence: tuple[str, ...]) -> Observation:
    because = {
        "dag_processor": ", so no DAG file is parsed (Airflow 3 needs one)",
        "scheduler": ", so no run is ever started",
    }.get(name, "")
    return not_yet(
        f"no {_word(name)} is running{because}",
        cause=f"airflow.{_word(name)}-missing",
        expected=f"a living {_word(name)}",
        fix=f"run `{_COMMANDS[name]}` in a service, or see in its log why it never beats",
        evidence=evidence,
        culprit=culprit,
    )


def _no_database(evidence: tuple[str, ...]) -> Observation:
    return not_yet(
        "the metadata database does not answer Airflow",
        cause="airflow.metadatabase-down",
        expected="a healthy metadata database",
        fix="see the database and AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
        evidence=evidence,
    )


def _word(name: str) -> str:
    return name.replace("_", "-")
