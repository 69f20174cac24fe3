"""From a question to recommendations: the tenant's model, or else what is popular there."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_engine import metrics
from ml_engine.errors import Absent
from ml_engine.shelf import Shelf
from ml_engine.storage import Storage

if TYPE_CHECKING:  # numpy costs a fifth of a second; the warm-up pays it, not the start
    from ml_engine.dataset import Catalogue
    from ml_engine.model import Model
    from ml_engine.popular import Recommendation

KEPT_SECONDS = 30.0  # how long a tenant without a model may see yesterday's favourites
log = logging.getLogger("ml_engine.serving")


@dataclass(frozen=True, slots=True)
class Answer:
    recommendations: list[Recommendation]
    fallback: bool
    version: str | None


class Recommender:
    def __init__(self, storage: Storage, shelf: Shelf) -> None:
        self._storage, self._shelf = storage, shelf
        self._catalogues: dict[str, tuple[float, Catalogue]] = {}

    def recommend(self, tenant: str, user: str, count: int, category: str | None) -> Answer:
        """Raises Absent for a tenant without data, StorageAway."""
        answer = self._answer(tenant, user, count, category)
        metrics.answered(answer.fallback)
        return answer

    def _answer(self, tenant: str, user: str, count: int, category: str | None) -> Answer:
        from ml_engine.popular import popular

        model = self._model(tenant, user)
        if model is None:
            return Answer(popular(self._catalogue(tenant), count, category), True, None)
        found = model.recommend(user, count, category)
        if found is None:
            return Answer(model.popular(count, category), True, model.version)
        return Answer(found, False, model.version)

    def _model(self, tenant: str, user: str) -> Model | None:
        try:
            return self._shelf.serving(tenant, user)
        except Absent as absent:
            log.warning(absent.message, extra={"fields": {"tenant_id": tenant}})
            return None

    def _catalogue(self, tenant: str) -> Catalogue:
        from ml_engine import dataset

        read_at, catalogue = self._catalogues.get(tenant, (0.0, None))
        if catalogue is None or time.monotonic() - read_at > KEPT_SECONDS:
            catalogue = dataset.read(self._storage, tenant).items
            self._catalogues[tenant] = (time.monotonic(), catalogue)
        return catalogue
