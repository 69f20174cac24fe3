"""Events as versioned JSON lines, and back. The shape of the dataclass is the shape of the line.

    {"v": 1, "event": "ServiceReady", "t": 1.402, "service": "postgres", "wave": 1, …}

A key a newer version added is ignored; a field this version added has its default. ``t`` counts
seconds since the run began.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from envcheck.model.event import Event, Noted

VERSION = 1
KINDS: Mapping[str, type] = {kind.__name__: kind for kind in get_args(Event)}


class Unreadable(ValueError):  # noqa: N818 (it is what the line is)
    """A line that is no event; the message says why."""


def to_data(event: Event) -> dict[str, Any]:
    """The event's fields as plain data; enumerations stay enumerations."""
    data: dict[str, Any] = asdict(event)
    return data


def to_line(seconds: float, event: Event) -> str:
    """One line of the record, without its newline."""
    head = {"v": VERSION, "event": type(event).__name__, "t": round(seconds, 3)}
    return json.dumps(_finite({**head, **to_data(event)}), ensure_ascii=False)


def from_line(line: str) -> tuple[float, Event]:
    """Seconds and event of one line; a kind only a newer version knows becomes a note.

    Raises Unreadable.
    """
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(data, dict) or not isinstance(data.get("event"), str):
        raise Unreadable("not an event")
    seconds = _number(data.get("t"))
    kind = KINDS.get(data["event"])
    if kind is None:
        return seconds, Noted(f"an event of a newer envcheck was not understood: {data['event']}")
    return seconds, from_data(kind, data)


def from_data(kind: type, data: Mapping[str, Any]) -> Any:
    """The dataclass ``kind`` from its fields. Raises Unreadable naming the field that is wrong."""
    given: dict[str, Any] = {}
    for name, (hint, required) in _shape(kind).items():
        if name in data:
            given[name] = _value(hint, data[name], f"{kind.__name__}.{name}")
        elif required:
            raise Unreadable(f"{kind.__name__} lacks {name}")
    return kind(**given)


@cache
def _shape(kind: type) -> dict[str, tuple[Any, bool]]:
    hints = get_type_hints(kind)
    return {
        field.name: (
            hints[field.name],
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
    }


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin is UnionType:
        return None if value is None else _value(get_args(hint)[0], value, where)
    if origin is tuple:
        return tuple(_value(get_args(hint)[0], item, where) for item in _is_a(list, value, where))
    if origin is not None:
        pairs = _is_a(dict, value, where).items()
        return {_value(str, key, where): _value(str, item, where) for key, item in pairs}
    if isinstance(hint, type) and is_dataclass(hint):
        return from_data(hint, _is_a(dict, value, where))
    return _scalar(hint, value, where)


def _scalar(hint: type, value: Any, where: str) -> Any:
    if issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError as error:
            raise Unreadable(f"{where} is {value!r}") from error
    if hint is float:
        return _number(value)
    if hint is str:
        # a lone surrogate can be written in JSON but never again as UTF-8
        return str(_is_a(str, value, where)).encode("utf-8", "replace").decode()
    return _is_a(hint, value, where)


def _is_a(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Unreadable(f"{where} is a {type(value).__name__}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unreadable(f"{value!r} is no number of seconds")
    return float(value)


def _finite(value: Any) -> Any:
    """JSON knows neither NaN nor infinity; a measurement that is neither is worth 0."""
    if isinstance(value, float):
        return value if math.isfinite(value) else 0.0
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
