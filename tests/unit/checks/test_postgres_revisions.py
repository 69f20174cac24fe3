"""Alembic's revisions, read from files without running them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from envcheck.checks.postgres_migration import judge
from envcheck.checks.postgres_revisions import Revisions, Unreadable, read_revisions
from envcheck.model.outcome import Answer

CHAIN = Revisions({"a": (), "b": ("a",), "c": ("b",)})
FORK = Revisions({"a": (), "b": ("a",), "c": ("a",)})
MERGED = Revisions({"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")})


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_every_way_alembic_writes_a_revision_is_read(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "1.py": '"""first"""\nrevision = "a"\ndown_revision = None\nbranch_labels = None\n',
            "2.py": "from typing import Union\nrevision: str = 'b'\n"
            "down_revision: Union[str, None] = 'a'\n",
            "3.py": 'revision = "c"\ndown_revision = "a"\n',
            "4.py": 'revision = "d"\ndown_revision = ("b", "c")\n',
            "__init__.py": "",
            "notes.py": "x = compute()\n",
        },
    )
    assert read_revisions(folder) == MERGED


def test_no_revision_file_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = f'revision = "a"\ndown_revision = None\nopen({str(mark)!r}, "w")\n'
    read_revisions(write(tmp_path, {"1.py": text}))
    assert not mark.exists()


@pytest.mark.parametrize("files", [{}, {"1.py": "revision ="}, {"1.py": "x = 1\n"}])
def test_a_folder_without_readable_revisions_is_said_to_be_so(
    tmp_path: Path, files: Mapping[str, str]
) -> None:
    with pytest.raises(Unreadable):
        read_revisions(write(tmp_path, files))


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(Unreadable, match="nowhere"):
        read_revisions(Path("/nowhere/versions"))


def test_heads_are_what_nothing_stands_on() -> None:
    assert CHAIN.heads == ("c",)
    assert FORK.heads == ("b", "c")
    assert MERGED.heads == ("d",)


@pytest.mark.parametrize("wanted", ["head", "heads", "c"])
def test_a_database_at_the_head_passes(wanted: str) -> None:
    assert judge(wanted, ["c"], CHAIN).passed


def test_a_database_behind_is_told_by_how_much() -> None:
    seen = judge("head", ["a"], CHAIN)
    assert (seen.cause, seen.answer) == ("postgres.migration-behind", Answer.NOT_YET)
    assert seen.observed == "the database is at a, 2 behind: b, c"
    assert seen.expected == "revision c"


def test_what_a_merge_joins_is_missing_too() -> None:
    assert judge("head", ["b"], MERGED).observed == "the database is at b, 2 behind: c, d"


def test_a_database_from_a_newer_branch_is_not_waited_for() -> None:
    seen = judge("head", ["feed"], CHAIN)
    assert (seen.cause, seen.answer) == ("postgres.migration-unknown", Answer.BROKEN)
    assert "feed" in seen.observed


def test_a_database_beyond_the_wanted_revision_is_ahead() -> None:
    seen = judge("b", ["c"], CHAIN)
    assert (seen.cause, seen.answer) == ("postgres.migration-ahead", Answer.BROKEN)


def test_two_heads_are_wrong_for_head_and_right_for_heads() -> None:
    assert judge("head", ["b"], FORK).cause == "postgres.migration-heads"
    assert judge("heads", ["b", "c"], FORK).passed
    assert judge("heads", ["b"], FORK).cause == "postgres.migration-behind"


def test_without_the_scripts_only_the_very_revision_passes() -> None:
    assert judge("c", ["c"], None).passed
    assert judge("c", ["b"], None).cause == "postgres.migration-differs"


def test_a_long_way_behind_is_shortened() -> None:
    long = Revisions({"0": ()} | {str(n): (str(n - 1),) for n in range(1, 40)})
    assert judge("head", ["0"], long).observed.endswith("and 34 more")
