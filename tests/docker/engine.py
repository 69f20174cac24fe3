"""A private Docker engine, provided where none answers, from Debian's packages.

Nothing on the system is installed or changed: the packages are unpacked below the user's cache,
and data root, socket and process are the engine's own. One engine serves all test runs of a user
at once; the last of them ends it. What it built stays in the cache for the next run.

    python -m tests.docker.engine run COMMAND…   with DOCKER_HOST and DOCKER_CONFIG set for it
    python -m tests.docker.engine remove         packages, images, everything
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from envcheck.errors import EnvcheckError
from envcheck.runtimes.compose.debian import Shelf, own_source, release
from envcheck.system.places import cache_folder
from envcheck.system.process import run

ENGINE = ("docker.io", "docker-cli", "containerd", "docker-compose", "docker-buildx", "tini")
# a runc or iptables newer than this release needs a newer C library: these come from itself
OWN = (
    "runc",
    "iptables",
    "libip4tc2",
    "libip6tc2",
    "libxtables12",
    "libnftnl11",
    "libnfnetlink0",
    "libmnl0",
    "libnetfilter-conntrack3",
)
ENGINE_SUITE = {"bookworm": "trixie", "trixie": "trixie"}
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
STARTS = 60.0  # seconds; a hang guard
SIGNS = 5.0  # within which it has written its pid
ENDS = 30.0
VARIABLE = "ENVCHECK_ENGINE_SUITE"  # take the engine from another suite, such as sid


class NoEngine(Exception):  # noqa: N818 (a reason to skip)
    """Why there can be no private engine here."""


@dataclass(frozen=True, slots=True)
class Private:
    """Where it lies. The socket's path must be short, so it lives in the temp folder."""

    suite: str
    home: Path
    run: Path

    @property
    def prefix(self) -> Path:
        return self.home / "prefix"

    @property
    def socket(self) -> Path:
        return self.run / "docker.sock"

    @property
    def pidfile(self) -> Path:
        return self.run / "docker.pid"

    @property
    def config(self) -> Path:
        return self.home / "config"

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs, beside the environment it has."""
        return {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": str(self.config)}

    @property
    def path(self) -> str:
        parts = (self.prefix / part for part in ("bin", "usr/bin", "usr/sbin"))
        return os.pathsep.join((*map(str, parts), os.environ.get("PATH", "")))

    def answers(self) -> bool:
        known = {**os.environ, **self.environment, "PATH": self.path}
        return run(["docker", "version"], env=known, timeout=10).ok


def private() -> Private:
    """The engine of this release. Raises NoEngine where there can be none."""
    if os.geteuid() != 0:
        raise NoEngine("a private Docker engine needs root")
    suite = os.environ.get(VARIABLE) or ENGINE_SUITE.get(release(), "")
    if not suite:
        raise NoEngine("only Debian 12 and 13 are known to hold what a private engine needs")
    run_folder = Path(tempfile.gettempdir()) / f"envcheck-engine-{suite}"
    return Private(suite, cache_folder() / "docker-engine" / suite, run_folder)


@contextmanager
def engine() -> Iterator[Private]:
    """Raises NoEngine when it cannot be had; ended when the last user leaves."""
    where = private()
    where.home.mkdir(parents=True, exist_ok=True)
    with (where.home / "users").open("w") as users:
        with _alone(where):
            try:
                _provide(where)
            except (EnvcheckError, OSError) as error:
                raise NoEngine(f"no private Docker engine could be provided: {error}") from error
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield where
        finally:
            with _alone(where), suppress(BlockingIOError):  # another run still uses it
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                end(where)


@contextmanager
def _alone(where: Private) -> Iterator[None]:
    """One at a time begins or ends it."""
    with (where.home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _provide(where: Private) -> None:
    if where.answers():
        return
    _demand_alone(where)
    _unpack(where)
    end(where)
    where.run.mkdir(mode=0o700, exist_ok=True)
    _remember_forwarding(where)
    with (where.home / "dockerd.log").open("w") as log:
        # it may outlive this run, so it is nobody's child
        argv = ["setsid", "--fork", *_argv(where)]
        subprocess.run(
            argv, env=_surroundings(where), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            check=True,
        )  # fmt: skip
    begun = time.monotonic()
    while not where.answers():
        gone = time.monotonic() > begun + SIGNS and not _pid(where)
        if gone or time.monotonic() > begun + STARTS:
            raise NoEngine(f"dockerd did not start: {_last_words(where)}")
        time.sleep(0.1)


def _demand_alone(where: Private) -> None:
    """Two engines would share a bridge and the names of their rules."""
    for suite in {*ENGINE_SUITE.values(), "sid"} - {where.suite}:
        other = replace(where, suite=suite, run=where.run.with_name(f"envcheck-engine-{suite}"))
        if _pid(other):
            raise NoEngine(f"a private engine from {suite} runs already")


def _unpack(where: Private) -> None:
    """Aside first, so that a prefix under its own name is whole."""
    if where.prefix.exists():
        return
    aside = where.home / "prefix.part"
    shutil.rmtree(aside, ignore_errors=True)
    codename = release()
    source, shelves = own_source(codename), where.home / "apt"
    Shelf(shelves, source, where.suite).take(ENGINE, aside)
    Shelf(shelves, source, codename).take(OWN, aside)
    shutil.rmtree(shelves)
    _link(aside, where.config)
    aside.rename(where.prefix)


def _link(prefix: Path, config: Path) -> None:
    """Names that a package's scripts would have made, and the plugins where the CLI looks."""
    names = prefix / "bin"
    names.mkdir()
    for name in ("iptables", "ip6tables"):
        (names / name).symlink_to("../usr/sbin/xtables-nft-multi")
    static = prefix / "usr/bin/tini-static"
    (names / "docker-init").symlink_to(f"../usr/bin/{'tini-static' if static.exists() else 'tini'}")
    plugins = config / "cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    for plugin in (prefix / "usr/libexec/docker/cli-plugins").iterdir():
        target = prefix.with_name("prefix") / plugin.relative_to(prefix)
        (plugins / plugin.name).unlink(missing_ok=True)
        (plugins / plugin.name).symlink_to(target)


