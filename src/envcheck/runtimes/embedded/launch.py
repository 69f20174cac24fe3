"""What supervisor really starts: reads a private file, becomes the program it describes.

Runs alone (``python -I -S launch.py spec.json``), so that it imports nothing and costs 15 ms. The
environment of a service, with its secrets, is in that file and in no configuration.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Any

PR_SET_PDEATHSIG = 1


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        spec = json.load(file)
    sweep(spec["mark"])
    write_mark(spec)
    os.umask(0o077)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    become(spec["uid"])
    die_with_the_supervisor()
    try:
        os.chdir(spec["cwd"])
        os.execvpe(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606
    except OSError as error:
        sys.exit(f"cannot run {spec['argv'][0]}: {error.strerror}: {error.filename}")


def sweep(mark: str) -> None:
    """End what the last start left behind: workers whose parent was killed hold ports and locks.

    Its process group bears the pid of that start, in our supervisor's session.
    """
    try:
        with open(mark, encoding="utf-8") as file:  # noqa: PTH123
            group = json.load(file)["pid"]
    except (FileNotFoundError, ValueError):
        return
    session = os.getsid(0)
    for entry in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        try:
            if os.getpgid(int(entry)) == group and os.getsid(int(entry)) == session:
                os.kill(int(entry), signal.SIGKILL)
        except ProcessLookupError:
            continue


def write_mark(spec: dict[str, Any]) -> None:
    """Who this start is: the pid stays, the program behind it changes with exec."""
    ticks = read("/proc/self/stat").rpartition(")")[2].split()[19]
    boot = read("/proc/sys/kernel/random/boot_id")[:8]
    try:
        begins = os.stat(spec["log"]).st_size  # noqa: PTH116
    except FileNotFoundError:
        begins = 0
    fresh = f"{spec['mark']}.{os.getpid()}"
    with open(fresh, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump({"pid": os.getpid(), "started": f"{boot}:{ticks}", "begins": begins}, file)
    os.replace(fresh, spec["mark"])  # noqa: PTH105


def read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        return file.read()


def become(uid: int | None) -> None:
    if uid is not None:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


def die_with_the_supervisor() -> None:
    """A service nobody watches is worse than one that stopped."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the supervisor is gone")


if __name__ == "__main__":
    main(sys.argv[1])
