"""``${VAR}`` as Compose writes it, nested defaults included."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

Lookup = Callable[[str], str | None]

DEEPEST = 16  # defaults nested in defaults
LONGEST = 1024 * 1024  # characters of one value; variables that double each other grow fast
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")


class BadTemplate(Exception):  # noqa: N818 (becomes a problem with a place)
    """The text is no template, or a required variable is missing."""

    def __init__(self, found: str, fix: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Template:
    """Replaces variables in a text. ``unset`` collects those that became empty text.

    With ``bare`` false only ``${…}`` is replaced: in wave files a ``$`` may end a pattern.
    """

    lookup: Lookup
    bare: bool = True
    unset: list[str] = field(default_factory=list)

    def expand(self, text: str, depth: int = 0) -> str:
        """Raises BadTemplate."""
        if depth > DEEPEST:
            raise BadTemplate(f"defaults nested deeper than {DEEPEST}")
        parts: list[str] = []
        position = 0
        while (dollar := text.find("$", position)) >= 0:
            parts.append(text[position:dollar])
            value, position = self._at(text, dollar, depth)
            parts.append(value)
        parts.append(text[position:])
        whole = "".join(parts)
        if len(whole) > LONGEST:
            raise BadTemplate("a value of more than 1 MiB")
        return whole

    def _at(self, text: str, dollar: int, depth: int) -> tuple[str, int]:
        """The value of what stands at the dollar, and where to go on."""
        following = text[dollar + 1 : dollar + 2]
        if following == "$" and (self.bare or text[dollar + 2 : dollar + 3] == "{"):
            return "$", dollar + 2
        if following == "{":
            end = _closing(text, dollar + 1)
            return self._braced(text[dollar + 2 : end], depth), end + 1
        name = _NAME.match(text, dollar + 1)
        if name and self.bare:
            return self._value_of(name.group()), name.end()
        return "$", dollar + 1

    def _braced(self, inside: str, depth: int) -> str:
        name = _NAME.match(inside)
        if not name:
            raise BadTemplate(f"${{{inside}}} names no variable", "a literal $ is written $$")
        rest = inside[name.end() :]
        if not rest:
            return self._value_of(name.group())
        operator = _OPERATOR.match(rest)
        if not operator:
            raise BadTemplate(f"${{{inside}}} is no variable", "a literal $ is written $$")
        return self._operate(name.group(), operator.group(), rest[operator.end() :], depth)

    def _operate(self, name: str, operator: str, word: str, depth: int) -> str:
        value = self.lookup(name)
        given = bool(value) if operator[0] == ":" else value is not None
        if operator[-1] == "+":
            return self.expand(word, depth + 1) if given else (value or "")
        if given:
            return value or ""
        if operator[-1] == "-":
            return self.expand(word, depth + 1)
        reason = self.expand(word, depth + 1)
        raise BadTemplate(
            f"required variable {name} is not set" + (f": {reason}" if reason else ""),
            f"set {name} in the environment or in .env",
        )

    def _value_of(self, name: str) -> str:
        value = self.lookup(name)
        if value is None:
            self.unset.append(name)
            return ""
        return value


def _closing(text: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if not depth:
                return position
    raise BadTemplate(f"{text[opening - 1 : opening + 20]!r} has no closing }}")
