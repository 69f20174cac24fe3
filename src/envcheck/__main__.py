"""``python -m envcheck``."""

from __future__ import annotations

import sys


def main() -> None:
    from envcheck.cli import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
