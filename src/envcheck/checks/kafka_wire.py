"""One conversation with one Kafka broker: a question, its answer, a hard deadline.

The client library's own clients retry, back off and follow the addresses a broker advertises, so
they hang where a check must speak. This uses its message classes on a socket of our own: what is
dialled is what is asked, nothing is created by asking, and each end has its name.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from envcheck.checks import kafka_ends
from envcheck.checks.reach import Amiss
from envcheck.model.target import Connection, Endpoint

TALK_SECONDS = 2.0  # for everything asked in one conversation; the look itself may take three
FRAME_LIMIT = 16 * 1024 * 1024  # bytes; "HTTP" read as a length is far above it
NO_ERROR = 0
# what decoding bytes that are no Kafka may raise, beside the library's own KafkaError
UNREADABLE = (ValueError, LookupError, TypeError, ArithmeticError, struct.error)

# The newest version of each message we know the meaning of; a broker's own newest may be lower.
NEWEST = {
    "ApiVersionsRequest": 0,
    "MetadataRequest": 8,  # 12 and above may name topics by id only
    "ProduceRequest": 8,
    "FetchRequest": 11,  # 13 and above name topics by id only
    "ListOffsetsRequest": 5,
    "FindCoordinatorRequest": 3,
    "OffsetFetchRequest": 7,
    "DescribeGroupsRequest": 4,
    "DescribeConfigsRequest": 2,
    "SaslHandshakeRequest": 1,
    "SaslAuthenticateRequest": 1,
}


class Talk:
    """Open while in its ``with`` block. Every method raises Amiss with what went wrong."""

    def __init__(self, endpoint: Endpoint, login: Connection | None = None) -> None:
        self.endpoint = endpoint
        self.login = login
        self._deadline = 0.0
        self._versions: dict[int, tuple[int, int]] = {}

    def __enter__(self) -> Talk:
        # the root first: two threads that enter a package by different modules deadlock in Python
        import kafka  # noqa: F401
        from kafka.protocol.parser import KafkaProtocol

        # from here on: the first import of the library may itself take that long on a busy machine
        self._deadline = time.monotonic() + TALK_SECONDS
        self._protocol = KafkaProtocol(client_id="envcheck", receive_message_max_bytes=FRAME_LIMIT)
        self._socket = self._dial()
        try:
            self._agree()
            if self.login is not None:
                self._let_in(self.login)
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def with_broker(self, brokers: Mapping[int, Endpoint], node: int) -> Talk:
        """A conversation with that broker, yet to be entered: where there is only one, at the
        address that already answered, whatever it advertises."""
        if len(brokers) == 1 or node not in brokers:
            return Talk(self.endpoint, self.login)
        return Talk(brokers[node], self.login)

    def ask(self, request: Any) -> Any:
        """Send one message in the newest version both sides know; its answer."""
        request.API_VERSION = self._version(request)
        return self._exchange(request)

    def _dial(self) -> socket.socket:
        raw = socket.create_connection((self.endpoint.host, self.endpoint.port), TALK_SECONDS)
        protocol = self.login.options.get("protocol", "") if self.login else ""
        if "SSL" not in protocol:
            return raw
        # the certificate names the container, and we come from outside: it cannot be verified
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            return context.wrap_socket(raw)
        except OSError as error:
            raw.close()
            raise Amiss(kafka_ends.no_tls(self.endpoint, error)) from error

    def _agree(self) -> None:
        from kafka.protocol.metadata import ApiVersionsRequest

        answer = self._exchange(ApiVersionsRequest(version=0))
        self._versions = {
            api.api_key: (api.min_version, api.max_version) for api in answer.api_keys
        }

    def _version(self, request: Any) -> int:
        newest = NEWEST[type(request).__name__]
        lowest, highest = self._versions.get(request.API_KEY, (0, -1))
        if lowest > newest or highest < 0:
            name = type(request).__name__.removesuffix("Request")
            raise Amiss(kafka_ends.too_strange(self.endpoint, name))
        return min(newest, highest)

    def _let_in(self, login: Connection) -> None:
        if login.user:
            self._log_in(login)
        elif "SASL" in login.options.get("protocol", ""):
            raise Amiss(kafka_ends.nobody_named(self.endpoint))

    def _log_in(self, login: Connection) -> None:
        from kafka.net.sasl import get_sasl_mechanism
        from kafka.protocol.sasl import SaslAuthenticateRequest, SaslHandshakeRequest

        name = login.options.get("mechanism", "PLAIN")
        offered = self.ask(SaslHandshakeRequest(mechanism=name))
        if offered.error_code:
            raise Amiss(kafka_ends.no_mechanism(self.endpoint, name, offered.mechanisms))
        mechanism = get_sasl_mechanism(name)(
            sasl_mechanism=name,
            sasl_plain_username=login.user,
            sasl_plain_password=login.password,
        )
        while not mechanism.is_done():
            said = self.ask(SaslAuthenticateRequest(auth_bytes=mechanism.auth_bytes()))
            if said.error_code:
                raise Amiss(kafka_ends.refused_login(self.endpoint, login.user, name))
            mechanism.receive(said.auth_bytes)

    def _exchange(self, request: Any) -> Any:
        from kafka.errors import KafkaError

        try:
            self._protocol.send_request(request)
            self._socket.settimeout(self._left())
            self._socket.sendall(self._protocol.send_bytes())
            return self._hear()
        except TimeoutError as error:
            raise Amiss(kafka_ends.silent(self.endpoint, TALK_SECONDS)) from error
        except OSError as error:
            raise Amiss(kafka_ends.closed(self.endpoint)) from error
        except (KafkaError, *UNREADABLE) as error:
            raise Amiss(kafka_ends.not_kafka(self.endpoint)) from error

    def _hear(self) -> Any:
        while True:
            self._socket.settimeout(self._left())
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError("closed")
            answers = self._protocol.receive_bytes(data)
            if answers:
                return answers[0][1]

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
