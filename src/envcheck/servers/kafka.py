"""Kafka and what speaks its protocol: Apache's, Confluent's and Bitnami's images, Redpanda."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envcheck.checks.kafka import Kafka
from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeService
from envcheck.model.server import Server
from envcheck.model.target import Connection
from envcheck.servers.naming import repository, says, words

KAFKA = {
    "apache/kafka",
    "apache/kafka-native",
    "confluentinc/cp-kafka",
    "confluentinc/cp-server",
    "confluentinc/confluent-local",
    "bitnami/kafka",
    "bitnamilegacy/kafka",
    "wurstmeister/kafka",
    "ubuntu/kafka",
}
REDPANDA = {"redpandadata/redpanda", "vectorized/redpanda"}
FROM_HERE = {"", "localhost", "127.0.0.1", "0.0.0.0", "[::1]", "host.docker.internal"}  # noqa: S104
PROTOCOLS = ("PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL")
DEFAULT_PORT = 9092

_LISTENER = re.compile(r"(?:(\w+)://)?(\[[^\]]*\]|[^,:/\s]*):(\d+)")
_JAAS_USER = re.compile(r'username="([^"]+)"\s+password="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Listener:
    name: str
    host: str
    port: int


def listeners(text: str) -> dict[str, Listener]:
    """``HOST://127.0.0.1:9092,CONTAINERS://kafka:29092`` by name."""
    found = (Listener(m[1] or "", m[2], int(m[3])) for m in _LISTENER.finditer(text))
    return {listener.name: listener for listener in found}


class KafkaServer:
    family = "kafka"

    def recognises(self, service: ComposeService) -> bool:
        """Its image is also used to create topics once; such a service has a command of its own
        and no listeners."""
        if not says(service, self.family, KAFKA | REDPANDA):
            return False
        if service.kind or not words(service):
            return True
        if repository(service.image) in REDPANDA:
            return "rpk topic" not in words(service)
        return bool(_setting(service.environment, "ADVERTISED_LISTENERS", "LISTENERS"))

    def connection(self, service: ComposeService) -> Connection:
        bound, advertised = _bound(service), _advertised(service)
        chosen = _chosen(service, bound, advertised)
        protocol = _protocol(service.environment, chosen)
        user, password = _login(service.environment) if "SASL" in protocol else ("", "")
        mechanism = _setting(service.environment, "SASL_ENABLED_MECHANISMS").split(",")[0]
        options = {"protocol": protocol, "mechanism": mechanism or "PLAIN"}
        port = _container_port(service, bound, advertised.get(chosen), chosen)
        return Connection(self.family, port, user, password, options=options)

    def ready(self, name: str) -> Sequence[CheckKind]:
        """Without the advertised address: to containers it may be right where it is not to us."""
        return (Kafka(service=name, advertised=False),)


def _setting(environment: Mapping[str, str], *names: str) -> str:
    """Of ``KAFKA_X`` and Bitnami's ``KAFKA_CFG_X``, the first that says something."""
    for name in names:
        for key in (f"KAFKA_{name}", f"KAFKA_CFG_{name}"):
            if environment.get(key):
                return environment[key]
    return ""


def _flag(service: ComposeService, name: str) -> str:
    match = re.search(rf"--{name}[=\s]+(\S+)", words(service))
    return match[1] if match else ""


def _bound(service: ComposeService) -> dict[str, Listener]:
    return listeners(_setting(service.environment, "LISTENERS") or _flag(service, "kafka-addr"))


def _advertised(service: ComposeService) -> dict[str, Listener]:
    said = _setting(service.environment, "ADVERTISED_LISTENERS")
    return listeners(said or _flag(service, "advertise-kafka-addr"))


def _chosen(
    service: ComposeService, bound: Mapping[str, Listener], advertised: Mapping[str, Listener]
) -> str:
    """The listener meant for the host: advertised under a name of the host, else published."""
    for name, listener in advertised.items():
        if listener.host in FROM_HERE:
            return name
    published = {port.target for port in service.ports}
    for name, listener in {**advertised, **bound}.items():
        if listener.port in published:
            return name
    return next(iter({**bound, **advertised}), "")


def _container_port(
    service: ComposeService, bound: Mapping[str, Listener], said: Listener | None, chosen: str
) -> int:
    if chosen in bound:
        return bound[chosen].port
    if said is not None:
        targets = [port.target for port in service.ports if port.published == said.port]
        return targets[0] if targets else said.port
    targets = [port.target for port in service.ports if port.protocol == "tcp"]
    return DEFAULT_PORT if DEFAULT_PORT in targets or not targets else targets[0]


def _protocol(environment: Mapping[str, str], listener: str) -> str:
    named = dict(
        pair.split(":", 1)
        for pair in _setting(environment, "LISTENER_SECURITY_PROTOCOL_MAP").split(",")
        if ":" in pair
    )
    said = named.get(listener, listener).strip().upper()
    return said if said in PROTOCOLS else "PLAINTEXT"


def _login(environment: Mapping[str, str]) -> tuple[str, str]:
    users, passwords = (
        environment.get("KAFKA_CLIENT_USERS"),
        environment.get("KAFKA_CLIENT_PASSWORDS"),
    )
    if users and passwords:
        return users.split(",")[0], passwords.split(",")[0]
    for key, value in environment.items():
        match = _JAAS_USER.search(value) if "JAAS" in key else None
        if match:
            return match[1], match[2]
    return "", ""


SERVER: Server = KafkaServer()
