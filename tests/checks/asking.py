"""How the tests of kinds ask: every check of a kind, or one by its name."""

from __future__ import annotations

import time
from collections.abc import Mapping

from envcheck.model.check import CheckKind, Scene
from envcheck.model.outcome import Answer, Observation

LONGEST = 3.5  # seconds; a look may take 3, and this machine is shared


def ask(kind: CheckKind, scene: Scene, name: str) -> Observation:
    """What the check of that name saw; a look that takes too long fails the test."""
    check = next(check for check in kind.checks() if check.name == name)
    started = time.monotonic()
    seen = check.look(scene)
    assert time.monotonic() - started < LONGEST
    return seen


def ask_all(kind: CheckKind, scene: Scene) -> Mapping[str, Observation]:
    return {check.name: ask(kind, scene, check.name) for check in kind.checks()}


def first_wrong(kind: CheckKind, scene: Scene) -> Observation:
    """As the engine asks: from the lowest level up, to the first that does not pass."""
    for check in sorted(kind.checks(), key=lambda check: check.level):
        seen = ask(kind, scene, check.name)
        if not seen.passed:
            return seen
    raise AssertionError("every check passed")


def explains(seen: Observation) -> None:
    """A wrong answer names its cause and says what to do."""
    assert seen.answer is not Answer.PASS
    assert seen.cause
    assert seen.fix
    assert seen.observed
