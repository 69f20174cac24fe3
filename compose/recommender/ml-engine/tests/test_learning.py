from __future__ import annotations

import numpy as np
from ml_engine import dataset, evaluation, lightgcn
from ml_engine.dataset import Dataset
from ml_engine.lightgcn import Embeddings
from ml_engine.settings import Settings
from ml_engine.storage import Storage
from scipy import sparse

from tests.conftest import put
from tests.sample import tenant


def read(s3, settings: Settings, **shape) -> Dataset:
    put(s3, "t", tenant(**shape))
    return dataset.read(Storage(settings), "t")


def quality(data: Dataset) -> float:
    seen, held_out = data.split()
    return evaluation.ndcg_at_10(lightgcn.train(seen), seen, held_out)


def test_tastes_are_learned(s3, settings):
    assert quality(read(s3, settings)) > 0.30


def test_there_is_nothing_to_learn_from_users_who_pick_at_random(s3, settings):
    assert quality(read(s3, settings, tastes=False)) < 0.10


def test_the_same_data_gives_the_same_bits(s3, settings):
    seen, _ = read(s3, settings).split()
    first, second = lightgcn.train(seen), lightgcn.train(seen)
    assert first.users.tobytes() == second.users.tobytes()
    assert first.items.tobytes() == second.items.tobytes()


def test_training_sees_nothing_of_what_is_held_out(s3, settings):
    data = read(s3, settings)
    seen, held_out = data.split()
    assert seen.multiply(held_out).nnz == 0
    assert (seen + held_out != data.history).nnz == 0


def test_the_latest_fifth_of_each_user_is_held_out(s3, settings):
    data = read(s3, settings, each=10)
    _, held_out = data.split()
    assert set(np.diff(held_out.indptr)) == {2}
    user, items = data.pairs
    assert set(items[user == 0][-2:]) == set(held_out[0].indices)


def test_ndcg_is_one_for_the_right_items_on_top_and_falls_with_their_rank():
    seen = sparse.csr_matrix((1, 20), dtype=np.float32)
    wanted = sparse.csr_matrix(([1.0], ([0], [3])), shape=(1, 20))
    user = np.ones((1, 1), np.float32)
    for rank in range(12):
        order = [item for item in range(20) if item != 3]
        order.insert(rank, 3)
        items = np.empty((20, 1), np.float32)
        items[order, 0] = np.linspace(1, 0, 20)
        expected = 1 / np.log2(rank + 2) if rank < 10 else 0.0
        assert np.isclose(evaluation.ndcg_at_10(Embeddings(user, items), seen, wanted), expected)


def test_an_item_seen_in_training_takes_no_place_in_the_ranking():
    seen = sparse.csr_matrix(([1.0], ([0], [0])), shape=(1, 20))
    wanted = sparse.csr_matrix(([1.0], ([0], [1])), shape=(1, 20))
    items = np.linspace(1, 0, 20, dtype=np.float32)[:, None]
    model = Embeddings(np.ones((1, 1), np.float32), items)
    assert evaluation.ndcg_at_10(model, seen, wanted) == 1.0


def test_uploaded_rows_join_the_samples_and_the_later_name_counts(s3, settings):
    first, second = tenant(users=10, items=40, each=5), tenant(users=20, items=60, each=5, seed=2)
    put(s3, "t", first)
    s3.put_object(Bucket="embeddings-item-data", Key="tenant=t/u1.parquet", Body=second.items)
    rows = second.interactions
    s3.put_object(Bucket="embeddings-user-data", Key="tenant=t/u1.parquet", Body=rows)
    data = dataset.read(Storage(settings), "t")
    assert len(data.items.ids) == 60
    assert len(data.users) == 20
    assert data.interactions == 10 * 5 + 20 * 5
    assert data.items.popularity.sum() == 150
