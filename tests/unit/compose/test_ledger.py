from __future__ import annotations

import os
from pathlib import Path

from envcheck.engine.ownership import FileLedger
from envcheck.model.runtime import Resource
from envcheck.runtimes.compose.children import end_orphans, started
from envcheck.runtimes.compose.ledger import OwnLedger


def test_what_another_runtime_entered_is_not_seen(tmp_path: Path) -> None:
    whole = FileLedger(tmp_path, "run")
    whole.made(Resource("process", "1", "web", {"started": "another-boot:1"}))
    own = OwnLedger(whole)
    own.made(Resource("container", "abc", "web"))
    assert [it.id for it in own.standing()] == ["abc"]
    assert len(whole.standing()) == 2


def test_what_is_gone_is_gone_from_the_whole(tmp_path: Path) -> None:
    whole = FileLedger(tmp_path, "run")
    own = OwnLedger(whole)
    own.made(Resource("container", "abc", "web"))
    own.gone(Resource("container", "abc", "web"))
    assert whole.standing() == ()


def test_a_process_is_known_by_when_it_started() -> None:
    assert started(os.getpid()) == started(os.getpid()) != ""
    assert started(2**22 + 1) == ""


def test_a_stranger_under_a_pid_of_ours_is_let_be(tmp_path: Path) -> None:
    own = OwnLedger(FileLedger(tmp_path, "run"))
    own.made(Resource("process", str(os.getpid()), facts={"started": "long ago"}))
    assert end_orphans(own) == []
    assert own.standing() == ()
