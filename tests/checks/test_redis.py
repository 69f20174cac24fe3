"""The kind ``redis`` against a real server (Valkey): right passes, each wrong is named."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from redis import Redis as Client

from envcheck.checks.redis import Redis
from envcheck.model.check import Identity
from envcheck.model.outcome import Answer
from envcheck.model.target import Connection, Endpoint, Target
from tests.checks import half_started
from tests.checks.asking import ask, ask_all, explains, first_wrong
from tests.fakes.scene import FakeScene
from tests.servers import RedisServer, free_port

pytestmark = pytest.mark.real

EVERYTHING: dict[str, Any] = {"role": "master", "evictions": 0, "latency-p95": "2s"}
# what the tests change, as it was
RESET = (
    ("CONFIG", "SET", "maxmemory", "0"),
    ("CONFIG", "SET", "maxmemory-policy", "noeviction"),
    ("CONFIG", "SET", "save", ""),
    ("CONFIG", "SET", "min-replicas-to-write", "0"),
    ("REPLICAOF", "NO", "ONE"),
    ("ACL", "DELUSER", "narrow"),
)


class World:
    def __init__(self, server: RedisServer) -> None:
        self.server = server

    @property
    def scene(self) -> FakeScene:
        return self.scene_with(self.server.connection())

    def scene_with(
        self, connection: Connection | None, endpoint: Endpoint | None = None
    ) -> FakeScene:
        where = endpoint or Endpoint("127.0.0.1", self.server.port)
        narrow = Identity("narrow", {}, "narrow", "narrow-password")
        wrong = Identity("wrong", {}, "default", "not this one")
        target = Target("redis", {6379: where}, connection)
        return FakeScene(target, identities={"narrow": narrow, "wrong": wrong})

    def run(self, *commands: Sequence[str]) -> None:
        with closing(self.client()) as client:
            for command in commands:
                client.execute_command(*command)

    def client(self) -> Client:
        return Client("127.0.0.1", self.server.port, password=self.server.password)


def kind(**fields: Any) -> Redis:
    return Redis.model_validate({"service": "redis", **fields})


@pytest.fixture
def world(redis_server: RedisServer) -> Iterator[World]:
    world = World(redis_server)
    yield world
    world.run(*RESET)


def test_a_right_server_passes_in_every_respect(world: World) -> None:
    seen = ask_all(kind(**EVERYTHING), world.scene)
    assert {name: look.observed for name, look in seen.items() if not look.passed} == {}
    assert set(seen) == {
        *("port", "protocol", "login", "role"),
        *("persistence", "evictions", "round-trip", "latency"),
    }


def test_a_look_leaves_no_key_and_no_client_behind(world: World) -> None:
    ask_all(kind(**EVERYTHING), world.scene)
    with closing(world.client()) as client:
        assert list(client.scan_iter("envcheck:*")) == []
        assert len(client.client_list()) == 1


class Wrong(NamedTuple):
    breaking: tuple[tuple[str, ...], ...]
    demanded: dict[str, Any]  # beside EVERYTHING
    check: str
    answer: str
    cause: str


WRONGS = [
    Wrong((), {"as": "wrong"}, "login", "broken", "redis.password-refused"),
    Wrong((), {"as": "narrow"}, "login", "broken", "redis.password-refused"),
    Wrong((), {"database": 99}, "login", "broken", "redis.database-missing"),
    Wrong((), {"role": "replica"}, "role", "broken", "redis.is-master"),
    Wrong((("REPLICAOF", "127.0.0.1", "1"),), {}, "role", "broken", "redis.is-replica"),
    Wrong((("REPLICAOF", "127.0.0.1", "1"),), {}, "round-trip", "broken", "redis.is-replica"),
    Wrong(
        (("CONFIG", "SET", "maxmemory", "1"),), {}, "round-trip", "broken", "redis.out-of-memory"
    ),
    Wrong(
        (("CONFIG", "SET", "min-replicas-to-write", "1"),),
        {},
        "round-trip",
        "not yet",
        "redis.no-replicas",
    ),
    Wrong(
        (("ACL", "SETUSER", "narrow", "on", ">narrow-password", "+auth", "+select", "+ping"),),
        {"as": "narrow"},
        "round-trip",
        "broken",
        "redis.denied",
    ),
    Wrong((), {"latency-p95": 0.0}, "latency", "not yet", "redis.slow"),
    Wrong((), {"evictions": "> 0"}, "evictions", "broken", "redis.evictions"),
]


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: f"{wrong.check}: {wrong.cause}")
def test_a_wrong_is_named(world: World, wrong: Wrong) -> None:
    world.run(*wrong.breaking)
    seen = ask(kind(**(EVERYTHING | wrong.demanded)), world.scene, wrong.check)
    assert (seen.cause, seen.answer) == (wrong.cause, wrong.answer), seen
    explains(seen)


def test_a_password_nobody_knows_is_told_from_a_wrong_one(world: World) -> None:
    seen = ask(kind(), world.scene_with(Connection("redis", 6379)), "login")
    assert (seen.cause, seen.answer) == ("redis.password-missing", Answer.BROKEN)
    assert seen.evidence == ("the reply began with NOAUTH",)


def test_a_password_the_server_never_asked_for_is_named(world: World) -> None:
    world.run(("CONFIG", "SET", "requirepass", ""))
    try:
        seen = ask(kind(), world.scene, "login")
    finally:
        with closing(Client("127.0.0.1", world.server.port)) as client:
            client.config_set("requirepass", world.server.password)
    assert (seen.cause, seen.answer) == ("redis.password-not-set", Answer.BROKEN)


def test_an_open_server_is_right_where_no_password_is_expected(world: World) -> None:
    world.run(("CONFIG", "SET", "requirepass", ""))
    try:
        seen = ask_all(kind(), world.scene_with(Connection("redis", 6379)))
    finally:
        with closing(Client("127.0.0.1", world.server.port)) as client:
            client.config_set("requirepass", world.server.password)
    assert all(look.passed for look in seen.values())


def test_a_password_changed_under_a_running_environment_is_named(world: World) -> None:
    world.run(("CONFIG", "SET", "requirepass", "another"))
    try:
        seen = first_wrong(kind(**EVERYTHING), world.scene)
    finally:
        with closing(Client("127.0.0.1", world.server.port, password="another")) as client:
            client.config_set("requirepass", world.server.password)
    assert (seen.cause, seen.answer) == ("redis.password-refused", Answer.BROKEN)


def test_evictions_are_counted(world: World) -> None:
    with closing(world.client()) as client:
        client.config_set("maxmemory-policy", "allkeys-random")
        client.set("envcheck-test", "x" * 100_000)
        client.config_set("maxmemory", 1)
        client.config_set("maxmemory", 0)
        client.config_resetstat()
        client.set("envcheck-test", "x" * 100_000)
        client.config_set("maxmemory", int(client.info("memory")["used_memory"]) - 50_000)
        client.set("envcheck-other", "x")
        client.config_set("maxmemory", 0)
        assert int(client.info("stats")["evicted_keys"]) > 0
    try:
        seen = ask(kind(evictions=0), world.scene, "evictions")
    finally:
        world.run(("CONFIG", "RESETSTAT"), ("DEL", "envcheck-test", "envcheck-other"))
    assert (seen.cause, seen.answer) == ("redis.evictions", Answer.BROKEN)
    assert "policy allkeys-random" in seen.evidence


def test_the_database_of_the_connection_is_the_one_that_is_selected(world: World) -> None:
    scene = world.scene_with(replace(world.server.connection(), database="99"))
    assert ask(kind(), scene, "round-trip").cause == "redis.database-missing"


class OwnServer(RedisServer):
    """A server of one test's own, with the options that test needs."""

    stop_signal = signal.SIGKILL  # one that cannot save does not end on TERM

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder)
        self.options = options

    def argv(self) -> list[str]:
        return [*super().argv(), *self.options]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[..., World]]:
    started: list[OwnServer] = []

    def start(*options: str) -> World:
        server = OwnServer(tmp_path, *options)
        started.append(server)
        server.start()
        return World(server)

    yield start
    for server in started:
        server.stop()


