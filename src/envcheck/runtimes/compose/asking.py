"""A declared healthcheck, asked once by us instead of at the engine's pace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from envcheck.runtimes.compose.daemon import refused
from envcheck.runtimes.compose.site import Inspected, Site


def healthcheck(site: Site, service: str) -> bool | None:
    """Whether its command ends with 0 in every replica; None where none is declared or running.

    Some such commands change what they look at: ask no more after the first success.
    """
    running = [it for it in site.of(service) if it["State"]["Running"]]
    commands = [command_of(it) for it in running]
    if not running or not all(commands):
        return None
    return all(_passes(site, it, command) for it, command in zip(running, commands, strict=True))


def command_of(seen: Inspected) -> list[str]:
    """From the file or the image: the engine has merged both. Empty for none."""
    test: Sequence[str] = (seen["Config"].get("Healthcheck") or {}).get("Test") or ()
    match list(test):
        case ["CMD", *words]:
            return words
        case ["CMD-SHELL", line]:
            return [*(seen["Config"].get("Shell") or ("/bin/sh", "-c")), line]
        case _:
            return []


def _passes(site: Site, seen: Inspected, command: list[str]) -> bool:
    with refused():
        made: dict[str, Any] = site.client.exec_create(seen["Id"], command)
        site.client.exec_start(made["Id"])
        return bool(site.client.exec_inspect(made["Id"])["ExitCode"] == 0)
