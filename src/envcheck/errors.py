"""Every error envcheck raises on purpose, and the exit code it ends a run with.

    EnvcheckError            70   our bug, unless a subclass says otherwise
    ├── UsageError            2   the command line makes no sense
    ├── ConfigError           3   a file the user wrote is wrong; carries every problem found
    ├── StackError            4   the engine, or a service, would not come up
    │   └── PrepareError      4   something a service needs could not be installed, pulled or built
    ├── UnknownVerdict        5   the checker or the engine broke
    ├── CleanupError          6   something we made could not be removed
    └── Interrupted         130   Ctrl-C (143 for SIGTERM)

A failed check is an outcome, never one of these.
"""

from __future__ import annotations

from collections.abc import Sequence


class EnvcheckError(Exception):
    """Something went wrong the user must hear about: ``message`` says what, ``hint`` the fix."""

    exit_code = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(EnvcheckError):
    exit_code = 2


class ConfigError(EnvcheckError):
    """Every problem found in the user's files (``model.problem.Problem``), not only the first."""

    exit_code = 3

    def __init__(self, problems: Sequence[object]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class StackError(EnvcheckError):
    exit_code = 4


class PrepareError(StackError):
    pass


class UnknownVerdict(EnvcheckError):  # noqa: N818 (it is the verdict's name)
    exit_code = 5


class CleanupError(EnvcheckError):
    exit_code = 6


class Interrupted(EnvcheckError):  # noqa: N818 (it is what happened)
    exit_code = 130

    def __init__(self, message: str = "interrupted", *, exit_code: int = 130) -> None:
        super().__init__(message)
        self.exit_code = exit_code
