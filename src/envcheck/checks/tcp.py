"""The kind ``tcp``: a port accepts a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from envcheck.checks.reach import answering, reached
from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, passed


class Tcp(Kind):
    """The port accepts a connection. Says nothing about what stands behind it: prefer the kind of
    the server (``postgres``, ``kafka``, …) or ``http`` where there is one."""

    kind: ClassVar[str] = "tcp"

    service: str
    port: int | None = Field(default=None, ge=1, le=65535)

    def checks(self) -> Sequence[Check]:
        name = f"port {self.port}" if self.port else "port"
        check = Check(
            name, self.service, Level.NETWORK, answering(self._look), "accepts a connection", "tcp"
        )
        return (check,)

    def _look(self, scene: Scene) -> Observation:
        return passed(f"{reached(scene, self.service, self.port)} accepts a connection")
