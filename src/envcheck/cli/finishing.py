"""What a killed run left is removed before anything else begins: its data too, as after Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator

from envcheck.engine.ledger import FileLedger, Unfinished
from envcheck.errors import CleanupError
from envcheck.model.runtime import Resource, Runtime


def finish_killed(ledger: FileLedger, runtime: Runtime) -> Iterator[str]:
    """One sentence per run that was begun and never ended. Raises CleanupError.

    What a run that ended made is not touched, nor an older stack the killed one reused.
    """
    for killed in ledger.unfinished():
        before = ledger.standing(killed.run)
        left = runtime.undo(run=killed.run, volumes=True)
        if left:
            raise CleanupError(f"{killed} left what cannot be removed:\n  " + "\n  ".join(left))
        ledger.finish(killed.run)
        yield _sentence(killed, before)


def _sentence(killed: Unfinished, before: tuple[Resource, ...]) -> str:
    things = sorted({f"{it.kind} of {it.service}" if it.service else it.kind for it in before})
    return f"finished {killed}; it had left: {', '.join(things) or 'nothing'}"
