"""A scene made of given targets and identities."""

from __future__ import annotations

import time
from collections.abc import Mapping

from envcheck.model.check import Identity
from envcheck.model.target import Target


class FakeScene:
    def __init__(
        self,
        *targets: Target,
        identities: Mapping[str, Identity] | None = None,
    ) -> None:
        self._targets = {target.service: target for target in targets}
        self._identities = dict(identities or {})

    def target(self, service: str) -> Target:
        return self._targets[service]

    def identity(self, name: str) -> Identity:
        return self._identities[name]

    def now(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> bool:
        time.sleep(seconds)
        return True
