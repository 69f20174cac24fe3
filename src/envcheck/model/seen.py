"""What was seen of one wave and one service in a run so far."""

from __future__ import annotations

from dataclasses import dataclass, replace

from envcheck.model.event import ServiceChanged, ServiceReady, WaveEnded
from envcheck.model.outcome import Verdict
from envcheck.model.service import Phase, ServiceState


@dataclass(frozen=True, slots=True)
class WaveSeen:
    number: int
    name: str
    services: tuple[str, ...] = ()
    verdict: str = Verdict.UNKNOWN.value
    seconds: float = 0.0
    began: float = 0.0
    ended: bool = False

    def after(self, event: WaveEnded) -> WaveSeen:
        if self.number != event.number:
            return self
        return replace(self, verdict=event.verdict, seconds=event.seconds, ended=True)


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """``state`` is ready, done (a one-shot that exited 0) or the runtime's phase."""

    name: str
    wave: int = 0
    state: str = Phase.ABSENT.value
    ready_seconds: float | None = None
    waited_for: str = ""
    reused: bool = False
    last: ServiceState | None = None

    def changed(self, event: ServiceChanged) -> ServiceSeen:
        state = self.state if self._still_good(event.state) else event.state.phase.value
        return replace(self, wave=event.wave, state=state, last=event.state)

    def ready(self, event: ServiceReady) -> ServiceSeen:
        return replace(
            self,
            wave=event.wave,
            state="done" if event.done else "ready",
            ready_seconds=event.seconds,
            waited_for=event.waited_for or self.waited_for,
            reused=event.reused,
        )

    def _still_good(self, state: ServiceState) -> bool:
        """A ready service that runs on, and a one-shot that is over, stay what they are."""
        if self.state == "ready":
            return state.phase is Phase.RUNNING
        return self.state == "done" and state.phase is Phase.EXITED and state.exit_code == 0
