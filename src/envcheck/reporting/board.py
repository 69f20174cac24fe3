"""What is going on right now, as lines for the live area: only what is not finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from envcheck.model.event import (
    Event,
    PhaseStarted,
    Progressed,
    RunEnded,
    ServiceChanged,
    ServiceReady,
    StepEnded,
    Waiting,
    WaveStarted,
)
from envcheck.model.service import Phase
from envcheck.reporting.words import counted, duration, some

ACTIVE = {"ready": "bringing up", "seed": "seeding", "verify": "verifying", "check": "checking"}
BAR = 20  # characters


@dataclass
class Going:
    """A service on its way up."""

    state: str = "to start"
    since: float | None = None
    why: str = ""


@dataclass
class Long:
    """A long step: how far, and since when, for its rate."""

    began: float
    first: int
    last: Progressed


class Board:
    """Hears events, forgets what is over."""

    def __init__(self) -> None:
        self._wave = ""
        self._began = 0.0
        self._going: dict[str, Going] = {}
        self._up: list[str] = []
        self._steps = (0, 0)
        self._phase = ""
        self._long: dict[str, Long] = {}

    def hear(self, seconds: float, event: Event) -> None:
        if hear := HEAR.get(type(event)):
            hear(self, seconds, event)

    def lines(self, now: float, height: int) -> list[str]:
        """At most ``height`` lines; services that do not fit are counted and named."""
        head, tail = list(self._head(now)), [*self._up_lines(), *self._long_lines(now)]
        room = max(height - len(head) - len(tail), 1)
        return [*head, *self._going_lines(now, room), *tail][:height]

    def _head(self, now: float) -> Iterator[str]:
        if self._wave:
            done, steps = self._steps
            doing = ACTIVE.get(self._phase, "")
            so_far = f", {done} of {steps}" if steps else ""
            yield f"{duration(now - self._began):>6}  {self._wave}: {doing}{so_far}"

    def _going_lines(self, now: float, room: int) -> Iterator[str]:
        shown = room if len(self._going) <= room else room - 1
        width = max((len(name) for name in self._going), default=0)
        for name, going in list(self._going.items())[:shown]:
            since = "" if going.since is None else duration(now - going.since)
            yield f"{since:>6}  {name:<{width}}  {going.state:<10} {going.why}".rstrip()
        if rest := tuple(self._going)[shown:]:
            yield f"{'':>6}  and {counted(len(rest), 'more service')}: {some(rest, 6)}"

    def _up_lines(self) -> Iterator[str]:
        if self._up and self._going:
            yield f"{'':>6}  {len(self._up)} ready: {some(tuple(self._up), 8)}"

    def _long_lines(self, now: float) -> Iterator[str]:
        for long in self._long.values():
            at, note = long.last, f"  {long.last.note}" if long.last.note else ""
            bar, of = _bar(at.done, at.total), f" of {at.total:,}" if at.total else ""
            rate = (at.done - long.first) / (now - long.began) if now > long.began else 0.0
            pace = f"  {rate:,.0f} {at.unit}/s" if rate >= 1 else ""
            far = f"{bar}{at.done:,}{of} {at.unit}{pace}{note}"
            yield f"{duration(now - long.began):>6}  {at.step}  {far}"

    def wave_started(self, at: float, event: WaveStarted) -> None:
        self._wave, self._began = f"wave {event.number} {event.name}", at
        self._going = {name: Going() for name in event.services}
        self._up.clear()
        self._long.clear()
        self._steps = (0, 0)

    def phase(self, _at: float, event: PhaseStarted) -> None:
        self._phase, self._steps = event.phase, (0, event.steps)
        self._long.clear()
        if event.phase != "ready":
            self._going.clear()

    def changed(self, at: float, event: ServiceChanged) -> None:
        state = event.state
        if state.phase is Phase.EXITED:
            self._going.pop(event.service, None)
        elif event.service in self._going:
            going = self._going[event.service]
            going.state, going.why = state.phase.value, state.detail or going.why
            going.since = at if going.since is None else going.since

    def waiting(self, _at: float, event: Waiting) -> None:
        if event.service in self._going:
            self._going[event.service].why = event.observed

    def ready(self, _at: float, event: ServiceReady) -> None:
        self._going.pop(event.service, None)
        self._up.append(event.service)
        self._steps = (self._steps[0] + 1, self._steps[1])

    def step(self, _at: float, event: StepEnded) -> None:
        outcome = event.outcome
        self._long.pop(outcome.id, None)
        if outcome.phase == "ready":
            self._going.pop(outcome.service, None)
        else:
            self._steps = (self._steps[0] + 1, self._steps[1])

    def progressed(self, at: float, event: Progressed) -> None:
        known = self._long.get(event.step)
        if event.total and event.done >= event.total:
            self._long.pop(event.step, None)
        elif known is None:
            self._long[event.step] = Long(at, event.done, event)
        else:
            known.last = event

    def ended(self, _at: float, _event: RunEnded) -> None:
        self._wave = ""
        self._going.clear()
        self._up.clear()
        self._long.clear()


def _bar(done: int, total: int) -> str:
    if not total:
        return ""
    full = min(BAR * done // total, BAR)
    return f"[{'=' * full}{' ' * (BAR - full)}] "


HEAR: dict[type, Callable[[Board, float, Any], None]] = {
    WaveStarted: Board.wave_started,
    PhaseStarted: Board.phase,
    ServiceChanged: Board.changed,
    Waiting: Board.waiting,
    ServiceReady: Board.ready,
    StepEnded: Board.step,
    Progressed: Board.progressed,
    RunEnded: Board.ended,
}
