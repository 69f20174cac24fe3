"""Colour for a terminal. It never carries meaning alone: every coloured word says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_OF_WORD = {
    **dict.fromkeys(("ready", "done", "pass", "seeded", "PASS"), ("green",)),
    **dict.fromkeys(("flaky", "warn", "blocked", "waiting", "WARN"), ("yellow",)),
    **dict.fromkeys(("exited", "killed", "failed"), ("red",)),
    **dict.fromkeys(("FAIL", "LEFT"), ("red", "bold")),
    "UNKNOWN": ("yellow", "bold"),
    "cause": ("bold",),
}
_OF_VERDICT = {"PASS": "green", "WARN": "yellow", "FAIL": "red", "UNKNOWN": "yellow"}


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in escape codes, or does not."""

    on: bool = False

    def __call__(self, text: str, *styles: str) -> str:
        if not self.on or not styles:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"

    def word(self, text: str) -> str:
        return self(text, *_OF_WORD.get(text.strip(), ()))

    def verdict(self, text: str) -> str:
        return self(text, "bold", _OF_VERDICT.get(text.strip(), "bold"))


NO_PAINT = Paint()


def wants_colour(is_terminal: bool, environment: Mapping[str, str]) -> bool:
    """A terminal that was not told otherwise (no-color.org: any non-empty NO_COLOR)."""
    return is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
