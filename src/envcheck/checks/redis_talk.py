"""A conversation with Redis or Valkey, one command at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from envcheck.checks.reach import Amiss
from envcheck.checks.redis_replies import reply_of
from envcheck.model.outcome import Observation, broken, not_yet
from envcheck.model.target import Endpoint


class Talk:
    """One connection. Every command answers or raises: Refused for an error reply."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __call__(self, *words: str | int) -> Any:
        from redis.exceptions import RedisError

        try:
            self._connection.send_command(*words)
            return self._connection.read_response()
        except RedisError as error:
            # redis-py files some error replies under lost connections; a code tells them apart
            refused = reply_of(error)
            raise (refused or error) from error

    def info(self, section: str) -> dict[str, str]:
        lines = (line.partition(":") for line in str(self("INFO", section)).splitlines())
        return {key: value for key, colon, value in lines if colon}


@contextmanager
def talking(endpoint: Endpoint) -> Iterator[Talk]:
    """Connected, nothing said yet. Raises Amiss where nobody answers in Redis' protocol."""
    from redis import exceptions

    connection = _connection(endpoint)
    try:
        yield Talk(connection)
    except exceptions.TimeoutError as error:
        raise Amiss(silent(endpoint)) from error
    except exceptions.InvalidResponse as error:
        raise Amiss(not_redis(endpoint, str(error))) from error
    except exceptions.ConnectionError as error:
        raise Amiss(closes(endpoint, str(error))) from error
    finally:
        connection.disconnect()


def _connection(endpoint: Endpoint) -> Any:
    """It says nothing of its own (no HELLO, no name of the library): that would be refused for
    lack of a password before we can give one."""
    from redis import Connection
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    made: Any = Connection  # its constructor bears no annotations
    return made(
        host=endpoint.host,
        port=endpoint.port,
        protocol=2,
        driver_info=None,
        socket_connect_timeout=1,
        socket_timeout=2,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        encoding_errors="replace",
    )


def silent(endpoint: Endpoint) -> Observation:
    return not_yet(
        f"{endpoint} accepts connections but says nothing",
        cause="redis.silent",
        fix="see whether the server hangs, is paused, or runs a slow command or script",
    )


def closes(endpoint: Endpoint, detail: str) -> Observation:
    return not_yet(
        f"{endpoint} closed the connection",
        cause="redis.closes",
        fix="see the server's log: it may be stopping, or not listening behind the open port",
        evidence=(detail,),
    )


def not_redis(endpoint: Endpoint, detail: str) -> Observation:
    return broken(
        f"{endpoint} does not speak Redis' protocol",
        cause="redis.not-redis",
        fix="correct the port: another server answers there",
        evidence=(detail[:80],),
    )
