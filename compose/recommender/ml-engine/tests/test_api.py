from __future__ import annotations

import json
import logging

import pytest
from ml_engine.logs import JsonLines
from ml_engine.main import make_app
from ml_engine.settings import Settings
from starlette.testclient import TestClient

from tests.conftest import TOKEN, engine, put, trained
from tests.sample import tenant


def recommend(client, tenant_id="demo", user_id="user_001", count=5, **more):
    asked = {"tenant_id": tenant_id, "user_id": user_id, "count": count, **more}
    return client.post("/api/v1/recommend", json=asked)


@pytest.fixture
def ready(client, demo):
    assert trained(client, demo)["status"] == "succeeded"
    return client


def test_exactly_as_many_items_as_asked_for_best_first(ready):
    for count in (1, 5, 10, 190, 200):
        answer = recommend(ready, count=count).json()
        scores = [row["score"] for row in answer["recommendations"]]
        assert len({row["item_id"] for row in answer["recommendations"]}) == count
        assert scores == sorted(scores, reverse=True)
        assert answer["fallback"] is False


def test_more_than_there_is_gives_what_there_is(ready):
    assert len(recommend(ready, count=1000).json()["recommendations"]) == 200


def test_a_category_filters_and_still_fills_the_count(ready):
    answer = recommend(ready, count=20, filters={"category": "category-3"}).json()
    got = [row["item_id"] for row in answer["recommendations"]]
    assert sorted(got) == [f"item_{item + 1:04}" for item in range(3, 200, 10)]
    none = recommend(ready, filters={"category": "no such"}).json()
    assert none["recommendations"] == []


def test_the_reason_names_an_item_of_the_users_history(ready, s3):
    rows = recommend(ready).json()["recommendations"]
    met = set(history(s3, "user_001"))
    for row in rows:
        assert row["item_id"] not in met
        assert row["reason"].removeprefix("similar to ").split(" ")[0] in met


def history(s3, user):
    import io

    from pyarrow import parquet

    key = "interactions/tenant=demo/part-00000.parquet"
    body = s3.get_object(Bucket="embeddings-data", Key=key)["Body"].read()
    rows = parquet.read_table(io.BytesIO(body)).to_pylist()
    return [row["item_id"] for row in rows if row["user_id"] == user]


def test_an_unknown_user_gets_what_is_popular(ready):
    answer = recommend(ready, user_id="stranger").json()
    assert answer["fallback"] is True
    assert {row["reason"] for row in answer["recommendations"]} == {"popular"}
    assert len(answer["recommendations"]) == 5


def test_without_a_model_everybody_gets_what_is_popular(client, demo):
    answer = recommend(client).json()
    assert (answer["fallback"], answer["model_version"]) == (True, None)
    assert answer["recommendations"][0]["score"] == 1.0


def test_a_model_whose_files_are_gone_falls_back_too(ready, s3, settings):
    version = ready.get("/api/v1/models/demo").json()["version"]
    s3.delete_object(Bucket="embeddings-models", Key=f"tenant=demo/{version}/index.faiss")
    assert recommend(engine(settings)).json()["fallback"] is True


def test_a_tenant_without_data_is_not_found(client):
    answer = recommend(client, tenant_id="nobody")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "timestamp"}
    assert answer.json()["error"] == {
        "code": "not_found",
        "message": "tenant nobody has no data",
        "details": {"tenant_id": "nobody"},
    }


def test_one_tenants_items_never_reach_another(ready, s3):
    put(s3, "other", tenant(items=40, users=20, each=5, seed=3))
    got = recommend(ready, tenant_id="other", count=100).json()
    assert len(got["recommendations"]) == 40


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"user_id": "u"}, "tenant_id"),
        ({"tenant_id": "../x", "user_id": "u"}, "tenant_id"),
        ({"tenant_id": "t", "user_id": "u", "count": 0}, "count"),
        ({"tenant_id": "t", "user_id": "u", "count": "many"}, "count"),
        ({"tenant_id": "t", "user_id": "u", "filters": {"colour": "red"}}, "filters.colour"),
    ],
)
def test_a_bad_question_is_answered_with_its_field(client, body, field):
    answer = client.post("/api/v1/recommend", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "validation_error"
    assert field in [row["field"] for row in answer.json()["error"]["details"]["fields"]]


def test_bad_json_is_readable_too(client):
    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/v1/recommend", content=b"{", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith("body: JSON decode error")


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", "ü"])
def test_without_the_right_token_only_health_and_metrics_answer(client, token):
    del client.headers["X-Internal-Token"]
    client.headers.update({} if token is None else {"X-Internal-Token": token.encode()})
    for method, path in (("POST", "/api/v1/recommend"), ("GET", "/api/v1/models/t"), ("GET", "/x")):
        refused = client.request(method, path)
        assert refused.status_code == 401
        assert refused.json()["error"]["code"] == "unauthorized"
    assert client.get("/health").status_code == 200
    assert client.get("/metrics").status_code == 200


def test_an_engine_without_a_configured_token_trusts_nobody(s3):
    client = TestClient(make_app(Settings(s3_endpoint="http://s3.test:9000")))
    assert client.get("/api/v1/models/t", headers={"X-Internal-Token": ""}).status_code == 401


def test_health_tells_a_model_from_none(client, demo):
    first = client.get("/health").json()
    assert (first["status"], first["model"], first["models"]) == ("healthy", "no model yet", 0)
    trained(client, demo)
    second = client.get("/health").json()
    assert (second["model"], second["models"]) == ("ready", 1)
    assert second["checks"] == {"s3": {"status": "healthy"}}


def test_health_says_what_s3_lacks(client, s3):
    s3.delete_bucket(Bucket="embeddings-models")
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["checks"]["s3"] == {
        "status": "unhealthy",
        "reason": "bucket embeddings-models is missing",
    }


def test_metrics_count_requests_by_route(ready):
    recommend(ready)
    text = ready.get("/metrics").text
    labels = 'method="POST",path="/api/v1/recommend",service="ml-engine",status="200"'
    assert f"http_requests_total{{{labels}}}" in text
    assert 'path="/api/v1/training/{run_id}"' in text
    for name in ("ml_index_search_seconds_count", "ml_ndcg_at_10{", "ml_training_seconds_bucket"):
        assert name in text


def test_what_breaks_inside_stays_inside(settings, s3, caplog):
    app = make_app(settings)
    app.state.engine = None  # any programming error will do
    client = TestClient(app, headers={"X-Internal-Token": TOKEN})
    answer = client.get("/api/v1/models/t")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "Traceback" not in answer.text
    assert "AttributeError" in caplog.text


def test_a_log_line_is_json_and_holds_no_secret(ready, caplog, settings):
    caplog.set_level(logging.INFO)
    recommend(ready)
    written = [JsonLines("ml-engine").format(record) for record in caplog.records]
    last = json.loads(written[-1])
    assert (last["path"], last["status"]) == ("/api/v1/recommend", 200)
    for line in written:
        assert TOKEN not in line
        assert settings.s3_secret_key not in line


def test_a_request_id_is_kept_when_it_is_one(client):
    asked = client.get("/health", headers={"X-Request-ID": "abc-1"})
    assert asked.headers["x-request-id"] == "abc-1"
    evil = client.get("/health", headers={"X-Request-ID": 'a"b{}'})
    assert evil.headers["x-request-id"] != 'a"b{}'
