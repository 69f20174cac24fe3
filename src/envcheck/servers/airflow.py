"""Airflow: one image, several processes; only the one with the API can be asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envcheck.checks.airflow import Airflow
from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeService
from envcheck.model.server import Server
from envcheck.model.target import Connection
from envcheck.servers.naming import says, words

IMAGES = {"apache/airflow", "bitnami/airflow", "bitnamilegacy/airflow"}
API_PORT = 8080
_API = re.compile(r"\b(api-?server|webserver|standalone)\b")
_OTHERS = re.compile(r"\b(scheduler|dag-processor|triggerer|worker|db|flower|users|connections)\b")


def serves(service: ComposeService) -> bool:
    """Whether its command starts the API; without a command its published port decides."""
    said = words(service)
    if _API.search(said):
        return True
    return not _OTHERS.search(said) and any(port.target == API_PORT for port in service.ports)


class AirflowServer:
    """The process with the API and the web page."""

    family = "airflow"

    def recognises(self, service: ComposeService) -> bool:
        if service.kind:
            return service.kind == self.family
        return says(service, self.family, IMAGES) and serves(service)

    def connection(self, service: ComposeService) -> Connection:
        targets = [port.target for port in service.ports]
        port = targets[0] if targets and API_PORT not in targets else API_PORT
        return Connection(self.family, port, scheme="http")

    def ready(self, name: str) -> Sequence[CheckKind]:
        """The others may still be starting: what the API itself needs is its database."""
        return (Airflow(service=name, components=("metadatabase",)),)


class AirflowProcess:
    """Scheduler, DAG processor, triggerer, worker: nothing to ask; ready while it stays up."""

    family = "airflow-process"

    def recognises(self, service: ComposeService) -> bool:
        if service.kind:
            return service.kind == self.family
        return says(service, self.family, IMAGES) and not serves(service)

    def connection(self, service: ComposeService) -> Connection:
        return Connection(self.family, service.ports[0].target if service.ports else 0)

    def ready(self, name: str) -> Sequence[CheckKind]:  # noqa: ARG002 (there is nothing to ask)
        return ()


SERVER: Server = AirflowServer()
PROCESS: Server = AirflowProcess()
