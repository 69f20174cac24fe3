"""The command line: parse, wire, run, exit."""

from __future__ import annotations


def main() -> int:
    return 2
