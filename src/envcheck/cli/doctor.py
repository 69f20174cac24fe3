"""``envcheck doctor``: is this machine fit for it?"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from envcheck.cli.options import Wanted, wanted, where

if TYPE_CHECKING:  # completion imports every command: none may bring the model along
    from envcheck.model.runtime import Limit

GIB = 1024**3
LEAST_MEMORY = 4 * GIB  # the recommender with Airflow peaked at 3.1 GiB
LEAST_DISK = 3 * GIB  # installed servers take 1.1 GiB, data and logs the rest
EMBEDDED_ON = {("Linux", "x86_64"), ("Linux", "aarch64")}


@dataclass(frozen=True, slots=True)
class Finding:
    """``weight`` is ok, advice, or stop: this would keep ``up`` from working."""

    weight: str
    about: str
    found: str
    fix: str = ""


@click.command("doctor")
@where
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(as_json: bool, **given: Any) -> int:
    """Versions, platform, memory, disk, and every port of the environment with its holder.

    Exits 4 when something found would keep `up` from working.
    """
    findings = [*_machine(), *_environment(wanted(**given))]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        click.echo("\n".join(_line(finding) for finding in findings))
    return 4 if any(finding.weight == "stop" for finding in findings) else 0


def _line(finding: Finding) -> str:
    fix = f"\n{'':22}{finding.fix}" if finding.fix else ""
    return f"{finding.weight:<7} {finding.about:<13} {finding.found}{fix}"


def _machine() -> Iterator[Finding]:
    from envcheck import __version__

    yield Finding("ok", "envcheck", __version__)
    yield Finding("ok", "python", platform.python_version())
    yield _platform(platform.system(), platform.machine())
    yield _room(
        "memory", _available_memory(), LEAST_MEMORY, "close something, or bring up fewer waves"
    )
    free = shutil.disk_usage(Path.home()).free
    yield _room("disk", free, LEAST_DISK, "free some space in your home folder")


def _platform(system: str, machine: str) -> Finding:
    found = f"{system} {machine}"
    if (system, machine) in EMBEDDED_ON:
        return Finding("ok", "platform", f"{found}: embedded services run here")
    fix = "use Docker Compose here; embedded services need Linux on x86-64 or arm64"
    return Finding("stop", "platform", f"{found}: embedded services do not run here", fix)


def _available_memory() -> int:
    try:
        import psutil
    except ImportError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    return int(psutil.virtual_memory().available)


def _room(about: str, found: int, least: int, fix: str) -> Finding:
    text = f"{found / GIB:.1f} GiB free"
    if found >= least:
        return Finding("ok", about, text)
    return Finding("advice", about, f"{text}, {least / GIB:.0f} GiB are comfortable", fix)


def _environment(asked: Wanted) -> Iterator[Finding]:
    from envcheck.cli.wiring import ground
    from envcheck.engine.ownership import holder_of
    from envcheck.system.clock import SystemClock

    base = ground(asked, SystemClock())
    yield Finding("ok", "environment", f"{base.environment.name} ({base.environment.folder})")
    yield Finding("ok", "runtime", f"{base.runtime.name}: {base.why}")
    for name, version in base.runtime.versions().items():
        yield Finding("ok", "server", f"{name}: {version}")
    yield from _limits(base.runtime.limits())
    if holder := holder_of(base.state):
        yield Finding("advice", "lock", holder, "wait until it has ended")
    yield from _ports(base)


def _limits(limits: Sequence[Limit]) -> Iterator[Finding]:
    """One line per thing that cannot be done, with all the services it concerns."""
    concerned: dict[tuple[str, str], list[str]] = {}
    for limit in limits:
        concerned.setdefault((limit.capability, limit.reason), []).append(limit.service)
    for (capability, reason), services in concerned.items():
        what = "not run here" if capability == "run" else capability
        yield Finding("ok", "limit", f"{', '.join(services)}: {what}: {reason}")


def _ports(base: Any) -> Iterator[Finding]:
    from envcheck.model.service import Phase
    from envcheck.system.ports import free, owner

    states = base.runtime.states()
    for name, service in base.environment.project.services.items():
        runs = name in states and states[name].phase is Phase.RUNNING
        for port in service.ports:
            about = f"{name} {port.published}"
            if runs:
                yield Finding("ok", "port", f"{about}: ours, in use")
            elif not port.published or free(port.published):
                yield Finding("ok", "port", f"{about}: free")
            else:
                held = f"{about}: held by {owner(port.published)}"
                yield Finding("advice", "port", held, "another free port will be used instead")
