"""Lines about services on their way: started, still waited for, ready, dead."""

from __future__ import annotations

from envcheck.model.event import Event, ServiceChanged, ServiceReady, Waiting
from envcheck.model.service import Phase, ServiceState
from envcheck.reporting.columns import Columns
from envcheck.reporting.waits import Waits
from envcheck.reporting.words import death, duration


class Services:
    """What was said of each service; ``settle`` says an end that was held back."""

    def __init__(self, lines: Columns) -> None:
        self._lines = lines
        self._known: dict[str, tuple[Phase, int]] = {}
        self._over: tuple[float, ServiceChanged] | None = None
        self.waits = Waits()
        self.ready: set[str] = set()

    def has_changed(self, at: float, event: ServiceChanged) -> None:
        state = event.state
        known, self._known[event.service] = self._known.get(event.service), _mark(state)
        if known == _mark(state):
            return  # its health or its words changed, not what it is
        if state.phase is Phase.EXITED:
            self.waits.over(event.service)
            self._over = at, event
        elif state.phase is Phase.RUNNING and event.service not in self.ready:
            again = f"again, restart {state.restarts}" if state.restarts else ""
            self._lines.line(at, event.service, "started", again)
        elif state.phase not in (Phase.RUNNING, Phase.CREATED, Phase.ABSENT):
            self._lines.line(at, event.service, state.phase.value, state.detail or state.error)

    def waits_still(self, at: float, event: Waiting) -> None:
        self.waits.hear(event.service, event.observed, at)

    def is_ready(self, at: float, event: ServiceReady) -> None:
        was_said = self.waits.over(event.service)
        self.ready.add(event.service)
        word = "done" if event.done else "ready"
        if event.reused:
            self._lines.line(at, event.service, word, "was already running")
        else:
            after = f", waited for: {event.waited_for}" if was_said and event.waited_for else ""
            self._lines.line(at, event.service, word, f"in {duration(event.seconds)}{after}")

    def settle(self, event: Event | None) -> None:
        """An exit is a death, unless the next event says that it was a one-shot's good end."""
        if self._over:
            (then, over), self._over = self._over, None
            if not (isinstance(event, ServiceReady) and event.service == over.service):
                self._lines.line(then, over.service, *death(over.state))

    def say_waits(self, at: float) -> None:
        for service, observed in self.waits.due(at):
            self._lines.line(at, service, "waiting", observed)


def _mark(state: ServiceState) -> tuple[Phase, int]:
    return state.phase, state.restarts
