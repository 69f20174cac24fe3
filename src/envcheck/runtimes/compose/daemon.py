"""The engine the docker CLI would talk to, through the SDK."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from envcheck.errors import StackError
from envcheck.system.process import run

if TYPE_CHECKING:
    from docker import APIClient

NEAR = {"unix", "npipe", "http+unix"}
LOOPBACK = {"127.0.0.1", "localhost", "::1", "[::1]"}
ANSWER_SECONDS = 60
KNOCK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Address:
    """``why`` names the variable or context it comes from."""

    url: str
    why: str
    tls: str = ""  # a folder with ca.pem, cert.pem and key.pem

    @property
    def near(self) -> bool:
        parts = urlsplit(self.url)
        return parts.scheme in NEAR or (parts.scheme == "tcp" and parts.hostname in LOOPBACK)


def address(environ: Mapping[str, str] | None = None) -> Address:
    """As the docker CLI resolves it: DOCKER_HOST, else DOCKER_CONTEXT, else the current context.

    Raises StackError where there is no docker CLI or no such context.
    """
    environ = os.environ if environ is None else environ
    if environ.get("DOCKER_HOST"):
        secured = environ.get("DOCKER_TLS_VERIFY") or environ.get("DOCKER_TLS")
        folder = environ.get("DOCKER_CERT_PATH", "~/.docker") if secured else ""
        return Address(environ["DOCKER_HOST"], "DOCKER_HOST", folder)
    done = run(["docker", "context", "inspect"], env=environ, timeout=10)
    if not done.ok:
        raise StackError(f"which Docker engine? {done.err.strip()}", "see `docker context ls`")
    context: dict[str, Any] = json.loads(done.out)[0]
    endpoint = context["Endpoints"]["docker"]
    tls = context.get("Storage", {}).get("TLSPath", "") if context.get("TLSMaterial") else ""
    folder = f"{tls}/docker" if tls else ""
    return Address(endpoint["Host"], f"the context {context['Name']!r}", folder)


def connect(where: Address) -> APIClient:
    """A client whose API version is negotiated. Raises StackError that says what is wrong.

    An engine on another machine is refused: what it publishes on 127.0.0.1 cannot be reached.
    """
    if not where.near:
        raise StackError(
            f"the Docker engine of {where.why} is on another machine ({_plain(where.url)})",
            "run envcheck there, or choose a local one with DOCKER_HOST or `docker context use`",
        )
    _knock(where)
    from docker import APIClient, errors, tls

    secured = tls.TLSConfig(
        client_cert=(f"{where.tls}/cert.pem", f"{where.tls}/key.pem"),
        ca_cert=f"{where.tls}/ca.pem",
        verify=True,
    ) if where.tls else False  # fmt: skip
    try:
        # timeout: 60 s is what an answer may take on a busy machine
        return APIClient(base_url=where.url, version="auto", timeout=ANSWER_SECONDS, tls=secured)
    except errors.DockerException as error:
        raise _silent(where, error) from error


def _knock(where: Address) -> None:
    """A socket nobody listens at is found out before the SDK leaves one of its own open."""
    parts = urlsplit(where.url)
    if parts.scheme == "unix":
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(KNOCK_SECONDS)
            try:
                knocking.connect(parts.path)
            except OSError as error:
                raise _silent(where, error) from error


def _silent(where: Address, error: Exception) -> StackError:
    return StackError(
        f"no Docker engine answers at {_plain(where.url)} ({where.why}): {_reason(error)}",
        "start it, or use --runtime embedded",
    )


@contextmanager
def refused() -> Iterator[None]:
    """What the engine refuses becomes a StackError in its own words."""
    import requests

    from docker import errors

    try:
        yield
    except errors.APIError as error:
        raise StackError(str(error.explanation or error)) from error
    except (errors.DockerException, requests.RequestException) as error:
        raise StackError(f"the Docker engine does not answer: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    text = str(error)
    if "Permission denied" in text:
        return "permission denied (is this user in the group docker?)"
    if "No such file" in text:
        return "there is no such socket"
    if "refused" in text.lower():
        return "nothing listens there"
    return text


def _plain(url: str) -> str:
    """Without a user or password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
