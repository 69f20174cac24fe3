"""What speaks S3: MinIO and its forks, SeaweedFS, LocalStack, moto, Adobe's S3Mock, Garage."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envcheck.checks.s3 import S3
from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeService
from envcheck.model.server import Server
from envcheck.model.target import Connection
from envcheck.servers.credentials import setting
from envcheck.servers.naming import repository, words

MINIO = {
    "minio/minio",
    "minio/aistor",
    "bitnami/minio",
    "bitnamilegacy/minio",
    "bitnamisecure/minio",
    "chainguard/minio",
    "coollabsio/minio",
    "pgsty/minio",
    "firstfinger/minio",
    "cmoraes/minio",
    "minio",
}
SEAWEEDFS = {"chrislusf/seaweedfs"}
LOCALSTACK = {"localstack/localstack", "localstack/localstack-pro", "localstack/localstack-s3"}
MOTO = {"motoserver/moto"}
MOCK = {"adobe/s3mock"}
PORTS = dict.fromkeys(MINIO, 9000)
PORTS |= dict.fromkeys(SEAWEEDFS, 8333) | dict.fromkeys(LOCALSTACK, 4566)
PORTS |= dict.fromkeys(MOTO, 5000) | dict.fromkeys(MOCK, 9090)
MINIO_DEFAULT = "minioadmin"  # what MinIO takes for both where nothing is set
ANY = "test"  # the mocks accept every key, but not none

_ADDRESS = re.compile(r"--address[= ]\"?[^\s\":]*:(\d+)")
_SERVICES = re.compile(r"(?:^|,)\s*s3\s*(?:,|$)")


class S3Server:
    family = "s3"

    def recognises(self, service: ComposeService) -> bool:
        if service.kind:
            return service.kind == self.family
        return repository(service.image) in PORTS and serves(service)

    def connection(self, service: ComposeService) -> Connection:
        key, secret = _key(service)
        return Connection(self.family, _port(service), key, secret, scheme=_scheme(service))

    def ready(self, name: str) -> Sequence[CheckKind]:
        return (S3(service=name),)


def serves(service: ComposeService) -> bool:
    """The same images run other things: SeaweedFS' master and filer, LocalStack without S3."""
    image, said = repository(service.image), words(service)
    if image in SEAWEEDFS:
        return bool(re.search(r"(?:^|\s)s3(?:\s|$)|-s3\b", said))
    if image in LOCALSTACK:
        wanted = service.environment.get("SERVICES", "")
        return not wanted or bool(_SERVICES.search(wanted))
    return image not in MINIO or not said or bool(re.search(r"\bserver\b|\brun\.sh\b", said))


def _key(service: ComposeService) -> tuple[str, str]:
    default = MINIO_DEFAULT if _is_minio(service) else ANY
    key = setting(
        service, "MINIO_ROOT_USER", "MINIO_ACCESS_KEY", "AWS_ACCESS_KEY_ID", default=default
    )
    secret = setting(
        service, "MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", default=default
    )
    return key, secret


def _is_minio(service: ComposeService) -> bool:
    """An image of one's own is told to be S3 by `kind`; MinIO's variables then tell which."""
    known = repository(service.image)
    return known in MINIO or any(name.startswith("MINIO_") for name in service.environment)


def _port(service: ComposeService) -> int:
    told = _ADDRESS.search(words(service))
    if told:
        return int(told[1])
    usual = PORTS.get(repository(service.image))
    if usual is None:
        return _published(service)
    return int(setting(service, "MINIO_API_PORT_NUMBER", default=str(usual)))


def _published(service: ComposeService) -> int:
    targets = [port.target for port in service.ports]
    known = [target for target in targets if target in set(PORTS.values())]
    return (known or targets or [9000])[0]


def _scheme(service: ComposeService) -> str:
    return "https" if "--certs-dir" in words(service) else "http"


SERVER: Server = S3Server()
