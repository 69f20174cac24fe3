"""The papers say what the code does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from envcheck.config.document import parsed
from envcheck.config.nodes import plain
from envcheck.config.problems import Problems
from envcheck.config.reference import rendered

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / "waves" / "recommender"


def test_the_committed_reference_is_fresh() -> None:
    committed = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert committed == rendered(), "run: python -m envcheck.config.reference docs"


@pytest.mark.parametrize("file", sorted(ENVIRONMENT.glob("*.yaml")), ids=lambda file: file.name)
def test_the_schema_an_editor_uses_takes_our_own_files(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    wanted = text.partition("$schema=")[2].splitlines()[0]
    schema = json.loads((file.parent / wanted).read_text(encoding="utf-8"))
    found = Draft202012Validator(schema).iter_errors(plain(parsed(text, file.name, Problems())))
    assert [f"{error.json_path}: {error.message}" for error in found] == []
