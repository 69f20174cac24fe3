"""A seed writes fixtures; running it twice changes nothing the second time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from envcheck.model.check import Check, Scene
from envcheck.model.outcome import Observation


class Progress(Protocol):
    """How far a long step is; shown, never recorded."""

    def __call__(self, done: int, total: int, unit: str, note: str = "") -> None: ...


def _no_reader(name: str) -> Any:
    raise LookupError(f"nobody was named who can read {name}")


@dataclass(frozen=True, slots=True)
class Fixtures:
    """Where fixtures lie, which profile is wanted, and what secrets they may name.

    ``read`` answers the plain data of one YAML file of the folder, by its name there. It raises
    ConfigError for a file that cannot be read.
    """

    folder: Path
    profile: str = "small"  # small | full
    scale: float = 1.0
    secret: Callable[[str], str] = lambda _name: ""
    read: Callable[[str], Any] = _no_reader


@dataclass(frozen=True, slots=True)
class Seeded:
    """What one unit did. ``changed`` counts what was written; 0 means unchanged."""

    changed: int
    total: int
    unit: str = "rows"
    detail: str = ""

    def __str__(self) -> str:
        if not self.changed:
            return f"unchanged ({self.total} {self.unit})"
        return f"wrote {self.changed} of {self.total} {self.unit}"


@dataclass(frozen=True, slots=True)
class SeedUnit:
    """The smallest part that is written whole or not at all, or can be resumed.

    ``write`` raises SeedFailed with an observation when the environment refuses.
    """

    name: str
    service: str
    write: Callable[[Scene, Progress], Seeded]
    expected: str
    kind: str = ""
    needs: frozenset[str] = frozenset()


class SeedFailed(Exception):  # noqa: N818 (an answer to be judged, not our error)
    """The environment refused what a seed wanted to write; ``observation`` says why."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation.observed)
        self.observation = observation


@runtime_checkable
class SeedKind(Protocol):
    """A frozen pydantic model whose fields are its YAML. What it writes, ``checks`` demands."""

    kind: ClassVar[str]

    def units(self, fixtures: Fixtures) -> Sequence[SeedUnit]: ...

    def proof(self, fixtures: Fixtures) -> Sequence[Check]: ...

    def missing(self, fixtures: Fixtures) -> Sequence[str]:
        """Fixture files it needs and cannot find (config reports them with file:line)."""
        ...
