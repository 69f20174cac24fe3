"""What we know of a server: how to recognise it, how to log in, which checks prove it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeService
from envcheck.model.target import Connection


class Server(Protocol):
    """One module in ``servers/`` holds one of these under the name SERVER."""

    family: str

    def recognises(self, service: ComposeService) -> bool: ...

    def connection(self, service: ComposeService) -> Connection: ...

    def ready(self, name: str) -> Sequence[CheckKind]:
        """The checks that make a service of this name ready."""
        ...
