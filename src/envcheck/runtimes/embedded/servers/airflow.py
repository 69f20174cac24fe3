"""Apache Airflow from PyPI: each Compose service runs the same ``airflow`` command here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from envcheck.errors import StackError
from envcheck.model.compose import ComposeService
from envcheck.model.runtime import Limit
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.forms import Ground, image_tag
from envcheck.runtimes.embedded.programs import Program
from envcheck.runtimes.embedded.venvs import Need

VERSION = "3.3.2"
PORT = 8080
START = Path(__file__).with_name("airflow_start.py")
COMMANDS = {"api-server", "scheduler", "dag-processor", "triggerer", "db"}
DRIVERS = "psycopg2-binary==2.9.13\nasyncpg==0.32.0\n"
ALONE = "--skip-serve-logs"  # all components read one log folder here: nobody need serve it
PASSWORDS = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"


class Airflow:
    title = f"Apache Airflow {VERSION}"

    def fits(self, service: ComposeService, connection: Connection | None) -> bool:
        family = service.kind or (connection.family if connection else "")
        return family.startswith("airflow") or service.image.partition(":")[0].endswith("airflow")

    def need(self, service: ComposeService) -> Need:
        version = _version(service)
        text = f"apache-airflow=={version}\n{DRIVERS}"
        return Need(f"Apache Airflow {version}", "the scheduler of the pipelines", 290, text)

    def ports(self, service: ComposeService, _declared: Sequence[int]) -> Mapping[int, int]:
        return {PORT: PORT} if _command(service)[0] == "api-server" else {}

    def limits(self, service: ComposeService) -> Sequence[Limit]:
        said = image_tag(service)
        if said and not said.startswith(_version(service)):
            reason = f"runs Airflow {_version(service)} here, the Compose file says {said}"
            return (Limit(service.name, "airflow.version", reason),)
        return ()

    def program(self, ground: Ground) -> Program:
        home = ground.layout.volume("airflow-home")
        environment = {**ground.base, **_settings(home), **ground.environment}
        venv = ground.venv(self.need(ground.service))
        environment["PATH"] = f"{venv / 'bin'}:{environment.get('PATH', '/usr/bin:/bin')}"
        return Program(
            service=ground.service.name,
            # -P: beside the script lies a module of ours that is called airflow, too
            argv=(str(venv / "bin" / "python"), "-P", str(START), *_arguments(ground)),
            env=environment,
            cwd=home,
            files=_passwords(ground, environment),
            folders=(home, *_logs(environment)),
        )


def _version(service: ComposeService) -> str:
    matched = re.match(r"3\.\d+\.\d+", image_tag(service))
    return matched[0] if matched else VERSION


def _command(service: ComposeService) -> tuple[str, ...]:
    """An entrypoint of the project's own only prepares what ``_passwords`` prepares here."""
    words = service.command
    if words[:1] == ("airflow",):
        words = words[1:]
    if not words or words[0] not in COMMANDS:
        known = ", ".join(sorted(COMMANDS))
        raise StackError(f"{service.name}: only these airflow commands run here: {known}")
    return words


def _arguments(ground: Ground) -> tuple[str, ...]:
    words = _command(ground.service)
    if words[0] == "api-server":
        return (*words, "--host", "127.0.0.1", "--port", str(ground.own[PORT]))
    if words[0] in {"scheduler", "triggerer"} and ALONE not in words:
        return (*words, ALONE)
    return words


def _settings(home: Path) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",  # never asks a name server
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _logs(environment: Mapping[str, str]) -> tuple[Path, ...]:
    named = environment.get("AIRFLOW__LOGGING__BASE_LOG_FOLDER", "")
    return (Path(named),) if named else ()


def _passwords(ground: Ground, environment: Mapping[str, str]) -> dict[Path, str]:
    """The simple auth manager invents passwords unless its file already knows them."""
    wanted = environment.get(PASSWORDS)
    password = environment.get("AIRFLOW_ADMIN_PASSWORD")
    if not wanted or not password or _command(ground.service)[0] != "api-server":
        return {}
    return {Path(wanted): json.dumps({"admin": password})}


FORM = Airflow()
