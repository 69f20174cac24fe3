"""How long every check and seed of the recommender holds on to a port that is closed or silent."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from envcheck.config.reader import read_environment
from envcheck.engine.identities import Identities
from envcheck.engine.plan import Plan
from envcheck.engine.planner import plan
from envcheck.errors import EnvcheckError
from envcheck.model.check import Identity, LoginRefused
from envcheck.model.environment import Environment
from envcheck.model.seed import SeedFailed
from envcheck.model.target import Endpoint, Target
from envcheck.system.clock import SystemClock
from tests.bench.measure import REPOSITORY, Took, timed

Ask = Callable[["DeadScene"], object]


class DeadScene:
    """Every service of the environment at one address."""

    def __init__(self, environment: Environment, endpoint: Endpoint) -> None:
        self._environment = environment
        self._endpoint = endpoint
        self._clock = SystemClock()
        self._identities = Identities(environment.identities, self.target, self._clock)

    def target(self, service: str) -> Target:
        declared = self._environment.project.services[service]
        connection = self._environment.connections.get(service)
        ports = {port.target for port in declared.ports}
        ports |= {connection.port} if connection else set()
        endpoints = dict.fromkeys(ports, self._endpoint)
        return Target(service, endpoints, connection, declared.environment)

    def identity(self, name: str) -> Identity:
        return self._identities.get(name)

    def now(self) -> float:
        return self._clock.monotonic()

    def pause(self, seconds: float) -> bool:
        return self._clock.pause(seconds)


@cache
def recommender() -> Environment:
    return read_environment(REPOSITORY / "waves/recommender", os.environ)


@cache
def asks() -> Mapping[str, list[Ask]]:
    """By kind, everything the recommender's waves would ask or write."""
    found: dict[str, list[Ask]] = {}
    whole: Plan = plan(recommender(), upto=2, runtime="bench")
    for wave in whole.waves:
        for planned in (*wave.verify, *wave.checks):
            found.setdefault(planned.check.kind, []).append(planned.check.look)
        for seed in wave.seeds:
            write = seed.unit.write
            found.setdefault(f"{seed.unit.kind} (write)", []).append(
                lambda scene, write=write: write(scene, lambda *_: None)
            )
    return found


def slowest(kind: str, endpoint: Endpoint) -> Took:
    """The look of the kind that holds on longest. Each asks anew who it is."""
    return max((_once(ask, endpoint) for ask in asks()[kind]), key=lambda took: took.wall)


def _once(ask: Ask, endpoint: Endpoint) -> Took:
    def asked() -> None:
        try:
            ask(DeadScene(recommender(), endpoint))
        except (SeedFailed, LoginRefused, EnvcheckError):
            return

    return timed(asked)


def refused(endpoint: Endpoint) -> Took:
    """The raw round trip: what the kernel takes to say that nobody listens."""

    def dial() -> None:
        with socket.socket() as talk:
            talk.connect_ex((endpoint.host, endpoint.port))

    return timed(dial)


@contextmanager
def closed() -> Iterator[Endpoint]:
    """A port that is ours and not listened on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield Endpoint("127.0.0.1", held.getsockname()[1])


@contextmanager
def silent() -> Iterator[Endpoint]:
    """The kernel accepts for us; nobody ever says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        yield Endpoint("127.0.0.1", listener.getsockname()[1])
