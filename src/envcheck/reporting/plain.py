"""One line per change, for logs: elapsed seconds, who, what happened, and the words to it.

A wait is worth a line only when it lasts; a silence of twenty seconds is broken by a heartbeat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
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
from envcheck.model.service import Phase, ServiceState
from envcheck.reporting.paint import NO_PAINT, Paint
from envcheck.reporting.words import (
    GOOD,
    LONGEST,
    PAST,
    WORDS,
    counted,
    death,
    duration,
    one_line,
    some,
    step_name,
    step_text,
)

PATIENCE = 2.0  # seconds a wait must last, or an answer must stand, before it gets a line
SILENCE = 20.0  # seconds after which even "still waiting" is news
NAME_WIDTH = (10, 24)  # at least, at most
WORD_WIDTH = 9
PHASES = {
    "seed": ("seeding", "unit"),
    "verify": ("verifying", "step"),
    "check": ("checking", "step"),
}


@dataclass
class Wait:
    """What a service waits for, and when that may be said next."""

    observed: str
    due: float
    said: bool = False


@dataclass
class Folded:
    """Steps that ended alike and get one line together."""

    service: str
    status: Status
    why: str
    names: list[str]

    @property
    def text(self) -> str:
        if self.names == ["ready"]:
            return self.why
        alone = self.names[0] if len(self.names) == 1 else counted(len(self.names), "step")
        return f"{alone}: {self.why}"


class Plain:
    """Writes lines; ``tick`` is to be called about once a second for what time alone makes news."""

    def __init__(
        self, write: Callable[[str], object], paint: Paint = NO_PAINT, longest: int = LONGEST
    ) -> None:
        """``longest``: characters a line may have; what does not fit ends in an ellipsis."""
        self._write = write
        self._paint = paint
        self._longest = longest
        self._width = NAME_WIDTH[0]
        self._waits: dict[str, Wait] = {}
        self._ready: set[str] = set()
        self._known: dict[str, tuple[Phase, int]] = {}
        self._folded: Folded | None = None
        self._over: tuple[float, ServiceChanged] | None = None
        self._good: Counter[tuple[int, str]] = Counter()
        self._doing = ""
        self._spoke = 0.0

    def hear(self, seconds: float, event: Event) -> None:
        self._settle(seconds, event)
        if tell := TELL.get(type(event)):
            tell(self, seconds, event)
        self._say_waits(seconds)

    def tick(self, seconds: float) -> None:
        self._settle(seconds, None)
        self._say_waits(seconds)
        if seconds - self._spoke >= SILENCE:
            self.line(seconds, "…", "still", self._still())

    def close(self) -> None:
        self._settle(self._spoke, None)

    def line(self, at: float, who: str, word: str, text: str = "") -> None:
        """One line; seconds right-aligned, everything else in its column."""
        self._spoke = at
        when, name = f"{duration(at):>6}", f"{who:<{self._width}}"
        padded = f"{word:<{WORD_WIDTH}} " if word and text else word
        room = self._longest - len(f"{when}  {name}  {padded}")
        what = self._paint.word(padded) + one_line(text, max(room, 20))
        self._write(f"{self._paint(when, 'dim')}  {name}  {what}".rstrip() + "\n")

    def heading(self, text: str) -> None:
        self._write(self._paint(text, "bold") + "\n")

    def _settle(self, at: float, event: Event | None) -> None:
        """Say what was held back to see whether the next event explains it or adds to it."""
        if self._over:
            (then, over), self._over = self._over, None
            if not (isinstance(event, ServiceReady) and event.service == over.service):
                self.line(then, over.service, *death(over.state))
        if self._folded and not (isinstance(event, StepEnded) and self._joins(event.outcome)):
            folded, self._folded = self._folded, None
            self.line(at, folded.service, WORDS[folded.status], folded.text)

    def _joins(self, outcome: Outcome) -> bool:
        folded = self._folded
        return folded is not None and (folded.service, folded.status, folded.why) == _fold(outcome)

    def run_started(self, _at: float, event: RunStarted) -> None:
        least, most = NAME_WIDTH
        self._width = min(max((len(name) for name in event.services), default=least), most)
        self._width = max(self._width, least)
        why = f" ({event.why_runtime})" if event.why_runtime else ""
        self.heading(one_line(f"{event.environment} on {event.runtime}{why}, run {event.run}"))

    def noted(self, at: float, event: Noted) -> None:
        self.line(at, event.weight, "", event.text)

    def wave_started(self, _at: float, event: WaveStarted) -> None:
        services = counted(len(event.services), "service")
        self._write("\n")
        self.heading(f"wave {event.number}: {event.name} ({services})")

    def changed(self, at: float, event: ServiceChanged) -> None:
        state = event.state
        known, self._known[event.service] = self._known.get(event.service), _mark(state)
        if known == _mark(state):
            return  # its health or its words changed, not what it is
        if state.phase is Phase.EXITED:
            self._waits.pop(event.service, None)
            self._over = at, event
        elif state.phase is Phase.RUNNING and event.service not in self._ready:
            again = f"again, restart {state.restarts}" if state.restarts else ""
            self.line(at, event.service, "started", again)
        elif state.phase not in (Phase.RUNNING, Phase.CREATED, Phase.ABSENT):
            self.line(at, event.service, state.phase.value, state.detail or state.error)

    def waiting(self, at: float, event: Waiting) -> None:
        known = self._waits.get(event.service)
        due = known.due if known else at + PATIENCE
        self._waits[event.service] = Wait(event.observed, due)

    def ready(self, at: float, event: ServiceReady) -> None:
        waited = self._waits.pop(event.service, None)
        self._ready.add(event.service)
        word = "done" if event.done else "ready"
        if event.reused:
            self.line(at, event.service, word, "was already running")
        else:
            long = waited is not None and waited.said
            after = f", waited for: {event.waited_for}" if long and event.waited_for else ""
            self.line(at, event.service, word, f"in {duration(event.seconds)}{after}")

    def phase(self, at: float, event: PhaseStarted) -> None:
        self._doing = f"{event.phase}, {counted(event.steps, 'step')}"
        if event.phase in PHASES:
            word, noun = PHASES[event.phase]
            who = f"wave {event.wave}" if event.wave else "…"
            self.line(at, who, word, counted(event.steps, noun))

    def progressed(self, _at: float, event: Progressed) -> None:
        of = f" of {event.total:,}" if event.total else ""
        note = f", {event.note}" if event.note else ""
        self._doing = f"{event.step}: {event.done:,}{of} {event.unit}{note}"

    def step(self, at: float, event: StepEnded) -> None:
        outcome = event.outcome
        self.count(outcome)
        if outcome.phase == "ready":
            self._waits.pop(outcome.service, None)
            if outcome.status is Status.PASS and outcome.service in self._ready:
                return  # its own line said so already
        if outcome.status in (Status.BLOCKED, Status.SKIPPED):
            self._fold_in(outcome)
            return
        word = "seeded" if _seeded(outcome) else WORDS[outcome.status]
        optional = " (optional)" if outcome.optional and outcome.status is not Status.PASS else ""
        took = f" ({duration(outcome.seconds)})" if outcome.seconds >= 1.0 else ""
        self.line(at, outcome.service, word, step_text(outcome) + optional + took)

    def count(self, outcome: Outcome) -> None:
        """Let it be in the sum of its wave, whether or not it got a line."""
        if outcome.status in GOOD:
            self._good[outcome.wave, outcome.phase] += 1

    def diagnosed(self, at: float, event: Diagnosed) -> None:
        found = event.diagnosis
        hit = f" ({counted(len(found.victims), 'victim')})" if found.victims else ""
        self.line(at, found.culprit, "cause", f"{found.summary}{hit}")

    def wave_ended(self, at: float, event: WaveEnded) -> None:
        done = [
            f"{number} {word}"
            for phase, word in PAST.items()
            if (number := self._good[event.number, phase])
        ]
        text = f"{', '.join(done) or 'nothing passed'} in {duration(event.seconds)}"
        self.line(at, f"wave {event.number}", event.verdict, text)

    def undone(self, at: float, event: Undone) -> None:
        self._waits.clear()
        self.line(at, "cleanup", "removed", counted(len(event.removed), "thing"))
        for left in event.left:
            self.line(at, "cleanup", "LEFT", left)

    def run_ended(self, _at: float, _event: RunEnded) -> None:
        self._waits.clear()

    def _fold_in(self, outcome: Outcome) -> None:
        service, status, why = _fold(outcome)
        if self._folded is None:
            self._folded = Folded(service, status, why, [])
        self._folded.names.append(step_name(outcome))

    def _say_waits(self, at: float) -> None:
        for service, wait in self._waits.items():
            if at >= wait.due and not wait.said:
                wait.said, wait.due = True, at + PATIENCE
                self.line(at, service, "waiting", wait.observed)

    def _still(self) -> str:
        if not self._waits:
            return self._doing
        return "waiting for " + some(tuple(f"{k} ({w.observed})" for k, w in self._waits.items()))


def _mark(state: ServiceState) -> tuple[Phase, int]:
    return state.phase, state.restarts


def _seeded(outcome: Outcome) -> bool:
    return outcome.phase == "seed" and outcome.status is Status.PASS


def _fold(outcome: Outcome) -> tuple[str, Status, str]:
    if outcome.status is Status.BLOCKED:
        return outcome.service, outcome.status, f"{outcome.blocked_by or 'its culprit'} failed"
    return outcome.service, outcome.status, outcome.reason or "not here"


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
