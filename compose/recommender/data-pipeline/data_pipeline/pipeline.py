"""The parts, put together, and their life."""

from __future__ import annotations

import logging
import threading

from data_pipeline.broker import Broker
from data_pipeline.delivery import Delivery
from data_pipeline.health import Health
from data_pipeline.intake import Intake
from data_pipeline.outbox import Outbox
from data_pipeline.settings import Settings
from data_pipeline.storage import Storage

log = logging.getLogger("data_pipeline")


class Pipeline:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.outbox = Outbox(settings.queue)
        self.storage = Storage(settings)
        self.intake = Intake(settings, self.storage, self.outbox)
        self.health = Health(settings, self.storage, self.outbox)
        lock = settings.queue.with_name(settings.queue.name + ".lock")
        self.delivery = Delivery(self.outbox, Broker(settings.kafka), lock, self.intake.tidy)

    def start(self) -> None:
        """Ready at once: what is heavy to import is fetched while the first requests come in."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()
        self.delivery.start()

    def stop(self) -> None:
        self.delivery.stop()
        self.outbox.close()

    def _warm_up(self) -> None:
        """First what /health needs, then what an upload needs: they share one interpreter lock."""
        import psycopg  # noqa: F401 (imported for the first request's sake)

        self.storage.warm_up()
        import pyarrow.parquet  # noqa: F401
