"""Ctrl-C and SIGTERM: once ends the run and cleans up, again warns, again within 5 s gives up.

A handler that raised anywhere would be swallowed by a library's ``except``, or tear a ledger line
from its process. So where something may have been made a signal is only noted, and whatever waits
asks for it; the last one, which abandons the cleanup, is a SystemExit, which nobody swallows.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

import click

from envcheck.errors import Interrupted

ABANDON_WITHIN = 5.0  # seconds between two signals that together mean "really stop now"
ENDING = "\nenvcheck: interrupted, ending\n"
CLEANING = (
    "\nenvcheck: cleanup is still running; press again within 5 s to abandon it, "
    "then run `envcheck gc`\n"
)


def _to_stderr(text: str) -> None:
    """Not ``print``: the main thread may be inside that very buffer."""
    try:
        os.write(2, text.encode())
    except OSError:
        return  # nobody reads us; there is nobody to tell


class Interrupts:
    """``stop`` is what everything that waits looks at; ``code`` is 0 until a signal came."""

    def __init__(self, say: Callable[[str], None] = _to_stderr) -> None:
        self.stop = threading.Event()
        self.code = 0
        self._say = say
        self._rung: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._wake: Callable[[], None] = _nothing
        self._orderly = False
        self._cleaning = False
        self._over = False
        self._warned_at = float("-inf")

    def hear(self) -> None:
        """From now on the signals are ours, to the end of the process."""
        signal.signal(signal.SIGINT, self._handle)
        signal.signal(signal.SIGTERM, self._handle)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
            signal.signal(signal.SIGHUP, self._handle)

    def orderly(self) -> None:
        """From here on something may be made: a signal is noted, and heeded where it is safe."""
        if not self._orderly:
            self._orderly = True
            threading.Thread(target=self._ring, daemon=True).start()

    def cleaning(self) -> None:
        """From here on even the first signal does not end us, and says why."""
        self.orderly()
        self._cleaning = True

    def decided(self) -> int:
        """The run is over: the code of the signal that ended it, else 0, and a later one comes too
        late to change what is said about it."""
        self._over = True
        self._over = not self.code
        return self.code

    def waking(self, wake: Callable[[], None]) -> None:
        """``wake`` is called once a stop was asked for, from another thread."""
        self._wake = wake

    def heed(self) -> None:
        """Raises Interrupted when a signal came."""
        if self.code:
            raise Interrupted(exit_code=self.code)

    def _ring(self) -> None:
        """Not in the handler: setting an event the main thread is just waiting for can lock up."""
        self._rung.get()
        self.stop.set()
        self._wake()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if not self._orderly:
            raise SystemExit(128 + number)
        if self._over:
            self._insisted(128 + number, "")
        elif self.code:
            self._insisted(self.code, CLEANING)
        else:
            self._first(number)

    def _first(self, number: int) -> None:
        self.code = 128 + number
        self._rung.put(number)
        if self._cleaning:
            self._insisted(self.code, CLEANING)
        else:
            self._say(ENDING)

    def _insisted(self, code: int, words: str) -> None:
        if time.monotonic() - self._warned_at <= ABANDON_WITHIN:
            raise SystemExit(code)
        self._warned_at = time.monotonic()
        self._say(words)


def _nothing() -> None:
    """Nobody has to be woken yet."""


def of_this_command() -> Interrupts:
    """The ones of the running command line; ones nobody rings where there is none (a test)."""
    context = click.get_current_context(silent=True)
    found = context.find_object(Interrupts) if context else None
    return found or Interrupts()
