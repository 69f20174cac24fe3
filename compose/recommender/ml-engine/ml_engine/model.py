"""A trained model as it is served: vectors, an exact FAISS index, each user's history."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml_engine import metrics
from ml_engine.dataset import Catalogue, Dataset
from ml_engine.lightgcn import Embeddings
from ml_engine.popular import Recommendation, popular


@dataclass(frozen=True, slots=True)
class Model:
    """``history_at`` delimits each user's items in ``history``, in time's order."""

    version: str
    users: np.ndarray  # ids, sorted
    items: Catalogue
    vectors: Embeddings
    history_at: np.ndarray
    history: np.ndarray
    index: Any  # faiss.IndexFlatIP over the item vectors

    @classmethod
    def of(cls, version: str, data: Dataset, vectors: Embeddings) -> Model:
        users, items = data.pairs
        count = np.bincount(users, minlength=len(data.users))
        at = np.concatenate([[0], np.cumsum(count)])
        return cls(version, data.users, data.items, vectors, at, items, _index(vectors.items))

    def recommend(self, user: str, count: int, category: str | None) -> list[Recommendation] | None:
        """The best ``count`` items, best first; None for a user this model has never met.

        Items the user has met come only when nothing else is left to fill the count.
        """
        row = int(np.searchsorted(self.users, user))
        if row == len(self.users) or self.users[row] != user:
            return None
        met = self.history[self.history_at[row] : self.history_at[row + 1]]
        eligible = self._eligible(met, category, count)
        scores, found = self._search(self.vectors.users[row], eligible, count)
        liked = _unit(self.vectors.items[met])
        nearest = met[np.argmax(_unit(self.vectors.items[found]) @ liked.T, axis=1)]
        return [
            Recommendation(str(self.items.ids[item]), _share(score), self._reason(because))
            for item, score, because in zip(found, scores, nearest, strict=True)
        ]

    def popular(self, count: int, category: str | None) -> list[Recommendation]:
        return popular(self.items, count, category)

    def _eligible(self, met: np.ndarray, category: str | None, count: int) -> np.ndarray:
        allowed = np.ones(len(self.items.ids), bool)
        if category is not None:
            allowed = self.items.categories == category
        fresh = allowed.copy()
        fresh[met] = False
        return fresh if fresh.sum() >= count else allowed

    def _search(
        self, query: np.ndarray, eligible: np.ndarray, most: int
    ) -> tuple[np.ndarray, np.ndarray]:
        import faiss

        started = time.perf_counter()
        bitmap = np.packbits(eligible, bitorder="little")
        only = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bitmap))
        count = min(most, int(eligible.sum()))
        scores, found = self.index.search(query[None, :], max(count, 1), params=only)
        metrics.index_search(time.perf_counter() - started)
        return scores[0, :count], found[0, :count]

    def _reason(self, item: int) -> str:
        name = self.items.names[item]
        return f"similar to {self.items.ids[item]}" + (f" ({name})" if name else "")


def packed(model: Model) -> dict[str, bytes]:
    """The model as files, by name."""
    import faiss

    content = io.BytesIO()
    np.savez(
        content,
        users=model.users,
        item_ids=model.items.ids,
        item_names=model.items.names,
        item_categories=model.items.categories,
        item_popularity=model.items.popularity,
        user_vectors=model.vectors.users,
        item_vectors=model.vectors.items,
        history_at=model.history_at,
        history=model.history,
    )
    index = faiss.serialize_index(model.index).tobytes()
    return {"embeddings.npz": content.getvalue(), "index.faiss": index}


def unpacked(version: str, files: dict[str, bytes]) -> Model:
    """What ``packed`` wrote. No pickle is ever read: the bytes come from a shared bucket."""
    import faiss

    with np.load(io.BytesIO(files["embeddings.npz"]), allow_pickle=False) as part:
        names = ("item_ids", "item_names", "item_categories", "item_popularity")
        return Model(
            version,
            part["users"],
            Catalogue(*(part[name] for name in names)),
            Embeddings(part["user_vectors"], part["item_vectors"]),
            part["history_at"],
            part["history"],
            faiss.deserialize_index(np.frombuffer(files["index.faiss"], np.uint8)),
        )


def _index(vectors: np.ndarray) -> Any:
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    return index


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _share(score: float) -> float:
    """The BPR margin as a probability: order kept, always between 0 and 1."""
    return round(float(1 / (1 + np.exp(-np.clip(float(score), -30, 30)))), 6)
