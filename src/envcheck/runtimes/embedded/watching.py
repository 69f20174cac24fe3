"""Tells of every change of state, from a thread, within a few hundredths of a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from envcheck.model.service import ServiceState
from envcheck.runtimes.embedded.journal import Journal

INTERVAL = 0.03  # seconds; a look at the log's size costs 10 µs, so 0.1 % of a core
PULSE = 10  # every so many looks: does the supervisor itself still live?


class Watch:
    """Runs from ``begin`` to ``end``; a state is delivered once, in the order it came."""

    def __init__(
        self,
        journal: Journal,
        supervised: Callable[[], bool],
        deliver: Callable[[ServiceState], None],
    ) -> None:
        self._journal = journal
        self._supervised = supervised
        self._deliver = deliver
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, name="embedded-watch", daemon=True)

    def begin(self) -> None:
        for _ in self._journal.read():
            continue  # what was before is no change
        self._thread.start()

    def end(self) -> None:
        self._left.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        looks = 0
        while not self._left.wait(INTERVAL):
            looks += 1
            for state in self._journal.read():
                self._deliver(state)
            if looks % PULSE == 0 and not self._supervised():
                for state in self._journal.lose_all(time.time()):
                    self._deliver(state)
