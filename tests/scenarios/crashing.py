"""The real command line with one kind more, whose look raises: ``python crashing.py verify …``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from envcheck.__main__ import main
from envcheck.catalog import CHECKS
from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation


class Crashes(Kind):
    """A mistake in a check, as a contributor may make it."""

    kind: ClassVar[str] = "crashes"
    service: str

    def checks(self) -> Sequence[Check]:
        return (Check("crash", self.service, Level.OBJECT, self._look, "no crash", self.kind),)

    def _look(self, _scene: Scene) -> Observation:
        raise ZeroDivisionError("a mistake of ours")


if __name__ == "__main__":
    CHECKS["crashes"] = Crashes
    main()
