"""Trains a tenant's recommender and publishes it when it is good enough.

Trigger with the configuration ``{"tenant_id": "…"}``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

MINIMUM_NDCG = 0.30


def _step(training: str, step: str) -> dict[str, Any]:
    from ml_engine_client import EngineRefused, ask

    try:
        return ask("POST", f"/api/v1/training/{training}/{step}")
    except EngineRefused as refused:
        raise AirflowFailException(str(refused)) from None


@dag(
    schedule=None,
    catchup=False,
    params={"tenant_id": Param(type="string", minLength=1, description="whose model to train")},
    default_args={"retries": 0, "execution_timeout": timedelta(minutes=10)},
    tags=["ml"],
    doc_md=__doc__,
)
def tenant_model_training() -> None:
    @task
    def read() -> str:
        """Let the engine read the tenant's data; hands on the id of its run."""
        from ml_engine_client import EngineRefused, ask

        tenant = get_current_context()["params"]["tenant_id"]
        body = {"tenant_id": tenant, "minimum_ndcg": MINIMUM_NDCG}
        try:
            run = ask("POST", "/api/v1/training", body)
        except EngineRefused as refused:
            raise AirflowFailException(str(refused)) from None
        print(f"{run['users']} users, {run['items']} items, {run['interactions']} interactions")
        return str(run["run_id"])

    @task
    def train(training: str) -> str:
        print(f"trained after {_step(training, 'train')['seconds']} seconds of work")
        return training

    @task
    def evaluate(training: str) -> str:
        run = _step(training, "evaluate")
        if run["status"] == "failed":
            raise AirflowFailException(run["error"])
        print(f"NDCG@10 {run['ndcg_at_10']}")
        return training

    @task
    def publish(training: str) -> str:
        return str(_step(training, "publish")["version"])

    publish(evaluate(train(read())))


tenant_model_training()
