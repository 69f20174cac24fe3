"""The engine's event stream, told as changes of state.

An event says that something happened and when; an inspect right after it says what is now. What
happened in between (a death and the restart that followed) is put together from both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from envcheck.errors import StackError
from envcheck.model.service import Phase, ServiceState
from envcheck.runtimes.compose.site import SERVICE, Site
from envcheck.runtimes.compose.states import died

TOLD = ("start", "die", "oom", "pause", "unpause", "destroy", "health_status")
AGAIN = 0.2  # seconds before a stream that broke is opened again
Deliver = Callable[[ServiceState], None]


class Watch:
    """Runs from ``begin`` to ``end``; a state is delivered once, in the order it came."""

    def __init__(self, site: Site, state: Callable[[str], ServiceState], deliver: Deliver) -> None:
        self._site = site
        self._state = state
        self._deliver = deliver
        self._left = threading.Event()
        self._stream: Any = None
        self._since = 0.0
        self._last: dict[str, ServiceState] = {}
        self._deaths: dict[str, ServiceState] = {}
        self._thread = threading.Thread(target=self._run, name="compose-watch", daemon=True)

    def begin(self) -> None:
        self._since = time.time()
        self._open()
        self._thread.start()

    def end(self) -> None:
        self._left.set()
        self._close()
        self._thread.join(timeout=1.0)

    def _open(self) -> None:
        """From the last moment seen: what happened while no stream was open is replayed."""
        filters = {"label": self._site.marked, "type": "container", "event": list(TOLD)}
        since: Any = f"{self._since:.9f}"
        self._stream = self._site.client.events(since=since, filters=filters, decode=True)

    def _close(self) -> None:
        with suppress(Exception):
            self._stream.close()

    def _run(self) -> None:
        while not self._left.is_set():
            try:
                for event in self._stream:
                    self._hear(event)
            except Exception:  # noqa: BLE001 (whatever broke the stream: it is opened again)
                self._close()
            if not self._left.wait(AGAIN):
                with suppress(Exception):
                    self._open()

    def _hear(self, event: Mapping[str, Any]) -> None:
        self._since = int(event["timeNano"]) / 1e9 + 1e-6
        attributes = event["Actor"]["Attributes"]
        service, action = attributes.get(SERVICE, ""), str(event["Action"]).partition(":")[0]
        try:
            now = self._state(service)
        except StackError:
            return
        if action == "die" and now.phase is not Phase.EXITED:
            self._tell(self._died(now, int(attributes.get("exitCode", 0)), self._since))
            if now.phase is not Phase.RUNNING:
                return
        self._tell(now)

    def _died(self, now: ServiceState, exit_code: int, when: float) -> ServiceState:
        """It comes back by its restart policy, or has come back already."""
        before = self._last.get(now.service, now)
        fallen = replace(before, phase=Phase.RESTARTING, since=when, handle="")
        return died(fallen, exit_code, when)

    def _tell(self, state: ServiceState) -> None:
        if state.phase is Phase.CREATED:
            return  # it is being started; what is to be told comes with the next event
        if state.phase is Phase.RESTARTING:
            self._deaths[state.service] = state
        elif state.phase is Phase.RUNNING and state.restarts:
            state = self._with_last_death(state)
        if state != self._last.get(state.service):
            self._last[state.service] = state
            self._deliver(state)

    def _with_last_death(self, state: ServiceState) -> ServiceState:
        """Why it had to be restarted stays visible."""
        death = self._deaths.get(state.service)
        if death is None:
            return state
        return replace(state, exit_code=death.exit_code, signal=death.signal, died_at=death.died_at)
