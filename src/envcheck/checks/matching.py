"""What a JSON answer should hold: ``jmespath: expected``, and the first place where it differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator

from envcheck.checks.json_paths import find
from envcheck.checks.json_words import mismatch, shown, valid_expected


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that differs; ``path`` is the jmespath as written."""

    path: str
    expected: str
    observed: str

    def __str__(self) -> str:
        return f"{self.path} is {self.observed}"


def difference(body: Any, matchers: Mapping[str, Any]) -> Difference | None:
    """None when every matcher holds."""
    for path, expected in matchers.items():
        value = find(path, body)
        wrong = mismatch(value, expected)
        if wrong:
            return Difference(path, f"{path}: {wrong}", shown(value))
    return None


def valid(matchers: dict[str, Any]) -> dict[str, Any]:
    """As it is; ValueError for a path jmespath cannot read or a word we do not know."""
    import jmespath

    for path, expected in matchers.items():
        try:
            jmespath.compile(path)
        except jmespath.exceptions.JMESPathError as error:
            raise ValueError(f"{path!r} is no jmespath: {str(error).splitlines()[0]}") from error
        valid_expected(expected)
    return matchers


Matchers = Annotated[dict[str, Any], AfterValidator(valid)]
