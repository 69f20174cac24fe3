"""Each test stands in an empty folder, so that messages name files as a user sees them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "shop"
    home.mkdir()
    monkeypatch.chdir(home)
    return home
