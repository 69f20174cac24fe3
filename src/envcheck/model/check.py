"""A check looks once at one thing. Readiness waits for it, verification demands it now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar, Protocol, runtime_checkable

from envcheck.model.outcome import Observation
from envcheck.model.target import Target


class Level(IntEnum):
    """How deep a check looks. Where a lower level of a service fails, the higher are not asked."""

    PROCESS = 0  # it runs
    NETWORK = 1  # the port accepts
    HANDSHAKE = 2  # the protocol answers
    LOGIN = 3  # the application's own user gets in
    OBJECT = 4  # the table, topic, bucket, DAG exists
    CONTENT = 5  # it holds what it should
    BEHAVIOUR = 6  # it does what it should


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. ``headers`` for HTTP; ``user`` and ``password`` for a server's own login."""

    name: str
    headers: Mapping[str, str] = field(repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    values: Mapping[str, str] | None = field(
        default=None, repr=False
    )  # everything the login answered, for {{as.x}}


class Scene(Protocol):
    """What a check may see: addresses, who asks, and the clock. Never the runtime."""

    def target(self, service: str) -> Target:
        """The running service. Raises KeyError for one that does not run here."""
        ...

    def identity(self, name: str) -> Identity:
        """A named identity, its token fetched, cached and refreshed. Raises LoginRefused."""
        ...

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def pause(self, seconds: float) -> bool:
        """Wait, but no longer than a stop; False when we were told to stop."""
        ...


class LoginRefused(Exception):  # noqa: N818 (it is an answer to be judged, not our error)
    """An identity could not be had; ``observation`` says whose fault that is."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation.observed)
        self.observation = observation


Look = Callable[[Scene], Observation]


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one thing.

    ``name`` ends its id and is unique within (service, kind). ``needs`` names the capabilities a
    runtime's limit may forbid (``kafka.end-offsets``). ``grace`` is how many seconds a *not yet*
    may be asked again in verification (None: the default of 5).
    A look takes at most 3 seconds, never retries inside, and never sleeps for readiness' sake.
    """

    name: str
    service: str
    level: Level
    look: Look
    expected: str
    kind: str = ""
    needs: frozenset[str] = frozenset()
    grace: float | None = None
    timeout: float = 3.0
    title: str = ""
    serial: bool = False  # must not run beside other checks (it spends a shared rate limit)


@runtime_checkable
class CheckKind(Protocol):
    """A frozen pydantic model whose fields are its YAML, and this one method."""

    kind: ClassVar[str]

    def checks(self) -> Sequence[Check]: ...
