"""What a run writes is private and whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from envcheck.system.files import (
    latest_run,
    new_run,
    open_private,
    point_latest,
    private_folder,
    run_id,
    runs_folder,
    write_private,
)


@pytest.fixture(
    params=[0o000, 0o022, 0o777], autouse=True, ids=["umask 000", "umask 022", "umask 777"]
)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_their_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    written = write_private(tmp_path / "a" / "b" / "file.json", "é\n")
    assert written.read_text(encoding="utf-8") == "é\n"
    assert (mode(written), mode(written.parent), mode(tmp_path / "a")) == (0o600, 0o700, 0o700)


def test_a_file_that_is_appended_to_is_private_too(tmp_path: Path) -> None:
    descriptor = open_private(tmp_path / "a" / "record.jsonl")
    os.write(descriptor, b"x")
    os.close(descriptor)
    assert mode(tmp_path / "a" / "record.jsonl") == 0o600


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    private_folder(folder)
    assert mode(folder) == 0o755


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = write_private(tmp_path / "report.json", "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_was_public_is_private_after_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert mode(path) == 0o600


def test_run_ids_sort_by_their_start() -> None:
    early, late = run_id(1_795_230_902.0), run_id(1_795_230_903.5)
    assert early.startswith("20261121-031502-")
    assert early < late
    assert len(early) == len("20261121-031502-a1b2")


def test_every_run_has_a_folder_of_its_own_and_latest_leads_to_one(tmp_path: Path) -> None:
    assert latest_run(tmp_path) is None
    first, second = new_run(tmp_path, 1e9), new_run(tmp_path, 1e9)
    assert first != second
    assert first.parent == runs_folder(tmp_path)
    assert mode(first) == 0o700
    point_latest(first)
    assert latest_run(tmp_path) == first.resolve()
    link = point_latest(second)
    assert latest_run(tmp_path) == second.resolve()
    assert link.readlink() == Path("runs") / second.name  # survives a moved folder
    assert sorted(it.name for it in link.parent.iterdir()) == ["latest", "runs"]
