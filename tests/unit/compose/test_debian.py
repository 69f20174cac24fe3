from __future__ import annotations

from pathlib import Path

import pytest

from envcheck.errors import PrepareError
from envcheck.runtimes.compose.debian import KEYRING, Source, own_source, release

STANZAS = """\
Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Signed-By: /keys/security.gpg

# a comment
Types: deb
URIs: http://mirror.example/debian http://other.example/debian
Suites: bookworm bookworm-updates
Signed-By: /keys/debian.gpg
"""


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_the_source_of_a_release_is_the_one_that_serves_it(apt: Path) -> None:
    (apt / "sources.list.d/debian.sources").write_text(STANZAS)
    expected = Source("http://mirror.example/debian", "/keys/debian.gpg")
    assert own_source("bookworm", apt) == expected


def test_the_old_way_of_writing_sources_is_read(apt: Path) -> None:
    line = "deb [arch=amd64] http://mirror.example/debian bookworm main\n"
    (apt / "sources.list").write_text(f"# deb http://no.example bookworm main\n{line}")
    assert own_source("bookworm", apt) == Source("http://mirror.example/debian", KEYRING)


def test_a_source_that_is_switched_off_serves_nothing(apt: Path) -> None:
    (apt / "sources.list.d/debian.sources").write_text(
        STANZAS.replace("Types", "Enabled: no\nTypes")
    )
    with pytest.raises(PrepareError, match="bookworm"):
        own_source("bookworm", apt)


def test_a_suite_is_asked_for_under_the_same_key() -> None:
    line = Source("http://mirror.example/debian", "/keys/debian.gpg").line("trixie")
    assert line == "deb [signed-by=/keys/debian.gpg] http://mirror.example/debian trixie main\n"


def test_only_debian_has_a_release_here(tmp_path: Path) -> None:
    file = tmp_path / "os-release"
    file.write_text('ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian 12"\n')
    assert release(file) == "bookworm"
    file.write_text("ID=ubuntu\nVERSION_CODENAME=noble\n")
    assert release(file) == ""
    assert release(tmp_path / "nothing") == ""
