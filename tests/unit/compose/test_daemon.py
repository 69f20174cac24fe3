from __future__ import annotations

import pytest

from envcheck.errors import StackError
from envcheck.runtimes.compose.daemon import Address, address, connect


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("unix:///var/run/docker.sock", True),
        ("tcp://127.0.0.1:2375", True),
        ("tcp://build.example:2376", False),
        ("ssh://me@build.example", False),
    ],
)
def test_an_engine_is_near_when_its_published_ports_are_ours(url: str, near: bool) -> None:
    assert Address(url, "DOCKER_HOST").near is near


def test_the_variable_wins_over_every_context() -> None:
    found = address({"DOCKER_HOST": "tcp://127.0.0.1:2375"})
    assert found == Address("tcp://127.0.0.1:2375", "DOCKER_HOST")


def test_an_engine_elsewhere_is_refused_by_name_without_its_password() -> None:
    with pytest.raises(StackError, match=r"another machine \(ssh://build\.example") as refused:
        connect(Address("ssh://me:secret@build.example", "the context 'far'"))
    assert "secret" not in refused.value.message
    assert "DOCKER_HOST" in refused.value.hint


def test_no_engine_is_said_with_where_it_was_sought(tmp_path: object) -> None:
    with pytest.raises(StackError, match="no such socket"):
        connect(Address(f"unix://{tmp_path}/docker.sock", "DOCKER_HOST"))
