"""The parts of the engine, put together."""

from __future__ import annotations

import importlib
import logging
import threading

from ml_engine.announcement import Announcer
from ml_engine.errors import Refused
from ml_engine.serving import Recommender
from ml_engine.settings import Settings
from ml_engine.shelf import Shelf
from ml_engine.storage import Storage
from ml_engine.training import Trainer

HEAVY = ("boto3", "numpy", "pyarrow.parquet", "faiss", "scipy.sparse", "kafka")
log = logging.getLogger("ml_engine.start")


class Engine:
    def __init__(self, settings: Settings) -> None:
        self.storage = Storage(settings)
        self.shelf = Shelf(self.storage)
        self.recommender = Recommender(self.storage, self.shelf)
        announcer = Announcer(settings.kafka)
        self.trainer = Trainer(self.storage, self.shelf, announcer, settings.minimum_ndcg)

    def warm_up(self) -> None:
        """In the background: heavy libraries, then the models that are already published."""
        threading.Thread(target=self._warm, name="warm-up", daemon=True).start()

    def _warm(self) -> None:
        for name in HEAVY:
            importlib.import_module(name)
        try:
            for tenant in self.shelf.tenants():
                self.shelf.model(tenant, self.shelf.releases(tenant).current.version)
        except Refused as refused:
            log.warning("models not loaded yet: %s", refused.message)
