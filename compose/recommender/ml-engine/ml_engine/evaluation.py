"""NDCG@10 on items kept back: every item the user had not seen competes, none is sampled."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ml_engine.lightgcn import Embeddings

CUTOFF = 10
USERS_AT_ONCE = 1024  # bounds the score matrix: 1024 × 5,000 items are 20 MB


def ndcg_at_10(model: Embeddings, seen: sparse.csr_matrix, held_out: sparse.csr_matrix) -> float:
    """Mean over users with held-out items (Järvelin and Kekäläinen 2002, binary relevance)."""
    users = np.flatnonzero(np.diff(held_out.indptr))
    parts = [
        _gains(model, seen, held_out, users[start : start + USERS_AT_ONCE])
        for start in range(0, len(users), USERS_AT_ONCE)
    ]
    return float(np.concatenate(parts).mean()) if parts else 0.0


def _gains(
    model: Embeddings, seen: sparse.csr_matrix, held_out: sparse.csr_matrix, users: np.ndarray
) -> np.ndarray:
    scores = model.users[users] @ model.items.T
    scores[seen[users].nonzero()] = -np.inf
    best = _best(scores)
    relevant = held_out[users]
    hits = np.take_along_axis(relevant.toarray(), best, axis=1) > 0
    discount = 1 / np.log2(np.arange(2, best.shape[1] + 2))
    ideal = np.cumsum(discount)[np.minimum(np.diff(relevant.indptr), best.shape[1]) - 1]
    return (hits * discount).sum(axis=1) / ideal


def _best(scores: np.ndarray) -> np.ndarray:
    """Positions of the ten highest scores per row, highest first."""
    count = min(CUTOFF, scores.shape[1])
    top = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)
