"""A session with Postgres, as the user a check asks for; whatever goes wrong is judged here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from envcheck.checks.postgres_login import Login, login_refused
from envcheck.checks.postgres_states import statement_refused
from envcheck.checks.reach import Amiss, address, answering, reached
from envcheck.model.check import Look, Scene
from envcheck.model.outcome import Observation, broken
from envcheck.model.target import Endpoint

Rows = Any  # psycopg's cursor; named here because the driver is imported late

# What a query may take. With the connection (2 s at most, a few ms in truth) it ends a look.
LIMITS = "SET LOCAL statement_timeout = 1900; SET LOCAL lock_timeout = 900"


@dataclass(frozen=True, slots=True)
class Door:
    """Which server, which database, and who asks: a named identity, or the service's own user."""

    service: str
    identity: str = ""
    database: str = ""
    port: int | None = None

    @property
    def owner(self) -> Door:
        """The same door for the service's own user, who sees what row security hides."""
        return replace(self, identity="")

    def login(self, scene: Scene) -> Login:
        """Raises Amiss where no user is known: libpq would take whoever runs us."""
        connection = scene.target(self.service).connection
        database = self.database or (connection.database if connection else "")
        sslmode = connection.options.get("sslmode", "prefer") if connection else "prefer"
        user, password = (connection.user, connection.password) if connection else ("", "")
        if self.identity:
            who = scene.identity(self.identity)
            user, password = who.user, who.password
        if not user:
            raise Amiss(_no_user(self.service, self.identity))
        return Login(user, password, database or user, sslmode)

    @contextmanager
    def session(self, scene: Scene) -> Iterator[Rows]:
        """A cursor in a transaction that is rolled back. Raises Amiss and LoginRefused."""
        login = self.login(scene)
        endpoint = reached(scene, self.service, self.port)
        with closing(self._connected(scene, endpoint, login)) as connection:
            cursor = connection.cursor()
            cursor.execute(LIMITS)
            yield cursor

    def _connected(self, scene: Scene, endpoint: Endpoint, login: Login) -> Any:
        import psycopg

        try:
            return connect(endpoint, login)
        except psycopg.OperationalError as error:
            ask = self._ask_owner(scene) if self.identity else None
            raise Amiss(login_refused(endpoint, login, error, ask)) from error

    def _ask_owner(self, scene: Scene) -> Callable[[str, tuple[str, ...]], list[Any] | None]:
        def ask(query: str, values: tuple[str, ...]) -> list[Any] | None:
            import psycopg

            try:
                with closing(
                    connect(address(scene, self.service, self.port), self.owner.login(scene))
                ) as connection:
                    return list(connection.execute(query, values).fetchall())
            except (psycopg.Error, Amiss):
                return None  # then the refusal stands as the server worded it

        return ask


def connect(endpoint: Endpoint, login: Login) -> Any:
    """psycopg's connection, whatever PG* variables and password files this machine has."""
    import psycopg

    return psycopg.connect(
        host=endpoint.host,
        hostaddr="",
        port=endpoint.port,
        user=login.user,
        password=login.password,
        dbname=login.database,
        sslmode=login.sslmode,
        connect_timeout=2,
        passfile=os.devnull,
        options="",
        gssencmode="disable",
        target_session_attrs="any",
        application_name="envcheck",
        client_encoding="utf8",
        prepare_threshold=None,  # a pooler hands the next statement to another session
    )


def asking(door: Door, ask: Callable[[Rows], Observation]) -> Look:
    """A look that opens a session, asks once, and judges every refusal by its SQLSTATE."""

    def look(scene: Scene) -> Observation:
        import psycopg

        try:
            with door.session(scene) as cursor:
                return ask(cursor)
        except psycopg.Error as error:
            return statement_refused(error.sqlstate or "", str(error))

    return answering(look)


def _no_user(service: str, identity: str) -> Observation:
    return broken(
        f"identity {identity} has no user" if identity else f"no user of {service} is known",
        cause="postgres.user-unknown",
        fix="set POSTGRES_USER and POSTGRES_PASSWORD on the service, or give the identity a "
        "`database:` with user and password",
    )
