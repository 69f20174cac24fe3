"""Pydantic models filled from nodes; every error becomes a problem at the deepest existing key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from envcheck.config.known import known_keys
from envcheck.config.nodes import Fields, Items, Node, described, plain
from envcheck.config.problems import Problems, did_you_mean
from envcheck.model.problem import Place

M = TypeVar("M", bound=BaseModel)
Loc = Sequence[str | int]

_EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


class Spot(NamedTuple):
    """As far as a pydantic ``loc`` can be followed: the node, its place, what was not found."""

    node: Node
    place: Place
    rest: tuple[str | int, ...]


def located(tree: Node, place: Place, loc: Loc) -> Spot:
    """``place`` is that of the tree itself. Parts that name a union's branch lead nowhere."""
    node: Node = tree
    rest: list[str | int] = []
    for part in loc:
        if isinstance(node, Fields) and str(part) in node.fields:
            place, rest = node.keys[str(part)], []
            node = node.fields[str(part)]
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            node, rest = node.items[part], []
            place = node.place
        else:
            rest.append(part)
    return Spot(node, place, tuple(rest))


def validated(
    model: type[M], tree: Node, problems: Problems, *, place: Place, raw: Node | None = None
) -> M | None:
    """The model, or None when its problems were noted.

    ``raw`` is the tree before secrets went in: messages quote from it alone. Kinds resolve
    relative paths against ``folder`` of the validation context, the folder of the file.
    """
    try:
        return model.model_validate(plain(tree), context={"folder": Path(place.file).parent})
    except ValidationError as error:
        _note(error, model, raw or tree, place, problems)
        return None


def _note(
    error: ValidationError, model: type[BaseModel], tree: Node, place: Place, problems: Problems
) -> None:
    misfits: dict[Place, tuple[Node, list[str]]] = {}
    for detail in error.errors(include_url=False, include_input=False):
        spot = located(tree, place, detail["loc"])
        kind = detail["type"]
        if kind == "extra_forbidden":
            _unknown_key(model, detail["loc"], spot, problems)
        elif kind == "missing":
            key = detail["loc"][-1]
            problems.add(spot.place, f"{key} is missing", f"a key {key!r}")
        else:
            expected = misfits.setdefault(spot.place, (spot.node, []))[1]
            expected.append(_expected(detail["type"], detail["msg"], detail.get("ctx", {})))
    for where, (node, expected) in misfits.items():
        problems.add(where, described(node), " or ".join(dict.fromkeys(expected)))


def _unknown_key(model: type[BaseModel], loc: Loc, spot: Spot, problems: Problems) -> None:
    key = str(loc[-1])
    fix = did_you_mean(key, known_keys(model, loc[:-1]))
    problems.add(spot.place, f"unknown key {key!r}", fix=fix)


def _expected(kind: str, message: str, context: dict[str, Any]) -> str:
    """In our words; pydantic's own where we have none (never with the value in it)."""
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind in {"literal_error", "enum"}:
        return str(context.get("expected", ""))
    if kind in {"value_error", "assertion_error"}:
        return str(context.get("error", message)).removeprefix("expected ")
    words = message.removeprefix("Input should be ").removeprefix("Value should have ")
    return words[:1].lower() + words[1:]