def test_a_save_that_failed_is_named_even_where_writes_go_on(own: Callable[..., World]) -> None:
    world = own("--save", "3600 1", "--stop-writes-on-bgsave-error", "no")
    _fail_a_save(world)
    kind_ = kind(**EVERYTHING)
    seen = ask(kind_, world.scene, "persistence")
    assert (seen.cause, seen.answer) == ("redis.cannot-save", Answer.BROKEN)
    assert ask(kind_, world.scene, "round-trip").passed


def test_writes_refused_because_of_a_failed_save_are_named(own: Callable[..., World]) -> None:
    world = own("--save", "3600 1")
    _fail_a_save(world)
    kind_ = kind(**EVERYTHING)
    seen = ask(kind_, world.scene, "round-trip")
    assert (seen.cause, seen.answer) == ("redis.cannot-save", Answer.BROKEN)
    assert seen.evidence == ("the reply began with MISCONF",)
    for name in ("protocol", "login", "latency"):  # it refuses PING as well, yet is not away
        assert ask(kind_, world.scene, name).passed


def _fail_a_save(world: World) -> None:
    with closing(world.client()) as client:
        client.set("a", "b")
        # a folder where the file should be: the rename that ends a save fails
        (world.server.folder / "dump.rdb").mkdir()
        (world.server.folder / "dump.rdb" / "x").touch()
        client.bgsave()
        for _ in range(500):
            info = client.info("persistence")
            if not info["rdb_bgsave_in_progress"] and info["rdb_last_bgsave_status"] == "err":
                client.config_set("save", "3600 1")
                return
            half_started.pause()
    raise AssertionError("the save did not fail")


