"""Does Postgres answer at all, before anybody logs in?"""

from __future__ import annotations

from envcheck.checks.postgres_wire import NotPostgres, greet
from envcheck.model.outcome import Observation, broken, not_yet, passed
from envcheck.model.target import Endpoint


def speaks(endpoint: Endpoint) -> Observation:
    try:
        greet(endpoint)
    except NotPostgres as other:
        return not_postgres(endpoint, other)
    except OSError as error:
        return not_postgres(endpoint, NotPostgres("closed", str(error).encode()))
    return passed(f"{endpoint} speaks Postgres' protocol")


def silent(endpoint: Endpoint) -> Observation:
    return not_yet(
        f"{endpoint} accepts connections but says nothing",
        cause="postgres.silent",
        fix="see whether the server hangs, is paused, or still starts behind the open port",
    )


def not_postgres(endpoint: Endpoint, other: NotPostgres) -> Observation:
    if other.kind == "silent":
        return silent(endpoint)
    if other.kind == "closed":
        return not_yet(  # a port published before anything listens behind it does this
            f"{endpoint} accepts a connection and closes it without a word",
            cause="postgres.closes",
            fix="see whether the server listens behind that port and on which address",
        )
    words = other.said[:40].decode("ascii", "replace")
    return broken(
        f"{endpoint} does not speak Postgres' protocol",
        cause="postgres.not-postgres",
        fix="correct the port: another server answers there",
        evidence=(f"it said {words!r}",),
    )
