"""What shows a run while it goes on, chosen by --progress and by what we are connected to."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Protocol, TextIO

from envcheck.cli.options import Wanted
from envcheck.model.event import Event, RunStarted
from envcheck.model.record import Listener
from envcheck.reporting.paint import Paint, wants_colour


class Ticked(Protocol):
    """A view for which time alone can be news."""

    def hear(self, seconds: float, event: Event) -> None: ...

    def tick(self, seconds: float) -> None: ...

    def close(self) -> None: ...


class Ticking:
    """Lets a view hear events and, every so many seconds, the time; never both at once."""

    def __init__(self, view: Ticked, every: float) -> None:
        self._view = view
        self._every = every
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._offset = 0.0

    def hear(self, seconds: float, event: Event) -> None:
        self._offset = time.monotonic() - seconds
        with self._lock:
            self._view.hear(seconds, event)
        if isinstance(event, RunStarted):
            threading.Thread(target=self._tick, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        with self._lock:
            self._view.close()

    def _tick(self) -> None:
        while not self._over.wait(self._every):
            with self._lock:
                if not self._over.is_set():
                    self._view.tick(time.monotonic() - self._offset)


class JsonLines:
    """Every event as one JSON line, as it is recorded."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def hear(self, seconds: float, event: Event) -> None:
        from envcheck.model.wire import to_line

        self._out.write(to_line(seconds, event) + "\n")
        self._out.flush()

    def close(self) -> None:
        self._out.flush()


def listeners(wanted: Wanted) -> list[Listener]:
    """``--json`` keeps stdout for the report: what shows progress then goes to stderr."""
    out = sys.stderr if wanted.as_json else sys.stdout
    how = wanted.progress if wanted.progress != "auto" else _fitting(out)
    match how:
        case "none":
            return []
        case "json":
            return [JsonLines(out)]
        case "live":
            from envcheck.reporting.live import FRAME, LiveView

            view = LiveView(out, colour=wants_colour(True, os.environ))
            return [Ticking(view, FRAME)]
    from envcheck.reporting.plain import Plain

    def write(text: str) -> None:
        out.write(text)
        out.flush()

    return [Ticking(Plain(write, Paint(wants_colour(out.isatty(), os.environ))), 1.0)]


def _fitting(out: TextIO) -> str:
    alive = out.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
    return "live" if alive and "CI" not in os.environ else "plain"
