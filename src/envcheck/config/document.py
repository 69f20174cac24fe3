"""One YAML file, read as YAML 1.2 with a place for every key and value.

Works on the parser's events: no Python object is ever constructed, and the caps hold before
anything grows. The caps: 1 MiB of text, 64 levels, 100,000 nodes once aliases are followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import Event
from ruamel.yaml.reader import ReaderError

from envcheck.config.composing import Composer
from envcheck.config.nodes import Fields, Node, described, is_null
from envcheck.config.problems import Problems, Wrong
from envcheck.model.problem import Place

LARGEST = 1024 * 1024  # bytes
# The scanner takes quadratic time on brackets that open behind each other, before it says a word.
_BRACKETS = re.compile(r"(?:[\[{]\s*){1000}")


def shown(path: Path) -> str:
    """The path as messages name it: without detours, relative where it lies below us."""
    whole, here = os.path.normpath(path), os.getcwd() + os.sep  # noqa: PTH109 (text is wanted)
    return whole.removeprefix(here)


def read_mapping(path: Path, problems: Problems) -> Fields | None:
    """The file's mapping; None when there is none to be had, which is then noted."""
    node = read_document(path, problems)
    if node is None or isinstance(node, Fields):
        return node
    if is_null(node):
        problems.add(Place(shown(path)), "the file is empty", "a mapping")
    else:
        problems.add(node.place, described(node), "a mapping")
    return None


def read_document(path: Path, problems: Problems) -> Node | None:
    """The file's one document; None when it cannot be read, which is then noted."""
    with problems.noting():
        return parsed(file_text(path), shown(path), problems)
    return None


def file_text(path: Path, what: str = "file") -> str:
    """Raises Wrong for a file that is missing, not readable, too large or not UTF-8."""
    place = Place(shown(path))
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Wrong(place, f"cannot read this {what}: {reason}") from error
    if len(raw) > LARGEST:
        raise Wrong(place, f"this {what} is larger than 1 MiB", "at most 1 MiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Wrong(Place(place.file, line, 1), "bytes that are not UTF-8", "UTF-8") from error


def parsed(words: str, name: str, problems: Problems) -> Node:
    """Raises Wrong where the text is no YAML; duplicate keys are noted and reading goes on."""
    if found := _BRACKETS.search(words):
        line = words.count("\n", 0, found.start()) + 1
        raise Wrong(Place(name, line, 1), "brackets nested more than 64 deep", "at most 64 levels")
    try:
        return Composer(_events(words), name, problems).document()
    except MarkedYAMLError as error:
        raise _syntax(error, words, name) from error
    except ReaderError as error:
        raise _character(error, words, name) from error
    except (YAMLError, ValueError, IndexError, AssertionError) as error:
        # the parser answers some broken escapes and directives with bare Python errors
        raise Wrong(Place(name), f"this is no YAML: {error}") from error


def _events(words: str) -> Iterator[Event]:
    yield from YAML(typ="safe", pure=True).parse(words)


def _syntax(error: MarkedYAMLError, words: str, name: str) -> Wrong:
    mark = error.problem_mark or error.context_mark
    place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
    lines = words.splitlines()
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    if line[: place.column].endswith("\t") or line.lstrip(" ").startswith("\t"):
        column = line.index("\t") + 1
        return Wrong(
            Place(name, place.line, column),
            "a TAB where YAML needs spaces",
            "spaces",
            "replace the TAB with spaces",
        )
    return Wrong(place, f"this is no YAML: {error.problem or error.context}")


def _character(error: ReaderError, words: str, name: str) -> Wrong:
    before = words[: error.position]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return Wrong(Place(name, line, column), "a control character that YAML does not allow")
