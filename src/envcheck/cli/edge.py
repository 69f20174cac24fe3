"""The one place where exceptions end: a message for people, an exit code for machines."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Any, TextIO

import click

from envcheck.errors import ConfigError, EnvcheckError

OUR_BUG = 70


def guarded(run: Callable[[], Any], say: TextIO) -> int:
    """Call ``run``; its integer result is the exit code. Never a traceback on the screen."""
    result: Any = 0
    try:
        result = run()
    except click.exceptions.Exit as ended:
        result = ended.exit_code
    except click.ClickException as error:
        error.show(file=say)
        result = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        result = 130
    except SystemExit as ended:  # ours carry a signal; click's 1 means that nobody reads us
        result = 0 if ended.code == 1 else ended.code
    except EnvcheckError as error:
        say.write(in_words(error))
        result = error.exit_code
    except BrokenPipeError:
        result = 0
    except Exception as error:  # noqa: BLE001 (the edge: our bug, kept in a file)
        say.write(f"envcheck: our bug: {type(error).__name__}: {error}\n")
        say.write(f"  the details are in {_kept(error)}\n")
        result = OUR_BUG
    _flush()
    return result if isinstance(result, int) else 0


def _flush() -> None:
    """Whoever read us may have gone; a second try, at the interpreter's end, would say so."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def in_words(error: EnvcheckError) -> str:
    if isinstance(error, ConfigError):
        count = len(error.problems)
        return f"{error.message}\n\n{count} problem{'' if count == 1 else 's'}\n"
    hint = f"  {error.hint}\n" if error.hint else ""
    return f"envcheck: {error.message}\n{hint}"


def _kept(error: Exception) -> str:
    """The traceback, in a private file of its own."""
    descriptor, path = tempfile.mkstemp(prefix="envcheck-", suffix=".log")
    with os.fdopen(descriptor, "w", errors="replace") as log:
        log.writelines(traceback.format_exception(error))
    return path
