"""Trains a tenant's recommender and publishes it when it is good enough.

Trigger with the configuration ``{"tenant_id": "…"}``.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, dag, get_current_context, task

MINIMUM_NDCG = 0.30


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
        """Let the engine read the tenant's data; hands on the path of its run."""
        from ml_engine_client import ask

        tenant = get_current_context()["params"]["tenant_id"]
        body = {"tenant_id": tenant, "minimum_ndcg": MINIMUM_NDCG}
        run = ask("POST", "/api/v1/training", body)
        print(f"{run['users']} users, {run['items']} items, {run['interactions']} interactions")
        return f"/api/v1/training/{run['run_id']}"

    @task
    def train(training: str) -> str:
        from ml_engine_client import ask

        print(f"trained, {ask('POST', training + '/train')['seconds']} seconds of work so far")
        return training

    @task
    def evaluate(training: str) -> str:
        from ml_engine_client import ask, fail

        run = ask("POST", training + "/evaluate")
        if run["status"] == "failed":
            fail(run["error"])
        print(f"NDCG@10 {run['ndcg_at_10']}")
        return training

    @task
    def publish(training: str) -> str:
        from ml_engine_client import ask

        return str(ask("POST", training + "/publish")["version"])

    publish(evaluate(train(read())))


tenant_model_training()
