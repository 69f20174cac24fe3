"""Is anything listening? Asked before any client that would wait on a dead port."""

from __future__ import annotations

import errno
import socket

from envcheck.model.outcome import Observation, not_yet
from envcheck.model.target import Endpoint

CONNECT_SECONDS = 1.0  # loopback answers in under a millisecond; a dropped SYN never does


def unreachable(endpoint: Endpoint, timeout: float = CONNECT_SECONDS) -> Observation | None:
    """None when the port accepts; else a *not yet* that says refused, silent or unresolved."""
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout).close()
    except socket.gaierror:
        return not_yet(
            f"{endpoint.host} does not resolve",
            cause="network.unknown-host",
            fix="correct the host name",
        )
    except TimeoutError:
        return not_yet(
            f"{endpoint} is silent: no answer in {timeout:g}s",
            cause="network.silent",
            fix="see whether the service hangs or a firewall drops the packets",
        )
    except OSError as error:
        return not_yet(
            f"{endpoint} refuses the connection: {_reason(error)}",
            cause="network.refused",
            fix="see why the service does not listen there",
        )
    return None


def _reason(error: OSError) -> str:
    if error.errno == errno.ECONNREFUSED:
        return "nothing listens there"
    return error.strerror or str(error)
