"""``.env`` and ``env_file`` as Compose reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from envcheck.config.document import file_text, shown
from envcheck.config.interpolate import BadTemplate, Lookup, Template
from envcheck.config.problems import Problems, Wrong
from envcheck.model.problem import Place

_START = re.compile(
    r"(?:export[ \t]+)?(?P<name>[\w.\-\[\]]+)[ \t]*(?:(?P<sign>[=:])[ \t]*|(?=\r?\n|\Z))"
)
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\([abcfnrtv$\"\\])")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class _Entry(NamedTuple):
    """``raw`` None: named without a value, taken from the environment."""

    name: str
    raw: str | None
    quote: str
    line: int


def read_variables(
    path: Path, outside: Lookup, problems: Problems, *, raw: bool = False
) -> dict[str, str]:
    """The file's variables. Values may use variables from outside, which win, and earlier ones;
    with ``raw`` everything behind the = is taken as it stands."""
    variables: dict[str, str] = {}
    with problems.noting():
        if raw:
            lines = (line.partition("=") for line in file_text(path, "env file").splitlines())
            return {name: value for name, sign, value in lines if sign and name[:1] != "#"}
        for entry in _entries(file_text(path, "env file"), shown(path)):
            with problems.noting():
                value = _value(entry, outside, variables, shown(path))
                if value is not None:
                    variables[entry.name] = value
    return variables


def _value(entry: _Entry, outside: Lookup, earlier: Mapping[str, str], file: str) -> str | None:
    def lookup(name: str) -> str | None:
        value = outside(name)
        return earlier.get(name) if value is None else value

    if entry.raw is None:
        return outside(entry.name)
    if entry.quote == "'":
        return entry.raw.replace("\\'", "'")
    raw = _unescaped(entry.raw) if entry.quote else entry.raw
    try:
        return Template(lookup).expand(raw)
    except BadTemplate as error:
        raise Wrong(Place(file, entry.line, 1), error.found, fix=error.fix) from error


def _unescaped(raw: str) -> str:
    def letter(found: re.Match[str]) -> str:
        # an escaped dollar must stay literal through the interpolation that follows
        return "$$" if found[1] == "$" else _ESCAPES.get(found[1], found[1])

    return _ESCAPE.sub(letter, raw)


def _entries(text: str, file: str) -> Iterator[_Entry]:
    position = 0
    while (position := _skip(text, position)) < len(text):
        line = text.count("\n", 0, position) + 1
        start = _START.match(text, position)
        if not start:
            raise Wrong(Place(file, line, 1), "a line that sets no variable", "NAME=value")
        if not start["sign"]:
            yield _Entry(start["name"], None, "", line)
            position = start.end()
            continue
        raw, quote, position = _raw(text, start.end(), Place(file, line, 1))
        yield _Entry(start["name"], raw, quote, line)


def _skip(text: str, position: int) -> int:
    """Past blank lines and comments."""
    while position < len(text):
        if text[position] == "#":
            newline = text.find("\n", position)
            position = len(text) if newline < 0 else newline
        elif not text[position].isspace():
            break
        else:
            position += 1
    return position


def _raw(text: str, position: int, place: Place) -> tuple[str, str, int]:
    quote = text[position : position + 1]
    if quote in {"'", '"'}:
        found = (_SINGLE if quote == "'" else _DOUBLE).match(text, position)
        if not found:
            raise Wrong(place, "a quoted value without its closing quote", quote)
        return found[1], quote, found.end()
    newline = text.find("\n", position)
    end = len(text) if newline < 0 else newline
    return text[position:end].split(" #", 1)[0].strip(), "", end
