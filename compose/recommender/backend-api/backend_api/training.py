"""Training: through Airflow where it answers, else by ml-engine itself."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from backend_api.errors import ApiError
from backend_api.neighbours import Airflow, Neighbour, NeighbourAway, NeighbourRefused

DAG = "/api/v2/dags/tenant_model_training/dagRuns"
STATES = {"queued": "running", "running": "running", "success": "succeeded", "failed": "failed"}
PATIENCE = 2.0  # seconds for Airflow, login included; what is left of a request goes to ml-engine


class Training:
    def __init__(self, airflow: Airflow, ml_engine: Neighbour) -> None:
        self.airflow, self.ml_engine = airflow, ml_engine

    async def start(self, tenant_id: UUID) -> dict[str, Any]:
        try:
            return await self.through_airflow(tenant_id)
        except (NeighbourAway, NeighbourRefused) as why:
            return {**await self.directly(tenant_id), "note": f"not through Airflow: {why}"}

    async def through_airflow(self, tenant_id: UUID) -> dict[str, Any]:
        # our own run id: Airflow's holds signs that a path would have to escape
        asked = {
            "dag_run_id": f"api-{uuid4().hex}",
            "logical_date": None,
            "conf": {"tenant_id": str(tenant_id)},
        }
        try:
            async with asyncio.timeout(PATIENCE):
                run = await self.airflow.call("POST", DAG, json=asked)
        except TimeoutError:
            raise NeighbourAway("airflow: no answer in time") from None
        return {"run_id": run["dag_run_id"], "through": "airflow", "status": "running"}

    async def directly(self, tenant_id: UUID) -> dict[str, Any]:
        try:
            run = await self.ml_engine.call(
                "POST", "/api/v1/train", json={"tenant_id": str(tenant_id)}, timeout=0.6
            )
        except (NeighbourAway, NeighbourRefused):
            raise ApiError(503, "Neither Airflow nor ml-engine takes a training now.") from None
        return {"run_id": run["run_id"], "through": "ml-engine", "status": "running"}

    async def state(self, run_id: str, through: str) -> dict[str, Any]:
        """status running, succeeded or failed. Raises NeighbourAway, NeighbourRefused."""
        if through == "airflow":
            run = await self.airflow.call("GET", f"{DAG}/{run_id}")
            return {"status": STATES.get(run["state"], "running")}
        run = await self.ml_engine.call("GET", f"/api/v1/training/{run_id}")
        return {key: run.get(key) for key in ("status", "ndcg_at_10", "version", "error")}
