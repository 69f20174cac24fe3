"""One stack with Airflow; each of its faults is found, named first and alone, and undone."""

from __future__ import annotations

import pytest

from tests.scenarios import faults
from tests.scenarios.findings import blames, whole
from tests.scenarios.stage import AIRFLOW, Stage

pytestmark = pytest.mark.scenario

WITH_AIRFLOW = True


def test_a_clean_run_with_airflow_passes_and_trains_through_its_dag(stack: Stage) -> None:
    said = stack.verify()
    whole(said)
    assert {one["service"] for one in said.outcomes("PASS")} >= set(AIRFLOW)


def test_a_paused_dag_is_named(stack: Stage) -> None:
    with faults.dag_paused(stack, "tenant_model_training"):
        [found] = blames(stack.verify(), ("airflow-apiserver", "airflow.dag-paused"))
        assert "tenant_model_training" in found["summary"]
    whole(stack.verify())


def test_a_broken_dag_file_is_named_with_its_line(stack: Stage) -> None:
    with faults.dag_file_broken(stack, "data_quality_check.py"):
        [found] = blames(stack.verify(), ("airflow-apiserver", "airflow.import-error"))
        assert "data_quality_check.py:2" in found["summary"]
    whole(stack.verify())


def test_a_killed_scheduler_is_named(stack: Stage) -> None:
    with faults.killed(stack, "airflow-scheduler"):
        blames(stack.verify(), ("airflow-scheduler", "service.killed"))
    whole(stack.verify())
