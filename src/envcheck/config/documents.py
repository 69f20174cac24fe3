"""What an environment file and a wave file may hold. The schema for editors is made from these."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from envcheck.kind import Kind, Seconds, seconds


def signed_seconds(value: Any) -> float:
    """A duration that may lie in the past: ``-60s``. ValueError for anything else."""
    if isinstance(value, str) and value.startswith("-"):
        return -seconds(value[1:])
    return seconds(value)


SignedSeconds = Annotated[float, BeforeValidator(signed_seconds)]


class ServiceDocument(Kind):
    """How one service of the wave is waited for."""

    optional: bool = Field(default=False, description="If it cannot run, that is only a warning.")
    one_shot: bool | None = Field(default=None, description="It runs to its end; exit 0 is done.")
    timeout: Seconds | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="How long it may take."
    )
    successes: int | None = Field(default=None, ge=1, le=100, description="Passes in a row.")
    stable: Seconds | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Seconds the passes span."
    )
    ready: list[dict[str, Any]] | None = Field(default=None, description="What makes it ready.")


class WaveDocument(Kind):
    """One wave: services that come up together, their seeds and what must hold then."""

    wave: int = Field(ge=1, description="Waves come up in the order of their numbers.")
    name: str = Field(default="", description="What people call it.")
    services: dict[str, ServiceDocument | None] = Field(description="Services by Compose name.")
    seed: list[dict[str, Any]] = Field(default=[], description="Fixtures, in this order.")
    verify: list[dict[str, Any]] = Field(default=[], description="What must hold once seeded.")
    checks: list[dict[str, Any]] = Field(default=[], description="What the APIs must answer.")


class LoginRecipe(Kind):
    """A request that answers a token."""

    service: str
    post: str
    json_: Any = Field(default=None, alias="json", description="The body.")
    token: str = Field(description="Where the token stands in the answer (JMESPath).")
    expires_in: str | None = Field(default=None, description="Where its lifetime stands, seconds.")
    headers: dict[str, str] = Field(default={})
    refresh: dict[str, Any] | None = None


class DatabaseRecipe(Kind):
    """A server's own login."""

    user: str
    password: str = ""


class TokenRecipe(Kind):
    """A token we sign ourselves: expired, forged or unsigned on purpose."""

    secret: str = ""
    algorithm: str = "HS256"
    claims: dict[str, Any] = Field(default={})
    expires: SignedSeconds = Field(
        default=900.0, allow_inf_nan=False, description="From now; negative: it was."
    )
    headers: dict[str, Any] = Field(default={})


class IdentityDocument(Kind):
    """Who asks: exactly one recipe, or none at all for nobody."""

    login: LoginRecipe | None = None
    headers: dict[str, str] | None = None
    database: DatabaseRecipe | None = None
    jwt: TokenRecipe | None = None


class ConnectionDocument(Kind):
    """What differs from the connection that was inferred from the Compose file."""

    user: str | None = None
    password: str | None = None
    database: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    scheme: str | None = None


class SecretDocument(Kind):
    """Where a secret comes from, if not from a variable of its own name."""

    file: str | None = None
    environment: str | None = None


class EnvironmentDocument(Kind):
    """One environment: the Compose files, who asks, and what differs from the inferred."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    compose: list[str] = Field(min_length=1, description="Compose files, later ones override.")
    fixtures: str | None = Field(default=None, description="The folder of the fixtures.")
    timeout: Seconds = Field(
        default=600.0, gt=0, allow_inf_nan=False, description="For one whole run."
    )
    identities: dict[str, IdentityDocument] = Field(default={})
    connections: dict[str, ConnectionDocument] = Field(default={})
    reports: list[str] = Field(default=[], description="FORMAT or FORMAT=PATH.")
    secrets: dict[str, SecretDocument | None] = Field(default={})
