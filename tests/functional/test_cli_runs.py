"""Options, locks, disks and pipes, as a user meets them on a stack that really runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.scenarios.play import Theatre

pytestmark = pytest.mark.real

CACHE = """\
name: small
services:
  cache:
    image: redis:8
    command: [redis-server, --requirepass, correct-horse]
    ports: ["127.0.0.1:28461:6379"]
    volumes: ["data:/data"]
volumes: {data: {}}
"""
DIES = CACHE.replace("--requirepass, correct-horse", "--no-such-option, x")


@pytest.fixture
def stack() -> Iterator[Theatre]:
    folder = Path(tempfile.mkdtemp(prefix="envcheck-play-"))
    (folder / "compose.yaml").write_text(CACHE)
    made = Theatre(folder)
    try:
        yield made
    finally:
        (folder / "compose.yaml").write_text(CACHE)
        made.run("down", "--volumes")
        shutil.rmtree(folder)


def broken(stack: Theatre) -> None:
    (stack.folder / "compose.yaml").write_text(DIES)


def split(stack: Theatre, *words: str) -> tuple[int, str, str]:
    """stdout and stderr apart."""
    with stack.begin(*words, stderr=subprocess.PIPE) as command:
        out, err = command.communicate(timeout=120)
    return command.returncode, out, err


def test_json_is_all_there_is_on_stdout_and_progress_goes_beside_it(stack: Theatre):
    code, out, err = split(stack, "up", "--json")
    assert code == 0
    assert json.loads(out)["verdict"] == "PASS"
    assert "cache" in err


@pytest.mark.parametrize("how", ["none", "plain", "json"])
def test_progress_is_shown_as_it_was_asked_for(stack: Theatre, how: str):
    code, out, err = split(stack, "up", "--progress", how)
    assert (code, err) == (0, "")
    if how == "none":
        assert out == ""
    elif how == "plain":
        assert "PASS  1 check in" in out.splitlines()[-1]
    else:
        events = [json.loads(line)["event"] for line in out.splitlines()]
        assert (events[0], events[-1]) == ("RunStarted", "RunEnded")


def test_reports_are_written_where_they_were_asked_for(stack: Theatre):
    wanted = stack.folder / "out" / "junit.xml"
    code, said = stack.run("up", "--report", f"junit={wanted}", "--report", "text")
    assert code == 0, said
    assert 'failures="0"' in wanted.read_text()
    latest = stack.folder / ".envcheck" / "latest"
    names = {path.name for path in latest.iterdir()}
    assert {"record.jsonl", "report.json", "junit.xml", "report.text", "endpoints.env"} <= names
    assert {path.stat().st_mode & 0o777 for path in latest.iterdir()} == {0o600}


def test_the_second_of_two_runs_is_told_who_holds_the_project(stack: Theatre):
    with stack.begin("up", "--progress", "json") as first:
        assert first.stdout is not None
        first.stdout.readline()
        first.send_signal(signal.SIGSTOP)
        for command in ("up", "down", "verify", "gc"):
            code, said = stack.run(command)
            assert code == 4, said
            assert f"envcheck up (pid {first.pid}, since " in said
            assert "holds this project" in said
        _, told = stack.run("status")
        assert f"held by envcheck up (pid {first.pid}" in told
        first.send_signal(signal.SIGCONT)
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert len(list((stack.folder / ".envcheck" / "runs").iterdir())) == 1


def test_down_right_after_up_finds_everything_there_is(stack: Theatre):
    before = stack.empty()
    assert stack.run("up")[0] == 0
    code, said = stack.run("down")
    assert code == 0, said
    assert "kept" in said
    code, said = stack.run("down", "--volumes")
    assert code == 0, said
    assert stack.left() == before
    assert stack.run("down") == (0, "small: nothing of ours was here\n")


def test_down_always_removes_what_this_run_made(stack: Theatre):
    before = stack.empty()
    code, said = stack.run("up", "--down", "always")
    assert code == 0, said
    assert stack.left() == before


def test_down_always_keeps_data_that_was_there_before(stack: Theatre):
    assert stack.run("up")[0] == 0
    assert stack.run("down")[0] == 0
    assert stack.run("up", "--down", "always")[0] == 0
    left = stack.left()
    assert left["processes"] == []
    assert any(name.endswith("data/data") for name in left["files"])


def test_down_on_failure_removes_only_what_failed(stack: Theatre):
    before = stack.empty()
    assert stack.run("up", "--down", "on-failure")[0] == 0
    assert stack.pids()
    assert stack.run("down", "--volumes")[0] == 0
    broken(stack)
    code, said = stack.run("up", "--down", "on-failure")
    assert code == 4, said
    assert stack.left() == before


def test_strict_makes_a_skipped_service_unknown(stack: Theatre):
    more = CACHE.replace("volumes: {data", "  web:\n    image: nginx:1.29\nvolumes: {data")
    (stack.folder / "compose.yaml").write_text(more)
    assert stack.run("up")[0] == 0
    code, said = stack.run("up", "--strict")
    assert code == 5
    assert "skipped (--strict)" in said


def test_the_total_time_ends_the_wait_and_says_so(stack: Theatre):
    code, out, _err = split(stack, "up", "--timeout", "100ms", "--json")
    report = json.loads(out)
    [late] = [it for it in report["outcomes"] if it["id"] == "1/ready/cache"]
    assert (code, report["verdict"], late["status"]) == (4, "FAIL", "FAIL")
    assert "not ready after" in late["observed"]


def test_a_look_that_runs_out_of_time_is_unknown(stack: Theatre):
    assert stack.run("up")[0] == 0
    code, out, _err = split(stack, "verify", "--timeout", "0s", "--json")
    report = json.loads(out)
    assert (code, report["verdict"]) == (5, "UNKNOWN")
    assert {it["reason"] for it in report["outcomes"]} == {"the total time of 0 s was over"}


def test_a_reader_that_goes_away_changes_nothing(stack: Theatre):
    with stack.begin("up") as command:
        assert command.stdout is not None
        command.stdout.close()
        assert command.wait(timeout=120) == 0
    assert stack.pids()
    broken(stack)
    with stack.begin("up", stderr=subprocess.PIPE) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert command.wait(timeout=120) == 4
        assert command.stderr.read() == ""


def test_a_plan_read_by_head_is_quiet(stack: Theatre):
    with stack.begin("plan", stderr=subprocess.PIPE) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert (command.wait(timeout=60), command.stderr.read()) == (0, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a file system")
def test_where_no_record_can_be_written_nothing_is_touched(stack: Theatre):
    before = stack.empty()
    with _mounted(stack, "size=1m") as folder:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        code, said = stack.run("up")
    assert code == 5
    assert "no record can be written" in said
    assert "Read-only file system" in said
    assert stack.left() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a file system")
def test_a_disk_that_fills_up_makes_the_verdict_unknown_and_harms_nobody(stack: Theatre):
    with _mounted(stack, "size=12k"):
        code, said = stack.run("up")
    assert code == 5, said
    assert "the record is broken" in said
    assert "our bug" not in said
    assert set(stack.pids()) == {"cache"}


@contextmanager
def _mounted(stack: Theatre, options: str) -> Iterator[Path]:
    """``.envcheck`` on a file system of its own."""
    folder = stack.folder / ".envcheck"
    folder.mkdir()
    wanted = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(wanted, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
