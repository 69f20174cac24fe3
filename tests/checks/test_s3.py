"""The kind ``s3`` against a real server (moto): right passes, each wrong is named."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from typing import Any, NamedTuple

import boto3
import pyarrow as pa
import pytest
import requests
from pyarrow import parquet

from envcheck.checks.s3 import S3
from envcheck.model.check import Identity
from envcheck.model.outcome import Answer
from envcheck.model.target import Connection, Endpoint, Target
from tests.checks import half_started
from tests.checks.asking import ask, ask_all, explains, first_wrong
from tests.fakes.scene import FakeScene
from tests.servers import S3Server

pytestmark = pytest.mark.real

BUCKET, OTHER = "checks-one", "checks-two"
EVERYTHING: dict[str, Any] = {
    "buckets": [BUCKET, OTHER],
    "versioning": {BUCKET: "enabled", OTHER: "off"},
    "objects": {
        f"{BUCKET}/items/": {
            "count": 2,
            "parquet-rows": 5,
            "schema": {"item_id": "string", "price": "double"},
        }
    },
    "round-trip": BUCKET,
    "wrong-key-refused": True,
}
ITEMS = f"objects {BUCKET}/items/"


class World:
    def __init__(self, server: S3Server) -> None:
        self.server = server

    @property
    def scene(self) -> FakeScene:
        return self.scene_with(self.server.connection())

    def scene_with(
        self, connection: Connection | None, endpoint: Endpoint | None = None
    ) -> FakeScene:
        where = endpoint or Endpoint("127.0.0.1", self.server.port)
        stranger = Identity("stranger", {}, "AKIASTRANGER", "some-secret")
        target = Target("minio", {9000: where}, connection)
        return FakeScene(target, identities={"stranger": stranger})

    def client(self, service: str = "s3") -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.server.port}",
            region_name="us-east-1",
            aws_access_key_id=self.server.key[0],
            aws_secret_access_key=self.server.key[1],
        )

    def put(self, key: str, rows: int, **columns: Any) -> None:
        table = pa.table(columns or {"item_id": ["i"] * rows, "price": [1.0] * rows})
        file = io.BytesIO()
        parquet.write_table(table, file)
        with closing(self.client()) as client:
            client.put_object(Bucket=BUCKET, Key=key, Body=file.getvalue())


def kind(**fields: Any) -> S3:
    return S3.model_validate({"service": "minio", **fields})


@pytest.fixture
def world(s3_server: S3Server) -> Iterator[World]:
    world = World(s3_server)
    with closing(world.client()) as client:
        for bucket in (BUCKET, OTHER):
            client.create_bucket(Bucket=bucket)
        _version(client, "Enabled")
        world.put("items/1.parquet", 3)
        world.put("items/2.parquet", 2)
        yield world
        for bucket in (BUCKET, OTHER):
            _remove(client, bucket)


def _version(client: Any, status: str) -> None:
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})


def _remove(client: Any, bucket: str) -> None:
    if bucket not in [found["Name"] for found in client.list_buckets()["Buckets"]]:
        return
    for one in _versions(client, bucket):
        client.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    client.delete_bucket(Bucket=bucket)


def _versions(client: Any, bucket: str) -> list[Any]:
    found = client.list_object_versions(Bucket=bucket)
    return [*found.get("Versions", []), *found.get("DeleteMarkers", [])]


def test_a_right_server_passes_in_every_respect(world: World) -> None:
    seen = ask_all(kind(**EVERYTHING), world.scene)
    assert {name: look.observed for name, look in seen.items() if not look.passed} == {}
    assert set(seen) == {
        *("port", "protocol", "login", "buckets", "versioning", ITEMS, "round-trip", "wrong-key")
    }


def test_a_round_trip_leaves_no_version_and_no_marker(world: World) -> None:
    kind_ = kind(**EVERYTHING)
    with closing(world.client()) as client:
        before = len(_versions(client, BUCKET))
        assert ask(kind_, world.scene, "round-trip").passed
        assert len(_versions(client, BUCKET)) == before


def test_wrong_keys_need_a_server_that_looks_at_them() -> None:
    needs = {check.name: check.needs for check in kind(**EVERYTHING).checks()}
    assert needs.pop("wrong-key") == {"s3.auth-enforced"}
    assert set(needs.values()) == {frozenset()}


class Wrong(NamedTuple):
    breaking: Callable[[World, Any], None]
    demanded: dict[str, Any]  # beside EVERYTHING
    check: str
    answer: str
    cause: str


def _nothing(world: World, client: Any) -> None:
    """What is demanded is wrong enough."""


def _empty(world: World, client: Any) -> None:
    for key in ("items/1.parquet", "items/2.parquet"):
        client.delete_object(Bucket=BUCKET, Key=key)


WRONGS = [
    Wrong(_nothing, {"as": "stranger"}, "login", "broken", "s3.key-unknown"),
    Wrong(_nothing, {"buckets": [BUCKET, "gone"]}, "buckets", "not yet", "s3.bucket-missing"),
    Wrong(_nothing, {"round-trip": "gone"}, "round-trip", "not yet", "s3.bucket-missing"),
    Wrong(lambda _, client: _remove(client, OTHER), {}, "buckets", "not yet", "s3.bucket-missing"),
    Wrong(lambda _, client: _remove(client, BUCKET), {}, ITEMS, "not yet", "s3.bucket-missing"),
    Wrong(
        lambda _, client: _remove(client, OTHER), {}, "versioning", "not yet", "s3.bucket-missing"
    ),
    Wrong(
        lambda _, client: _version(client, "Suspended"),
        {},
        "versioning",
        "broken",
        "s3.versioning-off",
    ),
    Wrong(_nothing, {"versioning": {BUCKET: "off"}}, "versioning", "broken", "s3.versioning-on"),
    Wrong(_empty, {}, ITEMS, "not yet", "s3.objects-missing"),
    Wrong(
        lambda world, _: world.put("items/3.parquet", 1),
        {},
        ITEMS,
        "not yet",
        "s3.objects-differ",
    ),
    Wrong(
        lambda world, _: world.put("items/2.parquet", 1), {}, ITEMS, "not yet", "s3.rows-missing"
    ),
    Wrong(
        lambda world, _: world.put("items/2.parquet", 9), {}, ITEMS, "not yet", "s3.rows-too-many"
    ),
    Wrong(
        lambda world, _: world.put("items/2.parquet", 0, item_id=["i"], price=[1]),
        {},
        ITEMS,
        "broken",
        "s3.schema-differs",
    ),
    Wrong(
        lambda world, _: world.put("items/2.parquet", 0, item_id=["i"]),
        {},
        ITEMS,
        "broken",
        "s3.schema-differs",
    ),
    Wrong(
        lambda _, client: client.put_object(Bucket=BUCKET, Key="items/2.parquet", Body=b"PAR1cut"),
        {},
        ITEMS,
        "broken",
        "s3.parquet-unreadable",
    ),
]


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: f"{wrong.check}: {wrong.cause}")
def test_a_wrong_is_named(world: World, wrong: Wrong) -> None:
    with closing(world.client()) as client:
        wrong.breaking(world, client)
    seen = ask(kind(**(EVERYTHING | wrong.demanded)), world.scene, wrong.check)
    assert (seen.cause, seen.answer) == (wrong.cause, wrong.answer), seen
    explains(seen)


def test_a_missing_bucket_is_shown_with_those_that_are_there(world: World) -> None:
    seen = ask(kind(buckets=["gone"]), world.scene, "buckets")
    assert any(BUCKET in line and OTHER in line for line in seen.evidence)


def test_a_prefix_may_be_wanted_empty(world: World) -> None:
    none = kind(objects={f"{BUCKET}/none/": {"count": 0}, f"{BUCKET}/items/": {"count": 0}})
    assert ask(none, world.scene, f"objects {BUCKET}/none/").passed
    assert ask(none, world.scene, ITEMS).cause == "s3.objects-differ"


def test_an_unknown_key_is_told_from_a_wrong_secret(world: World) -> None:
    right = world.server.connection()
    unknown = world.scene_with(replace(right, user="AKIANOSUCHKEY0000000"))
    wrong = world.scene_with(replace(right, password="not the secret"))
    assert ask(kind(), unknown, "login").cause == "s3.key-unknown"
    assert ask(kind(), wrong, "login").cause == "s3.secret-wrong"
    assert ask(kind(), wrong, "login").answer is Answer.BROKEN


def test_no_key_at_all_is_named(world: World) -> None:
    seen = ask(kind(), world.scene_with(Connection("s3", 9000)), "login")
    assert (seen.cause, seen.answer) == ("s3.key-missing", Answer.BROKEN)


@pytest.fixture
def narrow(world: World) -> Iterator[FakeScene]:
    """Somebody who may only look into one bucket."""
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        f'"Action":["s3:ListBucket"],"Resource":"arn:aws:s3:::{BUCKET}"}}]}}'
    )
    _authenticate(world, again=False)
    with closing(world.client("iam")) as iam:
        iam.create_user(UserName="narrow")
        iam.put_user_policy(UserName="narrow", PolicyName="one", PolicyDocument=policy)
        key = iam.create_access_key(UserName="narrow")["AccessKey"]
        _authenticate(world, again=True)
        own = replace(
            world.server.connection(), user=key["AccessKeyId"], password=key["SecretAccessKey"]
        )
        yield world.scene_with(own)
        _authenticate(world, again=False)
        iam.delete_access_key(UserName="narrow", AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName="narrow", PolicyName="one")
        iam.delete_user(UserName="narrow")
        _authenticate(world, again=True)


def _authenticate(world: World, *, again: bool) -> None:
    requests.post(
        f"http://127.0.0.1:{world.server.port}/moto-api/reset-auth",
        data=b"0" if again else b"1000",
        timeout=5,
    ).raise_for_status()


def test_a_key_that_may_not_list_is_in_all_the_same_where_it_has_a_bucket(
    narrow: FakeScene,
) -> None:
    assert ask(kind(buckets=[BUCKET]), narrow, "login").passed
    assert ask(kind(buckets=[BUCKET]), narrow, "buckets").passed
    seen = ask(kind(buckets=[BUCKET, "gone"]), narrow, "buckets")
    assert (seen.cause, seen.answer) == ("s3.denied", Answer.BROKEN)


def test_what_a_policy_forbids_is_named(narrow: FakeScene) -> None:
    seen = ask(kind(**{"round-trip": BUCKET}), narrow, "round-trip")
    assert (seen.cause, seen.answer) == ("s3.denied", Answer.BROKEN)
    assert ask(kind(), narrow, "login").cause == "s3.denied"


def test_a_server_that_takes_any_key_is_named(world: World) -> None:
    _authenticate(world, again=False)
    try:
        seen = ask(kind(**EVERYTHING), world.scene, "wrong-key")
    finally:
        _authenticate(world, again=True)
    assert (seen.cause, seen.answer) == ("s3.wrong-key-accepted", Answer.BROKEN)


def test_the_shell_s_own_aws_settings_change_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert ask(kind(), world.scene, "login").passed


def test_a_frozen_server_is_silent_and_ends_each_look_in_time(world: World) -> None:
    kind_ = kind()
    assert ask(kind_, world.scene, "login").passed
    world.server.freeze()
    try:
        protocol = ask(kind_, world.scene, "protocol")
        login = ask(kind_, world.scene, "login")
    finally:
        world.server.thaw()
    assert protocol.cause == login.cause == "s3.silent"
    assert protocol.answer is login.answer is Answer.NOT_YET


class Half(NamedTuple):
    stub: Callable[[], AbstractContextManager[Endpoint]]
    check: str
    answer: str
    cause: str


NOT_INITIALISED = b"<Error><Code>XMinioServerNotInitialized</Code></Error>"
JSON = b'{"error": "not found"}'
HALF_STARTED = [
    Half(half_started.nothing_listens, "port", "not yet", "network.refused"),
    Half(half_started.nothing_listens, "login", "not yet", "network.refused"),
    Half(half_started.says_nothing, "protocol", "not yet", "s3.silent"),
    Half(half_started.says_nothing, "login", "not yet", "s3.silent"),
    Half(half_started.hangs_up, "protocol", "not yet", "s3.closes"),
    Half(half_started.hangs_up, "login", "not yet", "s3.closes"),
    Half(half_started.speaks_http, "protocol", "broken", "s3.console-port"),
    Half(lambda: half_started.speaks_http("200 OK"), "protocol", "broken", "s3.console-port"),
    Half(lambda: half_started.speaks_http("200 OK"), "login", "broken", "s3.not-s3"),
    Half(lambda: half_started.speaks_http("404 Not Found", JSON), "login", "broken", "s3.not-s3"),
    Half(
        lambda: half_started.speaks_http("503 Slow Down", NOT_INITIALISED),
        "protocol",
        "not yet",
        "s3.starting-up",
    ),
    Half(
        lambda: half_started.speaks_http("503 Slow Down", NOT_INITIALISED),
        "login",
        "not yet",
        "s3.starting-up",
    ),
    Half(lambda: half_started.speaks_http("502 Bad Gateway"), "protocol", "not yet", "s3.failing"),
    Half(lambda: half_started.replies(b"220 mail\r\n"), "protocol", "broken", "s3.not-s3"),
]


@pytest.mark.parametrize("half", HALF_STARTED, ids=lambda half: f"{half.check}: {half.cause}")
def test_a_half_started_server_is_named(s3_server: S3Server, half: Half) -> None:
    with half.stub() as endpoint:
        scene = World(s3_server).scene_with(s3_server.connection(), endpoint)
        seen = ask(kind(), scene, half.check)
    assert (seen.cause, seen.answer) == (half.cause, half.answer), seen
    explains(seen)


def test_a_console_is_named_before_anything_deeper_is_asked(s3_server: S3Server) -> None:
    with half_started.speaks_http("200 OK") as endpoint:
        scene = World(s3_server).scene_with(s3_server.connection(), endpoint)
        assert first_wrong(kind(**EVERYTHING), scene).cause == "s3.console-port"
