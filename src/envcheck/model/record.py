"""Everything one run said, as a report needs it. A report never thinks again: ``folding`` has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from envcheck.model.event import Event, Noted, PhaseStarted, RunEnded, Undone
from envcheck.model.outcome import Diagnosis, Outcome, Status, Verdict
from envcheck.model.seen import ServiceSeen, WaveSeen
from envcheck.model.verdict import judge

WELL = (Verdict.PASS, Verdict.WARN)

Moment = tuple[float, Event]
"""Seconds since the run began, and what was said then."""


class Listener(Protocol):
    """Hears every event after it was written. Raising drops it, never the run."""

    def hear(self, seconds: float, event: Event) -> None: ...

    def close(self) -> None:
        """The run is over; give the terminal back."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """A run so far. Without its end, or damaged, it is UNKNOWN up to where it goes."""

    run: str = ""
    environment: str = ""
    runtime: str = ""
    why_runtime: str = ""
    command: str = ""
    started_at: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    waves: tuple[WaveSeen, ...] = ()
    services: tuple[ServiceSeen, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    notes: tuple[Noted, ...] = ()
    phases: tuple[tuple[float, PhaseStarted], ...] = ()
    undone: Undone | None = None
    ended: RunEnded | None = None
    last_heard: float = 0.0
    damage: str = ""

    @property
    def whole(self) -> bool:
        """The run was recorded to its end."""
        return self.ended is not None and not self.damage

    @property
    def distrust(self) -> str:
        """Why the end this record tells cannot be believed; empty when it can."""
        if self.damage:
            return self.damage
        if self.ended is None:
            return f"the record ends after {self.last_heard:.1f}s, before the run did"
        if self.ended.verdict not in Verdict.__members__:
            return f"nobody knows the verdict {self.ended.verdict}"
        judged = judge(self.outcomes)
        claimed_well = self.ended.verdict in WELL and self.undone is None
        if claimed_well and judged.verdict not in WELL:
            return f"the record claims {self.ended.verdict}, but {judged.reason}"
        return ""

    @property
    def verdict(self) -> Verdict:
        if self.ended is None or self.distrust:
            return Verdict.UNKNOWN
        return Verdict(self.ended.verdict)

    @property
    def exit_code(self) -> int:
        return 5 if self.ended is None or self.distrust else self.ended.exit_code

    @property
    def reason(self) -> str:
        return self.distrust or (self.ended.reason if self.ended else "")

    @property
    def seconds(self) -> float:
        return self.ended.seconds if self.ended else self.last_heard

    @property
    def not_run(self) -> tuple[Outcome, ...]:
        """Services this runtime, or ``--without``, left out."""
        return tuple(
            outcome
            for outcome in self.outcomes
            if outcome.phase == "ready" and outcome.status is Status.SKIPPED
        )

    def service(self, name: str) -> ServiceSeen:
        """What was seen of a service; a blank where nothing was."""
        return next((seen for seen in self.services if seen.name == name), ServiceSeen(name))

    def said(self, weight: str) -> tuple[str, ...]:
        """The notes of one weight: note, limit, advice, progress."""
        return tuple(note.text for note in self.notes if note.weight == weight)
