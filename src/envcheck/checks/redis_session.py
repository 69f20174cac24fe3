"""Logged in to Redis, the application's database selected; every refusal judged by its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from envcheck.checks.reach import Amiss, answering, reached
from envcheck.checks.redis_replies import Refused, reply_refused
from envcheck.checks.redis_talk import Talk, talking
from envcheck.model.check import Look, Scene
from envcheck.model.outcome import Observation, broken


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    password: str = field(repr=False)
    database: int


@dataclass(frozen=True, slots=True)
class Door:
    """Which server and who asks: a named identity, or what the Compose file says."""

    service: str
    identity: str = ""
    database: int | None = None
    port: int | None = None

    def login(self, scene: Scene) -> Login:
        connection = scene.target(self.service).connection
        index = connection.database if connection else ""
        database = self.database if self.database is not None else int(index or 0)
        if self.identity:
            who = scene.identity(self.identity)
            return Login(who.user, who.password, database)
        if connection is None:
            return Login("", "", database)
        return Login(connection.user, connection.password, database)

    @contextmanager
    def session(self, scene: Scene) -> Iterator[Talk]:
        """Logged in, the database selected. Raises Amiss, LoginRefused and Refused."""
        login = self.login(scene)
        endpoint = reached(scene, self.service, self.port)
        with talking(endpoint) as talk:
            _log_in(talk, login)
            yield talk


def _log_in(talk: Talk, login: Login) -> None:
    if login.password:
        _authenticate(talk, login)
    try:
        talk("SELECT", login.database)
    except Refused as refused:
        if refused.code == "ERR":
            raise Amiss(_no_database(login.database, refused)) from refused
        raise


def _authenticate(talk: Talk, login: Login) -> None:
    # With one argument a server without a password says so; with two it lets everybody in.
    named = [login.user] if login.user not in ("", "default") else []
    try:
        talk("AUTH", *named, login.password)
    except Refused as refused:
        if refused.code == "ERR" and _open_to_all(talk):
            raise Amiss(_no_password_set(refused)) from refused
        raise


def _open_to_all(talk: Talk) -> bool:
    try:
        return bool(talk("PING"))
    except Refused:
        return False


def asking(door: Door, ask: Callable[[Talk], Observation]) -> Look:
    """A look that logs in, asks once, and judges every error reply by its code."""

    def look(scene: Scene) -> Observation:
        try:
            with door.session(scene) as talk:
                return ask(talk)
        except Refused as refused:
            return reply_refused(refused)

    return answering(look)


def _no_password_set(refused: Refused) -> Observation:
    return broken(
        "the server asks for no password, though one is expected of it",
        cause="redis.password-not-set",
        fix="pass --requirepass to the server (does `command:` override it?), or drop the password",
        evidence=(f"{refused.code} in answer to AUTH",),
    )


def _no_database(index: int, refused: Refused) -> Observation:
    return broken(
        f"there is no database {index}",
        cause="redis.database-missing",
        fix="use an index below the server's `databases` setting (16; a cluster has only 0)",
        evidence=(f"{refused.code} in answer to SELECT {index}",),
    )
