"""supervisor's log, read as the story of each service.

It is the only place where supervisor says the signal and the moment of a death.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from envcheck.model.service import Phase, ServiceState

LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) [A-Z]+ (.*)")
SPAWNED = re.compile(r"spawned: '([^']+)' with pid (\d+)")
ENDED = re.compile(
    r"(exited|stopped): (\S+) \((?:exit status (\d+)|terminated by ((?:signal )?[^\s;)]+))"
)
GIVEN_UP = re.compile(
    r"gave up: (\S+) entered FATAL state|Attempted to kill (\S+), which is in BACKOFF state"
)
BEGUN = re.compile(r"supervisord started with pid \d+")
SUPERVISOR_ENDED = "the supervisor ended, and the service with it"


def comes_back(restart: str, exit_code: int | None) -> bool:
    """What a Compose ``restart:`` does after a death nobody asked for."""
    policy = restart.partition(":")[0]
    return policy in {"always", "unless-stopped"} or (policy == "on-failure" and exit_code != 0)


class Journal:
    """The states that follow from the log so far; ``read`` goes on from where it stopped."""

    def __init__(self, path: Path, restart: Callable[[str], str]) -> None:
        self._path = path
        self._restart = restart
        self._offset = 0
        self._rest = b""
        self.states: dict[str, ServiceState] = {}

    def read(self) -> Iterator[ServiceState]:
        """Every change since the last reading, in order."""
        for line in self._lines():
            parsed = LINE.match(line)
            if parsed:
                # the supervisor runs with TZ=UTC; strptime would take ten times as long
                when = datetime.fromisoformat(f"{parsed[1]}.{parsed[2]}+00:00").timestamp()
                yield from self._changes(when, parsed[3])

    def lose_all(self, when: float) -> Iterator[ServiceState]:
        """The supervisor is gone: whatever it kept is dead."""
        for state in tuple(self.states.values()):
            if state.phase in {Phase.RUNNING, Phase.RESTARTING}:
                yield self._keep(
                    replace(
                        state,
                        phase=Phase.EXITED,
                        since=when,
                        died_at=when,
                        handle="",
                        error=SUPERVISOR_ENDED,
                    )
                )

    def _changes(self, when: float, message: str) -> Iterator[ServiceState]:
        if begun := BEGUN.match(message):
            yield from self.lose_all(when)
        elif begun := SPAWNED.match(message):
            yield self._spawned(begun[1], when, begun[2])
        elif ended := ENDED.match(message):
            yield self._ended(when, *ended.groups())
        elif given := GIVEN_UP.match(message):
            before = self.states.get(given[1] or given[2])
            if before:
                yield self._keep(replace(before, phase=Phase.EXITED, since=when))

    def _spawned(self, service: str, when: float, pid: str) -> ServiceState:
        before = self.states.get(service)
        again = before is not None and before.phase is Phase.RESTARTING
        restarts = before.restarts + 1 if before and again else 0
        fresh = ServiceState(
            service, Phase.RUNNING, since=when, restarts=restarts, handle=f"pid {pid}"
        )
        if before and again:  # why it had to be restarted stays visible
            fresh = replace(
                fresh,
                exit_code=before.exit_code,
                signal=before.signal,
                died_at=before.died_at,
            )
        return self._keep(fresh)

    def _ended(
        self, when: float, how: str, service: str, code: str | None, name: str | None
    ) -> ServiceState:
        exit_code = int(code) if code is not None else 128 + _number(name or "")
        returns = how == "exited" and comes_back(self._restart(service), exit_code)
        before = self.states.get(service) or ServiceState(service, Phase.RUNNING)
        return self._keep(
            replace(
                before,
                phase=Phase.RESTARTING if returns else Phase.EXITED,
                since=when,
                exit_code=exit_code,
                signal=name or "",
                died_at=when,
                handle="",
            )
        )

    def _keep(self, state: ServiceState) -> ServiceState:
        self.states[state.service] = state
        return state

    def _lines(self) -> Iterator[str]:
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._offset:  # another log took its place
                    self._offset, self._rest = 0, b""
                file.seek(self._offset)
                fresh = file.read()
        except FileNotFoundError:
            self._offset, self._rest = 0, b""
            self.states.clear()  # removed with everything it told of
            return
        self._offset += len(fresh)
        *whole, self._rest = (self._rest + fresh).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace")


def _number(name: str) -> int:
    try:
        return int(signal.Signals[name])
    except KeyError:
        digits = name.removeprefix("signal ")
        return int(digits) if digits.isdigit() else 0
