"""Looks at a tenant's data for what would spoil a training: gaps, wrong ranges, strangers.

Trigger with ``{"tenant_id": "…"}``; without it the demo tenant is looked at.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, dag, get_current_context, task

DEMO = "d0000000-0000-4000-8000-000000000001"


@dag(
    schedule=None,
    catchup=False,
    params={"tenant_id": Param(DEMO, type="string", minLength=1)},
    default_args={"retries": 0, "execution_timeout": timedelta(minutes=5)},
    tags=["data"],
    doc_md=__doc__,
)
def data_quality_check() -> None:
    @task
    def check() -> dict[str, int]:
        """The row counts; fails with every finding when there is one."""
        from ml_engine_client import ask, fail

        report = ask("GET", f"/api/v1/data/{get_current_context()['params']['tenant_id']}/quality")
        findings = [f"{row['rows']} rows: {row['problem']}" for row in report["findings"]]
        if findings:
            fail("; ".join(findings))
        return dict(report["rows"])

    check()


data_quality_check()
