"""A client for any server that speaks S3, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from envcheck.checks.reach import Amiss, answering, reached
from envcheck.checks.s3_codes import code_refused, garbled, lost, silent
from envcheck.model.check import Look, Scene
from envcheck.model.outcome import Observation, broken
from envcheck.model.target import Endpoint
from envcheck.system import s3
from envcheck.system.s3 import REGION


@dataclass(frozen=True, slots=True)
class Login:
    url: str
    key: str
    secret: str = field(repr=False)
    region: str = REGION


class Door:
    """Which server and who asks."""

    def __init__(self, service: str, identity: str, region: str, port: int | None) -> None:
        self.service = service
        self._identity = identity
        self._region = region
        self._port = port

    def scheme(self, scene: Scene) -> str:
        connection = scene.target(self.service).connection
        return (connection.scheme if connection else "") or "http"

    def login(self, scene: Scene) -> Login:
        """Raises Amiss where no key is known or the port is closed."""
        connection = scene.target(self.service).connection
        key, secret = (connection.user, connection.password) if connection else ("", "")
        if self._identity:
            who = scene.identity(self._identity)
            key, secret = who.user, who.password
        if not key or not secret:
            raise Amiss(_no_key(self.service))
        endpoint = reached(scene, self.service, self._port)
        return Login(f"{self.scheme(scene)}://{endpoint}", key, secret, self._region)

    def reach(self, scene: Scene) -> Endpoint:
        return reached(scene, self.service, self._port)

    def client(self, login: Login) -> Any:
        return s3.client(login.url, login.key, login.secret, login.region)


def asking(door: Door, ask: Callable[[Any], Observation]) -> Look:
    """A look that asks one thing of the server, and judges every refusal by its S3 Code."""

    def look(scene: Scene) -> Observation:
        login = door.login(scene)
        return judged(login, lambda: ask(door.client(login)))

    return answering(look)


def judged(login: Login, ask: Callable[[], Observation]) -> Observation:
    from botocore import exceptions, parsers

    try:
        return ask()
    except exceptions.ClientError as error:
        return code_refused(code_of(error.response), status_of(error.response), login.key)
    except (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError):
        return silent(login.url)
    except parsers.ResponseParserError:
        return garbled(login.url)
    except exceptions.HTTPClientError as error:
        return lost(login.url, str(error))


def code_of(response: Any) -> str:
    return str(response.get("Error", {}).get("Code", ""))


def status_of(response: Any) -> int:
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _no_key(service: str) -> Observation:
    return broken(
        f"no access key is known for {service}",
        cause="s3.key-missing",
        fix="set the server's key in the Compose file (MINIO_ROOT_USER, …), or say `as:`",
    )
