"""Training in four steps: read → train → evaluate → publish. One at a time, each callable alone."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ml_engine import metrics
from ml_engine.errors import Absent, Refused
from ml_engine.run import Run, log
from ml_engine.shelf import Shelf
from ml_engine.storage import Storage

REMEMBERED = 32  # runs; the oldest is forgotten, with whatever data it still holds


class Trainer:
    """Remembers runs in memory only: a run an engine's restart cut off is simply unknown after."""

    def __init__(
        self, storage: Storage, shelf: Shelf, announce: Callable[[Run], None], minimum: float
    ) -> None:
        self._storage, self._shelf = storage, shelf
        self._announce, self._minimum = announce, minimum
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._changing = threading.Lock()
        self._working = threading.Lock()  # one step at a time: memory and cores are bounded

    def run(self, run_id: str) -> Run:
        found = self._runs.get(run_id)
        if found is None:
            raise Absent(f"no training run {run_id}", run_id=run_id)
        return found

    def read(self, tenant: str, minimum: float | None = None) -> Run:
        """A new run that holds the tenant's data. Raises Refused; the run then says failed."""
        run = self._added(Run(tenant, self._least(minimum)))
        self._read(run)
        return run

    def start(self, tenant: str, minimum: float | None = None) -> Run:
        """All steps, in the background. A run of this tenant already under way is answered."""
        with self._changing:
            for run in self._runs.values():
                if run.tenant_id == tenant and run.background and run.under_way:
                    return run
            run = self._remembered(Run(tenant, self._least(minimum), background=True))
        threading.Thread(target=self._all, args=(run,), name="training", daemon=True).start()
        return run

    def train(self, run: Run) -> None:
        with self._step(run, "train"):
            from ml_engine import lightgcn

            run.work["seen"], run.work["held_out"] = run.work["data"].split()
            run.work["vectors"] = lightgcn.train(run.work["seen"])

    def evaluate(self, run: Run) -> None:
        """Ends the run as failed, without raising, when the model is not worth serving."""
        with self._step(run, "evaluate"):
            from ml_engine.evaluation import ndcg_at_10

            work = run.work
            score = ndcg_at_10(work["vectors"], work["seen"], work["held_out"])
            run.ndcg_at_10 = round(score, 6)
            metrics.evaluated(run.tenant_id, score)
            if score < run.minimum_ndcg:
                run.fail(f"NDCG@10 is {score:.3f}, below {run.minimum_ndcg:.2f}: not published")

    def publish(self, run: Run) -> None:
        with self._step(run, "publish"):
            from ml_engine.model import Model
            from ml_engine.releases import Release

            created = datetime.now(UTC)
            version = _version(created, run)
            model = Model.of(version, run.work["data"], run.work["vectors"])
            release = Release(version, created.isoformat(), run.ndcg_at_10 or 0.0)
            self._shelf.publish(run.tenant_id, model, release, _about(run, release))
            run.version = version
            run.succeed()
        self._announce(run)

    def _read(self, run: Run) -> None:
        with self._step(run, "read"):
            from ml_engine import dataset

            data = dataset.read(self._storage, run.tenant_id)
            run.users, run.items = len(data.users), len(data.items.ids)
            run.interactions = data.interactions
            dataset.demand_enough(data)
            run.work["data"] = data

    def _least(self, minimum: float | None) -> float:
        return self._minimum if minimum is None else minimum

    def _added(self, run: Run) -> Run:
        with self._changing:
            return self._remembered(run)

    def _remembered(self, run: Run) -> Run:
        self._runs[run.run_id] = run
        while len(self._runs) > REMEMBERED:
            self._runs.popitem(last=False)
        return run

    def _all(self, run: Run) -> None:
        try:
            for step in (self._read, self.train, self.evaluate, self.publish):
                if run.status != "failed":
                    step(run)
        except Refused:
            return  # said in the run and in the log
        except Exception:  # noqa: BLE001 (the edge of the background thread)
            log.exception("training broke", extra={"fields": {"run_id": run.run_id}})

    @contextmanager
    def _step(self, run: Run, step: str) -> Iterator[None]:
        with run.lock, self._working:
            run.begin(step)
            started = time.monotonic()
            try:
                yield
            except Refused as refused:
                run.fail(refused.message)
                raise
            except Exception:
                run.fail(f"{step} broke; the engine's log says why")
                raise
            finally:
                spent = time.monotonic() - started
                run.seconds += spent
                metrics.training_step(step, spent)


def _version(created: datetime, run: Run) -> str:
    """Sortable by time; the tail tells what was learned: equal data gives an equal tail."""
    learned = hashlib.sha256(run.work["vectors"].items.tobytes()).hexdigest()
    return f"{created:%Y%m%dT%H%M%S%f}Z-{learned[:8]}"


def _about(run: Run, release: Any) -> dict[str, Any]:
    from ml_engine.lightgcn import Hyperparameters

    return {
        **asdict(release),
        "tenant_id": run.tenant_id,
        "run_id": run.run_id,
        "algorithm": "LightGCN",
        "hyperparameters": asdict(Hyperparameters()),
        "users": run.users,
        "items": run.items,
        "interactions": run.interactions,
    }
