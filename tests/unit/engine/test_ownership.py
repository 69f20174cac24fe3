from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from envcheck.engine.ledger import FileLedger
from envcheck.engine.ownership import holder_of, locked
from envcheck.errors import StackError
from envcheck.model.runtime import Resource

HOLD = """
import sys, time
from pathlib import Path
from envcheck.engine.ownership import locked
with locked(Path(sys.argv[1]), "up"):
    print("held", flush=True)
    time.sleep(60)
"""


def process(pid: str) -> Resource:
    return Resource("process", pid, "db", {"started": "123"})


def test_what_was_made_stands_until_it_is_gone(tmp_path: Path):
    ledger = FileLedger(tmp_path, "run-1")
    ledger.intend(process("41"))
    ledger.made(process("41"))
    ledger.intend(process("42"))
    ledger.gone(process("41"))
    assert ledger.standing() == (process("42"),)


def test_a_later_run_knows_what_an_earlier_one_made(tmp_path: Path):
    FileLedger(tmp_path, "run-1").made(process("41"))
    later = FileLedger(tmp_path, "run-2")
    later.made(process("42"))
    assert later.standing("run-2") == (process("42"),)
    assert later.standing("run-1") == (process("41"),)
    assert len(later.standing()) == 2


def test_confirming_does_not_change_whose_it_is(tmp_path: Path):
    FileLedger(tmp_path, "run-1").intend(process("41"))
    FileLedger(tmp_path, "run-2").made(process("41"))
    assert FileLedger(tmp_path, "run-3").standing("run-1") == (process("41"),)


def test_a_line_cut_short_by_a_kill_spoils_no_other(tmp_path: Path):
    ledger = FileLedger(tmp_path, "run-1")
    ledger.made(process("41"))
    with (tmp_path / "ledger.jsonl").open("a") as file:
        file.write('\n{"op": "made", "run": "run-1", "resou')
    ledger.made(process("42"))
    assert ledger.standing() == (process("41"), process("42"))


def test_the_nonce_is_stable_per_project(tmp_path: Path):
    assert FileLedger(tmp_path, "a").nonce == FileLedger(tmp_path, "b").nonce
    other = tmp_path / "other"
    other.mkdir()
    assert FileLedger(other, "a").nonce != FileLedger(tmp_path, "a").nonce


def test_ledger_and_lock_are_private_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        FileLedger(tmp_path, "run-1").made(process("41"))
        with locked(tmp_path, "up"):
            pass
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"ledger.jsonl": 0o600, "lock": 0o600, "nonce": 0o600}


@pytest.mark.real
def test_a_second_run_is_told_who_holds_the_project_and_a_kill_frees_it(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(
                StackError, match=rf"envcheck up \(pid {holder.pid}, since .*UTC\) holds"
            ),
            locked(tmp_path, "down"),
        ):
            pytest.fail("two hold one project")
        holder.kill()
        holder.wait()
    with locked(tmp_path, "down"):
        assert "envcheck down" in holder_of(tmp_path)
    assert holder_of(tmp_path) == ""


def test_a_run_that_was_begun_and_never_ended_was_killed(tmp_path: Path):
    FileLedger(tmp_path, "run-1").begin("up")
    whole = FileLedger(tmp_path, "run-2")
    whole.begin("up")
    whole.finish("run-2")
    [killed] = FileLedger(tmp_path, "run-3").unfinished()
    assert (killed.run, killed.command) == ("run-1", "up")


def test_where_nothing_stands_the_state_folder_goes_with_the_lock(tmp_path: Path):
    state = tmp_path / "shop-1"
    with locked(state, "up"):
        ledger = FileLedger(state, "run-1")
        ledger.begin("up")
        ledger.made(process("41"))
        ledger.gone(process("41"))
        ledger.finish("run-1")
    assert not state.exists()


@pytest.mark.parametrize("left", ["process", "run", "file"])
def test_what_still_stands_keeps_the_books(tmp_path: Path, left: str):
    state = tmp_path / "shop-1"
    with locked(state, "up"):
        ledger = FileLedger(state, "run-1")
        if left == "process":
            ledger.made(process("41"))
        elif left == "run":
            ledger.begin("up")
        else:
            (state / "data").mkdir()
        nonce = ledger.nonce
    assert FileLedger(state, "run-2").nonce == nonce


def test_only_looking_writes_nothing(tmp_path: Path):
    ledger = FileLedger(tmp_path / "absent", "", looking=True)
    assert ledger.nonce
    assert ledger.standing() == ()
    assert not (tmp_path / "absent").exists()


def test_who_only_asks_does_not_keep_a_run_from_beginning(tmp_path: Path):
    (tmp_path / "lock").write_text("envcheck up (pid 1, since ever)")
    assert holder_of(tmp_path) == ""
    with locked(tmp_path, "up"):
        assert "envcheck up (pid" in holder_of(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_what_cannot_be_written_down_is_not_begun(tmp_path: Path):
    (tmp_path / "ledger.jsonl").symlink_to("/dev/full")
    ledger = FileLedger(tmp_path, "run-1")
    with pytest.raises(StackError, match="cannot be written: No space left"):
        ledger.intend(process("41"))