def test_a_server_that_loads_is_waited_for(own: Callable[..., World]) -> None:
    world = own(*LOADING)
    with closing(world.client()) as client:
        client.execute_command("DEBUG", "POPULATE", "2000")
        client.save()
    world.server.stop()
    world.server.options = ("--key-load-delay", "2000", *LOADING)
    world.server.answers = lambda: True  # type: ignore[method-assign]
    world.server.start()
    seen = _once_listening(world)
    assert (seen.cause, seen.answer) == ("redis.loading", Answer.NOT_YET)


LOADING = ("--loading-process-events-interval-bytes", "1024", "--enable-debug-command", "yes")


def _once_listening(world: World) -> Any:
    for _ in range(500):
        seen = first_wrong(kind(**EVERYTHING), world.scene)
        if not seen.cause.startswith("network."):
            return seen
        half_started.pause()
    raise AssertionError("it never listened")


def test_a_server_with_no_room_for_a_client_is_named(own: Callable[..., World]) -> None:
    world = own("--maxclients", "1")
    with closing(world.client()) as client:
        client.ping()
        seen = first_wrong(kind(), world.scene)
    assert (seen.cause, seen.answer) == ("redis.too-many-connections", Answer.NOT_YET)


def test_a_server_that_is_gone_is_refused_on_every_level(world: World) -> None:
    world.server.stop()
    try:
        seen = ask_all(kind(**EVERYTHING), world.scene)
    finally:
        world.server.start()
    assert {look.cause for look in seen.values()} == {"network.refused"}


def test_a_frozen_server_is_silent_and_ends_each_look_in_time(world: World) -> None:
    world.server.freeze()
    try:
        protocol = ask(kind(), world.scene, "protocol")
        login = ask(kind(), world.scene, "login")
    finally:
        world.server.thaw()
    assert protocol.cause == login.cause == "redis.silent"
    assert protocol.answer is login.answer is Answer.NOT_YET


class Half(NamedTuple):
    stub: Callable[[], AbstractContextManager[Endpoint]]
    answer: str
    cause: str


HALF_STARTED = [
    Half(half_started.nothing_listens, "not yet", "network.refused"),
    Half(half_started.says_nothing, "not yet", "redis.silent"),
    Half(half_started.hangs_up, "not yet", "redis.closes"),
    Half(half_started.speaks_http, "broken", "redis.not-redis"),
    Half(lambda: half_started.replies(b"-DENIED protected\r\n"), "broken", "redis.protected-mode"),
    Half(lambda: half_started.replies(b"-LOADING data\r\n"), "not yet", "redis.loading"),
    Half(
        lambda: half_started.replies(b"-ERR max number of clients reached\r\n"),
        "not yet",
        "redis.too-many-connections",
    ),
]


@pytest.mark.parametrize("half", HALF_STARTED, ids=lambda half: half.cause)
def test_a_half_started_server_is_named(redis_server: RedisServer, half: Half) -> None:
    with half.stub() as endpoint:
        world = World(redis_server)
        seen = first_wrong(kind(), world.scene_with(redis_server.connection(), endpoint))
    assert (seen.cause, seen.answer) == (half.cause, half.answer), seen
    explains(seen)


@pytest.mark.parametrize(
    ("stub", "cause"),
    [
        (half_started.says_nothing, "redis.silent"),
        (half_started.hangs_up, "redis.closes"),
        (lambda: half_started.replies(b"!garbage\r\n"), "redis.not-redis"),
    ],
)
def test_the_login_alone_names_a_half_started_server(
    redis_server: RedisServer,
    stub: Callable[[], AbstractContextManager[Endpoint]],
    cause: str,
) -> None:
    with stub() as endpoint:
        scene = World(redis_server).scene_with(redis_server.connection(), endpoint)
        assert ask(kind(), scene, "login").cause == cause


def test_another_port_can_be_named(world: World) -> None:
    where = {
        6379: Endpoint("127.0.0.1", free_port()),
        6380: Endpoint("127.0.0.1", world.server.port),
    }
    scene = FakeScene(Target("redis", where, world.server.connection()))
    assert ask(kind(port=6380), scene, "login").passed
    assert not ask(kind(), scene, "login").passed
