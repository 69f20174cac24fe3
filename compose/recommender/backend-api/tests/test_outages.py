"""What happens while something is away. Each test has servers of its own and takes them away."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from neighbours import Neighbour, running
from test_callers import ASK, RECOMMEND, code

import servers
from conftest import ALPHA, Api, migrated, serving


@dataclass
class Outages:
    api: Api
    airflow: Neighbour
    folder: Path
    options: dict[str, object]
    port: int
    redis_port: int
    postgres: ExitStack
    redis: ExitStack
    postgres_process: subprocess.Popen[bytes] | None = None
    redis_process: subprocess.Popen[bytes] | None = None

    def start_postgres(self) -> None:
        server = servers.postgres(self.folder, self.port, self.options)
        self.postgres_process = self.postgres.enter_context(server)

    def start_redis(self) -> None:
        self.redis_process = self.redis.enter_context(servers.valkey(self.redis_port))


@pytest.fixture(scope="module")
def world(folder: Path) -> Iterator[Outages]:
    """The API starts before its database and its Redis: that, too, must work."""
    options = servers.initialise(folder / "outages")
    port, redis_port = servers.free_port(), servers.free_port()
    owner, redis = servers.owner_url(port), servers.redis_url(redis_port)
    with ExitStack() as stack:
        ml_engine, pipeline = (stack.enter_context(running()) for _ in range(2))
        log = folder / "outages.log"
        airflow = stack.enter_context(running())
        api = stack.enter_context(
            serving(owner, redis, ml_engine, pipeline, log, airflow_url=airflow.url)
        )
        postgres, redis_stack = (stack.enter_context(ExitStack()) for _ in range(2))
        yield Outages(
            api, airflow, folder / "outages", options, port, redis_port, postgres, redis_stack
        )


def health(api: Api) -> tuple[int, str, dict[str, str]]:
    answer = api.ask("GET", "/health")
    said = answer.json()
    checks = {name: check["status"] for name, check in said["checks"].items()}
    return answer.status_code, said["status"], checks


def until(claim: object) -> None:
    servers.wait_for(claim, AssertionError)


def recommended(api: Api, token: str, user: str) -> dict[str, object]:
    answer = api.ask("POST", RECOMMEND, token, json={**ASK, "user_id": user})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_it_starts_without_its_database_and_finds_it_alone(world: Outages) -> None:
    status, said, checks = health(world.api)
    assert (status, said, checks["database"]) == (503, "unhealthy", "unhealthy")
    assert code(world.api.login("admin@alpha.example")) == (503, "service_unavailable")
    world.start_postgres()
    world.start_redis()
    migrated(world.api.owner_url)

    def healthy() -> None:
        assert health(world.api)[:2] == (200, "healthy")

    until(healthy)
    assert world.api.login("admin@alpha.example").status_code == 200


def test_without_ml_engine_popular_items_stand_in_and_say_so(world: Outages) -> None:
    api, token = world.api, world.api.token("admin@alpha.example")
    ask = {"user_id": "user_2", "count": 4, "filters": {"category": "shoes"}}
    api.ask("POST", RECOMMEND, token, json=ask)
    until(lambda: popular_was_asked(api))
    api.ml_engine.broken = True
    try:
        said = api.ask("POST", RECOMMEND, token, json={**ask, "user_id": "user_3"}).json()
        assert health(api)[1:] == ("degraded", {**health(api)[2], "ml_engine": "unhealthy"})
    finally:
        api.ml_engine.broken = False
    assert (said["fallback"], said["cached"], said["model_version"]) == (True, False, None)
    scores = [item["score"] for item in said["recommendations"]]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert said["recommendations"][0]["item_id"] == "shoes-0"
    assert recommended(api, token, "user_3")["fallback"] is False


def popular_was_asked(api: Api) -> None:
    asked = [body["user_id"] for path, _, body in api.ml_engine.asked if path.endswith("recommend")]
    assert "~nobody~" in asked
    time.sleep(0.1)  # its answer still has to be kept


def test_ml_engine_is_asked_with_the_internal_token(world: Outages) -> None:
    headers = [sent for path, sent, _ in world.api.ml_engine.asked if path != "/health"]
    assert headers
    assert all(sent["X-Internal-Token"] == "test-internal" for sent in headers)


def test_training_goes_through_airflow_while_it_answers(world: Outages) -> None:
    api, token = world.api, world.api.token("admin@alpha.example")
    started = api.ask("POST", "/api/admin/train", token).json()
    assert (started["through"], started["status"]) == ("airflow", "running")
    _, headers, asked = world.airflow.asked[-1]
    assert asked["conf"] == {"tenant_id": ALPHA}
    assert headers["Authorization"] == "Bearer token-of-airflow"
    followed = api.ask("GET", f"/api/admin/train/{started['run_id']}", token).json()
    assert followed["status"] == "succeeded"
    world.airflow.broken = True
    assert api.ask("POST", "/api/admin/train", token).json()["through"] == "ml-engine"


def test_a_silent_ml_engine_hangs_nobody(world: Outages) -> None:
    api, token = world.api, world.api.token("admin@alpha.example")
    api.ml_engine.silent = True
    started = time.monotonic()
    try:
        assert recommended(api, token, "user_4")["fallback"] is True
        assert time.monotonic() - started < 3
    finally:
        api.ml_engine.silent = False
        api.ml_engine.released.set()


def test_without_redis_everything_works_uncached(world: Outages) -> None:
    api, token = world.api, world.api.token("admin@alpha.example")
    world.redis.close()
    for _ in range(2):
        assert recommended(api, token, "user_5")["cached"] is False
    assert health(api)[:2] == (200, "degraded")
    assert "rate_limit_fail_open_total 0.0" not in api.ask("GET", "/metrics").text
    world.start_redis()

    def cached() -> None:
        assert recommended(api, token, "user_5")["cached"] is True

    until(cached)


def test_the_database_goes_and_comes_back_and_no_usage_is_lost(world: Outages) -> None:
    api, token = world.api, world.api.token("admin@alpha.example")
    recommended(api, token, "user_6")
    world.postgres.close()
    assert health(api)[:2] == (503, "unhealthy")
    answer = api.login("admin@alpha.example")
    assert code(answer) == (503, "service_unavailable")
    assert "psycopg" not in answer.text
    world.start_postgres()
    until(lambda: logged_in(api))
    api.ask("GET", "/api/v1/usage", token)
    with psycopg.connect(api.owner_url) as owner:
        query = "SELECT count(*) FROM usage_logs WHERE endpoint = %s"
        row = owner.execute(query, [RECOMMEND]).fetchone()
    assert row is not None
    assert row[0] >= 8


def test_a_frozen_redis_hangs_nobody(world: Outages) -> None:
    api, token = world.api, world.api.token("admin@alpha.example")
    with servers.frozen(world.redis_process):
        assert recommended(api, token, "user_7")["cached"] is False


def test_a_frozen_database_hangs_nobody_and_is_found_again(world: Outages) -> None:
    api = world.api
    with servers.frozen(world.postgres_process):
        assert code(api.login("admin@alpha.example")) in {
            (503, "service_unavailable"),
            (504, "timeout"),
        }
        assert health(api)[:2] == (503, "unhealthy")
    until(lambda: logged_in(api))


def logged_in(api: Api) -> None:
    assert api.login("admin@alpha.example").status_code == 200
