"""DAG files without errors, DAGs present and paused as declared; and if not, which of the four
reasons it is: the file does not import, nobody parses, there are no files, or it is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from envcheck.checks.airflow_api import Airflow
from envcheck.checks.airflow_components import dag_processor_missing
from envcheck.model.outcome import Observation, broken, not_yet, passed

_LINE = re.compile(r'File "([^"]+)", line (\d+)')
Paused = Mapping[str, bool | None]  # DAG id → as declared; None where nothing is said


def import_errors(api: Airflow) -> Observation:
    """A file that was mended is parsed again within seconds, so it is a *not yet*."""
    errors = api.get("/api/v2/importErrors", limit="50")["import_errors"]
    if not errors:
        return passed("no DAG file has an import error")
    count = f"{len(errors)} DAG files" if len(errors) > 1 else "a DAG file"
    return not_yet(
        f"{count} cannot be imported: {_where(errors[0])}",
        cause="airflow.import-error",
        expected="no import errors",
        fix="mend the file, or install what it imports in every Airflow service",
        evidence=tuple(_where(error) for error in errors[:5]),
    )


def dags(wanted: Paused, api: Airflow) -> Observation:
    """The first declared DAG that is missing or is not paused as declared."""
    found = {dag["dag_id"]: dag for dag in _all_dags(api)}
    for name, paused in wanted.items():
        dag = found.get(name)
        if dag is None or dag.get("is_stale") or dag.get("has_import_errors"):
            return _missing(name, dag, found, api)
        if paused is not None and bool(dag["is_paused"]) != paused:
            return _other_pause(name, paused)
    return passed(f"{len(wanted)} DAGs present: {', '.join(wanted)}")


def _all_dags(api: Airflow) -> list[dict[str, Any]]:
    said = api.get("/api/v2/dags", limit="100", exclude_stale="false")
    return list(said["dags"])


def _missing(
    name: str, dag: Mapping[str, Any] | None, found: Mapping[str, Any], api: Airflow
) -> Observation:
    errors = api.get("/api/v2/importErrors", limit="50")["import_errors"]
    mine = [error for error in errors if _belongs(error, name, dag)]
    if mine:
        return _unimportable(name, mine[0])
    unparsed = dag_processor_missing(api)
    if unparsed is not None:
        return unparsed
    alive = [known for known, other in found.items() if not other.get("is_stale")]
    if not alive and not errors:
        return _no_dags(name)
    return _absent(name, dag, alive)


def _belongs(error: Mapping[str, Any], name: str, dag: Mapping[str, Any] | None) -> bool:
    """A file belongs to a DAG that came from it, or whose name it bears or mentions."""
    file = str(error["filename"])
    if dag is not None and dag.get("relative_fileloc"):
        return file.endswith(str(dag["relative_fileloc"]))
    stem = file.rsplit("/", 1)[-1].removesuffix(".py")
    return stem in name or name in stem or name in str(error.get("stack_trace", ""))


def _unimportable(name: str, error: Mapping[str, Any]) -> Observation:
    return broken(
        f"{name} is not there: its file cannot be imported: {_where(error)}",
        cause="airflow.import-error",
        expected=f"{name} parsed from its file",
        fix="mend the file, or install what it imports in every Airflow service",
        evidence=(_where(error),),
    )


def _no_dags(name: str) -> Observation:
    return not_yet(
        f"{name} is not there: Airflow knows no DAG at all and no import error",
        cause="airflow.no-dags",
        expected=f"{name} parsed from its file",
        fix="check that the DAG folder is mounted where AIRFLOW__CORE__DAGS_FOLDER points, in the "
        "dag-processor too; a file without the words dag and airflow is skipped",
    )


def _absent(name: str, dag: Mapping[str, Any] | None, alive: list[str]) -> Observation:
    near = get_close_matches(name, alive, 1)
    gone = "is no longer in its file" if dag is not None else "does not exist"
    return not_yet(
        f"the DAG {name} {gone}",
        cause="airflow.dag-missing",
        expected=f"{name} parsed from its file",
        fix=f"correct its name ({near[0]}?)"
        if near
        else "see that its file is in the DAG folder and contains the words dag and airflow",
        evidence=(f"there are: {', '.join(sorted(alive)) or 'none'}",),
    )


def _other_pause(name: str, paused: bool) -> Observation:
    if paused:
        return broken(
            f"the DAG {name} is not paused",
            cause="airflow.dag-unpaused",
            expected="paused",
            fix=f"airflow dags pause {name}",
        )
    return broken(
        f"the DAG {name} is paused: a run of it would stay queued for ever",
        cause="airflow.dag-paused",
        expected="not paused",
        fix=f"airflow dags unpause {name}, or AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=false",
    )


def _where(error: Mapping[str, Any]) -> str:
    """``recommender.py:3: ModuleNotFoundError: No module named 'x'``."""
    trace = str(error.get("stack_trace", "")).strip()
    file = str(error["filename"])
    lines = [line for name, line in _LINE.findall(trace) if name.endswith(file.rsplit("/", 1)[-1])]
    last = trace.splitlines()[-1].strip() if trace else "unknown error"
    return f"{file}:{lines[-1]}: {last}" if lines else f"{file}: {last}"
