"""One line per change, for logs: elapsed seconds, who, what happened, and the words to it.

A wait is worth a line only when it lasts; a silence of twenty seconds is broken by a heartbeat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from envcheck.model.event import (
    Diagnosed,
    Event,
    Noted,
    PhaseStarted,
    Progressed,
    RunEnded,
    RunStarted,
    ServiceChanged,
    ServiceReady,
    StepEnded,
    Undone,
    Waiting,
    WaveEnded,
    WaveStarted,
)
from envcheck.model.outcome import Outcome, Status
from envcheck.reporting.columns import Columns
from envcheck.reporting.folded import FOLDS, Folded
from envcheck.reporting.paint import NO_PAINT, Paint
from envcheck.reporting.services import Services
from envcheck.reporting.words import (
    GOOD,
    LONGEST,
    PAST,
    WORDS,
    counted,
    duration,
    step_text,
)

SILENCE = 20.0  # seconds after which even "still waiting" is news
PHASES = {
    "seed": ("seeding", "unit"),
    "verify": ("verifying", "step"),
    "check": ("checking", "step"),
}


class Plain:
    """Writes lines; ``tick`` is to be called about once a second for what time alone makes news."""

    def __init__(
        self, write: Callable[[str], object], paint: Paint = NO_PAINT, longest: int = LONGEST
    ) -> None:
        self._lines = Columns(write, paint, longest)
        self._services = Services(self._lines)
        self._folded: Folded | None = None
        self._good: Counter[tuple[int, str]] = Counter()
        self._doing = ""

    def hear(self, seconds: float, event: Event) -> None:
        self._settle(seconds, event)
        if tell := TELL.get(type(event)):
            tell(self, seconds, event)
        self._services.say_waits(seconds)

    def tick(self, seconds: float) -> None:
        self._settle(seconds, None)
        self._services.say_waits(seconds)
        if seconds - self._lines.spoke >= SILENCE:
            self._lines.line(seconds, "…", "still", self._still())

    def close(self) -> None:
        self._settle(self._lines.spoke, None)

    def _settle(self, at: float, event: Event | None) -> None:
        """Say what was held back to see whether the next event explains it or adds to it."""
        self._services.settle(event)
        if self._folded and not (isinstance(event, StepEnded) and self._joins(event.outcome)):
            folded, self._folded = self._folded, None
            self._lines.line(at, folded.service, WORDS[folded.status], folded.text)

    def _joins(self, outcome: Outcome) -> bool:
        return self._folded is not None and self._folded.takes(Folded.of(outcome))

    def run_started(self, _at: float, event: RunStarted) -> None:
        self._lines.fit(event.services)
        why = f" ({event.why_runtime})" if event.why_runtime else ""
        self._lines.heading(f"{event.environment} on {event.runtime}{why}, run {event.run}")

    def noted(self, at: float, event: Noted) -> None:
        self._lines.line(at, event.weight, "", event.text)

    def wave_started(self, _at: float, event: WaveStarted) -> None:
        services = counted(len(event.services), "service")
        self._lines.gap()
        self._lines.heading(f"wave {event.number}: {event.name} ({services})")

    def changed(self, at: float, event: ServiceChanged) -> None:
        self._services.has_changed(at, event)

    def waiting(self, at: float, event: Waiting) -> None:
        self._services.waits_still(at, event)

    def ready(self, at: float, event: ServiceReady) -> None:
        self._services.is_ready(at, event)

    def phase(self, at: float, event: PhaseStarted) -> None:
        self._doing = f"{event.phase}, {counted(event.steps, 'step')}"
        if event.phase in PHASES:
            word, noun = PHASES[event.phase]
            who = f"wave {event.wave}" if event.wave else "…"
            self._lines.line(at, who, word, counted(event.steps, noun))

    def progressed(self, _at: float, event: Progressed) -> None:
        of = f" of {event.total:,}" if event.total else ""
        note = f", {event.note}" if event.note else ""
        self._doing = f"{event.step}: {event.done:,}{of} {event.unit}{note}"

    def step(self, at: float, event: StepEnded) -> None:
        outcome = event.outcome
        self.count(outcome)
        if outcome.phase == "ready":
            self._services.waits.over(outcome.service)
            if outcome.status is Status.PASS and outcome.service in self._services.ready:
                return  # its own line said so already
        if outcome.status in FOLDS:
            more = Folded.of(outcome)
            self._folded = self._folded.with_(more) if self._folded else more
            return
        word = "seeded" if _seeded(outcome) else WORDS[outcome.status]
        optional = " (optional)" if outcome.optional and outcome.status is not Status.PASS else ""
        took = f" ({duration(outcome.seconds)})" if outcome.seconds >= 1.0 else ""
        self._lines.line(at, outcome.service, word, step_text(outcome) + optional + took)

    def count(self, outcome: Outcome) -> None:
        """Let it be in the sum of its wave, whether or not it got a line."""
        if outcome.status in GOOD:
            self._good[outcome.wave, outcome.phase] += 1

    def diagnosed(self, at: float, event: Diagnosed) -> None:
        found = event.diagnosis
        hit = f" ({counted(len(found.victims), 'victim')})" if found.victims else ""
        self._lines.line(at, found.culprit, "cause", f"{found.summary}{hit}")

    def wave_ended(self, at: float, event: WaveEnded) -> None:
        done = [
            f"{number} {word}"
            for phase, word in PAST.items()
            if (number := self._good[event.number, phase])
        ]
        text = f"{', '.join(done) or 'nothing passed'} in {duration(event.seconds)}"
        self._lines.line(at, f"wave {event.number}", event.verdict, text)

    def undone(self, at: float, event: Undone) -> None:
        self._services.waits.clear()
        self._lines.line(at, "cleanup", "removed", counted(len(event.removed), "thing"))
        for left in event.left:
            self._lines.line(at, "cleanup", "LEFT", left)

    def run_ended(self, _at: float, _event: RunEnded) -> None:
        self._services.waits.clear()

    def _still(self) -> str:
        waits = self._services.waits
        return f"waiting for {waits}" if waits else self._doing


def _seeded(outcome: Outcome) -> bool:
    return outcome.phase == "seed" and outcome.status is Status.PASS


TELL: dict[type, Callable[[Plain, float, Any], None]] = {
    RunStarted: Plain.run_started,
    Noted: Plain.noted,
    WaveStarted: Plain.wave_started,
    ServiceChanged: Plain.changed,
    Waiting: Plain.waiting,
    ServiceReady: Plain.ready,
    PhaseStarted: Plain.phase,
    Progressed: Plain.progressed,
    StepEnded: Plain.step,
    Diagnosed: Plain.diagnosed,
    WaveEnded: Plain.wave_ended,
    Undone: Plain.undone,
    RunEnded: Plain.run_ended,
}
