from __future__ import annotations

import os
from pathlib import Path

import pytest

from envcheck.errors import StackError
from envcheck.system.places import (
    SOCKET_LIMIT,
    cache_folder,
    prepare_state,
    socket_path,
    state_folder,
)


def test_two_checkouts_of_one_project_do_not_share_state(tmp_path: Path) -> None:
    one, other = (state_folder("shop", tmp_path / name) for name in ("one", "other"))
    assert one != other
    assert one == state_folder("shop", tmp_path / "one")
    assert one.name.startswith("shop-")


def test_the_cache_follows_the_users_wish_and_never_a_relative_one(tmp_path: Path) -> None:
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "envcheck"
    assert cache_folder({"XDG_CACHE_HOME": "here"}) == Path.home() / ".cache" / "envcheck"


def test_a_socket_path_is_short_enough_wherever_the_state_lies(tmp_path: Path) -> None:
    short = tmp_path / "s.sock"
    assert socket_path(Path("/tmp/s.sock")) == Path("/tmp/s.sock")
    deep = short.with_name("d" * 120) / "s.sock"
    assert len(os.fsencode(socket_path(deep))) < SOCKET_LIMIT
    assert socket_path(deep) == socket_path(deep)


def test_state_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StackError, match="belongs to someone else"):
        prepare_state(tmp_path / "state")


def test_state_is_closed_to_others(tmp_path: Path) -> None:
    made = prepare_state(tmp_path / "root" / "shop-1")
    assert made.stat().st_mode & 0o077 in {0, 0o011}
