"""One training run: where it stands, and what passes from step to step."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ml_engine import metrics
from ml_engine.errors import OutOfOrder

STEPS = ("read", "train", "evaluate", "publish")
log = logging.getLogger("ml_engine.training")


@dataclass
class Run:
    """``seconds`` is work, not waiting between steps. ``step`` is the last one begun."""

    tenant_id: str
    minimum_ndcg: float
    background: bool = False  # all steps at once, rather than one by one over HTTP
    run_id: str = field(default_factory=lambda: uuid4().hex)
    status: str = "pending"  # pending | running | succeeded | failed
    step: str = ""
    ndcg_at_10: float | None = None
    version: str | None = None
    error: str | None = None
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)
    users: int = 0
    items: int = 0
    interactions: int = 0
    work: dict[str, Any] = field(default_factory=dict, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def under_way(self) -> bool:
        return self.status in ("pending", "running")

    @property
    def document(self) -> dict[str, Any]:
        names = (
            "run_id tenant_id status step ndcg_at_10 minimum_ndcg version error seconds "
            "warnings users items interactions"
        )
        shown = {name: getattr(self, name) for name in names.split()}
        return {**shown, "seconds": round(self.seconds, 3)}

    def begin(self, step: str) -> None:
        """Raises OutOfOrder unless ``step`` is the next one."""
        due = STEPS[STEPS.index(self.step) + 1 :][:1] if self.step else STEPS[:1]
        if not self.under_way or due != (step,):
            after = self.step or "nothing"
            raise OutOfOrder(f"cannot {step}: the run is {self.status} after {after}")
        self.status, self.step = "running", step

    def fail(self, reason: str) -> None:
        self.status, self.error = "failed", reason
        self._end(logging.WARNING)

    def succeed(self) -> None:
        self.status = "succeeded"
        self._end(logging.INFO)

    def _end(self, level: int) -> None:
        self.work.clear()
        metrics.training_ended(self.status)
        log.log(level, "training %s", self.status, extra={"fields": self.document})
