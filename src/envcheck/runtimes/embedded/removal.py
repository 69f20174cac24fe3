"""Taking away what we made, and nothing else; proven by looking again."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from envcheck.model.runtime import Ledger, Resource
from envcheck.runtimes.embedded.evidence import last_start
from envcheck.runtimes.embedded.layout import Layout
from envcheck.runtimes.embedded.processes import Process, end, everyone, ours

LEAVING = ".leaving-"
ROUNDS = 3  # a process born while we looked is met in the next


def identities(layout: Layout, ledger: Ledger) -> list[Process]:
    """Every process we know to have started, by pid and start time."""
    noted = [
        Process(int(resource.id), resource.facts["started"])
        for resource in ledger.standing()
        if resource.kind == "process" and resource.id.isdigit() and resource.facts.get("started")
    ]
    marks = layout.run.glob("*.started.json") if layout.run.is_dir() else ()
    launched = (last_start(layout, mark.name.removesuffix(".started.json")) for mark in marks)
    return [*noted, *(process for process in launched if process)]


def end_all(layout: Layout, ledger: Ledger) -> Sequence[str]:
    """Kill everything of this project that runs; sentences about what did not go."""
    known = identities(layout, ledger)
    for _ in range(ROUNDS):
        # the eldest first: the supervisor, which would start the others again
        end(sorted(ours(ledger.nonce, known), key=lambda process: process.age))
        left = ours(ledger.nonce, known)
        if not left:
            break
    return [f"process {process.pid} does not end" for process in left]


def end_group(leader: Process) -> Sequence[str]:
    """Kill what a service's main process left behind in its group."""
    members = [process for process in everyone().values() if process.group == leader.pid]
    return [f"process {process.pid} does not end" for process in end(members)]


def remove(paths: Iterable[Path]) -> Sequence[str]:
    """Files and folders, whole; sentences about what is still there.

    A folder leaves its name first: killed half-way, it is never taken for data again.
    """
    left = []
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            aside = path.with_name(f"{LEAVING}{path.name}")
            shutil.rmtree(aside, ignore_errors=True)
            path.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside = path
            path.unlink(missing_ok=True)
        if aside.exists():
            left.append(f"{path} could not be removed")
    return left


def sweep(*folders: Path) -> Sequence[str]:
    """Remove to the end what a killed removal had begun with."""
    begun = [path for folder in folders for path in folder.glob(f"{LEAVING}*")]
    for path in begun:
        shutil.rmtree(path, ignore_errors=True)
    return [f"{path} could not be removed" for path in begun if path.exists()]


def remove_if_empty(*folders: Path) -> None:
    """Others may keep something there: then it stays."""
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def forget(ledger: Ledger, resources: Iterable[Resource]) -> None:
    for resource in resources:
        ledger.gone(resource)
