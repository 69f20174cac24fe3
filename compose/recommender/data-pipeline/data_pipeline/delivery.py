"""Carries the outbox to Kafka: in order, none lost, none twice, however often it is interrupted."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from data_pipeline import metrics
from data_pipeline.broker import Away, Broker
from data_pipeline.outbox import Flight, Outbox

BATCH = 2000  # events of one flight: what a kill makes us look up again
FIRST, LONGEST = 0.2, 5.0  # seconds between two attempts while Kafka is away
log = logging.getLogger("data_pipeline.delivery")


class Delivery:
    """A thread of its own. Of several processes on one outbox only one delivers."""

    def __init__(
        self, outbox: Outbox, broker: Broker, lock: Path, tidy: Callable[[], None]
    ) -> None:
        """``tidy`` is called once, when no other process is at work on the outbox."""
        self._outbox, self._broker, self._lock, self._tidy = outbox, broker, lock, tidy
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something new to deliver."""
        self._wake.set()

    def stop(self, patience: float = 3.0) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join(patience)

    def _run(self) -> None:
        with self._lock.open("w") as lock:
            if not self._alone(lock):
                return
            self._tidy()
            pause = FIRST
            while not self._stop.is_set():
                pause = FIRST if self._deliver_all() else min(pause * 2, LONGEST)
                self._wake.wait(pause if self._outbox.depth() else None)
                self._wake.clear()
            self._broker.drop()

    def _alone(self, lock: IO[str]) -> bool:
        """Waits until no other process delivers; False when told to stop first."""
        while not self._stop.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._stop.wait(FIRST)
            else:
                return True
        return False

    def _deliver_all(self) -> bool:
        """False when Kafka was away before the queue was empty."""
        try:
            self._settle()
            while not self._stop.is_set() and self._deliver_some():
                metrics.OUTBOX.set(self._outbox.depth())
        except Away as away:
            self._broker.drop()
            queued = {"queued": self._outbox.depth(), "reason": str(away)}
            log.warning("kafka is away, events wait", extra={"fields": queued})
            return False
        except Exception:  # the thread's edge: a full disk today must not stop delivery for good
            self._broker.drop()
            log.exception("delivery broke, it will be tried again")
            return False
        return True

    def _deliver_some(self) -> bool:
        events = self._outbox.first(BATCH)
        if not events:
            return False
        topic = events[0].topic
        self._outbox.take_off(Flight(topic, events[-1].seq, self._broker.ends(topic)))
        if not self._broker.send(events, self._stop.is_set):
            raise Away("not every event was acknowledged")
        self._outbox.land(events)
        metrics.delivered(topic, len(events))
        return True

    def _settle(self) -> None:
        """After a kill or a silence nobody knows which events of the last flight arrived. The topic
        does."""
        flight = self._outbox.flight()
        if flight is None:
            return
        waiting = self._outbox.up_to(flight.topic, flight.last)
        there = self._broker.arrived(flight)
        arrived = [event for event in waiting if (event.upload, event.row) in there]
        self._outbox.land(arrived)
        fields = {"topic": flight.topic, "in_flight": len(waiting), "arrived": len(arrived)}
        log.info("settled an interrupted delivery", extra={"fields": fields})
