"""How a conversation with a broker may end before it has begun, each with its name."""

from __future__ import annotations

from envcheck.model.outcome import Observation, broken, not_yet
from envcheck.model.target import Endpoint


def silent(endpoint: Endpoint, seconds: float) -> Observation:
    return not_yet(
        f"{endpoint} accepts connections but gives no answer in {seconds:g}s",
        cause="kafka.silent",
        expected="an answer in Kafka's protocol",
        fix="see the broker's log: it still starts, hangs, or the port belongs to something else",
    )


def closed(endpoint: Endpoint) -> Observation:
    return not_yet(
        f"{endpoint} accepts the connection and closes it without an answer",
        cause="kafka.closed",
        expected="an answer in Kafka's protocol",
        fix="see the broker's log: it still starts, or the listener demands TLS or a login (SASL)",
    )


def not_kafka(endpoint: Endpoint) -> Observation:
    return not_yet(
        f"{endpoint} answers, but not in Kafka's protocol",
        cause="kafka.not-kafka",
        expected="an answer in Kafka's protocol",
        fix="check the port: another server, a controller listener or a TLS listener stands there",
    )


def no_tls(endpoint: Endpoint, error: OSError) -> Observation:
    return not_yet(
        f"{endpoint} does not complete the TLS handshake: {type(error).__name__}",
        cause="kafka.tls",
        expected="TLS, as KAFKA_LISTENER_SECURITY_PROTOCOL_MAP says",
        fix="check the listener's security protocol and key store",
    )


def too_strange(endpoint: Endpoint, name: str) -> Observation:
    return broken(
        f"{endpoint} does not offer the message {name} in a version we know",
        cause="kafka.unsupported-version",
        fix="use a broker that speaks Kafka 1.0 or newer",
    )


def no_mechanism(endpoint: Endpoint, name: str, offered: list[str]) -> Observation:
    return broken(
        f"{endpoint} does not offer the login mechanism {name}",
        cause="kafka.login-mechanism",
        expected=f"{name} among {', '.join(offered) or 'none'}",
        fix="align KAFKA_SASL_ENABLED_MECHANISMS with the connection's mechanism",
    )


def refused_login(endpoint: Endpoint, user: str, mechanism: str) -> Observation:
    return broken(
        f"{endpoint} refuses the login of {user} ({mechanism})",
        cause="kafka.login-refused",
        expected=f"{user} is let in",
        fix="align user and password with the broker's JAAS configuration",
    )


def nobody_named(endpoint: Endpoint) -> Observation:
    return broken(
        f"the listener at {endpoint} demands a login (SASL) and no user is known",
        cause="kafka.login-unknown",
        expected="a user and a password to log in with",
        fix="name them for the service under `connections:` of environment.yaml, or with `as:`",
    )
