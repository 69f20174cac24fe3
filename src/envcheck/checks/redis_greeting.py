"""Does Redis answer at all, before anybody logs in?"""

from __future__ import annotations

import socket

from envcheck.checks.redis_replies import Refused, reply_refused
from envcheck.checks.redis_talk import closes, not_redis, silent
from envcheck.model.outcome import Observation, not_yet, passed
from envcheck.model.target import Endpoint

SECONDS = 1.5


def speaks(endpoint: Endpoint) -> Observation:
    try:
        return _judge_greeting(endpoint, _greeting(endpoint))
    except TimeoutError:
        return silent(endpoint)
    except OSError as error:
        return closes(endpoint, str(error))


def _greeting(endpoint: Endpoint) -> bytes:
    with socket.create_connection((endpoint.host, endpoint.port), SECONDS) as talk:
        talk.settimeout(SECONDS)
        talk.sendall(b"PING\r\n")  # an inline command: every version knows it, logged in or not
        return talk.recv(200)


def _judge_greeting(endpoint: Endpoint, said: bytes) -> Observation:
    line = said.decode("utf-8", "replace").partition("\r\n")[0]
    if not said:
        return closes(endpoint, "it closed the connection in answer to PING")
    if line.startswith("-"):
        code, _, words = line[1:].partition(" ")
        return _judge_error(endpoint, Refused(code, words))
    if line.startswith("+"):
        return passed(f"{endpoint} speaks Redis' protocol")
    return not_redis(endpoint, line)


def _judge_error(endpoint: Endpoint, refused: Refused) -> Observation:
    if refused.code in ("DENIED", "LOADING"):
        return reply_refused(refused)
    if refused.code == "ERR":  # PING is refused so only where no client may come in any more
        return not_yet(
            "no further client is let in",
            cause="redis.too-many-connections",
            fix="use smaller pools, or raise maxclients",
            evidence=(str(refused),),
        )
    return passed(f"{endpoint} speaks Redis' protocol")
