"""Redis, Valkey, and what answers as they do: Redis Stack, KeyDB, Dragonfly."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envcheck.checks.redis import Redis
from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeService
from envcheck.model.server import Server
from envcheck.model.target import Connection
from envcheck.servers.commands import arguments, looked_up, starts
from envcheck.servers.credentials import mounted, setting
from envcheck.servers.naming import repository, says, words

IMAGES = {
    "redis",
    "redis/redis-stack",
    "redis/redis-stack-server",
    "redislabs/redismod",
    "redislabs/rejson",
    "redislabs/redisearch",
    "valkey/valkey",
    "valkey/valkey-bundle",
    "valkey/valkey-extensions",
    "eqalpha/keydb",
    "dragonflydb/dragonfly",
    "chainguard/redis",
    "chainguard/valkey",
    "cimg/redis",
    "circleci/redis",
    "ubuntu/redis",
    "bitnami/redis",
    "bitnami/valkey",
    "bitnamilegacy/redis",
    "bitnamilegacy/valkey",
    "bitnamisecure/redis",
    "bitnamisecure/valkey",
}
PORT = 6379

# The image also brings redis-cli and Sentinel: a service that runs those is no server of keys.
SERVERS = (
    "redis-server",
    "valkey-server",
    "keydb-server",
    "redis-stack-server",
    "dragonfly",
    "docker-entrypoint.sh",
    "entrypoint.sh",
    "run.sh",
)
_SENTINEL = re.compile(r"--sentinel\b|\b(?:redis|valkey)-sentinel\b")
_IMPLIED = re.compile(r"-|\S+\.conf\b")  # the image's entrypoint puts the server before these
_REQUIREPASS = re.compile(r"^\s*requirepass\s+(\S+)\s*$", re.MULTILINE)
_EXTRA_ARGUMENTS = ("REDIS_ARGS", "REDIS_EXTRA_FLAGS", "VALKEY_EXTRA_FLAGS")


class RedisServer:
    family = "redis"

    def recognises(self, service: ComposeService) -> bool:
        if service.kind:
            return service.kind == self.family
        return _named(service) and serves(service)

    def connection(self, service: ComposeService) -> Connection:
        return Connection(self.family, _port(service), "", _password(service))

    def ready(self, name: str) -> Sequence[CheckKind]:
        """A login is all: a replica is ready though it takes no writes."""
        return (Redis(service=name, writable=False, persistence=False),)


def _named(service: ComposeService) -> bool:
    """Mirrors and pull-through caches keep the name behind a path of their own."""
    name = repository(service.image)
    return says(service, "redis", IMAGES) or name.endswith(("/redis", "/valkey"))


def serves(service: ComposeService) -> bool:
    said = words(service).strip()
    if _SENTINEL.search(said):
        return False
    return not said or bool(_IMPLIED.match(said)) or starts(said, SERVERS)


def _password(service: ComposeService) -> str:
    told = _argument(service, "requirepass")
    if told is not None:
        return told
    if _bitnami(service):
        return setting(service, "REDIS_PASSWORD", "VALKEY_PASSWORD")
    return setting(service, "DFLY_requirepass") or _configured(service)


def _configured(service: ComposeService) -> str:
    """What a configuration file says that is mounted from here."""
    files = [word for word in arguments(service) if word.endswith(".conf")]
    found = [_REQUIREPASS.findall(mounted(service, file)) for file in files]
    passwords = [password for several in found for password in several]
    return passwords[-1].strip("\"'") if passwords else ""


def _bitnami(service: ComposeService) -> bool:
    """To any other image such a variable means nothing: it serves without a password."""
    return repository(service.image).startswith("bitnami")


def _port(service: ComposeService) -> int:
    told = _argument(service, "port")
    if told is None and _bitnami(service):
        told = setting(service, "REDIS_PORT_NUMBER", "VALKEY_PORT_NUMBER")
    return int(told) if told and told.isdigit() and int(told) else PORT


def _argument(service: ComposeService, name: str) -> str | None:
    """``--name value`` or ``--name=value``; the last one counts."""
    said = arguments(service, *_EXTRA_ARGUMENTS)
    found = None
    for word, following in zip(said, [*said[1:], ""], strict=True):
        if word == f"--{name}":
            found = following
        elif word.startswith(f"--{name}="):
            found = word.partition("=")[2]
    return None if found is None else looked_up(service, found)


SERVER: Server = RedisServer()
