"""``python -m tests.bench [CASE…]``: how long things take, beside what they are compared with."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from tests.bench.cases import NAMES, cases
from tests.bench.measure import Row, alternating, machine
from tests.bench.table import heading, keep, line, table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("case", nargs="*", help=f"one or more of {', '.join(NAMES)}")
    parser.add_argument("--times", type=int, help="how often, instead of each case's own number")
    parser.add_argument("--keep", action="store_true", help="write the table into README.md here")
    asked = parser.parse_args()
    unknown = set(asked.case) - set(NAMES)
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    before = machine()["load (1, 5, 15 min)"]
    rows = measure(asked.case or list(NAMES), asked.times)
    print(f"\n{heading(before)}\n\n{table(rows)}")
    if asked.keep:
        keep(rows, before)


def measure(names: list[str], times: int | None) -> list[Row]:
    rows = []
    for case in cases(names, times):
        row = alternating(replace(case, times=times) if times else case)
        print("  ".join(line(row)[:6]), file=sys.stderr, flush=True)
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
