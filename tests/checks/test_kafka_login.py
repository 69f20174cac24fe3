"""A broker that lets in only whom it knows: played here, word by word, in Kafka's own protocol."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from kafka.protocol.metadata import ApiVersionsResponse, MetadataResponse
from kafka.protocol.sasl import SaslAuthenticateResponse, SaslHandshakeResponse

from envcheck.checks.kafka import Kafka
from envcheck.model.check import Identity
from envcheck.model.outcome import Answer, Observation
from envcheck.model.target import Connection, Target
from tests.checks import half_started
from tests.checks.asking import ask, explains
from tests.fakes.scene import FakeScene

pytestmark = pytest.mark.real

KNOWN = b"\0".join([b"ada", b"ada", b"right-password"])


def heard(talk: socket.socket) -> bytes:
    size = int.from_bytes(talk.recv(4, socket.MSG_WAITALL), "big")
    return talk.recv(size, socket.MSG_WAITALL)


def broker(talk: socket.socket) -> None:
    """Knows PLAIN and one user; hangs up on whoever asks anything without a login."""
    keys = ApiVersionsResponse.ApiVersion
    offered = {18: 0, 3: 1, 17: 1, 36: 0}
    versions = [keys(api_key=key, min_version=0, max_version=most) for key, most in offered.items()]
    inside = False
    while request := heard(talk):
        kind, version = int.from_bytes(request[:2], "big"), int.from_bytes(request[2:4], "big")
        if kind == 18:
            answer: Any = ApiVersionsResponse(version=0, error_code=0, api_keys=versions)
        elif kind == 17:
            wanted = request.endswith(b"\x00\x05PLAIN")
            answer = SaslHandshakeResponse(
                version=version, error_code=0 if wanted else 33, mechanisms=["PLAIN"]
            )
        elif kind == 36:
            inside = request.endswith(KNOWN)
            answer = SaslAuthenticateResponse(
                version=version, error_code=0 if inside else 58, error_message=None, auth_bytes=b""
            )
        elif inside:
            one = MetadataResponse.MetadataResponseBroker(node_id=1, host="b", port=1, rack=None)
            answer = MetadataResponse(version=version, brokers=[one], controller_id=1, topics=[])
        else:
            return
        answer.with_header(correlation_id=int.from_bytes(request[4:8], "big"))
        talk.sendall(answer.encode(framed=True, header=True))


def look(user: str, password: str, mechanism: str = "PLAIN", **fields: Any) -> Observation:
    options = {"protocol": "SASL_PLAINTEXT", "mechanism": mechanism}
    with half_started.answering(broker) as endpoint:
        login = Connection("kafka", 9092, user, password, options=options)
        identities = {"ada": Identity("ada", {}, "ada", "right-password")}
        scene = FakeScene(Target("kafka", {9092: endpoint}, login), identities=identities)
        kind = Kafka.model_validate({"service": "kafka", "advertised": False, **fields})
        return ask(kind, scene, "brokers")


def test_who_is_known_is_let_in() -> None:
    assert look("ada", "right-password").passed


def test_an_identity_logs_in_instead_of_the_connections_user() -> None:
    assert look("eve", "wrong-password", **{"as": "ada"}).passed


@pytest.mark.parametrize(
    ("user", "password", "mechanism", "cause"),
    [
        ("ada", "wrong-password", "PLAIN", "kafka.login-refused"),
        ("eve", "right-password", "PLAIN", "kafka.login-refused"),
        ("ada", "right-password", "SCRAM-SHA-256", "kafka.login-mechanism"),
        ("", "", "PLAIN", "kafka.login-unknown"),
    ],
)
def test_who_is_not_let_in_is_told_why(
    user: str, password: str, mechanism: str, cause: str
) -> None:
    seen = look(user, password, mechanism)
    explains(seen)
    assert (seen.cause, seen.answer) == (cause, Answer.BROKEN)
    assert not password or password not in str(seen)


def test_a_listener_that_wants_a_login_nobody_declared_hangs_up() -> None:
    with half_started.answering(broker) as endpoint:
        scene = FakeScene(Target("kafka", {9092: endpoint}, Connection("kafka", 9092)))
        seen = ask(Kafka(service="kafka"), scene, "brokers")
    explains(seen)
    assert seen.cause == "kafka.closed"
    assert "SASL" in seen.fix
