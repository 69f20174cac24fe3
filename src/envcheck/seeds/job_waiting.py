"""How a job is waited for: more and more seldom, to a deadline, and no longer than a stop."""

from __future__ import annotations

from envcheck.errors import Interrupted
from envcheck.model.check import Scene
from envcheck.model.outcome import not_yet
from envcheck.model.seed import Progress, SeedFailed

FIRST, LONGEST, GROWTH = 0.1, 1.0, 1.3


class Patience:
    """One per run of a job. The budget starts when it is made."""

    def __init__(self, scene: Scene, progress: Progress, name: str, budget: float) -> None:
        self._scene = scene
        self._progress = progress
        self._name = name
        self._budget = budget
        self._deadline = scene.now() + budget
        self._next = FIRST

    def wait(self, note: str, done: int = 0, total: int = 1, unit: str = "job") -> None:
        """Raises Interrupted when told to stop, SeedFailed when the budget is spent."""
        self._progress(done, total, unit, note)
        if self._scene.now() + self._next > self._deadline:
            raise SeedFailed(
                not_yet(
                    f"{self._name}: not done after {self._budget:g}s, last seen: {note}",
                    cause="job.too-slow",
                    fix="see what the job is busy with, or give it a longer timeout",
                )
            )
        if not self._scene.pause(self._next):
            raise Interrupted
        self._next = min(self._next * GROWTH, LONGEST)
