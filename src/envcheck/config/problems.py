"""Collects everything wrong in the user's files, so that one run tells all of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace
from types import TracebackType

from envcheck.errors import ConfigError
from envcheck.model.problem import Place, Problem

SHORTEST_HIDDEN = 4  # characters; a shorter secret would blank out half of a sentence


class Wrong(Exception):  # noqa: N818 (one problem on its way to the collection)
    """One problem that ends the reading of one value, not of the file."""

    def __init__(self, place: Place, found: str, expected: str = "", fix: str = "") -> None:
        super().__init__(found)
        self.problem = Problem(place, found, expected, fix)


class Noting:
    """Ends a Wrong here and keeps its problem."""

    def __init__(self, found: set[Problem]) -> None:
        self._found = found

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _: TracebackType | None,
    ) -> bool:
        if isinstance(error, Wrong):
            self._found.add(error.problem)
            return True
        return False


class Problems:
    """Every problem found so far; ``demand`` raises them together, sorted by place."""

    def __init__(self) -> None:
        self._found: set[Problem] = set()
        self._hidden: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, place: Place, found: str, expected: str = "", fix: str = "") -> None:
        self._found.add(Problem(place, found, expected, fix))

    def noting(self) -> Noting:
        """What goes wrong inside a ``with`` is noted; reading goes on behind it."""
        return Noting(self._found)

    def hide(self, secrets: Iterable[str]) -> None:
        """No problem shows these values: a message may repeat what a file or variable held."""
        self._hidden |= {secret for secret in secrets if len(secret) >= SHORTEST_HIDDEN}

    def demand(self) -> None:
        """Raises ConfigError when anything was found."""
        if self._found:
            raise ConfigError(sorted({self._redacted(problem) for problem in self._found}))

    def _redacted(self, problem: Problem) -> Problem:
        def hidden(text: str) -> str:
            for secret in sorted(self._hidden, key=len, reverse=True):
                text = text.replace(secret, "***")
            return text

        return replace(problem, found=hidden(problem.found), expected=hidden(problem.expected))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'timeout'?``, or what there is to choose from."""
    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, 1, 0.6)
    if near:
        return f"did you mean {str(near[0])!r}?"
    return f"known here: {', '.join(choices)}" if choices else ""
