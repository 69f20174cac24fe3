"""One supervisord per project: keeps the services after we exit, and knows how each one died."""

from __future__ import annotations

import os
import shlex
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from envcheck.errors import StackError
from envcheck.runtimes.embedded.layout import Layout
from envcheck.runtimes.embedded.processes import NONCE, Process, carries, look
from envcheck.runtimes.embedded.programs import Program, base_environment
from envcheck.runtimes.embedded.remote import call
from envcheck.system.files import write_private

HERE = Path(__file__).parent
READY_SECONDS = 15.0  # it takes 0.13 s; a machine may be busy installing
KEPT = {10, 20, 30, 40}  # STARTING, RUNNING, BACKOFF, STOPPING (supervisor.states)
LOG_BYTES = 20 * 1024 * 1024
RESTARTS = 1_000_000  # Compose never gives up either


class Supervision:
    def __init__(self, layout: Layout, nonce: str) -> None:
        self._layout = layout
        self._nonce = nonce
        self._lock = threading.RLock()

    def process(self) -> Process | None:
        """The supervisor, proven ours by its nonce; None when none runs."""
        try:
            pid = int((self._layout.run / "supervisor.pid").read_text())
        except (OSError, ValueError):
            return None
        return look(pid) if carries(pid, self._nonce) else None

    def begin(self) -> Process:
        """Start it and wait until it answers. Raises StackError with what it said."""
        log = self._layout.run / "supervisor.out"
        self._configure()
        argv = self._argv()
        env = {**base_environment(), "TZ": "UTC", NONCE: self._nonce}
        # not subprocess: it is meant to outlive us, and nobody here will ever wait for it
        files = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), files, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        pid = os.posix_spawn(argv[0], argv, env, file_actions=actions, setsid=True)
        return self._awaited(pid, log)

    def start(self, program: Program) -> int:
        """Start it by its newest description; its pid. Raises StackError."""
        with self._lock:
            self._introduce(program)
            self._call("startProcess", program.service, False)
            pid = self._info(program.service).get("pid", 0)
            return int(pid)

    def kept(self) -> Mapping[str, int]:
        """The services it keeps running, or is about to start again, and their pids (else 0)."""
        if self.process() is None:
            return {}
        every: Sequence[Mapping[str, Any]] = self._call("getAllProcessInfo")
        return {info["name"]: info["pid"] for info in every if info["state"] in KEPT}

    def running(self, service: str) -> bool:
        return self._info(service).get("state") in KEPT

    def ask_to_stop(self, services: Iterable[str]) -> None:
        """All at once, each with its own grace period before it is killed."""
        for name in services:
            self._call("stopProcess", name, False)

    def wait_until_down(self, services: Iterable[str], patience: float) -> None:
        waiting = set(services)
        deadline = time.monotonic() + patience
        while waiting and time.monotonic() < deadline:
            time.sleep(0.01)
            waiting &= self.kept().keys()

    def shut_down(self) -> None:
        """End it; whatever it still keeps gets its grace period first."""
        try:
            self._call("shutdown")
        except StackError:
            return

    def _introduce(self, program: Program) -> None:
        """Tell the supervisor of a program it does not know, or knows differently."""
        section = _section(self._layout, program)
        file = self._layout.run / f"{program.service}.program"
        known = file.exists() and file.read_text(encoding="utf-8") == section
        if known and self._info(program.service):
            return
        write_private(file, section)
        self._call("reloadConfig")
        if self._info(program.service):
            self._call("removeProcessGroup", program.service)
        self._call("addProcessGroup", program.service)

    def _info(self, service: str) -> Mapping[str, Any]:
        """Empty for a service it does not know, and where no supervisor answers."""
        try:
            info: Mapping[str, Any] = self._call("getProcessInfo", service)
        except StackError:
            return {}
        return info

    def _call(self, method: str, *arguments: Any) -> Any:
        return call(self._layout.socket, method, *arguments)

    def _awaited(self, pid: int, log: Path) -> Process:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            process = self.process()
            if process is not None and self._answers():
                return process
            if look(pid) is None and self.process() is None:
                break
            time.sleep(0.005)
        said = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
        raise StackError(f"the supervisor of local processes did not start: {said or 'no word'}")

    def _answers(self) -> bool:
        try:
            return bool(self._call("getPID"))
        except StackError:
            return False

    def _argv(self) -> list[str]:
        script = str(HERE / "supervised.py")
        return [sys.executable, "-I", script, "-n", "-c", str(self._layout.configuration)]

    def _configure(self) -> None:
        write_private(self._layout.configuration, _configuration(self._layout))


def _configuration(layout: Layout) -> str:
    root = "user=root\n" if os.geteuid() == 0 else ""  # it warns unless told that this is meant
    return f"""\
[supervisord]
nodaemon=true
silent=true
{root}logfile={_escaped(layout.journal)}
logfile_maxbytes=0
loglevel=debug
pidfile={_escaped(layout.run / "supervisor.pid")}
childlogdir={_escaped(layout.logs)}
umask=077
identifier=envcheck

[unix_http_server]
file={_escaped(layout.socket)}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files=*.program
"""


def _section(layout: Layout, program: Program) -> str:
    launcher = [sys.executable, "-I", "-S", str(HERE / "launch.py")]
    command = shlex.join([*launcher, str(layout.spec(program.service))])
    policy = program.restart.partition(":")[0]
    again = {"no": "false", "on-failure": "unexpected"}.get(policy, "true")
    # with 1 a quick death is retried after a growing pause; a one-shot may end at once
    seconds = 1 if again == "true" else 0
    return f"""\
[program:{program.service}]
command={command.replace("%", "%%")}
autostart=false
autorestart={again}
exitcodes=0
startsecs={seconds}
startretries={RESTARTS}
stopsignal={program.stop_signal}
stopwaitsecs={max(int(program.stop_seconds), 1)}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={_escaped(layout.log(program.service))}
stdout_logfile_maxbytes={LOG_BYTES}
stdout_logfile_backups=1
"""


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
