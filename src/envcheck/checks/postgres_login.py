"""Why a login failed. Pairs the server does not tell apart are asked of the service's own user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from envcheck.checks.postgres_greeting import not_postgres, silent
from envcheck.checks.postgres_refusal import Refusal, refusal
from envcheck.checks.postgres_states import first_line, statement_refused
from envcheck.checks.postgres_wire import NotPostgres
from envcheck.model.outcome import Observation, broken, not_yet
from envcheck.model.target import Endpoint

AskOwner = Callable[[str, tuple[str, ...]], list[Any] | None]

# pg_roles shows to everybody what a refused login hides
ROLE = """
    SELECT rolcanlogin, coalesce(rolvaliduntil < now(), false) FROM pg_roles WHERE rolname = %s
"""
USED = """
    SELECT coalesce(nullif(application_name, ''), usename, backend_type), count(*)
    FROM pg_stat_activity WHERE backend_type = 'client backend'
    GROUP BY 1 ORDER BY 2 DESC LIMIT 3
"""
KEPT_VOLUME = (
    "a kept volume has the password of its first start: ALTER ROLE, or remove the volume "
    "(deletes its data)"
)


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    password: str = field(repr=False)
    database: str
    sslmode: str = "prefer"


def login_refused(
    endpoint: Endpoint, login: Login, error: Exception, ask: AskOwner | None
) -> Observation:
    """``ask`` queries as the service's own user; None when that is who was refused."""
    import psycopg

    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return silent(endpoint)
    try:
        said = refusal(endpoint, login.user, login.password, login.database)
    except NotPostgres as other:
        return not_postgres(endpoint, other)
    except OSError as gone:
        return not_yet(f"{endpoint}: {gone}", cause="network.refused", fix="see why it went away")
    if said is None:
        return _driver_only(login, error)
    return _Judge(login, said, ask).observation()


@dataclass(frozen=True, slots=True)
class _Judge:
    login: Login
    said: Refusal
    ask: AskOwner | None

    def observation(self) -> Observation:
        judges = {
            "28P01": self._password,
            "28000": self._authorization,
            "3D000": self._database,
            "53300": self._crowded,
            "55000": self._closed,
            "42501": self._no_connect,
        }
        judge = judges.get(self.said.sqlstate)
        return judge() if judge else statement_refused(self.said.sqlstate, self.said.message)

    @property
    def evidence(self) -> tuple[str, ...]:
        return (f"SQLSTATE {self.said.sqlstate}", f"the server said: {self.said.message}")

    def _password(self) -> Observation:
        user = self.login.user
        roles = self._roles()
        if roles is None:
            return broken(
                f"login as {user} refused: wrong password or no such role",
                cause="postgres.login-refused",
                fix=f"align the password; {KEPT_VOLUME}",
                evidence=self.evidence,
            )
        if not roles:
            return self._role_missing()
        if roles[0][1]:
            return broken(
                f"login as {user} refused: its password has expired",
                cause="postgres.password-expired",
                fix=f"ALTER ROLE {user} VALID UNTIL 'infinity'",
                evidence=self.evidence,
            )
        return broken(
            f"login as {user} refused: wrong password (the role exists)",
            cause="postgres.login-refused",
            fix=f"align the password of {user} here and in the server; {KEPT_VOLUME}",
            evidence=self.evidence,
        )

    def _authorization(self) -> Observation:
        roles = self._roles()
        if roles == [] or (roles is None and self.said.routine == "InitializeSessionUserId"):
            return self._role_missing()
        if roles and not roles[0][0]:
            return broken(
                f"the role {self.login.user} may not log in",
                cause="postgres.role-cannot-log-in",
                fix=f"ALTER ROLE {self.login.user} LOGIN",
                evidence=self.evidence,
            )
        return broken(
            f"no rule of pg_hba.conf lets {self.login.user} in to {self.login.database} from here",
            cause="postgres.host-refused",
            fix="add a rule for this user, database and address to pg_hba.conf",
            evidence=self.evidence,
        )

    def _role_missing(self) -> Observation:
        observed = f"there is no role {self.login.user}"
        cause, fix = "postgres.role-missing", "create the role (a migration or an init script does)"
        # The service's own user is made before the port opens; another by a migration, later.
        if self.ask is None:
            return broken(observed, cause=cause, fix=fix, evidence=self.evidence)
        return not_yet(observed, cause=cause, fix=fix, evidence=self.evidence)

    def _database(self) -> Observation:
        return not_yet(  # a one-shot may create it, as it may create tables
            f"there is no database {self.login.database}",
            cause="postgres.database-missing",
            fix=f"create {self.login.database}; init scripts run only on an empty volume",
            evidence=self.evidence,
        )

    def _crowded(self) -> Observation:
        used = (self.ask(USED, ()) if self.ask else None) or []
        return not_yet(
            "every connection the role may use is taken",
            cause="postgres.too-many-connections",
            fix="use smaller pools or a pooler, or raise max_connections",
            evidence=(*self.evidence, *(f"{count} connections of {name}" for name, count in used)),
        )

    def _closed(self) -> Observation:
        return broken(
            f"the database {self.login.database} accepts no connections",
            cause="postgres.database-closed",
            fix=f"ALTER DATABASE {self.login.database} ALLOW_CONNECTIONS true",
            evidence=self.evidence,
        )

    def _no_connect(self) -> Observation:
        return broken(
            f"{self.login.user} may not connect to {self.login.database}",
            cause="postgres.denied",
            fix=f"GRANT CONNECT ON DATABASE {self.login.database} TO {self.login.user}",
            evidence=self.evidence,
        )

    def _roles(self) -> list[Any] | None:
        return self.ask(ROLE, (self.login.user,)) if self.ask else None


def _driver_only(login: Login, error: Exception) -> Observation:
    """We were let in where the driver was not: it wanted TLS, or the refusal has passed."""
    observed = f"login as {login.user} failed: {first_line(str(error))}"
    if login.sslmode not in ("disable", "allow", "prefer"):
        return broken(
            observed,
            cause="postgres.tls-missing",
            fix="enable TLS in the server, or ask for sslmode=prefer",
        )
    return not_yet(observed, cause="postgres.connection-lost", fix="read the server's log")
