"""Hears first: gate, write, flush, and only then whoever shows something."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from envcheck.model.clock import Clock
from envcheck.model.event import Event, Noted, Progressed, RunEnded, Waiting
from envcheck.model.folding import heard
from envcheck.model.outcome import Verdict
from envcheck.model.record import Listener, Record
from envcheck.model.verdict import Facts, judge
from envcheck.model.wire import to_line
from envcheck.system.clock import SystemClock
from envcheck.system.files import open_private
from envcheck.system.secrets import Gate


class Recorder:
    """The record of one run, on disk line by line and folded in memory. Safe from many threads.

    ``broken`` says why the record on disk is not whole; the run goes on and ends UNKNOWN. Take
    the verdict and exit code from ``record`` after the end was said: they account for that.
    """

    def __init__(
        self,
        path: Path | None,
        gate: Gate,
        listeners: Sequence[Listener] = (),
        *,
        clock: Clock | None = None,
    ) -> None:
        self.record = Record()
        self.broken = ""
        self._gate = gate
        self._listeners = list(listeners)
        self._clock = clock or SystemClock()
        self._began = self._clock.monotonic()
        self._lock = threading.RLock()
        self._last_seen: dict[str, str] = {}
        self._file = self._open(path)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def say(self, event: Event) -> None:
        """Record the event and tell the listeners. Never raises for a disk or a listener."""
        with self._lock:
            seconds = round(self._clock.monotonic() - self._began, 3)  # as the line has it
            event = self._gate.clean_data(event)
            if self._is_news(event):
                self._tell(seconds, self._kept(seconds, event))

    def close(self) -> None:
        """Give the listeners their terminal back and close the file; twice is once."""
        with self._lock:
            for listener in self._listeners:
                self._guarded(listener.close)
            self._listeners.clear()
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _is_news(self, event: Event) -> bool:
        if not isinstance(event, Waiting):
            return True
        known = self._last_seen.get(event.service)
        self._last_seen[event.service] = event.observed
        return known != event.observed

    def _kept(self, seconds: float, event: Event) -> Event:
        if isinstance(event, Progressed):
            return event
        self._write(seconds, event)
        if isinstance(event, RunEnded):
            event = self._honest(event)
        self.record = heard(self.record, seconds, event)
        return event

    def _honest(self, event: RunEnded) -> RunEnded:
        """Success cannot be claimed on a record that broke, be it in this very line."""
        if not self.broken or event.verdict not in (Verdict.PASS, Verdict.WARN):
            return event
        judged = judge((), Facts(record_broken=self.broken))
        code = event.exit_code if event.exit_code > 1 else judged.exit_code
        return replace(event, verdict=judged.verdict.value, exit_code=code, reason=judged.reason)

    def _tell(self, seconds: float, event: Event) -> None:
        for listener in tuple(self._listeners):
            if not self._guarded(listener.hear, seconds, event):
                self._listeners.remove(listener)
                self._guarded(listener.close)
                self.say(Noted("a progress view failed and was dropped; the run goes on"))

    def _guarded(self, call: Callable[..., None], *given: object) -> bool:
        try:
            call(*given)
        except Exception:  # noqa: BLE001  the edge: a view that fails must not end a run
            return False
        return True

    def _open(self, path: Path | None) -> int | None:
        if path is None:
            return None
        try:
            return open_private(path)
        except OSError as error:
            self.broken = f"{path.name} cannot be written: {error.strerror}"
            return None

    def _write(self, seconds: float, event: Event) -> None:
        if self._file is None:
            return
        line = (to_line(seconds, event) + "\n").encode("utf-8", "replace")
        try:
            written = os.write(self._file, line)
        except OSError as error:
            self._break(error.strerror or str(error))
        else:
            if written != len(line):
                self._break("the disk took only a part of a line")

    def _break(self, reason: str) -> None:
        """Write no more: a line after a torn one would make the record unreadable there."""
        self.broken = reason
        if self._file is not None:
            os.close(self._file)
            self._file = None
