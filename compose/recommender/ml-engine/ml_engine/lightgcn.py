"""LightGCN (He et al., SIGIR 2020): embeddings smoothed over the user–item graph.

E(k+1) = D^-1/2 A D^-1/2 E(k); the final embedding is the mean of layers 0…K. Learned is only E(0),
with the BPR loss and Adam. The propagation is linear and symmetric, so its gradient is the same
propagation applied to the gradient: no autograd needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

Matrix = np.ndarray


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """Chosen on made-up data of another seed; never tuned on a tenant's held-out items."""

    dimensions: int = 64
    layers: int = 3
    epochs: int = 40
    learning_rate: float = 0.05
    regularisation: float = 0.3
    seed: int = 2020


@dataclass(frozen=True, slots=True)
class Embeddings:
    users: Matrix  # float32, one row per user
    items: Matrix  # float32, one row per item


def train(seen: sparse.csr_matrix, how: Hyperparameters = Hyperparameters()) -> Embeddings:
    """Learn from a users × items matrix of ones. Same matrix and seed → same bits."""
    random = np.random.default_rng(how.seed)
    graph = _Graph(seen, how.layers)
    first = [
        (random.standard_normal((count, how.dimensions)) * 0.1).astype(np.float32)
        for count in seen.shape
    ]
    steps = [_Adam(part, how.learning_rate) for part in first]
    sampler = _Sampler(seen)
    for _ in range(how.epochs):
        gradients = sampler.gradients(*graph.propagated(*first), random)
        for step, gradient in zip(steps, graph.propagated(*gradients), strict=True):
            step.take(gradient + how.regularisation * step.parameter)
    return Embeddings(*graph.propagated(*first))


class _Graph:
    """The symmetrically normalised adjacency, as its two off-diagonal blocks."""

    def __init__(self, seen: sparse.csr_matrix, layers: int) -> None:
        scale = [
            sparse.diags_array(1 / np.sqrt(np.maximum(seen.sum(axis=axis), 1)).A1)
            for axis in (1, 0)
        ]
        self._to_users = (scale[0] @ seen @ scale[1]).tocsr().astype(np.float32)
        self._to_items = self._to_users.T.tocsr()
        self._layers = layers

    def propagated(self, users: Matrix, items: Matrix) -> tuple[Matrix, Matrix]:
        """The mean over all layers, the zeroth included."""
        total_users, total_items = users.copy(), items.copy()
        for _ in range(self._layers):
            users, items = self._to_users @ items, self._to_items @ users
            total_users += users
            total_items += items
        return total_users / (self._layers + 1), total_items / (self._layers + 1)


class _Sampler:
    """BPR: each observed pair against one item drawn at random per epoch."""

    def __init__(self, seen: sparse.csr_matrix) -> None:
        self._seen = seen
        self._users, self._liked = seen.nonzero()
        self._known = self._key(self._liked)  # sorted, since rows and columns are

    def gradients(
        self, users: Matrix, items: Matrix, random: np.random.Generator
    ) -> tuple[Matrix, Matrix]:
        """d loss / d embedding, summed over all pairs of one epoch."""
        other = random.integers(0, items.shape[0], len(self._liked))
        margin = np.einsum("nd,nd->n", users[self._users], items[self._liked] - items[other])
        pull = (1 / (1 + np.exp(np.clip(margin, -30, 30)))).astype(np.float32)
        pull[self._is_known(other)] = 0  # an item the user has is no counterexample
        towards = self._rows(pull, self._liked)
        change = self._rows(pull, other) - towards
        return change @ items, change.T @ users

    def _key(self, items: Matrix) -> Matrix:
        return self._users.astype(np.int64) * self._seen.shape[1] + items

    def _is_known(self, items: Matrix) -> Matrix:
        keys = self._key(items)
        at = np.minimum(np.searchsorted(self._known, keys), len(self._known) - 1)
        return self._known[at] == keys

    def _rows(self, values: Matrix, columns: Matrix) -> sparse.csr_matrix:
        return sparse.csr_matrix((values, columns, self._seen.indptr), shape=self._seen.shape)


class _Adam:
    """Kingma and Ba 2015, with their defaults; changes ``parameter`` in place."""

    def __init__(self, parameter: Matrix, rate: float) -> None:
        self.parameter = parameter
        self._rate = rate
        self._mean = np.zeros_like(parameter)
        self._square = np.zeros_like(parameter)
        self._count = 0

    def take(self, gradient: Matrix) -> None:
        self._count += 1
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.001 * (gradient * gradient - self._square)
        mean = self._mean / (1 - 0.9**self._count)
        square = self._square / (1 - 0.999**self._count)
        self.parameter -= self._rate * mean / (np.sqrt(square) + 1e-8)