def _argv(where: Private) -> list[str]:
    return [
        str(where.prefix / "usr/sbin/dockerd"),
        f"--data-root={where.home / 'data'}",
        f"--exec-root={where.run / 'exec'}",
        f"--pidfile={where.pidfile}",
        f"--host=unix://{where.socket}",
    ]


def _surroundings(where: Private) -> dict[str, str]:
    libraries = next((where.prefix / "usr/lib").glob("*-linux-gnu"))
    return {
        **os.environ,
        "PATH": where.path,
        "LD_LIBRARY_PATH": str(libraries),
        "XTABLES_LIBDIR": str(libraries / "xtables"),
    }


def end(where: Private) -> None:
    """Its containers, its process, its bridge and its rules; only what its pidfile names."""
    pid = _pid(where)
    if pid:
        _remove_containers(where)
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + ENDS
        while _pid(where) == pid and time.monotonic() < deadline:
            time.sleep(0.05)
        _forget_network(where)
    for mounted in _mounts(where.run):
        run(["umount", mounted])
    shutil.rmtree(where.run, ignore_errors=True)


def _remove_containers(where: Private) -> None:
    known = {**os.environ, **where.environment, "PATH": where.path}
    left = run(["docker", "ps", "--all", "--quiet"], env=known).out.split()
    if left:
        run(["docker", "rm", "--force", "--volumes", *left], env=known)
    for kind in ("network", "volume"):
        run(["docker", kind, "prune", "--force"], env=known)


def _pid(where: Private) -> int:
    """0 unless that process is our dockerd."""
    try:
        pid = int(where.pidfile.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return 0
    return pid if f"--pidfile={where.pidfile}".encode() in command else 0


def _forget_network(where: Private) -> None:
    """A bridge without ports, and chains whose names are Docker's own, outlive the daemon."""
    if any(Path("/run").glob("docker.pid")):
        return  # another engine, the system's, uses the same names
    run(["ip", "link", "delete", "docker0"])
    known = _surroundings(where)
    for table in ("nat", "filter", "raw"):
        rules = run(["iptables", "-t", table, "-S"], env=known).out.splitlines()
        ours = [rule.split() for rule in rules if "DOCKER" in rule or "docker0" in rule]
        for rule in (it for it in ours if it[0] == "-A"):
            run(["iptables", "-t", table, "-D", *rule[1:]], env=known)
        for rule in (it for it in ours if it[0] == "-N"):
            run(["iptables", "-t", table, "-X", rule[1]], env=known)
    _restore_forwarding(where)


def _remember_forwarding(where: Private) -> None:
    """dockerd switches forwarding on and its policy to DROP; both are put back."""
    rules = run(["iptables", "-S", "FORWARD"], env=_surroundings(where)).out.split()
    policy = rules[2] if rules[:1] == ["-P"] else "ACCEPT"
    (where.run / "forwarding").write_text(f"{policy} {FORWARDING.read_text().strip()}")


def _restore_forwarding(where: Private) -> None:
    before = where.run / "forwarding"
    if before.exists():
        policy, switch = before.read_text().split()
        run(["iptables", "-P", "FORWARD", policy], env=_surroundings(where))
        FORWARDING.write_text(switch)


def _mounts(below: Path) -> list[str]:
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    found = (line.split()[1] for line in lines)
    return sorted((path for path in found if Path(path).is_relative_to(below)), reverse=True)


def _last_words(where: Private) -> str:
    log = where.home / "dockerd.log"
    return " / ".join(log.read_text(errors="replace").splitlines()[-3:]) if log.exists() else ""


def remove() -> None:
    where = private()
    end(where)
    for mounted in _mounts(where.home):
        run(["umount", mounted])
    shutil.rmtree(where.home, ignore_errors=True)


def main(words: list[str]) -> int:
    if words[:1] == ["remove"]:
        remove()
        return 0
    if words[:1] != ["run"] or len(words) == 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with engine() as where:
            known = {**os.environ, **where.environment, "PATH": where.path}
            return subprocess.run(words[1:], env=known, check=False).returncode
    except NoEngine as reason:
        print(f"no Docker engine: {reason}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
