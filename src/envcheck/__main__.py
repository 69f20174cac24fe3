"""``python -m envcheck``."""

from __future__ import annotations

import os
import signal


def main() -> None:
    """Ends without the interpreter's farewell: a look that was abandoned may never return."""
    # until the command line is imported, 60 ms, nothing has been made
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: os._exit(128 + number))
    from envcheck.cli import main as run

    os._exit(run())


if __name__ == "__main__":
    main()
