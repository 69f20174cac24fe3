"""S3 as moto's server, with the project's own keys as its only ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from envcheck.model.compose import ComposeService
from envcheck.model.runtime import Limit
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.forms import Ground
from envcheck.runtimes.embedded.programs import Program
from envcheck.runtimes.embedded.venvs import Need

VERSION = "5.2.5"
NEED = Need("moto 5.2", "the S3 server", 180, "moto[s3,server]==5.2.5\n")
PORT = 9000
START = Path(__file__).with_name("moto_start.py")
LIMITS = {
    "s3.durability": "kept in memory only: a restart forgets every bucket",
    "s3.presigned-url": "a presigned URL is refused",
    "s3.console": "there is no console",
    "s3.version": "runs moto 5.2 here, not the server of the image",
}


class Moto:
    title = f"moto {VERSION}"

    def fits(self, service: ComposeService, connection: Connection | None) -> bool:
        return {service.kind, connection.family if connection else ""} & {"s3", "minio"} != set()

    def need(self, _service: ComposeService) -> Need:
        return NEED

    def ports(self, _service: ComposeService, declared: Sequence[int]) -> Mapping[int, int]:
        main = PORT if PORT in declared or not declared else declared[0]
        return {main: main}

    def limits(self, service: ComposeService) -> Sequence[Limit]:
        return [Limit(service.name, capability, reason) for capability, reason in LIMITS.items()]

    def program(self, ground: Ground) -> Program:
        login = ground.connection
        return Program(
            service=ground.service.name,
            argv=(str(ground.venv(NEED) / "bin" / "python"), "-I", str(START)),
            env={
                **ground.base,
                "S3_PORT": str(next(iter(ground.own.values()))),
                "S3_ACCESS_KEY": login.user if login else "",
                "S3_SECRET_KEY": login.password if login else "",
            },
            cwd=ground.layout.data,
        )


FORM = Moto()
